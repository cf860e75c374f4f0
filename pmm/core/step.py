"""What one call of the engine brought about: everything a sink, a metric or a replay needs to know."""

from __future__ import annotations

from dataclasses import dataclass, field

from pmm.commands import Command
from pmm.core.explanation import Evidence
from pmm.core.rule import RiskEvent
from pmm.core.view import Targets
from pmm.events import Event
from pmm.fsm import Stateful, Table
from pmm.model import ConditionId, Money, Nanos, OrderId, Price, Side, Size, TokenId


@dataclass(frozen=True, slots=True)
class Change:
    """A state machine moved: which one, of what, from where to where and why.

    `evidence` is the kind of the cause where a machine distinguishes kinds (trust), otherwise empty.
    """

    at: Nanos
    machine: str
    subject: str
    old: str
    new: str
    trigger: str
    cause: str
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """What should be working in one market, and the book it was decided on; `source` says where that was read.

    `evidence` is what it was made from, where the engine was told to keep that.
    """

    at: Nanos
    market: ConditionId
    best_bid: Price | None
    best_ask: Price | None
    mid2: int | None
    position: Size
    targets: Targets
    source: str = "none"
    evidence: Evidence | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Fill:
    """A fill as booked: `side` and `price` of the token, `paid` the cash that left us, `mid2` twice the mid of YES."""

    at: Nanos
    order_id: OrderId
    trade_id: str
    market: ConditionId
    token: TokenId
    is_yes: bool
    side: Side
    price: Price
    size: Size
    paid: Money
    mid2: int

    @property
    def net(self) -> Size:
        """Net YES shares that it brings; a share of NO is one of YES less."""
        return self.side.sign * (self.size if self.is_yes else -self.size)


@dataclass(frozen=True, slots=True)
class Opening:
    """Shares of a token that the account held before this run; `held` is what it holds with all trades since.

    `mid2` is twice the mid of YES at which they are taken over.
    """

    at: Nanos
    market: ConditionId
    token: TokenId
    is_yes: bool
    size: Size
    held: Size
    mid2: int


@dataclass(frozen=True, slots=True)
class DayResult:
    """What a day brought so far: days since 1970 in UTC, and micro-USD, negative for a loss.

    `marks` are twice the mids that holdings were valued at for it.
    """

    day: int
    money: Money
    marks: tuple[tuple[ConditionId, int], ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class RewardSample:
    """What rests for the reward of a market at one moment, of ours and of the others: `core/reward_score.py`.

    Both as the micro-shares that would score as much on both sides at the middle; `per_day` is what the market pays,
    in micro-USD.  We get own / (own + others) of it.
    """

    at: Nanos
    market: ConditionId
    own: Size
    others: Size
    per_day: Money

    @property
    def rate(self) -> Money:
        """What we earn a day as long as it stays so, in micro-USD, rounded down."""
        return self.per_day * self.own // (self.own + self.others) if self.own else 0


@dataclass(frozen=True, slots=True)
class Step:
    """The effects of one event.

    `reversals` are fills of earlier steps whose trades have failed: they never happened.  `done` says that the engine
    wants nothing and nothing of ours can be live.  `wake_at` is the earliest moment when
    something may be overdue: the driver answers with a `Wake` at that time, unless another event comes first.
    `openings` are shares of before this run; `day` is the result of the day where it is another than before.
    `risk` is what rules said, acted on or not.  `rewards` are samples of markets that pay some, every few seconds.
    """

    event: Event
    commands: tuple[Command, ...] = ()
    decisions: tuple[Decision, ...] = ()
    fills: tuple[Fill, ...] = ()
    changes: tuple[Change, ...] = ()
    done: bool = False
    wake_at: Nanos | None = None
    reversals: tuple[Fill, ...] = ()
    openings: tuple[Opening, ...] = ()
    day: DayResult | None = None
    risk: tuple[RiskEvent, ...] = ()
    rewards: tuple[RewardSample, ...] = ()


@dataclass(slots=True)
class StepBuilder:
    """Collects the effects while the engine works on one event."""

    event: Event
    commands: list[Command] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    fills: list[Fill] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    reversals: list[Fill] = field(default_factory=list)
    openings: list[Opening] = field(default_factory=list)
    day: DayResult | None = None
    risk: list[RiskEvent] = field(default_factory=list)
    rewards: list[RewardSample] = field(default_factory=list)

    def move(
        self, table: Table, subject: Stateful, trigger: str | None, name: str, cause: str, evidence: str = ""
    ) -> None:
        """Move a state machine and announce it; None does nothing, a move to where it already is stays quiet."""
        if trigger is None:
            return
        old = subject.state
        row = table.fire(subject, trigger)
        if row.dest != old:
            why = cause or row.why
            self.changes.append(Change(self.event.at, table.name, name, old, row.dest, trigger, why, evidence))

    def alarm(self, table: Table, subject: Stateful, trigger: str, name: str, cause: str) -> None:
        """Record what should not happen and moves nothing."""
        state = subject.state
        self.changes.append(Change(self.event.at, table.name, name, state, state, trigger, cause))

    def build(self, *, done: bool, wake_at: Nanos | None = None) -> Step:
        return Step(
            self.event,
            tuple(self.commands),
            tuple(self.decisions),
            tuple(self.fills),
            tuple(self.changes),
            done,
            wake_at,
            tuple(self.reversals),
            tuple(self.openings),
            self.day,
            tuple(self.risk),
            tuple(self.rewards),
        )
