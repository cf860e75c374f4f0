"""The account behind a live gateway: it answers after a moment, and goes wrong by switches that a script turns."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count

from pmm.account import Balances, OrderStatus, Origin, OwnOrder
from pmm.commands import Cancel, CancelAll, Place, QueryOrder, ReadAccount, StopHeartbeat
from pmm.core.account_watch import AccountLimits
from pmm.core.engine import EngineConfig
from pmm.events import (
    Accepted,
    AccountRead,
    Beat,
    BeatNews,
    Canceled,
    CancelRejected,
    Event,
    FeedNews,
    Filled,
    Operator,
    OperatorAction,
    OrderMissing,
    OrderShown,
    Reading,
    Unanswered,
    UserSignal,
    VenueNews,
    VenueStatus,
)
from pmm.model import MILLISECOND, SECOND, Nanos, OrderId, Side
from pmm.rules.balance_drop import BalanceDrop, BalanceDropLimits
from tests.support.rules import ruled
from tests.support.stage import Stage
from tests.support.story import CONDITION, NO, START, YES, shares

ONE_WAY = 10 * MILLISECOND
DEADLINE = 2 * SECOND
USD = 1_000_000
# Two orders in one market and a minute or two: whoever asks for more than this does not back off.
COMMANDS_MAX = 1_500


def moment(seconds: float) -> Nanos:
    """A moment of the run."""
    return START + round(seconds * SECOND)


def told_beat(news: BeatNews) -> Callable[[Nanos], Beat]:
    return lambda at: Beat(at, at - SECOND // 10, news, "told so")


def kill(at: Nanos) -> Operator:
    return Operator(at, OperatorAction.KILL, "drill")


def stranger(number: int = 1, market: str = CONDITION) -> OwnOrder:
    """An open order of somebody else on the account."""
    venue_id = f"0x{number:064x}"
    return OwnOrder(
        venue_id, venue_id, market, YES, Side.BUY, 4000, shares(20), 0, OrderStatus.LIVE, START, origin=Origin.FOREIGN
    )


@dataclass
class VenueAccount:
    """What is true at the venue, and the gateway that tells of it.  `mode` refuses orders while it is not NORMAL.

    A beat that is not taken is sent again when its deadline is over.
    """

    cash: int = 1000 * USD
    held: dict[str, int] = field(default_factory=dict)
    foreign: tuple[OwnOrder, ...] = ()
    resting: dict[OrderId, Place] = field(default_factory=dict)
    mode: VenueStatus = VenueStatus.NORMAL
    retry_at: Nanos | None = None
    rest_up: bool = True
    balances_up: bool = True
    beats_up: bool = True
    beating: bool = True
    others_place_anew: bool = False
    told_open: set[OrderId] = field(default_factory=set)
    taken: set[OrderId] = field(default_factory=set)
    _beat_at: Nanos = START
    _agenda: list[tuple[Nanos, int, Callable[[Nanos], list[Event]]]] = field(default_factory=list)
    _sequence: count[int] = field(default_factory=count)

    def __post_init__(self) -> None:
        self.later(START, self._beat)
        self.later(START + 50 * MILLISECOND, lambda at: [UserSignal(at, FeedNews.OPENED)])

    # --- the gateway ----------------------------------------------------------------------------------------------

    def later(self, at: Nanos, act: Callable[[Nanos], list[Event]]) -> None:
        heapq.heappush(self._agenda, (at, next(self._sequence), act))

    def next_at(self) -> Nanos | None:
        return self._agenda[0][0] if self._agenda else None

    def advance(self, emit: Callable[[Event], None]) -> None:
        at, _, act = heapq.heappop(self._agenda)
        for event in act(at):
            emit(event)

    def observe(self, event: Event, emit: Callable[[Event], None]) -> None:
        """Nothing is simulated here."""

    def submit(self, commands: Sequence[object], at: Nanos, emit: Callable[[Event], None]) -> None:
        for command in commands:
            self.later(at + ONE_WAY, lambda when, command=command: self._serve(command, when))

    # --- the venue ------------------------------------------------------------------------------------------------

    def fill(self, order_id: OrderId, at: Nanos, trade_id: str = "t1") -> list[Event]:
        place = self.resting.pop(order_id)
        paid = place.side.sign * place.price * place.size // 10_000
        self.cash -= paid
        self.held[place.token] = self.held.get(place.token, 0) + place.side.sign * place.size
        return [Filled(at, order_id, trade_id, place.price, place.size)]

    def _serve(self, command: object, at: Nanos) -> list[Event]:
        back = at + ONE_WAY
        match command:
            case Place():
                return self._place(command, back)
            case Cancel(order_id):
                return self._cancel(order_id, back)
            case CancelAll() if self.rest_up:
                self.foreign = self.foreign if self.others_place_anew else ()
                return [self._gone(order_id, back) for order_id in tuple(self.resting)]
            case QueryOrder(order_id) if self.rest_up:
                return [self._shown(order_id, at, back)]
            case ReadAccount(_, balances):
                return self._read(at, balances)
            case StopHeartbeat():
                self.beating = False
        return []

    def _place(self, place: Place, back: Nanos) -> list[Event]:
        if not self.rest_up:
            return [Unanswered(back + DEADLINE, place.order_id, "time-out")]
        if self.mode in (VenueStatus.NORMAL, VenueStatus.POST_ONLY):
            self.resting[place.order_id] = place
            self.told_open.add(place.order_id)
            self.taken.add(place.order_id)
            return [Accepted(back, place.order_id)]
        return [Unanswered(back, place.order_id, str(self.mode)), self.news(back)]

    def _cancel(self, order_id: OrderId, back: Nanos) -> list[Event]:
        if not self.rest_up:
            return [Unanswered(back + DEADLINE, order_id, "time-out")]
        if self.mode in (VenueStatus.RESTARTING, VenueStatus.DISABLED):
            return [Unanswered(back, order_id, str(self.mode)), self.news(back)]
        return (
            [self._gone(order_id, back)] if order_id in self.resting else [CancelRejected(back, order_id, "not found")]
        )

    def news(self, at: Nanos) -> VenueNews:
        return VenueNews(at, self.mode, self.retry_at, "told by an answer")

    def _gone(self, order_id: OrderId, at: Nanos) -> Canceled:
        del self.resting[order_id]
        self.told_open.discard(order_id)
        return Canceled(at, order_id)

    def _shown(self, order_id: OrderId, at: Nanos, back: Nanos) -> Event:
        if order_id in self.resting:
            return OrderShown(back, at, order_id, OrderStatus.LIVE, 0)
        if order_id in self.taken:
            return OrderShown(back, at, order_id, OrderStatus.CANCELED, 0)
        return OrderMissing(back, at, order_id, Reading.ORDER)

    def _read(self, at: Nanos, balances: bool) -> list[Event]:
        asked_at, back = at - ONE_WAY, at + ONE_WAY
        if not self.rest_up or (balances and not self.balances_up):
            return [AccountRead(back + DEADLINE, asked_at, failed="time-out")]
        lost = [one for one in self.told_open if one not in self.resting]
        self.told_open.difference_update(lost)
        held = Balances(self.cash, {YES: 0, NO: 0} | self.held, {}) if balances else None
        return [
            *(OrderShown(back, asked_at, order_id, OrderStatus.LIVE, 0) for order_id in self.resting),
            *(OrderMissing(back, asked_at, order_id, Reading.OPEN_ORDERS) for order_id in sorted(lost)),
            AccountRead(back, asked_at, self.foreign, held),
        ]

    def _beat(self, at: Nanos) -> list[Event]:
        taken = self.beating and self.rest_up and self.beats_up
        self.later(at + (5 * SECOND if taken else DEADLINE), self._beat)
        if taken:
            self._beat_at = at
            return [Beat(at + 2 * ONE_WAY, at, BeatNews.TAKEN)]
        if at - self._beat_at >= 10 * SECOND:
            self.resting.clear()
            self.foreign = ()
        return [Beat(at + DEADLINE, at, BeatNews.MISSED, "time-out")] if self.beating else []


class LiveStage(Stage):
    """The stage with an account; market data is as it should be."""

    def __init__(self, limits: AccountLimits | None = None) -> None:
        super().__init__(
            config=EngineConfig(account=limits or AccountLimits()), rules=ruled(BalanceDrop(BalanceDropLimits(20)))
        )
        self.account = self.gateway = VenueAccount()
        self.asked = 0
        self.seen: list[object] = []

    def on_step(self, step, took):
        super().on_step(step, took)
        self.asked += len(step.commands)
        assert self.asked < COMMANDS_MAX, f"a storm of commands after {(step.event.at - START) / SECOND} s"

    def tell(self, seconds: float, event: Callable[[Nanos], Event]) -> None:
        """An event of its own reaches the engine at a moment of the run."""
        self.account.later(moment(seconds), lambda at: [event(at)])

    def switch(self, seconds: float, **switches: object) -> None:
        """Turn switches of the account at a moment of the run."""

        def turn(at: Nanos) -> list[Event]:
            for name, value in switches.items():
                setattr(self.account, name, value)
            return []

        self.account.later(moment(seconds), turn)

    def look(self, seconds: float, at_what: Callable[[], object]) -> None:
        """Remember what something is at a moment of the run."""
        self.account.later(moment(seconds), lambda at: self.seen.append(at_what()) or [])

    def times(self, kind: type) -> list[float]:
        """When commands of a kind were given, in seconds of the run."""
        return [at for at, _ in self.commands(kind)]

    def states(self, machine: str) -> list[str]:
        return [change.new for change in self.changes(machine)]

    def reasons(self, seconds: float) -> set[str]:
        """What the decisions of one second said."""
        whole = moment(seconds)
        return {d.targets.reason for s in self.history for d in s.decisions if 0 <= d.at - whole < SECOND}

    def quoting(self, seconds: float) -> bool:
        """Whether every decision of one second wanted something."""
        whole = moment(seconds)
        told = [d.targets for s in self.history for d in s.decisions if 0 <= d.at - whole < SECOND]
        return bool(told) and all(targets.bid or targets.ask for targets in told)

    def live(self, seconds: float) -> LiveStage:
        """A run whose market moves now and then, so that its data is never stale."""
        self.busy(seconds)
        self.run(seconds)
        return self
