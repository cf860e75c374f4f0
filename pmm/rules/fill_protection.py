"""Market-maker protection: who is filled too often, too much or too badly is being run over, and rests for a while.

Three limits of one market, any of which cancels it for `freeze`; a limit that is None does not exist.

    count    = fills within the last `window` on one side of the market (bought YES and sold NO are one side)
    shares   = their shares
    markout  = sum(size x (worth of a share at the mid, `horizon` after its fill - its price)) / sum(size),
               over the last `markout_fills` fills, in USD a share: negative when the market moved through us

More than `max_fills`, more than `max_shares`, or a markout worse than `-max_adverse`.  A markout is taken at the first
look after the horizon at which there is a mid.  Fills of before and during a freeze do not count after it.

Settings: `rules.protection_*`.  Source: the venue has no such protection, so that ours copies Deribit's and Bybit's
(window, frozen time, quantity; reliability reference, section 1.4; F38).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from pmm.core.risk_view import MarketFacts, RiskView
from pmm.core.rule import ALLOW, Stage, Standing, Trip
from pmm.core.step import Fill
from pmm.core.view import QuoteSide
from pmm.model import GRID, SECOND, SHARE, ConditionId, Nanos, Price, Size, decimal_text, price_text, size_text


@dataclass(frozen=True, slots=True)
class ProtectionLimits:
    """`window`, `horizon` and `freeze` in ns, `max_shares` in micro-shares, `max_adverse` in price units a share."""

    window: Nanos = 10 * SECOND
    max_fills: int | None = 10
    max_shares: Size | None = 100 * SHARE
    horizon: Nanos = 5 * SECOND
    markout_fills: int = 10
    max_adverse: Price | None = 100
    freeze: Nanos = 60 * SECOND


@dataclass(slots=True)
class _Memory:
    """Of one market: the last freeze, its end, from which on fills count, and the last markouts with their sizes.

    Markouts are in 1/(2 GRID) of a USD a share, times micro-shares; `looked_at` is the newest fill time that has one.
    """

    freeze: Trip | None = None
    count_from: Nanos = 0
    looked_at: Nanos = 0
    markouts: deque[tuple[Size, int]] = field(default_factory=deque)


class FillProtection:
    """Remembers freezes and markouts by market."""

    name = "fill_protection"
    per_market = True

    def __init__(self, limits: ProtectionLimits) -> None:
        self.limits = limits
        self._markets: dict[ConditionId, _Memory] = {}

    def judge(self, view: RiskView) -> Standing:
        facts = view.market
        assert facts is not None, "asked for every market"
        memory = self._markets.setdefault(facts.view.market.condition_id, _Memory())
        if memory.freeze is not None and view.at < memory.count_from:
            return memory.freeze
        self._take_markouts(memory, facts, view.at)
        reason = self._too_much(memory, facts, view.at) or self._too_bad(memory)
        if reason is None:
            return ALLOW
        memory.count_from = view.at + self.limits.freeze
        memory.freeze = Trip(Stage.CANCEL, reason, memory.count_from)
        memory.markouts.clear()
        return memory.freeze

    def _too_much(self, memory: _Memory, facts: MarketFacts, at: Nanos) -> str | None:
        limits, seconds = self.limits, decimal_text(self.limits.window * 10 // SECOND, 1)
        recent = _since(max(at - limits.window, memory.count_from), facts.fills)
        for side in QuoteSide:
            sizes = [fill.size for fill in recent if _side(fill) is side]
            if limits.max_fills is not None and len(sizes) > limits.max_fills:
                return f"{len(sizes)} fills of the {side} within {seconds} s, {limits.max_fills} are allowed"
            if limits.max_shares is not None and sum(sizes) > limits.max_shares:
                most = size_text(limits.max_shares)
                return f"{size_text(sum(sizes))} shares of the {side} filled within {seconds} s, {most} are allowed"
        return None

    def _take_markouts(self, memory: _Memory, facts: MarketFacts, at: Nanos) -> None:
        """Note the markout of every fill whose horizon has passed since the last look."""
        mid2, due = facts.view.mid2, at - self.limits.horizon
        if mid2 is None or self.limits.max_adverse is None:
            return
        for fill in _since(max(memory.looked_at + 1, memory.count_from), facts.fills):
            if fill.at <= due:
                memory.markouts.append((fill.size, fill.size * _markout2(fill, mid2)))
        memory.looked_at = max(due, memory.looked_at)
        while len(memory.markouts) > self.limits.markout_fills:
            memory.markouts.popleft()

    def _too_bad(self, memory: _Memory) -> str | None:
        limit, count = self.limits.max_adverse, len(memory.markouts)
        if limit is None or count < self.limits.markout_fills:
            return None
        size, lost = sum(size for size, _ in memory.markouts), -sum(worth for _, worth in memory.markouts)
        if lost <= 2 * limit * size:
            return None
        mean = price_text(-(-lost // (2 * size)))
        return f"the last {count} fills lose {mean} USD a share, {price_text(limit)} are allowed"


def _since(at: Nanos, fills: Sequence[Fill]) -> list[Fill]:
    """The fills from a moment on, oldest first; those of before are not looked at."""
    recent = list(takewhile(lambda fill: fill.at >= at, reversed(fills)))
    recent.reverse()
    return recent


def _side(fill: Fill) -> QuoteSide:
    return QuoteSide.BID if fill.net > 0 else QuoteSide.ASK


def _markout2(fill: Fill, mid2: int) -> int:
    """What a share of it has brought at a mid, in 1/(2 GRID) of a USD."""
    worth2 = mid2 if fill.is_yes else 2 * GRID - mid2
    return fill.side.sign * (worth2 - 2 * fill.price)
