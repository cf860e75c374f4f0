"""Everything of the exchange that knows accounts, put together: keys, wallets, limits and the private endpoints."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from pmm.exchange.account_desk import AccountDesk
from pmm.exchange.auth import Auth
from pmm.exchange.clock import Clock
from pmm.exchange.key_desk import KeyDesk
from pmm.exchange.keys import KeyRing
from pmm.exchange.limits import Limits
from pmm.exchange.log import RequestLog
from pmm.exchange.order_reads import OrderReads
from pmm.exchange.papers import order_frame, trade_frame
from pmm.exchange.positions import Positions
from pmm.exchange.rewards import RewardReads
from pmm.exchange.trading import Trading
from pmm.exchange.user_stream import UserHub
from pmm.exchange.wallets import Wallets
from pmm.model import USD, Money
from pmm.sim.dice import fork
from pmm.sim.venue import OrderEvent, TradeEvent, Venue

OPENING_FUNDS: Money = 10_000 * USD


class House:
    """Accounts around a venue.  `seed` makes the keys; every new wallet begins with `funds` of play money."""

    def __init__(
        self,
        venue: Venue,
        clock: Clock,
        log: RequestLog,
        settle: Callable[[], None],
        *,
        seed: int = 0,
        funds: Money = OPENING_FUNDS,
    ) -> None:
        self.venue = venue
        self.auth = Auth(KeyRing(seed), clock)
        self.wallets = Wallets(lambda wallet: venue.fund(wallet, funds, clock.now()))
        self.limits = Limits()
        self.trading = Trading(venue, clock, self.auth, self.wallets, self.limits, settle)
        self.desk = AccountDesk(venue, clock, self.auth, self.wallets, self.limits, settle)
        self.reads = OrderReads(venue, self.auth, self.wallets)
        self.users = UserHub(self.auth.keys, self.wallets.owner, self.reads.market_of, fork(seed, "user frames"))
        self.rewards = RewardReads(venue, self.auth, self.wallets)
        self._log = log

    def routes(self) -> list[web.RouteDef]:
        keys = KeyDesk(self.auth, self.wallets, self.venue.closed_only)
        return [
            *keys.routes(),
            *self.trading.routes(),
            *self.reads.routes(),
            *self.desk.routes(),
            *self.rewards.routes(),
            *Positions(self.venue).routes(),
            web.get("/ws/user", self.users.channel.serve),
        ]

    def publish(self) -> None:
        """Tell the user sockets, and the log, what happened to orders and trades."""
        written = self._log.written
        events = self.venue.user_events(heard=written or bool(self.users.channel.clients))
        if written:
            for event in events:
                self._write(event)
            for change in self.venue.changes():
                self._log.tell("venue", event_at_ns=change.at, change=change.kind, facts=change.facts)
            for posting in self.venue.ledger.drain():
                self._log.tell("posting", **posting._asdict())
        if events:
            self.users.publish(events)

    def _write(self, event: OrderEvent | TradeEvent) -> None:
        if isinstance(event, OrderEvent):
            frame, kind = order_frame(event), "order"
        else:
            frame, kind = trade_frame(event, self.reads.market_of), "trade"
        del frame["event_type"]
        self._log.tell(kind, account=event.account, event=frame)
