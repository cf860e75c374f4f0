"""Whether an order may enter: the checks of the venue, in one order, each with its sentence."""

from __future__ import annotations

from pmm.model import GRID, SECOND, Money, Nanos, Side, TimeInForce, price_text
from pmm.sim.blotter import Blotter, VenueOrder, rests
from pmm.sim.fees import FEE_STEP, fee_bound
from pmm.sim.floor import Floor
from pmm.sim.matching import Outcome
from pmm.sim.orders import Refusal, Terms
from pmm.sim.params import VenueParams
from pmm.sim.refusals import (
    BAD_EXPIRATION,
    CROSSES,
    NOT_READY,
    POST_ONLY_TYPE,
    UNKNOWN_TOKEN,
    banned,
    closed_only,
    duplicated,
    no_allowance,
    no_balance,
    off_tick,
    too_cheap,
    too_small,
)


def well_formed(terms: Terms) -> bool:
    """A budget belongs to a FOK or FAK BUY, a size to every other order."""
    by_budget = terms.side is Side.BUY and not rests(terms.tif)
    wanted, other = (terms.budget, terms.size) if by_budget else (terms.size, terms.budget)
    return wanted is not None and wanted > 0 and other is None


class Admission:
    """The rules that need no more than the order, its account and its book."""

    def __init__(self, params: VenueParams, blotter: Blotter) -> None:
        self._params = params
        self._blotter = blotter

    def refuse(self, order: VenueOrder, *, crosses: bool, at: Nanos) -> Refusal | None:
        """Why the order may not enter; None when it may.  Its price must be known to lie on the grid."""
        return (
            self._of_account(order)
            or self._of_size(order, crosses=crosses)
            or self._of_time(order.terms, crosses=crosses, at=at)
            or self._of_means(order, crosses=crosses)
        )

    def refuse_early(self, terms: Terms, floor: Floor) -> Refusal | None:
        """What is wrong with it before anybody looks at the book."""
        market = floor.listing.market
        if market.closed:
            return UNKNOWN_TOKEN
        if not market.tradable:
            return NOT_READY
        if terms.order_id in self._blotter:
            return duplicated(terms.order_id)
        if terms.price % market.tick or not market.tick <= terms.price <= GRID - market.tick:
            return off_tick(terms.order_id, price_text(terms.price), market.tick)
        return None

    def _of_account(self, order: VenueOrder) -> Refusal | None:
        account = order.account
        if account.banned:
            return banned(account.name)
        if account.closed_only and order.terms.side is Side.BUY:
            return closed_only(account.name)
        return None

    def _of_size(self, order: VenueOrder, *, crosses: bool) -> Refusal | None:
        terms, size_min = order.terms, order.floor.listing.market.min_size
        if rests(terms.tif) and terms.size is not None and terms.size < size_min:
            return too_small(terms.order_id, terms.size, size_min)
        if terms.side is Side.BUY and (crosses or not rests(terms.tif)) and not terms.post_only:
            amount: Money = terms.budget if terms.size is None else order.need  # type: ignore[assignment]  # one is set
            if amount < self._params.marketable_buy_min:
                return too_cheap(amount, self._params.marketable_buy_min)
        return None

    def _of_time(self, terms: Terms, *, crosses: bool, at: Nanos) -> Refusal | None:
        if terms.tif is TimeInForce.GTD:
            if (terms.expires_at or 0) < at // SECOND + self._params.gtd_ahead_s:
                return BAD_EXPIRATION
        elif terms.expires_at:
            return BAD_EXPIRATION
        if terms.post_only:
            return POST_ONLY_TYPE if not rests(terms.tif) else CROSSES if crosses else None
        return None

    def _of_means(self, order: VenueOrder, *, crosses: bool) -> Refusal | None:
        """Orders in one market may not promise more than there is; other markets do not count."""
        account, asset = order.account, order.asset
        buys = order.terms.side is Side.BUY
        active = order.stake.cash if buys else order.stake.shares[order.outcome]
        amount = order.need + (self._fee(order) if crosses and buys else 0)
        if account.spendable(asset) < active + amount:
            return no_balance(account.shown(asset), active, amount)
        allowance = account.allowances.get(asset)
        if allowance is not None and allowance < active + amount:
            return no_allowance(allowance, active, amount)
        return None

    def _fee(self, order: VenueOrder) -> Money:
        """The most that a marketable BUY can owe on top."""
        terms, floor = order.terms, order.floor
        if not floor.listing.fees.rate:
            return 0
        yes = order.outcome is Outcome.YES
        touch = floor.book.best_ask if yes else floor.book.best_bid
        assert touch is not None, "an order that crosses meets somebody"
        best = touch if yes else GRID - touch
        size = terms.size if terms.size is not None else (terms.budget or 0) * GRID // best
        # Every price is a trade of its own, and rounds its fee up by at most half a step.
        trades = 1 + abs(terms.price - best) // floor.book.tick
        return fee_bound(floor.listing.fees, best, terms.price, size) + FEE_STEP * trades
