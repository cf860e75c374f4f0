"""Where orders from outside come in, wait, rest and go: the only place that puts them on a book or takes them off."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pmm.model import MILLISECOND, SECOND, Nanos, OrderId, Side
from pmm.sim.accounts import Account, Accounts
from pmm.sim.admission import Admission
from pmm.sim.agenda import Agenda
from pmm.sim.blotter import Blotter, VenueOrder, limit_of, rests
from pmm.sim.floor import Floor
from pmm.sim.ledger import COLLATERAL
from pmm.sim.matching import Outcome, Reason, Report, Status
from pmm.sim.orders import Cancels, Change, OrderStatus, Placed, Refusal, Terms
from pmm.sim.params import VenueParams
from pmm.sim.refusals import (
    ALREADY_CANCELED,
    ALREADY_MATCHED,
    BAD_PAYLOAD,
    CROSSES,
    IN_DELAY,
    NO_MATCH,
    NOT_FILLED,
    NOT_FOUND,
    NOT_READY,
    UNKNOWN_TOKEN,
)
from pmm.sim.world import DemoWorld

# The delay of `taker_delay` markets: the call itself takes so long (protocol reference, section 4.4).
ANSWER_DELAY = 250 * MILLISECOND

# What the book can still find after the checks, and how that is said.
_SENTENCES = {Reason.CROSSES: CROSSES, Reason.NO_MATCH: NO_MATCH, Reason.NOT_FILLED: NOT_FILLED}


class Intake:
    """Places, holds, expires and cancels.  `on_live` is told of every account whose order came to rest."""

    def __init__(
        self,
        world: DemoWorld,
        accounts: Accounts,
        blotter: Blotter,
        agenda: Agenda,
        params: VenueParams,
        on_live: Callable[[str, Nanos], None],
    ) -> None:
        self._world = world
        self._accounts = accounts
        self._blotter = blotter
        self._agenda = agenda
        self._admission = Admission(params, blotter)
        self._drop = params.gtd_drop_s * SECOND
        self._on_live = on_live

    # --- in ---------------------------------------------------------------------------------------------------------

    def place(self, terms: Terms, at: Nanos) -> Placed | Refusal:
        """Check an order and let it in, or hold it where a delay protects the makers."""
        found = self._world.floor_of(terms.token)
        if found is None:
            return UNKNOWN_TOKEN
        floor, outcome = found
        refusal = self._admission.refuse_terms(terms, floor, at)
        if refusal is not None:
            return refusal
        order = VenueOrder(terms, self._accounts.open(terms.account), floor, outcome, at)
        crosses = floor.book.crosses(outcome, terms.side, terms.price)
        refusal = self._admission.refuse(order, crosses=crosses)
        if refusal is not None:
            return refusal
        order.reserve(order.need)
        self._blotter.add(order)
        if crosses and (floor.listing.seconds_delay or floor.listing.taker_delay):
            return self._hold(order, at)
        if not crosses and rests(terms.tif):
            self._rest(order, at)
        elif (refusal := self._enter(order, at)) is not None:
            self._blotter.remove(order)
            return refusal
        if terms.expires_at:
            self._agenda.enter(terms.expires_at * SECOND - self._drop, lambda now: self._expire(order, now))
        return order.placed()

    def outcome(self, order_id: OrderId) -> Placed | Refusal:
        """What became of an order that was held; `delayed` while it still is."""
        order = self._blotter.find(order_id)
        if order is None:
            return Refusal(NOT_FOUND, 404)
        return order.final or order.placed()

    def _hold(self, order: VenueOrder, at: Nanos) -> Placed:
        """Cannot be cancelled meanwhile; is checked again when it is let go."""
        order.status = OrderStatus.DELAYED
        self._blotter.note(order, Change.PLACEMENT, at)
        listing = order.floor.listing
        until = at + (listing.seconds_delay * SECOND or ANSWER_DELAY)
        self._agenda.enter(until, lambda now: self._let_go(order, now))
        answer = order.placed()
        if listing.seconds_delay:
            return answer
        return Placed(answer.order_id, answer.status, final_at=until)

    def _let_go(self, order: VenueOrder, at: Nanos) -> None:
        if order.status is not OrderStatus.DELAYED:
            return
        order.status = OrderStatus.LIVE
        refusal = self._check_again(order) or self._enter(order, at)
        if refusal is not None:
            self._blotter.close(order, OrderStatus.UNMATCHED, at)
        elif order.terms.expires_at:
            self._agenda.enter(order.terms.expires_at * SECOND - self._drop, lambda now: self._expire(order, now))
        order.final = refusal or order.placed()

    def _check_again(self, order: VenueOrder) -> Refusal | None:
        """The book has moved meanwhile, and with it the price and the fee."""
        if not order.floor.open:
            return NOT_READY
        terms, reserved = order.terms, order.reserved
        crosses = order.floor.book.crosses(order.outcome, terms.side, terms.price)
        order.reserve(0)
        refusal = self._admission.refuse_means(order, crosses=crosses)
        order.reserve(reserved)
        return refusal

    def _rest(self, order: VenueOrder, at: Nanos) -> None:
        """Give the book an order that was admitted and meets nobody there: what nearly all orders do."""
        terms, floor = order.terms, order.floor
        floor.now = at
        floor.rest(terms.order_id, order.outcome, terms.side, terms.price, order.left, terms.account)
        self._blotter.note(order, Change.PLACEMENT, at)
        self._world.collect(floor)
        self._on_live(terms.account, at)

    def _enter(self, order: VenueOrder, at: Nanos) -> Refusal | None:
        """Give an order to the book.  A refused one has changed nothing there."""
        terms, floor = order.terms, order.floor
        price, size = limit_of(terms)
        floor.now = at
        report = floor.book.submit(
            terms.order_id,
            order.outcome,
            terms.side,
            price,
            size,
            tif=terms.tif,
            post_only=terms.post_only,
            owner=terms.account,
            budget=terms.budget,
        )
        if report.status is Status.REJECTED:
            return _SENTENCES.get(report.reason, BAD_PAYLOAD)
        self._blotter.note(order, Change.PLACEMENT, at)
        floor.publish(report)
        self._world.collect(floor)
        self._finish(order, report, at)
        return None

    def _finish(self, order: VenueOrder, report: Report, at: Nanos) -> None:
        """A taker's order that traded is told as it stands now, and closed unless it rests."""
        if order.status is not OrderStatus.LIVE:
            return  # it was cancelled because its trade used up what stood behind it
        if report.status is Status.KILLED:
            self._blotter.close(order, OrderStatus.CANCELED, at)
        elif report.status is Status.MATCHED:
            self._blotter.close(order, OrderStatus.MATCHED, at)
            self._blotter.note(order, Change.UPDATE, at)
        else:
            if report.fills:
                self._blotter.note(order, Change.UPDATE, at)
            self._on_live(order.terms.account, at)

    # --- out --------------------------------------------------------------------------------------------------------

    def cancel(self, account: str, order_ids: Iterable[OrderId], at: Nanos) -> Cancels:
        """Cancel what can be cancelled, and say of every other id why not."""
        canceled: list[OrderId] = []
        not_canceled: dict[OrderId, str] = {}
        for order_id in dict.fromkeys(order_ids):
            order = self._blotter.find(order_id)
            if order is None or order.terms.account != account:
                not_canceled[order_id] = NOT_FOUND
            elif order.status is OrderStatus.LIVE:
                self.withdraw(order, OrderStatus.CANCELED, at)
                canceled.append(order_id)
            else:
                not_canceled[order_id] = _why_not(order.status)
        return Cancels(tuple(canceled), not_canceled)

    def withdraw(self, order: VenueOrder, status: OrderStatus, at: Nanos, *, told: bool = True) -> None:
        """Take an open order off the book, or out of its delay."""
        self._blotter.close(order, status, at, told=told)
        order.floor.cancel(order.terms.order_id, at)
        self._world.collect(order.floor)

    def take_away(self, name: str, at: Nanos, *, told: bool) -> tuple[OrderId, ...]:
        """Take every order of an account off the books."""
        account = self._accounts.find(name)
        orders = [] if account is None else list(account.open.values())
        for order in orders:
            self.withdraw(order, OrderStatus.CANCELED, at, told=told)
        return tuple(order.terms.order_id for order in orders)

    def clear(self, floor: Floor, status: OrderStatus, at: Nanos) -> None:
        """Take every order off the book of a market, whoever owns it."""
        for order in list(floor.book.orders()):
            found = self._blotter.find(order.order_id)
            if found is None:
                floor.cancel(order.order_id, at)
            else:
                self.withdraw(found, status, at)
        for account in self._accounts:
            for held in list(account.open.values()):
                if held.floor is floor:
                    self.withdraw(held, status, at)
        self._world.collect(floor)

    def cover(self, account: Account, at: Nanos) -> None:
        """Take away, newest first, what an account can no longer honour (protocol reference, section 4.3)."""
        for condition_id, stake in account.stakes.items():
            floor = self._world.floor(condition_id)
            assert floor is not None, "stakes are in listed markets"
            if stake.cash > account.spendable(COLLATERAL):
                self._trim(account, floor, None, at)
            for outcome in Outcome:
                if stake.shares[outcome] > account.spendable(floor.wire.tokens[outcome]):
                    self._trim(account, floor, outcome, at)

    def _trim(self, account: Account, floor: Floor, outcome: Outcome | None, at: Nanos) -> None:
        """Cancel BUYs (`outcome` None) or the SELLs of an outcome in one market until the rest is covered."""
        for order in reversed(list(account.open.values())):
            buys = order.terms.side is Side.BUY
            if order.floor is not floor or buys is not (outcome is None) or (not buys and order.outcome != outcome):
                continue
            reserved = order.stake.cash if outcome is None else order.stake.shares[outcome]
            if reserved <= account.spendable(order.asset):
                return
            self.withdraw(order, OrderStatus.UNCOVERED, at)

    def _expire(self, order: VenueOrder, at: Nanos) -> None:
        if order.status is OrderStatus.LIVE:
            self.withdraw(order, OrderStatus.EXPIRED, at)


def _why_not(status: OrderStatus) -> str:
    if status is OrderStatus.DELAYED:
        return IN_DELAY
    return ALREADY_MATCHED if status is OrderStatus.MATCHED else ALREADY_CANCELED
