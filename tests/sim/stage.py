"""A venue with nobody in it but the accounts of a test: words for short stories."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from random import Random

from pmm.model import SECOND, SHARE, USD, Nanos, OrderId, Price, Side, TimeInForce, parse_price
from pmm.sim.catalog import Listing, demo_listing
from pmm.sim.fees import FREE
from pmm.sim.venue import OrderEvent, Placed, Refusal, SettlementParams, Terms, TradeEvent, Venue, VenueParams

START: Nanos = 1_790_000_000 * SECOND
AT_ONCE = SettlementParams(mined_ms=0, confirmed_ms=0, balance_lag_ms=0)

ANN, BOB, EVE = "0xa1", "0xb0", "0xe0"


def still(**facts: object) -> Listing:
    """The demo market without synthetic traders and without fees."""
    return replace(demo_listing(), **{"pace": 0.0, "fees": FREE, **facts})  # type: ignore[arg-type]  # test words


class Stage:
    """Everybody has 1,000 dollars and 1,000 shares of either outcome.  `now` moves only by `wait`."""

    def __init__(self, *listings: Listing, settlement: SettlementParams = AT_ONCE, **params: object) -> None:
        self.listings = listings or (still(),)
        rules = VenueParams(settlement=settlement, **params)  # type: ignore[arg-type]  # test words
        self.venue = Venue(self.listings, rules, Random(7), START)
        self.now = START
        self.market = self.listings[0].market
        self.yes, self.no = self.market.yes, self.market.no
        self._names = count(1)
        for listing in self.listings:
            self.venue.clear_book(listing.market.condition_id, self.now)
        for account in (ANN, BOB):
            self.rich(account)

    def rich(self, account: str, usd: int = 1_000, shares: int = 1_000) -> None:
        self.venue.fund(account, usd * USD, self.now)
        for listing in self.listings:
            for token in listing.market.tokens:
                self.venue.give(account, token.token_id, shares * SHARE, self.now)

    def terms(
        self,
        account: str,
        side: Side,
        price: str,
        shares: float | None = None,
        *,
        token: str | None = None,
        usd: float | None = None,
        tif: TimeInForce = TimeInForce.GTC,
        post_only: bool = False,
        expires_at: int | None = None,
        name: str | None = None,
        owner: str = "key",
    ) -> Terms:
        return Terms(
            name or f"0x{next(self._names):064x}",
            account,
            owner,
            token or self.yes,
            side,
            parse_price(price),
            None if shares is None else round(shares * SHARE),
            None if usd is None else round(usd * USD),
            tif,
            post_only,
            expires_at,
        )

    def order(self, account: str, side: Side, price: str, shares: float | None = None, **how: object) -> OrderId:
        """Place an order that is expected to be accepted."""
        answer = self.ask(account, side, price, shares, **how)
        assert isinstance(answer, Placed), answer
        return answer.order_id

    def ask(self, account: str, side: Side, price: str, shares: float | None = None, **how: object) -> Placed | Refusal:
        return self.venue.place(self.terms(account, side, price, shares, **how), self.now)  # type: ignore[arg-type]

    def refused(self, account: str, side: Side, price: str, shares: float | None = None, **how: object) -> str:
        """Place an order that is expected to be refused, and what is said to it."""
        answer = self.ask(account, side, price, shares, **how)
        assert isinstance(answer, Refusal), answer
        return answer.text

    def wait(self, seconds: float) -> None:
        """Live through so much time."""
        end = self.now + round(seconds * SECOND)
        while (due := self.venue.next_at()) is not None and due <= end:
            self.venue.step()
        self.now = end

    def events(self, account: str | None = None) -> list[OrderEvent | TradeEvent]:
        return [event for event in self.venue.user_events() if account in {None, event.account}]

    def story(self, account: str) -> list[str]:
        """What the account was told, in words."""
        return [
            f"{event.change} {event.order.status} {event.order.matched // SHARE}"
            if isinstance(event, OrderEvent)
            else f"TRADE {event.trade.status}"
            for event in self.events(account)
        ]

    def status(self, order_id: OrderId) -> str:
        found = self.venue.order(order_id)
        assert found is not None
        return found.status.value

    def money(self, account: str) -> float:
        return self.venue.balance(account, "COLLATERAL") / USD

    def shares(self, account: str, token: str | None = None) -> float:
        return self.venue.balance(account, token or self.yes) / SHARE

    def touch(self) -> tuple[Price | None, Price | None]:
        floor = self.venue.world.floor(self.market.condition_id)
        assert floor is not None
        return floor.book.best_bid, floor.book.best_ask
