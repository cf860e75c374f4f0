"""One seeded session: a bot quotes over real sockets while everything goes wrong, is healed, and is held to account.

The seed says what goes wrong and when; what comes of it also depends on the machine, because sockets and clocks are
real.  So a session is judged by invariants, never by a trace.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

from pmm.core.engine import Outcome
from pmm.exchange.answers import Refused
from pmm.exchange.server import LocalExchange
from pmm.model import SECOND, Nanos
from pmm.sim.catalog import demo_listing
from pmm.sim.venue import Placed, Refusal, Terms, Venue
from pmm.venues.polymarket.credentials import Credentials, derive
from pmm.venues.polymarket.private import PrivateHttp
from tests.chaos.orders import faults, judge, limits
from tests.chaos.orders.bot import Bot, bot, signer_of
from tests.chaos.orders.crowd import Crowd
from tests.chaos.orders.faults import Strike
from tests.chaos.orders.truth import Truth
from tests.chaos.orders.witness import Witness

# The API key under which somebody places orders of the account on the web site.
BY_HAND = "by hand"
# How long a bot may take to quote, to agree with the venue once all is well, and to end.  Generous: the machine may be
# busy, and how long it really took is told in the table.
QUOTES_WITHIN_S = 40.0
CONVERGES_WITHIN_S = 30.0
ENDS_WITHIN_S = 30.0
NO_LAPSE_S = limits.VENUE.heartbeat_s - 2 * limits.BEAT / SECOND


@dataclass(frozen=True)
class Plan:
    """What a seed means."""

    seed: int
    chosen: tuple[str, ...]
    weather: tuple[tuple[str, int], ...]
    strikes: tuple[Strike, ...]
    seconds: float
    gtc: bool

    @classmethod
    def of(cls, seed: int) -> Plan:
        dice = Random(seed)
        chosen = faults.chosen(dice)
        seconds = dice.uniform(1.5, 3.0)
        weather = tuple((fault, dice.randrange(len(ways))) for fault, ways in faults.WEATHER.items() if fault in chosen)
        return cls(seed, chosen, weather, tuple(faults.strikes(dice, chosen, seconds)), seconds, dice.random() < 0.1)

    @property
    def halts(self) -> bool:
        """Whether somebody else turns up on the account, so that the bot has to stop by itself."""
        return any(fault in faults.LAST for fault in self.chosen)


@dataclass
class Result:
    """What became of a seed.  `fired` counts how often each fault really struck."""

    plan: Plan
    violations: list[str] = field(default_factory=list)
    fired: Counter[str] = field(default_factory=Counter)
    edges: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    commands: Counter[str] = field(default_factory=Counter)
    rejections: Counter[str] = field(default_factory=Counter)
    uncounted_ns: Nanos = 0
    converged_s: float = 0.0
    trades: int = 0
    failed: int = 0
    orders: int = 0
    restarts: int = 0


class Session:
    """Everything of one session that is open while it lasts."""

    def __init__(self, plan: Plan, exchange: LocalExchange, folder: Path, credentials: Credentials) -> None:
        assert isinstance(exchange.source, Venue)
        self.plan = plan
        self.exchange = exchange
        self.venue = exchange.source
        self.dice = Random(plan.seed + 1)
        self.signer = signer_of(key_of(plan.seed))
        self.truth = Truth(self.venue, self.signer.maker, exchange.source.listings[0].market)
        self.witness = Witness(self.truth, time.time_ns)
        self.crowd = Crowd(exchange, Random(plan.seed + 2), odd_settlements=faults.SETTLEMENTS in plan.chosen)
        self.result = Result(plan)
        self.seen: set[str] = set()
        self.bot: Bot | None = None
        self._folder = folder
        self._credentials = credentials
        self._running = AsyncExitStack()
        self._runs = 0
        self._began = self.truth.holdings()
        self._watch_venue()

    async def run(self) -> Result:
        """From the first quotes to the judgement."""
        await self.start()
        try:
            async with asyncio.TaskGroup() as group:
                crowd = group.create_task(self.crowd.run())
                try:
                    await self._live()
                finally:
                    crowd.cancel()
        finally:
            await self._close()
        self._sum_up()
        return self.result

    async def _live(self) -> None:
        if not await self.witness.until(self._quoting, QUOTES_WITHIN_S):
            self._blame("it never quoted")
            return
        await self._storm()
        self._count_frames()
        await self.act("/faults/clear")
        await self.act("/venue/mode", mode="normal")
        self.crowd.trading = False
        began = time.monotonic()
        assert self.bot is not None
        if self.plan.halts:
            await self._end_halted(self.bot)
        if not await self.witness.until(self._converged, CONVERGES_WITHIN_S):
            self._blame(f"not the same after {CONVERGES_WITHIN_S:g} s: {judge.converged(self.bot, self.truth)}")
        self.result.converged_s = time.monotonic() - began
        # A trade that has only just happened would be settled by the next run.
        self.crowd.still = True
        await self.witness.until(self._converged, CONVERGES_WITHIN_S)
        theirs, began = self.truth.foreign_resting(), time.monotonic()
        await self._stop(self.bot)
        # Without heartbeats the venue takes everything of the account, a second later.
        if time.monotonic() - began < NO_LAPSE_S and self.truth.foreign_resting() != theirs:
            self._blame("orders of others on the account are gone")
        await self._settle()
        self._judge(self.bot)

    # --- the bot --------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Another run of the bot on the same state file."""
        self._runs += 1
        self.bot = await self._running.enter_async_context(
            bot(
                self.exchange,
                self._folder,
                self.signer,
                self._credentials,
                number=self._runs,
                gtc=self.plan.gtc,
                dice=Random(self.plan.seed * 100 + self._runs),
                sinks=[self.witness],
            )
        )
        self.witness.follow(self.bot)

    async def cut(self) -> None:
        """The bot is gone from one moment to the next."""
        assert self.bot is not None
        self.witness.follow(None)
        await self.bot.cut()
        await self._close()

    async def _stop(self, one: Bot) -> None:
        one.driver.stop("the session is over")
        await one.ended(ENDS_WITHIN_S)
        if one.remained and not all(judge.lost(one, self.truth, left.order_id) for left in one.engine.orders.open()):
            self._blame("orders may remain after the stop")
        if one.engine.outcome is not Outcome.STOPPED:
            self._blame(f"the run ended {one.engine.outcome}: {one.engine.cause}")

    async def _end_halted(self, one: Bot) -> None:
        """A run that somebody else's heartbeat has ended; the operator begins another."""
        async with asyncio.TaskGroup() as group:
            others = group.create_task(self._insist())
            await one.ended(ENDS_WITHIN_S)
            others.cancel()
        if one.remained and not all(judge.lost(one, self.truth, left.order_id) for left in one.engine.orders.open()):
            self._blame("orders may remain after the halt")
        if one.engine.outcome is not Outcome.HALTED:
            self._blame(f"the run ended {one.engine.outcome}: {one.engine.cause}")
        for order in self.truth.resting():
            self._blame(f"{order.order_id[:10]} rests after the halt")
        self.witness.follow(None)
        await self._close()
        house = self.exchange.house
        assert house is not None
        house.desk.wrong_heartbeats = 0
        await self.start()

    async def _insist(self) -> None:
        """Whoever else is on the account goes on: a bot that has only just begun may take the first beat over."""
        while True:
            await asyncio.sleep(limits.BEAT / SECOND)
            for fault in set(self.plan.chosen) & set(faults.LAST):
                await self._strike(fault)

    async def _close(self) -> None:
        await self._running.aclose()
        self._running = AsyncExitStack()

    def _quoting(self) -> bool:
        return bool(self.truth.resting())

    def _converged(self) -> bool:
        return self.bot is not None and not judge.converged(self.bot, self.truth)

    # --- the faults -----------------------------------------------------------------------------------------------

    async def _storm(self) -> None:
        began = time.monotonic()
        for fault, way in self.plan.weather:
            path, body = faults.WEATHER[fault][way]
            await self.act(path, **body)
        for strike in self.plan.strikes:
            await asyncio.sleep(max(0.0, strike.at - (time.monotonic() - began)))
            await self._strike(strike.fault)
        await asyncio.sleep(max(0.0, self.plan.seconds - (time.monotonic() - began)))

    async def _strike(self, fault: str) -> None:
        self.result.fired[fault] += fault != "F33"
        match fault:
            case "F05":
                self.venue.restart(1, self.exchange.clock.now(), wipe=self.dice.random() < 0.5)
                self.exchange.settle()
            case "F10":
                await self._silence_user_socket()
            case "F11":
                await self.act("/faults/requests", on="* /*", harm="fail", status=503, times=40, text="unavailable")
            case "F26":
                await self.cut()
                await asyncio.sleep(self.dice.uniform(0.0, 0.5))
                await self.start()
            case "F32":
                await self.act("/accounts/wipe", account=self.signer.maker, told=False)
            case "F33":
                await self._place_by_hand()
            case "F25 refused":
                await self.act("/heartbeats/refuse", n=2)
            case "F30":
                self._beat_from_elsewhere()

    async def _silence_user_socket(self) -> None:
        if self.dice.random() < 0.5:
            await self.act("/stream/drop", channel="user")
        await self.act("/stream/freeze", on=True, channel="user")

    async def _place_by_hand(self) -> None:
        """Somebody places an order of the account on the web site, which trades or rests."""
        price = self.dice.choice(("0.4", "0.3", "0.47"))
        with suppress(Refused):
            await self.act(
                "/accounts/order", account=self.signer.maker, owner=BY_HAND, side="BUY", price=price, size="7"
            )
            self.result.fired["F33"] += 1

    def _beat_from_elsewhere(self) -> None:
        address, now = self.signer.maker.lower(), self.exchange.clock.now()
        answer = self.venue.heartbeat(address, "", now)
        if not answer.accepted:
            self.venue.heartbeat(address, answer.heartbeat_id, now)

    async def act(self, path: str, **body: object) -> object:
        """An act of the control endpoint."""
        return await self.exchange.control.acts[path](body)

    # --- watching and judging -------------------------------------------------------------------------------------

    def _watch_venue(self) -> None:
        """Let the witness look after whatever happens at the venue, and know every order that came."""
        house, strike = self.exchange.house, self.exchange.faults.strike
        assert house is not None
        place, publish = self.venue.place, house.publish
        ways = {
            (body["on"], body["harm"], body.get("seconds", 0.0)): fault
            for fault, rows in faults.WEATHER.items()
            for _, body in rows
            if "on" in body
        }

        def placed(terms: Terms, at: Nanos) -> Placed | Refusal:
            if terms.owner == BY_HAND:
                self.truth.foreign.add(terms.order_id)
            result = place(terms, at)
            if isinstance(result, Placed) and terms.account == self.signer.maker.lower():
                self.seen.add(terms.order_id)
            return result

        def published() -> None:
            publish()
            self.witness.look()

        def struck(method: str, path: str) -> object:
            rule = strike(method, path)
            key = None if rule is None else (rule.on, rule.harm.value, rule.seconds)
            if key in ways:
                self.result.fired[ways[key]] += 1
            return rule

        self.venue.place = placed  # type: ignore[method-assign]
        house.publish = published  # type: ignore[method-assign]
        self.exchange.faults.strike = struck  # type: ignore[method-assign,assignment]

    async def _settle(self) -> None:
        """Until every trade at the venue is final."""
        await self.witness.until(lambda: all(part.status in judge.FINAL for part in self.truth.parts()), ENDS_WITHIN_S)
        # What is paid is shown a little later.
        await self.exchange.clock.reached(self.exchange.clock.now() + SECOND // 4)

    def _count_frames(self) -> None:
        house = self.exchange.house
        assert house is not None
        for rule in house.users.channel.faults.frames.rules:
            number = "F37" if rule.fault.value in ("oversize", "dust") else "F09"
            self.result.fired[number] += faults.OFTEN - (rule.times or 0)

    def _judge(self, one: Bot) -> None:
        truth, foreign = self.truth, len(self.truth.foreign)
        found = [*judge.wrong_trades(one, truth), *judge.wrong_orders(one, truth, self.seen - truth.foreign)]
        found += judge.wrong_books(one, truth, self._began, foreign)
        if self._runs == 1:
            found += judge.wrong_ledger(one, truth)
        for violation in found:
            self._blame(violation)

    def _blame(self, violation: str) -> None:
        self.witness.say(violation)

    def _sum_up(self) -> None:
        witness, result = self.witness, self.result
        for what in witness.still_uncounted():
            self._blame(f"uncounted at the end: {what}")
        parts = self.truth.parts()
        result.violations, result.edges, result.commands = witness.violations, witness.edges, witness.commands
        result.rejections = witness.rejections
        result.uncounted_ns, result.restarts = witness.uncounted_ns, self._runs - 1
        result.trades = len(parts)
        result.failed = sum(part.status.value == "FAILED" for part in parts)
        result.orders = len(self.seen)
        if faults.SETTLEMENTS in self.plan.chosen:
            result.fired[faults.SETTLEMENTS] += self.crowd.scripted


def key_of(seed: int) -> bytes:
    """A wallet for each seed."""
    return hashlib.sha256(f"session {seed}".encode()).digest()


@asynccontextmanager
async def venue_of(plan: Plan) -> AsyncIterator[LocalExchange]:
    """A local exchange with one market, where nobody is but the crowd of the session."""
    venue = Venue([replace(demo_listing(), pace=0.0)], limits.VENUE, Random(plan.seed), time.time_ns())
    async with LocalExchange(venue, seed=plan.seed) as exchange:
        yield exchange


async def credentials_of(exchange: LocalExchange, seed: int) -> Credentials:
    signer = signer_of(key_of(seed))
    async with PrivateHttp(exchange.urls["clob_url"], signer.address, None, deadline=10 * SECOND) as http:
        return await derive(http, signer)


async def run(plan: Plan, folder: Path) -> Result:
    """Live through a plan, with a state file in `folder`; the rules must be `shortened`."""
    async with venue_of(plan) as exchange:
        credentials = await credentials_of(exchange, plan.seed)
        return await Session(plan, exchange, folder, credentials).run()
