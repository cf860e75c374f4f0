"""The pretend venue at the far end of wires that go wrong: the world of a run, and the sockets of its bot.

Every connection has a latency of its own and keeps the order of what it carries, unless a fault says otherwise.  All
that is under way is held here, so that a socket that closes takes with it what has not arrived.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from random import Random
from typing import Protocol

from pmm.commands import ReadBooks, Reconnect, Resubscribe
from pmm.drivers.wire import Wire
from pmm.events import BookRead, FeedNews, FeedSignal, Frame
from pmm.model import MILLISECOND, SECOND, Nanos, TokenId
from pmm.ports import Emit
from pmm.sim.world import DemoWorld
from tests.chaos.faults import HELD, STRIKES, Arrivals, Fault, Message, spoiled_answer, stale, without_token
from tests.chaos.truth import State, Truth, text


@dataclass(frozen=True)
class Weather:
    """What a run's network is like when nothing is wrong with it; `rest_fails` and `rest_stale` are chances."""

    latency: Nanos = 20 * MILLISECOND
    jitter: Nanos = 10 * MILLISECOND
    rest_latency: tuple[Nanos, Nanos] = (20 * MILLISECOND, 200 * MILLISECOND)
    rest_fails: float = 0.0
    rest_stale: float = 0.0
    rest_cache: Nanos = SECOND
    storm: float = 0.0


class Witness(Protocol):
    """Who has to know what is under way."""

    def expect(self, connection: int, market: str, due: Nanos, state: State) -> None:
        """At `due`, whatever the venue said up to `state` has arrived on a connection that is in order."""

    def missed(self, connection: int, at: Nanos) -> None:
        """News of a book that should arrive at `at` will not."""

    def read(self, market: str, at: Nanos, *, good: bool) -> None:
        """A REST read was asked for; a bad one fails or shows an old book."""

    def struck(self, fault: Fault) -> None:
        """A fault has come true."""


@dataclass
class Socket:
    """One connection.  `silent` loses everything; `deaf` holds markets and tokens of which nothing arrives."""

    number: int
    open: bool = False
    epoch: int = 0
    due: Nanos = 0
    stalled_until: Nanos = 0
    silent: bool = False
    deaf: set[str] = field(default_factory=set)
    cured_by_asking: bool = True
    next_answer: str = ""
    armed: Fault | None = None
    losing: int = 0
    held: list[bytes] = field(default_factory=list)


class Venue(Wire):
    """World and wire of one run: give it to the driver as both."""

    def __init__(
        self, world: DemoWorld, connections: Sequence[int], weather: Weather, dice: Random, witness: Witness
    ) -> None:
        tokens = [token.token_id for listing in world.listings for token in listing.market.tokens]
        super().__init__(tokens, world.dump, connections=connections)
        world.subscribe(tokens)
        self.world = world
        self.weather = weather
        self.dice = dice
        self.witness = witness
        self.sockets = {number: Socket(number) for number in connections}
        self.truths: dict[str, Truth] = {}
        for floor in world.floors():
            self.truths[floor.condition_id] = Truth(floor.wire, world.now)
        self._place = {
            token.token_id: (listing.market.condition_id, number)
            for listing in world.listings
            for number, token in enumerate(listing.market.tokens)
        }
        self._agenda: list[tuple[Nanos, int, Callable[[Emit], None]]] = []
        self._sequence = count()

    # --- the World port -------------------------------------------------------------------------------------------

    def at(self, when: Nanos, act: Callable[[Emit], None]) -> None:
        """Do something at a moment of the run."""
        heapq.heappush(self._agenda, (when, next(self._sequence), act))

    def next_at(self) -> Nanos | None:
        times = [at for at in (self.world.next_at(), self._agenda[0][0] if self._agenda else None) if at is not None]
        return min(times, default=None)

    def advance(self, emit: Emit) -> None:
        venue_at = self.world.next_at()
        if self._agenda and (venue_at is None or self._agenda[0][0] < venue_at):
            heapq.heappop(self._agenda)[2](emit)
            return
        frames: list[Frame] = []
        self.world.advance(frames.append)
        if frames:
            self._publish(frames)

    def tell(self, at: Nanos) -> None:
        """Send now what somebody did to the world from outside."""
        frames: list[Frame] = []
        while (due := self.world.next_at()) is not None and due <= at:
            self.world.advance(frames.append)
        if frames:
            self._publish(frames)

    # --- the venue speaks -----------------------------------------------------------------------------------------

    def _publish(self, frames: Sequence[Frame]) -> None:
        at = frames[0].at
        messages = []
        for frame in frames:
            body = json.loads(frame.data)
            messages.append(Message(at, body["market"], frame.data, body))
        touched = {m.market: self.truths[m.market].note(at) for m in messages if m.is_change or m.is_book}
        for socket in self.sockets.values():
            due = self._due(socket, at)
            for market, state in touched.items():
                self.witness.expect(socket.number, market, due, state)
            if not socket.open:
                continue
            for message in messages:
                self._send(socket, message, due)

    def _due(self, socket: Socket, at: Nanos) -> Nanos:
        """When something sent now arrives where nothing is wrong."""
        jitter = round(self.dice.random() * self.weather.jitter)
        socket.due = max(socket.due, at + self.weather.latency + jitter)
        return socket.due

    def _send(self, socket: Socket, message: Message, due: Nanos) -> None:
        arrivals = self._spoil(socket, message)
        if socket.silent or not arrivals:
            if message.is_change or message.is_book:
                self.witness.missed(socket.number, due)
            return
        on_time = max(due, socket.stalled_until)
        for delay, data in arrivals:
            if delay == HELD:
                socket.held.append(data)
            else:
                self._arrive(socket, on_time + delay, data)
        if socket.held and arrivals[0][0] != HELD:
            for data in socket.held:
                self._arrive(socket, on_time, data)
            socket.held.clear()

    def _arrive(self, socket: Socket, at: Nanos, data: bytes) -> None:
        epoch = socket.epoch

        def deliver(emit: Emit) -> None:
            if socket.epoch == epoch:
                emit(Frame(at, socket.number, data))

        self.at(at, deliver)

    def carry(self, frame: Frame, emit: Emit) -> None:
        """A frame that arrives: where to was decided when it was sent."""
        emit(frame)

    # --- faults ---------------------------------------------------------------------------------------------------

    def _spoil(self, socket: Socket, message: Message) -> Arrivals:
        if message.market in socket.deaf:
            return []
        for token in socket.deaf:
            if token in self._place and self._place[token][0] == message.market:
                return without_token(message, token)
        if socket.losing and (message.is_change or message.is_book):
            socket.losing -= 1
            return []
        fault = socket.armed
        if fault is not None and message.is_change and message.market == fault.market:
            socket.armed = None
            return self._strike(socket, fault, message)
        if self.weather.storm and message.is_change and self.dice.random() < self.weather.storm:
            kind = self.dice.choice(tuple(STRIKES))
            return self._strike(socket, Fault("storm", socket.number, message.market, message.sent_at), message, kind)
        return [(0, message.data)]

    def _strike(self, socket: Socket, fault: Fault, message: Message, kind: str = "") -> Arrivals:
        kind = kind or fault.kind
        self._hit(fault, message.sent_at)
        if kind == "lost":
            socket.losing = self.dice.choice((0, 0, 1, 3))
        return STRIKES[kind](message, self.truths[message.market], self.dice)

    def _hit(self, fault: Fault, at: Nanos) -> None:
        fault.hit_at = at
        self.witness.struck(fault)

    def strike(self, fault: Fault, at: Nanos, emit: Emit) -> None:
        """Begin a fault: single messages are spoiled when the next one comes."""
        socket = self.sockets[fault.connection]
        if not socket.open:
            return
        match fault.kind:
            case "stalled":
                socket.stalled_until = at + round(self.dice.uniform(0.05, 4.0) * SECOND)
            case "frozen":
                socket.silent = True
            case "frozen market" | "frozen token":
                tokens = self.truths[fault.market].market.tokens
                socket.deaf = {fault.market if fault.kind == "frozen market" else self.dice.choice(tokens).token_id}
                socket.cured_by_asking = self.dice.random() < 0.5
            case "stale answer" | "spoiled answer":
                socket.next_answer = fault.kind
                self._hit(fault, at)
                self._close(socket, at, "the network failed", emit)
                return
            case _:
                socket.armed = fault
                return
        self._hit(fault, at)

    @property
    def waiting(self) -> bool:
        """Whether a fault is armed that has not found its message yet."""
        return any(socket.armed for socket in self.sockets.values())

    def calm_down(self) -> None:
        """No new faults from now on; what has struck goes on."""
        self.weather = replace(self.weather, storm=0.0)
        for socket in self.sockets.values():
            socket.armed = None

    # --- the sockets ----------------------------------------------------------------------------------------------

    def open(self, connection: int, at: Nanos, emit: Emit) -> None:
        socket = self.sockets[connection]
        emit(FeedSignal(at, connection, FeedNews.CONNECTING))
        emit(FeedSignal(at, connection, FeedNews.OPENED))
        socket.open, socket.silent, socket.deaf, socket.stalled_until = True, False, set(), 0
        self._ask(socket, self.tokens, at)

    def reconnect(self, command: Reconnect, at: Nanos, emit: Emit) -> None:
        self._close(self.sockets[command.connection], at, command.cause, emit)

    def _close(self, socket: Socket, at: Nanos, cause: str, emit: Emit) -> None:
        """The socket is gone with all that was under way; the bot's client opens it anew, sometimes at a second try."""
        socket.open = False
        socket.epoch += 1
        socket.held.clear()
        emit(FeedSignal(at, socket.number, FeedNews.CLOSED, cause))
        again = at + round(self.dice.uniform(0.05, 0.5) * SECOND)
        if self.dice.random() < 0.15:
            again += SECOND
        epoch = socket.epoch

        def reopen(emit: Emit) -> None:
            if socket.epoch == epoch:
                self.open(socket.number, again, emit)

        self.at(again, reopen)

    def resubscribe(self, command: Resubscribe, at: Nanos, emit: Emit) -> None:
        socket = self.sockets[command.connection]
        if socket.open:
            self._ask(socket, command.tokens, at)

    def _ask(self, socket: Socket, tokens: Sequence[TokenId], at: Nanos) -> None:
        """A subscription travels to the venue, and its answer comes back in line with everything else."""
        epoch, there = socket.epoch, at + self.weather.latency

        def answer(_: Emit) -> None:
            if socket.epoch != epoch or socket.silent:
                return
            if socket.cured_by_asking:
                socket.deaf = set()
            due = max(self._due(socket, there), socket.stalled_until)
            for data in self._answers(socket, tokens, there):
                self._arrive(socket, due, data)

        self.at(there, answer)

    def _answers(self, socket: Socket, tokens: Sequence[TokenId], at: Nanos) -> list[bytes]:
        kind, socket.next_answer = socket.next_answer, ""
        if kind == "stale answer":
            truths = {self._place[token][0]: self.truths[self._place[token][0]] for token in tokens}
            old = [body for truth in truths.values() for body in stale(truth, at, self.dice)]
            told = {body["asset_id"] for body in old}
            rest = [token for token in tokens if token not in told]
            return [self.world.dump(rest), text(old)]
        if kind == "spoiled answer":
            return [spoiled_answer(self.world.dump(tokens), self.dice)]
        return [self.world.dump(tokens)]

    # --- REST -----------------------------------------------------------------------------------------------------

    def read(self, command: ReadBooks, at: Nanos, emit: Emit) -> None:
        weather, dice = self.weather, self.dice
        fails, is_stale = dice.random() < weather.rest_fails, dice.random() < weather.rest_stale
        age = round(dice.random() * weather.rest_cache) if is_stale else 0
        took = dice.randint(*weather.rest_latency)
        for token in command.tokens:
            market, number = self._place[token]
            self.witness.read(market, at, good=not fails and not is_stale)
            self.at(at + took // 2, self._reader(token, market, number, at, took, None if fails else age))

    def _reader(
        self, token: TokenId, market: str, number: int, at: Nanos, took: Nanos, age: Nanos | None
    ) -> Callable[[Emit], None]:
        def answer(emit: Emit) -> None:
            if age is None:
                emit(BookRead(at + took, at, token, None, "the read failed"))
            else:
                page = self.truths[market].page(number, at + took // 2 - age)
                emit(BookRead(at + took, at, token, page))

        return answer
