"""Do our orders score for rewards?  What the venue says of them, held against our own formula.

The venue tells only yes or no.  Why not is computed here from the book and the terms of the market: an order may be too
small, too far from the middle, too young, or alone on its side where both are needed.  Where the venue says otherwise
than the formula, twice in a row of the same side of a market, that is announced once: either the terms that we know
are old, or the formula is not what the venue does any more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from pmm.core.orders import Order, Orders
from pmm.core.reward_score import ONE_SIDED_FROM, ONE_SIDED_TO
from pmm.core.reward_view import contest, sample, working
from pmm.core.step import StepBuilder
from pmm.core.view import QuoteSide, View
from pmm.events import Scored
from pmm.fsm import Row, Table
from pmm.model import SECOND, ConditionId, Nanos, decimal_text, size_text

SCORING = Table(
    "scoring",
    "UNASKED",
    [
        Row("UNASKED", "scores", "SCORING", "the venue counts every order of this side"),
        Row("UNASKED", "idle", "IDLE", "the venue does not count an order, and we know why"),
        Row("UNASKED", "dispute", "DISPUTED", "the venue and our formula say different things, twice in a row"),
        Row("SCORING", "scores", "SCORING", "still so"),
        Row("SCORING", "idle", "IDLE", "the venue does not count an order any more, and we know why"),
        Row("SCORING", "dispute", "DISPUTED", "the venue and our formula say different things, twice in a row"),
        Row("IDLE", "scores", "SCORING", "the venue counts every order of this side again"),
        Row("IDLE", "idle", "IDLE", "still so"),
        Row("IDLE", "dispute", "DISPUTED", "the venue and our formula say different things, twice in a row"),
        Row("DISPUTED", "scores", "SCORING", "both agree again: it scores"),
        Row("DISPUTED", "idle", "IDLE", "both agree again: it does not score"),
        Row("DISPUTED", "dispute", "DISPUTED", "still so"),
    ],
)
# The venue does not say how long an order must rest before it counts: up to here a no may be for that.
YOUNG: Nanos = 60 * SECOND
# Answers in a row that must differ from the formula: a price that moves in between makes one.
DIFFERENT_MIN = 2
# How much a new word on our share counts against those before; books and shares are not of the same moment.
LEARNT = 0.3
# Others score between a twentieth and twenty times what the book says.
RIVALRY_MIN = 0.05


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an order scores by our formula, None where it may be either; `reason` says why not."""

    reason: str = ""
    scores: bool | None = False

    def agrees(self, *, scores: bool) -> bool:
        """Whether the venue may say so."""
        return self.scores is None or self.scores is scores


@dataclass(slots=True)
class Side:
    """One side of one market: the subject of the table, and how often in a row the venue said otherwise."""

    state: str = field(default=SCORING.initial)
    differed: int = 0


class Scoring:
    """`age_min` is how long an order must rest before it counts, where that is known.

    `tally` counts answers of the venue: scoring, idle, different, and failed ones.
    """

    def __init__(self, age_min: Nanos = 0) -> None:
        self.tally: Counter[str] = Counter()
        self._age_min = age_min
        self._sides: dict[tuple[ConditionId, QuoteSide], Side] = {}

    def take(
        self, told: Scored, orders: Orders, view_of: Callable[[ConditionId], View | None], out: StepBuilder
    ) -> None:
        """An answer of the venue, or that there was none; `view_of` is None for a market whose book says nothing."""
        self.tally["failed"] += bool(told.failed)
        by_market: dict[ConditionId, list[tuple[Order, bool]]] = {}
        for order_id, scores in told.orders:
            order = orders.get(order_id)
            if order is not None and order.state in ("LIVE", "PARTIAL"):
                by_market.setdefault(order.market, []).append((order, scores))
        for market, answers in by_market.items():
            view = view_of(market)
            if view is not None:
                self.on_answer(told.asked_at, answers, view, out)

    def on_answer(self, asked_at: Nanos, answers: Sequence[tuple[Order, bool]], view: View, out: StepBuilder) -> None:
        """What the venue said of our orders in the market of a view."""
        for side in QuoteSide:
            here = [(order, scores) for order, scores in answers if order.quote is side]
            if here:
                self._judge(side, [(scores, self._verdict(order, view, asked_at)) for order, scores in here], view, out)

    def _verdict(self, order: Order, view: View, at: Nanos) -> Verdict:
        ours, age = verdict(order, view), at - order.created_at
        if ours.scores is not True or age >= max(YOUNG, self._age_min):
            return ours
        known = f"must for {self._age_min // SECOND} s" if self._age_min else "the venue does not say how long it must"
        young = f"too young: it rests for {age // SECOND} s, {known}"
        return Verdict(young, scores=False if age < self._age_min else None)

    def _judge(self, side: QuoteSide, told: Sequence[tuple[bool, Verdict]], view: View, out: StepBuilder) -> None:
        subject = self._sides.setdefault((view.market.condition_id, side), Side())
        name = f"{view.market.slug} {side}"
        different = [ours for scores, ours in told if not ours.agrees(scores=scores)]
        idle = [ours.reason for scores, ours in told if not scores]
        self.tally.update("scoring" if scores else "idle" for scores, _ in told)
        self.tally["different"] += len(different)
        subject.differed = subject.differed + 1 if different else 0
        if subject.differed >= DIFFERENT_MIN:
            out.move(SCORING, subject, "dispute", name, _difference(different[0]))
        elif different:
            return
        elif idle:
            out.move(SCORING, subject, "idle", name, idle[0])
        else:
            out.move(SCORING, subject, "scores", name, "")


def rivalry(view: View, share: float) -> float:
    """What the venue's word on our share of a reward says of the others, smoothed into what was known of them.

    A share s of ours, with a score A, says that theirs is A (1 - s) / s.  The book cannot tell: a level may be many
    orders too small to score, or many makers of one side each.  Without a score of ours nothing is learnt.
    """
    told = sample(replace(view, rivalry=1.0))
    if told is None or not told.own or not told.others or not 0 < share <= 1:
        return view.rivalry
    seen = told.own * (1 - share) / share / told.others
    learnt: float = view.rivalry ** (1 - LEARNT) * max(seen, RIVALRY_MIN) ** LEARNT
    return min(max(learnt, RIVALRY_MIN), 1 / RIVALRY_MIN)


def verdict(order: Order, view: View) -> Verdict:
    """What our formula says of an order that rests in the market of a view, whatever its age."""
    here = contest(view)
    if here is None:
        return Verdict("no reward is paid here, or the venue does not say for what")
    least, reach, size = here.paid.size_min, here.paid.spread_max, order.size_left
    score = here.score(working(view.working))
    if size < least:
        return Verdict(f"too small: {size_text(size)} shares are left, {size_text(least)} are the least")
    if score is None:
        return Verdict(f"no middle: a side of the book holds less than {size_text(least)} shares")
    mid2 = score.stick.mid2
    if not score.stick.points(order.price_yes, size):
        away = f"{_cents(abs(2 * order.price_yes - mid2))} cents from the middle at {decimal_text(mid2 * 5, 5)}"
        return Verdict(f"too far: {away}, less than {_cents(2 * reach)} count")
    if min(score.own_sides) == 0 and not 2 * ONE_SIDED_FROM <= mid2 <= 2 * ONE_SIDED_TO:
        reason = f"one-sided: with the middle at {decimal_text(mid2 * 5, 5)} one side alone earns nothing"
        return Verdict(reason, scores=None)
    return Verdict(scores=True)


def _difference(ours: Verdict) -> str:
    if ours.scores:
        return "the venue does not count an order that should score by our formula; its terms may have changed"
    return f"the venue counts an order that should not score by our formula ({ours.reason}); its terms may have changed"


def _cents(away2: int) -> str:
    """Twice a distance in steps of the grid as cents."""
    return decimal_text(away2 * 5, 3)
