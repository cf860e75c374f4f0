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
    BAD_PAYLOAD,
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


class Admission:
    """The rules that need no more than the order, its account and its book.

    Every order passes here, so the common case costs three calls and no more.
    """

    def __init__(self, params: VenueParams, blotter: Blotter) -> None:
        self._gtd_ahead = params.gtd_ahead_s
        self._least = params.marketable_buy_min
        self._orders = blotter.orders

    def refuse_terms(self, terms: Terms, floor: Floor, at: Nanos) -> Refusal | None:
        """What is wrong with it before anybody looks at the account; afterwards its price lies on the grid."""
        if not floor.open:
            return UNKNOWN_TOKEN if floor.listing.market.closed else NOT_READY
        order_id, size = terms.order_id, terms.size
        rests = terms.tif is TimeInForce.GTC or terms.tif is TimeInForce.GTD
        if rests or terms.side is Side.SELL:
            if size is None or size <= 0 or terms.budget is not None:
                return BAD_PAYLOAD
        elif size is not None or not terms.budget or terms.budget < 0:
            return BAD_PAYLOAD
        if order_id in self._orders:
            return duplicated(order_id)
        book = floor.book
        if terms.price % book.tick or not book.tick <= terms.price <= GRID - book.tick:
            return off_tick(order_id, price_text(terms.price), book.tick)
        if rests and size is not None and size < book.size_min:
            return too_small(order_id, size, book.size_min)
        if terms.expires_at or terms.tif is TimeInForce.GTD:
            return self._of_time(terms, at)
        return None

    def refuse(self, order: VenueOrder, *, crosses: bool) -> Refusal | None:
        """Why an order whose terms are in order may not enter; None when it may."""
        account, terms = order.account, order.terms
        if account.banned or account.closed_only:
            if account.banned:
                return banned(account.name)
            if terms.side is Side.BUY:
                return closed_only(account.name)
        if crosses or not rests(terms.tif):
            refusal = self._of_taker(order, crosses=crosses)
            if refusal is not None:
                return refusal
        return self.refuse_means(order, crosses=crosses)

    def refuse_means(self, order: VenueOrder, *, crosses: bool) -> Refusal | None:
        """Orders in one market may not promise more than there is; other markets do not count."""
        account, asset = order.account, order.asset
        buys = order.terms.side is Side.BUY
        active = order.stake.cash if buys else order.stake.shares[order.outcome]
        amount = order.need + (self._fee(order) if crosses and buys else 0)
        if account.spendable(asset) < active + amount:
            return no_balance(account.shown(asset), active, amount)
        if account.allowances:
            allowance = account.allowances.get(asset)
            if allowance is not None and allowance < active + amount:
                return no_allowance(allowance, active, amount)
        return None

    def _of_time(self, terms: Terms, at: Nanos) -> Refusal | None:
        """Only GTD ends, and not too soon."""
        early = (terms.expires_at or 0) < at // SECOND + self._gtd_ahead
        return BAD_EXPIRATION if early or terms.tif is not TimeInForce.GTD else None

    def _of_taker(self, order: VenueOrder, *, crosses: bool) -> Refusal | None:
        """Post-only orders do not take; whoever buys at once spends a dollar at least."""
        terms = order.terms
        if terms.post_only:
            return POST_ONLY_TYPE if not rests(terms.tif) else CROSSES if crosses else None
        if terms.side is Side.BUY and order.need < self._least:
            return too_cheap(order.need, self._least)
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
