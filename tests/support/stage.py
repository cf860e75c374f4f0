"""A venue that does what a script says, a wire that can go wrong, and the engine at its other end, in event time."""

from __future__ import annotations

import heapq
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count

from pmm._fast import ASK, BID
from pmm.commands import Cancel, Place
from pmm.core.engine import Engine, EngineConfig
from pmm.core.guard import Rules
from pmm.core.step import Change, Step
from pmm.drivers.event_time import EventTime
from pmm.drivers.wire import Wire
from pmm.events import Accepted, Canceled, Frame, MarketListed
from pmm.model import MILLISECOND, SECOND, Market, Nanos, TokenId, parse_price
from pmm.ports import Gateway
from pmm.sim.frames import MarketWire, array
from pmm.sim.matching import Outcome
from pmm.strategies.fixed_spread import FixedSpread
from pmm.venues.polymarket import codec
from tests.support.story import START, market, shares

CANARY = replace(market(condition="0x" + "cd" * 32, yes="3" + "7" * 76, no="4" + "7" * 76), slug="busy")


class BadWire(Wire):
    """Faults are switches: `spoil` sees every frame and returns what becomes of it."""

    def __init__(self, stage: Stage, connections: Sequence[int]) -> None:
        super().__init__(stage.tokens, stage.dump, stage.page, connections)
        self.frozen: set[int] = set()
        self.rest_fails = False
        self.silent_to_asking = False
        self.spoil: Callable[[Frame], list[Frame]] = lambda frame: [frame]

    def carry(self, frame, emit):
        for connection in self.connections:
            if connection not in self.frozen:
                for spoiled in self.spoil(Frame(frame.at, connection, frame.data)):
                    emit(spoiled)

    def answer(self, frame, emit):
        if not self.silent_to_asking and frame.connection not in self.frozen:
            emit(frame)

    def read_page(self, token, at):
        return None if self.rest_fails else super().read_page(token, at)

    def reconnect(self, command, at, emit):
        self.frozen.discard(command.connection)
        super().reconnect(command, at, emit)


class Obliging:
    """A gateway that grants everything at once."""

    def next_at(self):
        return None

    def advance(self, emit):
        """Owes nothing."""

    def observe(self, event, emit):
        """Fills nothing."""

    def submit(self, commands, at, emit):
        for command in commands:
            if isinstance(command, Place):
                emit(Accepted(at, command.order_id))
            elif isinstance(command, Cancel):
                emit(Canceled(at, command.order_id))


class Stage:
    """Two markets at the venue: the one that is quoted, and a busy one that may be watched as a canary."""

    def __init__(
        self,
        *,
        connections: Sequence[int] = (0,),
        canary: bool = False,
        config: EngineConfig | None = None,
        rules: Rules = (),
    ):
        self.books = {quoted.condition_id: MarketWire(quoted, START // MILLISECOND) for quoted in (market(), CANARY)}
        self.engine = Engine(FixedSpread(), config, rules)
        self.history: list[Step] = []
        self.canary = canary
        self.gateway: Gateway = Obliging()
        self.wire = BadWire(self, connections)
        self._script: list[tuple[Nanos, int, Callable[[], list[bytes]]]] = []
        self._sequence = count()
        for wire in self.books.values():
            for side, start, step in ((BID, 4900, -100), (ASK, 5100, 100)):
                for level in range(5):
                    wire.apply((side, start + level * step, shares(100)), wire.at_ms)

    # --- the script -----------------------------------------------------------------------------------------------

    def at(self, seconds: float, act: Callable[[], object]) -> None:
        """Do something at a moment of the run; frames that it returns are sent."""
        when = START + round(seconds * SECOND)
        heapq.heappush(self._script, (when, next(self._sequence), lambda: list(act() or ())))

    def change(self, seconds: float, side: int, price: str, size: float, of: Market | None = None) -> None:
        """A level of the venue's book changes, and everybody is told."""
        self.at(seconds, lambda: self.told(seconds, side, price, size, of))

    def told(self, seconds: float, side: int, price: str, size: float, of: Market | None = None) -> list[bytes]:
        at_ms = (START + round(seconds * SECOND)) // MILLISECOND
        change = (side, parse_price(price), shares(size))
        frames = self._wire(of).price_change(change, at_ms, Outcome.YES)
        return [frame.data for frame in frames if not frame.custom]

    def busy(self, seconds: float, of: Market | None = None, every: float = 0.2) -> None:
        """A deep level of a market changes again and again."""
        for number in range(1, int(seconds / every)):
            self.change(number * every, BID, "0.45", 100 + number % 7, of)

    def run(self, seconds: float) -> Stage:
        opening = [MarketListed(START, market(), self.wire.connections)]
        if self.canary:
            opening.append(MarketListed(START, CANARY, self.wire.connections, quoted=False))
        driver = EventTime(self.engine, self, self.gateway, [self])
        driver.run(START, round(seconds * SECOND), opening, self.wire)
        return self

    # --- what became of it ----------------------------------------------------------------------------------------

    def on_step(self, step, took):
        self.history.append(step)

    def changes(self, machine: str) -> list[Change]:
        return [change for step in self.history for change in step.changes if change.machine == machine]

    def trust(self) -> list[tuple[str, str]]:
        """New state and evidence of every move of the quoted market's trust, the end of the run left out."""
        return [(c.new, c.evidence) for c in self.changes("trust") if c.subject.startswith("book rain")]

    def seconds_of(self, machine: str, new: str) -> list[float]:
        return [(change.at - START) / SECOND for change in self.changes(machine) if change.new == new]

    def commands(self, kind: type) -> list[tuple[float, object]]:
        return [
            ((step.event.at - START) / SECOND, command)
            for step in self.history
            for command in step.commands
            if isinstance(command, kind)
        ]

    def sources(self, seconds: float) -> set[str]:
        """The sources of the decisions of one second."""
        return {d.source for s in self.history for d in s.decisions if int((d.at - START) / SECOND) == int(seconds)}

    # --- the venue ------------------------------------------------------------------------------------------------

    @property
    def tokens(self) -> list[TokenId]:
        markets = (market(), CANARY) if self.canary else (market(),)
        return [token.token_id for each in markets for token in each.tokens]

    def next_at(self) -> Nanos | None:
        return self._script[0][0] if self._script else None

    def advance(self, emit):
        at, _, act = heapq.heappop(self._script)
        for data in act():
            emit(Frame(at, 0, data))

    def dump(self, tokens: Sequence[TokenId]) -> bytes:
        return array(wire.dump(outcome) for token in tokens for wire, outcome in [self._of(token)])

    def page(self, token: TokenId):
        wire, outcome = self._of(token)
        return codec.book(json.loads(wire.rest_book(outcome)))

    def _wire(self, of: Market | None) -> MarketWire:
        return self.books[(of or market()).condition_id]

    def _of(self, token: TokenId) -> tuple[MarketWire, Outcome]:
        wire = next(wire for wire in self.books.values() if token in wire.tokens)
        return wire, Outcome(wire.tokens.index(token))
