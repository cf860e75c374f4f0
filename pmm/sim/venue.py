"""The pretend venue with accounts: who may place what, what it costs, and what everybody is told.

Pure: time comes in as `at` (unix ns) and chance as dice, so one seed and the same calls give the same bytes.  It is a
source of market frames like `DemoWorld`, which it contains; its synthetic traders are accounts like any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pmm.model import ConditionId, Money, Nanos, OrderId, Price, Size, TokenId
from pmm.sim.catalog import Listing
from pmm.sim.dice import Dice
from pmm.sim.frames import MarketWire, WireFrame
from pmm.sim.heartbeat import Beat
from pmm.sim.ledger import COLLATERAL, Asset
from pmm.sim.matching import Outcome
from pmm.sim.notices import Notice
from pmm.sim.orders import Cancels, Change, OpenOrder, OrderEvent, OrderStatus, Placed, Refusal, Terms
from pmm.sim.params import Mode, SettlementParams, SettlementStep, VenueParams
from pmm.sim.trades import Leg, Settlement, TradeEvent, TradeRecord

__all__ = [
    "COLLATERAL",
    "Asset",
    "Beat",
    "Cancels",
    "Change",
    "Leg",
    "Mode",
    "Notice",
    "OpenOrder",
    "OrderEvent",
    "OrderStatus",
    "Placed",
    "Refusal",
    "Settlement",
    "SettlementParams",
    "SettlementStep",
    "Terms",
    "TradeEvent",
    "TradeRecord",
    "Venue",
    "VenueParams",
]


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
