"""What a risk rule is: one limit, one file in `pmm.rules`, one verdict with its reason.

Two kinds.  An order rule looks at one order before it is placed and lets it through, makes it smaller, or refuses it.
A standing rule looks at a market, or at the account as a whole, whenever time passed or something traded, and asks for
a stage of the ladder while its limit is passed.  The mode of each rule says whether it acts or is only told.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, Protocol, TypeAlias, runtime_checkable

from pmm.core.view import QuoteSide
from pmm.model import Money, Nanos, Price, Side, Size, TokenId

if TYPE_CHECKING:
    from pmm.core.risk_view import RiskView


class Mode(StrEnum):
    """`log` tells what would have happened and changes nothing."""

    OFF = "off"
    LOG = "log"
    ENFORCE = "enforce"


class Stage(IntEnum):
    """How far a standing rule takes trading back, from nothing to a halt that only the operator ends.

    WIDEN quotes further from the price, REDUCE quotes only what brings the position home, CANCEL quotes nothing,
    FLATTEN quotes what brings the position home as near as a resting order may, HALT latches.
    """

    NONE = 0
    WIDEN = 1
    REDUCE = 2
    CANCEL = 3
    FLATTEN = 4
    HALT = 5


@dataclass(frozen=True, slots=True)
class Wish:
    """An order about to be placed: `side` and `price` of the token, `quote` and `price_yes` of the market.

    `level` is its place in the ladder of its side, 0 the best price.
    """

    quote: QuoteSide
    price_yes: Price
    token: TokenId
    is_yes: bool
    side: Side
    price: Price
    size: Size
    level: int = 0

    @property
    def worth(self) -> Money:
        """Price times size in micro-USD, rounded up: what it costs, or brings at most."""
        return -(-self.price * self.size // 10_000)


@dataclass(frozen=True, slots=True)
class Allow:
    """Nothing to say."""


@dataclass(frozen=True, slots=True)
class Clip:
    """Place no more than `size` of it."""

    size: Size
    reason: str


@dataclass(frozen=True, slots=True)
class Refuse:
    reason: str


@dataclass(frozen=True, slots=True)
class Warn:
    """Nearly there: told once, changes nothing."""

    reason: str


@dataclass(frozen=True, slots=True)
class Trip:
    """The limit is passed: `stage` holds until the rule says otherwise, and until `until` at least."""

    stage: Stage
    reason: str
    until: Nanos | None = None


OrderVerdict: TypeAlias = Allow | Clip | Refuse
Standing: TypeAlias = Allow | Warn | Trip
ALLOW = Allow()


@runtime_checkable
class OrderRule(Protocol):
    name: str

    def check(self, wish: Wish, view: RiskView) -> OrderVerdict: ...


@runtime_checkable
class StandingRule(Protocol):
    """`per_market` says whether it is asked for every market, or once for the account.

    It is asked whenever time passed, something traded, the venue refused something or balances were read.
    """

    name: str
    per_market: bool

    def judge(self, view: RiskView) -> Standing: ...


Rule: TypeAlias = OrderRule | StandingRule


@dataclass(frozen=True, slots=True)
class RiskEvent:
    """A rule spoke: `verdict` is clip, refuse, warn, trip or clear; not `enforced` is what would have happened.

    `subject` is the order it was about, or the market, or "account"; `size` what a clip leaves of an order.
    """

    at: Nanos
    rule: str
    verdict: str
    subject: str
    reason: str
    enforced: bool
    stage: Stage = Stage.NONE
    size: Size | None = None
