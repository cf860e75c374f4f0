"""The steps of a self-test: one order, placed far from the market, seen everywhere, cancelled, and proven gone."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TypeAlias

from pmm.account import Balances, OrderStatus
from pmm.app.heard import GATEWAY, USER, Heard, StepFailed
from pmm.app.readiness import require_open
from pmm.app.trading import Parts, agree, new_prefix
from pmm.commands import Cancel, OrderCommand, Place, QueryOrder, ReadAccount
from pmm.errors import MarketNotFound, PmmError
from pmm.events import (
    Accepted,
    AccountRead,
    Canceled,
    Event,
    FeedNews,
    Filled,
    MarketListed,
    OrderMissing,
    OrderShown,
    Rejected,
    Unanswered,
    UserSignal,
)
from pmm.model import (
    MILLISECOND,
    Market,
    Nanos,
    Side,
    TimeInForce,
    TokenId,
    money_text,
    notional,
    price_text,
    size_text,
)
from pmm.settings import Loaded, Venue
from pmm.venues.polymarket.credentials import derive
from pmm.venues.polymarket.discovery import Discovery
from pmm.venues.polymarket.private import PrivateHttp
from pmm.venues.polymarket.rest import VenueHttp
from pmm.wallets import Wallet

# How long it is tried to prove that the order is gone, and how long between two looks.
SWEEP_LIMIT_S = 15.0
SWEEP_PAUSE_S = 0.25


@dataclass(frozen=True, slots=True)
class Finding:
    """What one step of the test came to; `took` in nanoseconds."""

    name: str
    ok: bool
    found: str
    took: Nanos


Tell: TypeAlias = Callable[[Finding], None]
Step: TypeAlias = Callable[[], Awaitable[str]]


@dataclass(slots=True)
class Report:
    """`gone` says whether the order is proven not to rest; None where none was ever sent."""

    venue: str
    wallet: str
    findings: list[Finding] = field(default_factory=list)
    market: Market | None = None
    place: Place | None = None
    gone: bool | None = None

    @property
    def failed(self) -> list[str]:
        return [one.name for one in self.findings if not one.ok]


@dataclass(slots=True)
class Trial:
    """One run of the steps; `named` None takes the busiest market.  `run` never raises for what the venue does.

    Whatever fails, the order is cancelled and looked for at the end.
    """

    loaded: Loaded
    venue: Venue
    wallet: Wallet
    parts: Parts
    connections: tuple[PrivateHttp, PrivateHttp]
    report: Report
    tell: Tell
    named: str | None
    heard: Heard = field(default_factory=Heard)
    before: Balances | None = None
    listed: bool = True
    interrupted: str = ""
    _work: asyncio.Future[bool] | None = None

    async def run(self) -> None:
        if not await self._all(
            ("clock", self._clock),
            ("credentials", self._credentials),
            ("market", self._market),
            ("account", self._account),
        ):
            return
        async with self._served():
            try:
                await self._all(
                    ("user socket", self._listening),
                    ("balances", self._balances),
                    ("place", self._place),
                    ("seen by id", self._by_id),
                    ("in the list", self._in_list),
                    ("told by the user socket", self._told),
                    ("cancel", self._cancel),
                    ("gone from the list", self._not_in_list),
                    ("balance unchanged", self._unchanged),
                )
            finally:
                await self._sweep()

    def interrupt(self, why: str) -> None:
        """Go no further; what was sent is still swept."""
        self.interrupted = why
        if self._work is not None:
            self._work.cancel()

    async def _all(self, *steps: tuple[str, Step]) -> bool:
        """The steps as a task of their own, which an interruption ends."""
        began, self._work = time.monotonic_ns(), asyncio.ensure_future(self._steps(*steps))
        try:
            return await self._work
        except asyncio.CancelledError:
            if not self.interrupted:
                raise
            self._say(Finding("interrupted", ok=False, found=self.interrupted, took=time.monotonic_ns() - began))
            return False
        finally:
            self._work = None

    async def _steps(self, *steps: tuple[str, Step]) -> bool:
        """Do them in order until one fails."""
        for name, step in steps:
            began = time.monotonic_ns()
            try:
                found, ok = await step(), True
            except StepFailed as failed:
                found, ok = str(failed), False
            except PmmError as error:
                found, ok = f"{error.message} ({error.code})", False
            self._say(Finding(name, ok, found, time.monotonic_ns() - began))
            if not ok:
                return False
        return True

    def _say(self, finding: Finding) -> None:
        self.report.findings.append(finding)
        self.tell(finding)

    @asynccontextmanager
    async def _served(self) -> AsyncIterator[None]:
        """Gateway and user socket at work while the block lasts."""
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(self.parts.gateway.serve(self.heard.by(GATEWAY))),
                group.create_task(self.parts.user.serve(self.heard.by(USER))),
            ]
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()

    # --- before anything is sent ----------------------------------------------------------------------------------

    async def _clock(self) -> str:
        offset = await agree(*self.connections)
        return f"{offset // MILLISECOND} ms ahead of ours" if offset else "as ours"

    async def _credentials(self) -> str:
        http, pulse = self.connections
        http.credentials = pulse.credentials = self.wallet.credentials or await derive(http, self.wallet.signer)
        resting = await self.parts.reads.open_orders()
        return f"taken; the account has {len(resting)} open orders"

    async def _account(self) -> str:
        assert self.report.market is not None, "it was chosen before"
        balances = await require_open(self.parts.access, self.parts.reads, [self.report.market])
        return f"{self.report.wallet} holds {money_text(balances.cash)} USD"

    async def _market(self) -> str:
        async with VenueHttp() as http:
            discovery = Discovery(http, self.venue)
            market = await self._chosen(discovery)
            pages = await discovery.books([token.token_id for token in market.tokens])
        price, cap = market.tick, self.loaded.settings.live.max_order_micro
        worth = notional(price, market.min_size)
        if worth > cap:
            raise StepFailed(f"its smallest order is {money_text(worth)} USD, the cap is {money_text(cap)} USD")
        # Far below every bid, so that nobody sells to us by mistake.
        deepest = max(pages, key=lambda page: page.best_bid or 0)
        if (deepest.best_bid or 0) <= price:
            raise StepFailed(f"nobody bids more than {price_text(price)} there: the order might trade")
        self.report.market = market
        self.report.place = self._order(market, deepest.token)
        return f"{market.slug}: smallest order {size_text(market.min_size)} shares, {money_text(worth)} USD"

    async def _chosen(self, discovery: Discovery) -> Market:
        if self.named is None:
            for market in await discovery.markets(1):
                return market
            raise MarketNotFound("no market is open")
        (market,) = await discovery.resolve_all([self.named])
        if not market.tradable:
            raise MarketNotFound(f"{market.slug} is not open for trading", hint="Choose another market.")
        return market

    def _order(self, market: Market, token: TokenId) -> Place:
        live = self.loaded.settings.live
        tif = TimeInForce(live.tif.upper())
        return Place(
            order_id=f"{new_prefix()}1",
            market=market.condition_id,
            token=token,
            side=Side.BUY,
            price=market.tick,
            size=market.min_size,
            tif=tif,
            expires_at=time.time_ns() + live.order_life_ns if tif is TimeInForce.GTD else None,
        )

    # --- one order ------------------------------------------------------------------------------------------------

    async def _listening(self) -> str:
        assert self.report.market is not None
        listed = MarketListed(time.time_ns(), self.report.market)
        self.parts.gateway.observe(listed, self.heard.by(GATEWAY))
        await self.heard.until("it did not open", lambda _, event: _opened(event))
        return "open"

    async def _balances(self) -> str:
        read = await self._read()
        self.before = read.balances
        assert read.balances is not None, "they were asked for"
        return f"{money_text(read.balances.cash)} USD, and shares of the market's tokens"

    async def _place(self) -> str:
        place = self._sent()
        self.report.gone = False
        outcome = await self._ask(place, "no answer", Accepted, Rejected, Unanswered)
        if isinstance(outcome, Rejected):
            self.report.gone = True  # it never rested
            raise StepFailed(f"refused: {outcome.reason}")
        if isinstance(outcome, Unanswered):
            raise StepFailed(f"not answered: {outcome.cause}")
        return f"BUY {size_text(place.size)} at {price_text(place.price)}, post-only, {place.tif}"

    async def _by_id(self) -> str:
        shown = await self._ask(QueryOrder(self._sent().order_id), "it was not shown", OrderShown, OrderMissing)
        if not isinstance(shown, OrderShown) or shown.status is not OrderStatus.LIVE:
            raise StepFailed("the venue does not know it" if isinstance(shown, OrderMissing) else f"it is {shown}")
        return str(shown.status)

    async def _in_list(self) -> str:
        await self._read()
        if not self.listed:
            raise StepFailed("it is not there")
        return "yes"

    async def _told(self) -> str:
        order_id = self._sent().order_id
        await self.heard.until("it said nothing", lambda who, event: who == USER and _about(event, order_id))
        return "yes"

    async def _cancel(self) -> str:
        order_id = self._sent().order_id
        outcome = await self._ask(Cancel(order_id), "no answer", Canceled, Unanswered)
        if isinstance(outcome, Unanswered):
            raise StepFailed(f"not answered: {outcome.cause}")
        return "taken"

    async def _not_in_list(self) -> str:
        await self._read()
        if self.listed:
            raise StepFailed("it is still there")
        return "yes"

    async def _unchanged(self) -> str:
        read = await self._read()
        traded = [event for _, event in self.heard.told if isinstance(event, Filled) and self._is_mine(event)]
        if traded:
            raise StepFailed("it traded")
        after, before = read.balances, self.before
        assert after is not None, "they were asked for"
        assert before is not None, "they were read before"
        if (after.cash, after.shares) != (before.cash, before.shares):
            raise StepFailed(f"{money_text(after.cash)} USD now, {money_text(before.cash)} USD before")
        return f"{money_text(after.cash)} USD"

    def _sent(self) -> Place:
        assert self.report.place is not None, "a market was chosen"
        return self.report.place

    def _is_mine(self, event: Event) -> bool:
        return _about(event, self._sent().order_id)

    async def _ask(self, command: OrderCommand, otherwise: str, *kinds: type[Event]) -> Event:
        """Give a command; the first of these kinds that the gateway (not the socket) says of the order."""
        before = len(self.heard.told)
        self._submit(command)
        return await self.heard.until(
            otherwise,
            lambda who, event: who == GATEWAY and isinstance(event, kinds) and self._is_mine(event),
            after=before,
        )

    async def _read(self) -> AccountRead:
        """Read the account with balances; `listed` is then whether the order is on its list of open orders."""
        before = len(self.heard.told)
        self._submit(ReadAccount("selftest", balances=True))
        read = await self.heard.until("no answer", lambda _, event: isinstance(event, AccountRead), after=before)
        assert isinstance(read, AccountRead)
        if read.failed:
            raise StepFailed(read.failed)
        self.listed = any(
            who == GATEWAY
            and isinstance(event, OrderShown)
            and self._is_mine(event)
            and event.asked_at == read.asked_at
            for who, event in self.heard.told[before:]
        )
        return read

    def _submit(self, command: OrderCommand) -> None:
        self.parts.gateway.submit([command], time.time_ns(), self.heard.by(GATEWAY))

    # --- afterwards -----------------------------------------------------------------------------------------------

    async def _sweep(self) -> None:
        """Cancel the order, if one was sent, and look until the venue proves that it is gone."""
        if self.report.gone is not False:
            return
        began, order_id = time.monotonic_ns(), self._sent().order_id
        with suppress(TimeoutError):
            async with asyncio.timeout(SWEEP_LIMIT_S):
                while not self._proven_gone():
                    self._submit(Cancel(order_id))
                    self._submit(QueryOrder(order_id))
                    await asyncio.sleep(SWEEP_PAUSE_S)
                    with suppress(StepFailed):
                        await self._read()
                self.report.gone = True
        found = "proven gone" if self.report.gone else f"not proven within {SWEEP_LIMIT_S:g} s"
        self._say(Finding("nothing left", bool(self.report.gone), found, time.monotonic_ns() - began))

    def _proven_gone(self) -> bool:
        """The venue said that it ended, and did not list it after that."""
        ended = any(
            isinstance(event, Canceled) or (isinstance(event, OrderShown) and _ended(event.status))
            for _, event in self.heard.told
            if self._is_mine(event)
        )
        return ended and not self.listed


def _opened(event: Event) -> bool:
    return isinstance(event, UserSignal) and event.news is FeedNews.OPENED


def _about(event: Event, order_id: str) -> bool:
    return getattr(event, "order_id", None) == order_id


def _ended(status: OrderStatus) -> bool:
    return status in (OrderStatus.CANCELED, OrderStatus.MATCHED, OrderStatus.UNMATCHED, OrderStatus.INVALID)
