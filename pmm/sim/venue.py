
Pure: time comes in as `at` (unix ns) and chance as dice, so one seed and the same calls give the same bytes.  It is a
source of market frames like `DemoWorld`, which it contains; its synthetic traders are accounts like any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, TypeAlias

from pmm.model import USD, ConditionId, Money, Nanos, OrderId, Price, Size, TokenId
from pmm.sim.catalog import Listing
from pmm.sim.dice import Dice
from pmm.sim.floor import WorldParams
from pmm.sim.frames import MarketWire, WireFrame
from pmm.sim.matching import Outcome
from pmm.sim.orders import Cancels, OpenOrder, OrderEvent, Placed, Refusal, Terms
from pmm.sim.trades import Settlement, TradeEvent, TradeRecord

Asset: TypeAlias = str
COLLATERAL: Asset = "COLLATERAL"


class Mode(StrEnum):
    """What the venue accepts at all (protocol reference, section 9)."""

    NORMAL = "normal"
    RESTARTING = "restarting"
    POST_ONLY = "post-only"
    CANCEL_ONLY = "cancel-only"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class SettlementStep:
    """A state of a trade and how long after the match it is reached."""

    status: Settlement
    after_ms: int


@dataclass(frozen=True, slots=True)
class SettlementParams:
    """How trades reach the chain when no script says otherwise.

    fail_chance, retry_chance   of a trade to end FAILED, or to be RETRYING once before it is MINED
    balance_lag_ms              how long after MINED the venue shows what arrived
    """

    mined_ms: int = 2_000
    confirmed_ms: int = 5_000
    retry_ms: int = 8_000
    balance_lag_ms: int = 1_000
    fail_chance: float = 0.0
    retry_chance: float = 0.0


@dataclass(frozen=True, slots=True)
class VenueParams:
    """The rules of the venue, with the documented figures.

    gtd_ahead_s         how far ahead a GTD order must expire
    gtd_drop_s          how long before its stated end it is dropped
    heartbeat_s         silence after which an armed account loses its orders, at the next sweep
    post_only_s         how long only post-only orders are taken after a restart
    auto_tick           whether the tick becomes finer by itself outside 0.04 to 0.96
    """

    world: WorldParams = field(default_factory=WorldParams)
    settlement: SettlementParams = field(default_factory=SettlementParams)
    gtd_ahead_s: int = 180
    gtd_drop_s: int = 60
    heartbeat_s: int = 10
    sweep_s: int = 5
    post_only_s: int = 120
    marketable_buy_min: Money = USD
    auto_tick: bool = True


@dataclass(frozen=True, slots=True)
class Beat:
    """The answer to a heartbeat: whether it was accepted, and the id to send next (the expected one when not)."""

    accepted: bool
    heartbeat_id: str


@dataclass(frozen=True, slots=True)
class Notice:
    """A notification: 1 cancel, 2 fill, 4 market resolved."""

    notice_id: int
    kind: Literal[1, 2, 4]
    at: Nanos
    payload: dict[str, str]


class Venue:
    """See the module.  Every `at` is the venue's time now; what was due before it is done first."""

    def __init__(self, listings: Sequence[Listing], params: VenueParams, dice: Dice, start_at: Nanos) -> None:
        raise NotImplementedError

    # --- source of market frames ------------------------------------------------------------------------------------

    @property
    def listings(self) -> Sequence[Listing]:
        """The markets as they are now: tick, closed and accepting_orders follow what happened."""
        raise NotImplementedError

    @property
    def now(self) -> Nanos:
        raise NotImplementedError

    @property
    def waits(self) -> bool:
        return False

    def next_at(self) -> Nanos | None:
        """When the venue next does something by itself: a trader, an expiry, a delay, a settlement, a sweep."""
        raise NotImplementedError

    def step(self) -> list[WireFrame]:
        """Do everything due at `next_at`; the market frames sent at that moment."""
        raise NotImplementedError

    def dump(self, tokens: Iterable[TokenId]) -> bytes:
        raise NotImplementedError

    def wire(self, token: TokenId) -> tuple[MarketWire, Outcome] | None:
        raise NotImplementedError

    def rest_book(self, token: TokenId) -> str | None:
        raise NotImplementedError

    def volume(self, condition_id: ConditionId) -> Money:
        raise NotImplementedError

    # --- orders -----------------------------------------------------------------------------------------------------

    def place(self, terms: Terms, at: Nanos) -> Placed | Refusal:
        raise NotImplementedError

    def outcome(self, order_id: OrderId) -> Placed | Refusal:
        """The final answer to an order that `place` answered with `final_at`, once that has come."""
        raise NotImplementedError

    def cancel(self, account: str, order_ids: Sequence[OrderId], at: Nanos) -> Cancels | Refusal:
        raise NotImplementedError

    def cancel_all(self, account: str, at: Nanos, *, owner: str | None = None) -> Cancels | Refusal:
        """`owner` narrows it to the orders of one API key."""
        raise NotImplementedError

    def cancel_market(
        self, account: str, market: ConditionId | None, token: TokenId | None, at: Nanos
    ) -> Cancels | Refusal:
        raise NotImplementedError

    def order(self, order_id: OrderId) -> OpenOrder | None:
        """One order in whatever state."""
        raise NotImplementedError

    def orders(
        self, account: str, *, market: ConditionId | None = None, token: TokenId | None = None
    ) -> list[OpenOrder]:
        """Open orders, oldest first."""
        raise NotImplementedError

    def scoring(self, order_id: OrderId) -> bool:
        raise NotImplementedError

    # --- trades -----------------------------------------------------------------------------------------------------

    def trade(self, trade_id: str) -> TradeRecord | None:
        raise NotImplementedError

    def trades(
        self,
        account: str,
        *,
        market: ConditionId | None = None,
        token: TokenId | None = None,
        after: Nanos | None = None,
        before: Nanos | None = None,
    ) -> list[TradeRecord]:
        """Trades that name the account, newest first; a token matches the taker's or a leg of the account."""
        raise NotImplementedError

    def script_settlement(self, *steps: SettlementStep) -> None:
        """The next trade that names an account from outside goes this way; scripts queue up."""
        raise NotImplementedError

    # --- money ------------------------------------------------------------------------------------------------------

    def fund(self, account: str, money: Money, at: Nanos) -> None:
        """Pay in play money (negative: pay out); opens the account."""
        raise NotImplementedError

    def give(self, account: str, token: TokenId, size: Size, at: Nanos) -> None:
        """Play shares: sets are minted, the account gets this side and a house account the other."""
        raise NotImplementedError

    def balance(self, account: str, asset: Asset) -> int:
        """What the venue shows: settled, and late."""
        raise NotImplementedError

    def allowance(self, account: str, asset: Asset) -> int | None:
        """None when it is unlimited."""
        raise NotImplementedError

    def allow(self, account: str, asset: Asset, amount: int | None, at: Nanos) -> None:
        raise NotImplementedError

    def positions(self, account: str) -> dict[TokenId, Size]:
        """Every token that the account holds on the ledger, settled."""
        raise NotImplementedError

    def split(self, account: str, market: ConditionId, size: Size, at: Nanos) -> Refusal | None:
        raise NotImplementedError

    def merge(self, account: str, market: ConditionId, size: Size, at: Nanos) -> Refusal | None:
        raise NotImplementedError

    def redeem(self, account: str, market: ConditionId, at: Nanos) -> Money:
        """Trade the tokens of a resolved market for what they pay; 0 when there are none or it is not resolved."""
        raise NotImplementedError

    # --- accounts ---------------------------------------------------------------------------------------------------

    def restrict(self, account: str, *, closed_only: bool = False, banned: bool = False) -> None:
        raise NotImplementedError

    def closed_only(self, account: str) -> bool:
        raise NotImplementedError

    def heartbeat(self, account: str, heartbeat_id: str | None, at: Nanos) -> Beat:
        raise NotImplementedError

    def notifications(self, account: str) -> list[Notice]:
        raise NotImplementedError

    def drop_notifications(self, account: str, ids: Iterable[int]) -> None:
        raise NotImplementedError

    def user_events(self) -> list[OrderEvent | TradeEvent]:
        """Everything for the user channel since the last call, in order."""
        raise NotImplementedError

    # --- what operators and faults do -------------------------------------------------------------------------------

    @property
    def mode(self) -> Mode:
        raise NotImplementedError

    def set_mode(self, mode: Mode, at: Nanos) -> None:
        raise NotImplementedError

    def restart(self, seconds: int, at: Nanos, *, wipe: bool = False) -> None:
        """RESTARTING for so long, then POST_ONLY, then NORMAL; `wipe` loses every order from outside, untold."""
        raise NotImplementedError

    def wipe(self, account: str, at: Nanos, *, told: bool = False) -> tuple[OrderId, ...]:
        """Take an account's orders off the books; without an event unless `told`."""
        raise NotImplementedError

    def change_tick(self, market: ConditionId, tick: Price, at: Nanos) -> None:
        raise NotImplementedError

    def pause(self, market: ConditionId, at: Nanos, *, on: bool = True) -> None:
        """Not accepting orders for a while; resting ones stay."""
        raise NotImplementedError

    def close(self, market: ConditionId, at: Nanos) -> None:
        """No more trading: every order is cancelled."""
        raise NotImplementedError

    def resolve(self, market: ConditionId, winner: Outcome, at: Nanos) -> None:
        """Close it if that was not done, and let `winner` pay one dollar."""
        raise NotImplementedError
