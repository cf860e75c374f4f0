"""The pretend venue with accounts: who may place what, what it costs, and what everybody is told.

Pure: time comes in as `at` (unix ns) and chance as dice, so one seed and the same calls give the same bytes.  It is a
source of market frames like `DemoWorld`, which it contains; its synthetic traders are accounts like any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pmm.model import MILLISECOND, ConditionId, Money, Nanos, OrderId, Price, Size, TokenId
from pmm.sim.accounts import Account, Accounts
from pmm.sim.agenda import Agenda
from pmm.sim.blotter import Blotter
from pmm.sim.catalog import Listing, Rewards
from pmm.sim.chronicle import Chronicle, VenueChange
from pmm.sim.clearing import Clearing
from pmm.sim.dice import Dice
from pmm.sim.fees import Rebates
from pmm.sim.floor import Floor
from pmm.sim.frames import MarketWire, WireFrame
from pmm.sim.heartbeat import Beat, Heartbeats
from pmm.sim.intake import Intake
from pmm.sim.ledger import COLLATERAL, Asset, Ledger
from pmm.sim.market_life import MarketLife
from pmm.sim.matching import Outcome, Report
from pmm.sim.modes import Modes
from pmm.sim.notices import Notice, Notices
from pmm.sim.orders import Cancels, Change, OpenOrder, OrderEvent, OrderStatus, Placed, Refusal, Terms
from pmm.sim.params import Mode, SettlementParams, SettlementStep, VenueParams
from pmm.sim.payday import Paid, Payday
from pmm.sim.payment import Payments
from pmm.sim.rewards import scores
from pmm.sim.settlement import Settlements
from pmm.sim.timeline import catch_up
from pmm.sim.trades import Leg, Settlement, TradeEvent, TradeRecord
from pmm.sim.treasury import Treasury
from pmm.sim.verdict import Verdict
from pmm.sim.world import DemoWorld

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
    "VenueChange",
    "VenueParams",
    "Verdict",
]


class Venue:
    """See the module.  Every `at` is the venue's time now; promises that were due before it are kept first.

    It is a `Source`: `next_at` and `step` make it live, and the frames of what was called here come out of `step`.
    """

    def __init__(self, listings: Sequence[Listing], params: VenueParams, dice: Dice, start_at: Nanos) -> None:
        self.ledger = Ledger(record=params.record)
        self._params = params
        self._agenda = Agenda()
        self._accounts = Accounts(self.ledger)
        self._notices = Notices()
        self._blotter = Blotter(self._notices)
        self._heartbeats = Heartbeats(params.heartbeat_s, params.sweep_s, self._agenda, self._lapse)
        self.rebates = Rebates()
        self._chronicle = Chronicle()
        lag = params.settlement.balance_lag_ms * MILLISECOND
        payments = Payments(self.ledger, self._accounts, self._agenda, lag, self._undone)
        self._settlements = Settlements(payments, self._agenda, params.settlement, dice, self._blotter.tell)
        self._treasury = Treasury(self.ledger, self._accounts, self._cover)
        self._clearing = Clearing(
            self._accounts, self._blotter, self._settlements, payments, self.rebates, self._notices, self._cover
        )
        self._opened = False  # while the world warms up there is nobody to tell
        self.world = DemoWorld(listings, params.world, dice, start_at, self._clear)
        self._intake = Intake(
            self.world, self._accounts, self._blotter, self._agenda, params, self._heartbeats.on_order
        )
        self._modes = Modes(self.world, self._agenda, self._chronicle)
        self._life = MarketLife(self.world, self._intake, self._accounts, self._notices, self._chronicle)
        self.payday = Payday(
            self.world.floors(), self._agenda, self.ledger, self._accounts, self._notices, self.rebates, dice
        )
        self.payday.begin(start_at)
        self._opened = True

    def _undone(self, market: ConditionId, parties: tuple[Account, ...], at: Nanos) -> None:
        """A payment was taken back from accounts that may have spent it."""
        if (verdict := self._life.verdict(market)) is not None:
            self._treasury.settle(self._life.floor(market), verdict, at)
        for account in parties:
            self._cover(account, at)

    def _cover(self, account: Account, at: Nanos) -> None:
        if not account.house and account.open:
            self._intake.cover(account, at)

    def _clear(self, floor: Floor, report: Report) -> None:
        self._clearing(floor, report)
        if report.fills and self._params.auto_tick and self._opened:
            self._life.refine(floor, report)

    # --- source of market frames ------------------------------------------------------------------------------------

    @property
    def listings(self) -> Sequence[Listing]:
        """The markets as they are now: tick, closed and accepting_orders follow what happened."""
        return self.world.listings

    @property
    def now(self) -> Nanos:
        return self.world.now

    @property
    def waits(self) -> bool:
        """False: it lives whether or not anybody listens."""
        return False

    def next_at(self) -> Nanos | None:
        """When the venue next does something by itself: a trader, an expiry, a delay, a settlement, a sweep."""
        lives, promised = self.world.next_at(), self._agenda.next_at
        return promised if lives is None else lives if promised is None else min(lives, promised)

    def step(self) -> list[WireFrame]:
        """Do everything due at `next_at`; the market frames sent at that moment."""
        at = self.next_at()
        if at is None:
            return []
        self._moment(at)
        due = self.world.next_at()
        return self.world.step() if due is not None and due <= at else []

    def dump(self, tokens: Iterable[TokenId]) -> bytes:
        return self.world.dump(tokens)

    def wire(self, token: TokenId) -> tuple[MarketWire, Outcome] | None:
        return self.world.wire(token)

    def rest_book(self, token: TokenId) -> str | None:
        return self.world.rest_book(token)

    def volume(self, condition_id: ConditionId) -> Money:
        return self.world.volume(condition_id)

    def _moment(self, at: Nanos) -> Nanos:
        return catch_up(self.world, self._agenda, at)

    # --- orders -----------------------------------------------------------------------------------------------------

    def place(self, terms: Terms, at: Nanos) -> Placed | Refusal:
        """Take an order, or say in the venue's words why not."""
        at = self._moment(at)
        if self._modes.mode is not Mode.NORMAL:
            refusal = self._modes.refuse_order(post_only=terms.post_only, at=at)
            if refusal is not None:
                return refusal
        return self._intake.place(terms, at)

    def outcome(self, order_id: OrderId) -> Placed | Refusal:
        """The final answer to an order that `place` answered with `final_at`, once that has come."""
        return self._intake.outcome(order_id)

    def cancel(self, account: str, order_ids: Iterable[OrderId], at: Nanos) -> Cancels | Refusal:
        """Cancel orders of `account`; the answer says of every id what became of it."""
        at = self._moment(at)
        return self._modes.refuse_cancel(at) or self._intake.cancel(account, order_ids, at)

    def cancel_all(self, account: str, at: Nanos, *, owner: str | None = None) -> Cancels | Refusal:
        """`owner` narrows it to the orders of one API key."""
        ids = [order.order_id for order in self.orders(account) if owner in {None, order.owner}]
        return self.cancel(account, ids, at)

    def cancel_market(
        self, account: str, market: ConditionId | None, token: TokenId | None, at: Nanos
    ) -> Cancels | Refusal:
        """Cancel the orders of one market, or of one token."""
        ids = [order.order_id for order in self.orders(account, market=market, token=token)]
        return self.cancel(account, ids, at)

    def order(self, order_id: OrderId) -> OpenOrder | None:
        """One order in whatever state."""
        found = self._blotter.find(order_id)
        return None if found is None else self._blotter.show(found)

    def orders(
        self, account: str, *, market: ConditionId | None = None, token: TokenId | None = None
    ) -> list[OpenOrder]:
        """Open orders, oldest first; held ones are among them."""
        found = self._accounts.find(account)
        shown = [self._blotter.show(order) for order in found.open.values()] if found is not None else []
        return [one for one in shown if market in {None, one.market} and token in {None, one.token}]

    def scoring(self, order_id: OrderId) -> bool:
        """Whether an order earns liquidity rewards at this moment."""
        found = self._blotter.find(order_id)
        return found is not None and scores(found, found.floor.listing.rewards)

    # --- trades -----------------------------------------------------------------------------------------------------

    def trade(self, trade_id: str) -> TradeRecord | None:
        """One trade in its present state."""
        return self._settlements.find(trade_id)

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
        return self._settlements.of(account, market, token, after, before)

    def script_settlement(self, *steps: SettlementStep) -> None:
        """The next trade that names an account from outside goes this way; scripts queue up.  Raises ValueError."""
        self._settlements.script(steps)

    # --- money ------------------------------------------------------------------------------------------------------

    def fund(self, account: str, money: Money, at: Nanos) -> None:
        """Pay in play money (negative: pay out, at most what is there); opens the account."""
        self._treasury.fund(account, money, self._moment(at))

    def give(self, account: str, token: TokenId, size: Size, at: Nanos) -> None:
        """Play shares: sets are minted, the account gets this side and a house account the other."""
        found = self.world.floor_of(token)
        if found is not None:
            self._treasury.give(account, *found, size, self._moment(at))

    def balance(self, account: str, asset: Asset) -> int:
        """What the venue shows: settled, and late."""
        found = self._accounts.find(account)
        return 0 if found is None else found.shown(asset)

    def reserved(self, account: str, asset: Asset, market_of: TokenId | None = None) -> int:
        """What open orders hold back: shares of a token, or money in the market of `market_of`."""
        floor = self.world.floor_of(market_of or asset)
        return 0 if floor is None else self._accounts.reserved(account, asset, *floor)

    def allowance(self, account: str, asset: Asset) -> int | None:
        """None when it is unlimited."""
        found = self._accounts.find(account)
        return None if found is None else found.allowances.get(asset)

    def allow(self, account: str, asset: Asset, amount: int | None) -> None:
        """Limit what the exchange may take of an asset; None lifts the limit.  Resting orders stay."""
        self._chronicle.note(self.now, "allow", account=account, asset=asset, amount=str(amount).lower())
        self._accounts.allow(account, asset, amount)

    def positions(self, account: str) -> dict[TokenId, Size]:
        """Every token that the account holds on the ledger: settled, even where it is not shown yet."""
        return self._treasury.positions(account)

    def split(self, account: str, market: ConditionId, size: Size, at: Nanos) -> Refusal | None:
        """Dollars into sets of both outcomes, at once."""
        return self._treasury.split(account, self._life.floor(market), size, self._moment(at))

    def merge(self, account: str, market: ConditionId, size: Size, at: Nanos) -> Refusal | None:
        """Sets of both outcomes into dollars, at once."""
        return self._treasury.merge(account, self._life.floor(market), size, self._moment(at))

    def redeem(self, account: str, market: ConditionId, at: Nanos) -> Money:
        """Trade the tokens of a resolved market for what they pay; 0 when there are none or it is not resolved."""
        at = self._moment(at)
        verdict = self._life.verdict(market)
        return 0 if verdict is None else self._treasury.redeem(account, self._life.floor(market), verdict, at)

    def convert(self, account: str, markets: Sequence[ConditionId], size: Size, at: Nanos) -> Refusal | None:
        """NO shares of several outcomes that exclude each other into YES of the others, and dollars, at once."""
        chosen = self._life.convertible(markets)
        if isinstance(chosen, Refusal):
            return chosen
        return self._treasury.convert(account, self._life.event(markets[0]), chosen, size, self._moment(at))

    def verdict(self, market: ConditionId) -> Verdict | None:
        """How a market was resolved."""
        return self._life.verdict(market)

    def pay_rebates(self, at: Nanos) -> list[Paid]:
        """Close the day of maker rebates before midnight: pay them out of the fees that were taken."""
        return self.payday.pay_rebates(self._moment(at))

    def pay_rewards(self, at: Nanos) -> list[Paid]:
        """Close the day of liquidity rewards before midnight: it pays for the samples that it has had."""
        return self.payday.pay_rewards(self._moment(at))

    # --- accounts ---------------------------------------------------------------------------------------------------

    def restrict(self, account: str, *, closed_only: bool = False, banned: bool = False) -> None:
        """Refuse an account's opening orders, or all of its orders."""
        found = self._accounts.open(account)
        found.closed_only, found.banned = closed_only, banned
        facts = {"closed_only": str(closed_only).lower(), "banned": str(banned).lower()}
        self._chronicle.note(self.now, "restrict", account=account, **facts)

    def closed_only(self, account: str) -> bool:
        found = self._accounts.find(account)
        return found is not None and found.closed_only

    def heartbeat(self, account: str, heartbeat_id: str | None, at: Nanos) -> Beat:
        """The dead-man switch: the first beat arms it."""
        return self._heartbeats.beat(account, heartbeat_id, self._moment(at))

    def heartbeat_legacy(self, account: str, at: Nanos) -> None:
        """A beat of the old endpoint, without an id."""
        self._heartbeats.legacy(account, self._moment(at))

    def _lapse(self, account: str, at: Nanos) -> None:
        self._chronicle.note(at, "lapse", account=account)
        self._intake.take_away(account, at, told=True)

    def notifications(self, account: str) -> list[Notice]:
        return self._notices.of(account)

    def drop_notifications(self, account: str, ids: Iterable[int]) -> None:
        self._notices.drop(account, ids)

    def user_events(self, *, heard: bool = True) -> list[OrderEvent | TradeEvent]:
        """Everything for the user channel since the last call, in order; it is forgotten when nobody has `heard` it."""
        return self._blotter.drain(heard=heard)

    # --- what operators and faults do -------------------------------------------------------------------------------

    @property
    def mode(self) -> Mode:
        return self._modes.mode

    def set_mode(self, mode: Mode, at: Nanos) -> None:
        """Until somebody changes it again.  Synthetic traders rest while nobody may trade."""
        self._modes.enter(mode, self._moment(at))

    def restart(self, seconds: int, at: Nanos, *, wipe: bool = False) -> None:
        """RESTARTING for so long, then POST_ONLY, then NORMAL; `wipe` loses every order from outside, untold."""
        at = self._moment(at)
        self._modes.restart(seconds, self._params.post_only_s, at)
        if wipe:
            for account in list(self._accounts):
                self.wipe(account.name, at)

    def wipe(self, account: str, at: Nanos, *, told: bool = False) -> tuple[OrderId, ...]:
        """Take an account's orders off the books; without an event unless `told`."""
        orders = self._intake.take_away(account, self._moment(at), told=told)
        if orders:
            self._chronicle.note(self.now, "wipe", account=account, orders=str(len(orders)))
        return orders

    def change_tick(self, market: ConditionId, tick: Price, at: Nanos) -> None:
        """Another grid; orders that do not lie on it are cancelled, untold.  Raises ValueError for no such tick."""
        self._life.change_tick(market, tick, self._moment(at))

    def change_terms(
        self, market: ConditionId, at: Nanos, *, size_min: Size | None = None, rewards: Rewards | None = None
    ) -> None:
        """Another smallest order, or other terms of the rewards; what rests stays."""
        self._life.change_terms(market, self._moment(at), size_min, rewards)

    def pause(self, market: ConditionId, at: Nanos, *, on: bool = True) -> None:
        """Not accepting orders for a while; resting ones stay."""
        self._life.pause(market, self._moment(at), on=on)

    def clear_book(self, market: ConditionId, at: Nanos) -> None:
        """Cancel every order of a market, as at the start of a game."""
        self._life.clear(market, self._moment(at))

    def close(self, market: ConditionId, at: Nanos) -> None:
        """No more trading: every order is cancelled."""
        self._life.close(market, self._moment(at))

    def resolve(self, market: ConditionId, verdict: Verdict, at: Nanos) -> None:
        """Close it and let its shares pay by `verdict`.  Raises ValueError where `MarketLife.resolve` does."""
        self._life.resolve(market, verdict, self._moment(at))
        self._treasury.settle(self._life.floor(market), verdict, self.now)

    def changes(self) -> list[VenueChange]:
        """What happened to the venue itself since the last call: modes, ticks, closures, lapses, wipes."""
        return self._chronicle.drain()

    def check(self) -> None:
        """Raises Broken unless money and shares are conserved to the micro-unit."""
        self.ledger.check()
        self._life.check(self.ledger)
