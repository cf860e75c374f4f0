"""A venue with accounts so simple that it is obviously right: everything is a list, every sum is done when asked.

It knows nothing of time: trades settle before the next request, delays and expiry are somebody else's tests.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, floor

from pmm.model import Side, TimeInForce
from pmm.sim.venue import Terms

USD_MIN = 1_000_000


@dataclass
class Slow:
    """A resting order."""

    terms: Terms
    left: int
    matched: int = 0

    @property
    def price(self) -> Fraction:
        return Fraction(self.terms.price, 10_000)

    @property
    def need(self) -> int:
        return ceil(self.price * self.left) if self.terms.side is Side.BUY else self.left


@dataclass
class SlowMarket:
    """YES, NO, the smallest order, the tick and the fee."""

    yes: str
    no: str
    rate: Fraction
    tick: int = 100
    size_min: int = 5_000_000
    resting: list[Slow] = field(default_factory=list)
    backing: int = 0

    def yes_price(self, terms: Terms) -> Fraction:
        price = Fraction(terms.price, 10_000)
        return price if terms.token == self.yes else 1 - price

    def bids_yes(self, terms: Terms) -> bool:
        return (terms.side is Side.BUY) == (terms.token == self.yes)

    def makers(self, terms: Terms) -> list[Slow]:
        """Whom an order would meet, in the order in which it would."""
        bids, limit = self.bids_yes(terms), self.yes_price(terms)
        meets = [
            order
            for order in self.resting
            if self.bids_yes(order.terms) != bids
            and (self.yes_price(order.terms) <= limit if bids else self.yes_price(order.terms) >= limit)
        ]
        return sorted(meets, key=lambda order: self.yes_price(order.terms) * (1 if bids else -1))

    def levels(self, *, bids: bool) -> list[tuple[int, int]]:
        totals: dict[int, int] = {}
        for order in self.resting:
            if self.bids_yes(order.terms) == bids:
                price = int(self.yes_price(order.terms) * 10_000)
                totals[price] = totals.get(price, 0) + order.left
        return sorted(totals.items(), reverse=bids)

    def fee(self, price: Fraction, size: int) -> int:
        exact = size * self.rate * price * (1 - price)
        return 0 if not exact else max(1, floor(exact / 10 + Fraction(1, 2))) * 10


class SlowVenue:
    """Answers with the beginning of the refusal, or with what the order gave and got."""

    def __init__(self, markets: list[SlowMarket]) -> None:
        self.markets = markets
        self.cash: dict[str, int] = {}
        self.shares: dict[tuple[str, str], int] = {}
        self.fees = 0
        self.known: set[str] = set()

    def market(self, token: str) -> SlowMarket:
        return next(market for market in self.markets if token in {market.yes, market.no})

    def reserved(self, account: str, market: SlowMarket, token: str | None) -> int:
        """What the orders of an account promise in a market: money, or shares of a token."""
        return sum(
            order.need
            for order in market.resting
            if order.terms.account == account
            and (order.terms.side is Side.BUY if token is None else order.terms.side is Side.SELL)
            and token in {None, order.terms.token}
        )

    def place(self, terms: Terms) -> str | tuple[int, int]:
        market = self.market(terms.token)
        makers = market.makers(terms)
        refusal = self._refusal(terms, market, makers)
        if refusal:
            return refusal
        self.known.add(terms.order_id)
        by_budget = terms.size is None
        left = terms.budget if by_budget else terms.size
        assert left is not None
        trades: dict[Fraction, list[tuple[Slow, int]]] = {}
        for maker in makers:
            price = market.yes_price(maker.terms)
            own = price if terms.token == market.yes else 1 - price
            size = min(maker.left, floor(left / own) if by_budget else left)
            if size:
                trades.setdefault(price, []).append((maker, size))
                left -= ceil(own * size) if by_budget else size
        making, taking, gets = self._trade(terms, market, trades)
        order = Slow(terms, left, making if terms.side is Side.SELL else taking)
        market.resting = [one for one in market.resting if one.left]
        if left and terms.tif in {TimeInForce.GTC, TimeInForce.GTD}:
            market.resting.append(order)
        parties = {terms.account, *(maker.terms.account for fills in trades.values() for maker, _ in fills)}
        if trades:
            for account in parties:
                self.cover(account)
        for account, token, amount in gets:
            self._add(account, token, amount)
        return making, taking

    def _trade(
        self, terms: Terms, market: SlowMarket, trades: dict[Fraction, list[tuple[Slow, int]]]
    ) -> tuple[int, int, list[tuple[str, str | None, int]]]:
        """Take what everybody gives; what the taker gave and got, and what everybody has still to get."""
        gets: list[tuple[str, str | None, int]] = []
        shares = money = 0
        for price, fills in trades.items():
            size = cash = 0
            for maker, part in fills:
                maker.left -= part
                maker.matched += part
                paid = maker.price * part
                # The maker is never worse off than its price says.
                own = floor(paid) if maker.terms.side is Side.BUY else ceil(paid)
                gets.append(self._exchange(maker.terms, part, own))
                size += part
                if maker.terms.side is terms.side:
                    market.backing += part if terms.side is Side.BUY else -part
                    cash += part - own
                else:
                    cash += own
            fee = market.fee(price, size)
            self.fees += fee if terms.side is Side.BUY else min(fee, cash)
            gets.append(self._exchange(terms, size, cash + fee if terms.side is Side.BUY else max(0, cash - fee)))
            shares, money = shares + size, money + cash
        return (money, shares, gets) if terms.side is Side.BUY else (shares, money, gets)

    def _exchange(self, terms: Terms, size: int, cash: int) -> tuple[str, str | None, int]:
        if terms.side is Side.BUY:
            self._add(terms.account, None, -cash)
            return terms.account, terms.token, size
        self._add(terms.account, terms.token, -size)
        return terms.account, None, cash

    def _refusal(self, terms: Terms, market: SlowMarket, makers: list[Slow]) -> str:
        rests = terms.tif is TimeInForce.GTC
        buys = terms.side is Side.BUY
        if terms.order_id in self.known:
            return "duplicated"
        if terms.price % market.tick or not 0 < terms.price < 10_000:
            return "tick"
        if rests and (terms.size or 0) < market.size_min:
            return "size"
        need = terms.budget if terms.size is None else Slow(terms, terms.size).need
        assert need is not None
        if buys and (makers or not rests) and not terms.post_only and need < USD_MIN:
            return "dollar"
        if terms.post_only and (makers or not rests):
            return "post-only"
        active = self.reserved(terms.account, market, None if buys else terms.token)
        held = self.cash.get(terms.account, 0) if buys else self.shares.get((terms.account, terms.token), 0)
        if held < active + need + (self._fee_most(terms, market, makers) if makers and buys else 0):
            return "balance"
        if terms.tif is TimeInForce.FAK and not makers:
            return "FAK"
        if terms.tif is TimeInForce.FOK:
            by_level: dict[Fraction, int] = {}
            for maker in makers:
                price = market.yes_price(maker.terms)
                own = price if terms.token == market.yes else 1 - price
                by_level[own] = by_level.get(own, 0) + maker.left
            there = sum(ceil(price * size) if terms.size is None else size for price, size in by_level.items())
            if there < (terms.budget if terms.size is None else terms.size):  # type: ignore[operator]  # one is set
                return "FOK"
        return ""

    def _fee_most(self, terms: Terms, market: SlowMarket, makers: list[Slow]) -> int:
        """The worst fee at any price from the best maker to the limit, and a step of rounding for each of them."""
        if not market.rate:
            return 0
        best_yes = market.yes_price(makers[0].terms)
        best = int((best_yes if terms.token == market.yes else 1 - best_yes) * 10_000)
        size = terms.size if terms.size is not None else (terms.budget or 0) * 10_000 // best
        prices = range(best, terms.price + 1, market.tick)
        return max(market.fee(Fraction(price, 10_000), size) for price in prices) + 10 * len(prices)

    def cancel(self, account: str, order_id: str) -> bool:
        for market in self.markets:
            for order in market.resting:
                if order.terms.order_id == order_id and order.terms.account == account:
                    market.resting.remove(order)
                    return True
        return False

    def cover(self, account: str) -> None:
        """Drop the newest orders of an account until each market is covered by itself."""
        for market in self.markets:
            for token in (None, market.yes, market.no):
                held = self.cash.get(account, 0) if token is None else self.shares.get((account, token), 0)
                while self.reserved(account, market, token) > held:
                    newest = [
                        order
                        for order in market.resting
                        if order.terms.account == account
                        and (order.terms.side is Side.BUY) == (token is None)
                        and token in {None, order.terms.token}
                    ][-1]
                    market.resting.remove(newest)

    def add(self, account: str, token: str | None, amount: int) -> None:
        """Pay in or out; a negative amount takes at most what is there."""
        held = self.cash.get(account, 0) if token is None else self.shares.get((account, token), 0)
        self._add(account, token, max(amount, -held))
        if token is not None:
            self.market(token).backing += max(amount, 0)
        self.cover(account)

    def sets(self, account: str, market: SlowMarket, size: int) -> bool:
        """Split dollars into sets, or merge sets when `size` is negative."""
        if size > 0:
            possible = self.cash.get(account, 0) >= size
        else:
            possible = all(self.shares.get((account, token), 0) >= -size for token in (market.yes, market.no))
        if possible and size:
            self._add(account, None, -size)
            for token in (market.yes, market.no):
                self._add(account, token, size)
            self.cover(account)
        return possible and size != 0

    def _add(self, account: str, token: str | None, amount: int) -> None:
        if token is None:
            self.cash[account] = self.cash.get(account, 0) + amount
        else:
            self.shares[account, token] = self.shares.get((account, token), 0) + amount
