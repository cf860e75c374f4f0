"""The contest for the reward of a market, as a view of it shows it: their levels, our orders, what is paid."""

from __future__ import annotations

from collections.abc import Iterable

from pmm.core.reward_score import Both, Contest, Paid
from pmm.core.step import RewardSample
from pmm.core.view import QuoteSide, Resting, View
from pmm.model import Price, Size


def contest(view: View) -> Contest | None:
    """What others have resting and what is paid for it; None where the venue pays nothing or does not say for what."""
    paid = Paid.of(view.market.rewards)
    if paid is None:
        return None
    bids, asks = (_within(view.levels(side), paid) for side in QuoteSide)
    return Contest(paid, bids, asks, view.rivalry)


def working(orders: Iterable[Resting]) -> Both:
    """Our orders by side."""
    sides: tuple[list[tuple[Price, Size]], list[tuple[Price, Size]]] = ([], [])
    for order in orders:
        sides[0 if order.quote is QuoteSide.BID else 1].append((order.price, order.size))
    return tuple(sides[0]), tuple(sides[1])


def sample(view: View) -> RewardSample | None:
    """What scores now, of our working orders and of the others; None where nothing is paid."""
    here = contest(view)
    if here is None:
        return None
    score, market, per_day = here.score(working(view.working)), view.market.condition_id, here.paid.per_day
    if score is None:
        return RewardSample(view.at, market, 0, 0, per_day)
    own, others = score.stick.at_middle(score.own), score.stick.at_middle(score.competing)
    return RewardSample(view.at, market, own, others, per_day)


def _within(levels: Iterable[tuple[Price, Size]], paid: Paid) -> list[tuple[Price, Size]]:
    """Levels that may ever score, best first.

    The middle never lies further out than the level where the least size is reached, whatever we add, so that what
    is further out than the greatest spread from there scores nothing.
    """
    found: list[tuple[Price, Size]] = []
    total, cut = 0, None
    for price, size in levels:
        if cut is not None and abs(price - cut) >= paid.spread_max:
            break
        found.append((price, size))
        total += size
        if cut is None and total >= paid.size_min:
            cut = price
    return found
