"""Who looks at engine and venue after every step of the one and every event of the other.

What it holds against each other: an order that may trade at the venue is open in the engine's books, at every moment;
no slot has two of them; the worst corner of what is true stays within the cap.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from pmm.core.orders import ORDER
from pmm.core.settlement import SETTLEMENT
from pmm.core.step import Step
from pmm.events import Rejected
from pmm.model import SECOND, SHARE, Nanos, Size
from pmm.sim.venue import Settlement
from tests.chaos.orders import limits
from tests.chaos.orders.bot import Bot
from tests.chaos.orders.truth import Truth

# What a message may lie about the size of a fill before a read puts it right (reliability reference, F37).
CRUMB: Size = SHARE // 100
TABLES = (ORDER.name, SETTLEMENT.name)


@dataclass
class Uncounted:
    """Exposure that the engine did not count, while it lasts."""

    what: str
    since: Nanos


@dataclass
class Witness:
    """`violations` in the words of a person; `edges` are the moves of machines, with how often they were seen."""

    truth: Truth
    clock: Callable[[], Nanos]
    violations: list[str] = field(default_factory=list)
    edges: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    commands: Counter[str] = field(default_factory=Counter)
    rejections: Counter[str] = field(default_factory=Counter)
    uncounted_ns: Nanos = 0
    restarts: int = 0
    bot: Bot | None = None
    _armed: bool = False
    _uncounted: dict[str, Uncounted] = field(default_factory=dict)
    _said: set[str] = field(default_factory=set)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def follow(self, bot: Bot | None) -> None:
        """Another run of the bot, or none."""
        self.restarts += self.bot is not None and bot is None
        self.bot, self._armed = bot, False
        self._uncounted.clear()

    def on_step(self, step: Step, _took: Nanos) -> None:
        for change in step.changes:
            if change.machine in TABLES:
                self.edges[change.machine, change.old, change.trigger] += 1
        if isinstance(step.event, Rejected):
            self.rejections[step.event.reason] += 1
        for command in step.commands:
            self.commands[type(command).__name__] += 1
        self.look()

    def look(self) -> None:
        """Compare now."""
        bot, now = self.bot, self.clock()
        if bot is None:
            return
        # What an earlier run left is known from the moment on at which this one may place anything.
        self._armed = self._armed or bot.engine.account.problem(now) is None
        if self._armed:
            self._look_at_orders(bot, now)
            self._look_at_caps()
        self._news.set()

    async def until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Wait for something that is true after an event; whether it came."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not condition():
                    self._news.clear()
                    await self._news.wait()
        return condition()

    def say(self, violation: str) -> None:
        """Once for each text."""
        if violation not in self._said:
            self._said.add(violation)
            self.violations.append(violation)

    # --- looking --------------------------------------------------------------------------------------------------

    def _look_at_orders(self, bot: Bot, now: Nanos) -> None:
        missing: dict[str, str] = {}
        slots: Counter[bool] = Counter()
        for order in self.truth.resting():
            slots[self.truth.is_bid(order)] += 1
            name = bot.orders.order_id(order.order_id)
            known = None if name is None else bot.engine.orders.get(name)
            if known is None:
                missing[order.order_id] = f"{order.order_id[:10]} rests and the engine does not know it"
            elif not known.open:
                missing[order.order_id] = f"{name} rests and is {known.state} in the engine"
        for venue_id, size in self._untold(bot).items():
            missing[f"fill of {venue_id}"] = f"{size} of {venue_id[:10]} traded, not told and not counted"
        if max(slots.values(), default=0) > 1:
            self.say("two orders of ours rest in one slot")
        self._integrate(missing, now)

    def _untold(self, bot: Bot) -> dict[str, Size]:
        """Trades that the engine does not know, beyond what it counts as possible for their orders."""
        traded: Counter[str] = Counter()
        for part in self.truth.parts():
            if part.status is not Settlement.FAILED:
                traded[part.venue_id] += part.size
        found: dict[str, Size] = {}
        for venue_id, size in traded.items():
            name = bot.orders.order_id(venue_id)
            known = None if name is None else bot.engine.orders.get(name)
            if known is not None and size > known.filled + known.at_stake + CRUMB:
                found[venue_id] = size - known.filled - known.at_stake
        return found

    def _integrate(self, missing: dict[str, str], now: Nanos) -> None:
        for key, what in missing.items():
            if key not in self._uncounted:
                self._uncounted[key] = Uncounted(what, now)
        for key in [key for key in self._uncounted if key not in missing]:
            over = self._uncounted.pop(key)
            lasted = now - over.since
            self.uncounted_ns += lasted
            self.say(f"uncounted for {lasted / SECOND:.3f} s: {over.what}")

    def still_uncounted(self) -> list[str]:
        return [one.what for one in self._uncounted.values()]

    def _look_at_caps(self) -> None:
        if self.restarts:
            return  # a run knows what it may lose since its own start
        worst = self.truth.worst_loss(self.truth.parts())
        if worst > limits.MARKET_CAP:
            self.say("the worst corner passed the cap of the market")
