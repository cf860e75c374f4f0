"""What the day brought so far, and whether a loss was too much: equity since midnight UTC, or since the run began.

Equity is cash and shares at the mark over every market that something was held in; money that comes to the account or
leaves it is not part of it.  A mark is taken from a book that may be quoted on, and kept while there is none.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from pmm.core.guard import Said
from pmm.core.markets import QuotedMarket
from pmm.core.rule import RiskEvent
from pmm.core.step import DayResult, StepBuilder
from pmm.fsm import Row, Table
from pmm.model import GRID, SECOND, ConditionId, Money, Nanos, money_text

DAY: Nanos = 86_400 * SECOND
# The rule that judges what a day may cost.
RULE = "daily_loss"

DAILY_LOSS = Table(
    "daily loss",
    "INSIDE",
    [
        Row("INSIDE", "near", "NEAR", "80 % of the loss that halts"),
        Row("INSIDE", "beyond", "BEYOND", "more than may be lost in a day: trading halts where limits act"),
        Row("NEAR", "beyond", "BEYOND", "more than may be lost in a day: trading halts where limits act"),
        Row("NEAR", "midnight", "INSIDE", "a new day in UTC"),
        Row("NEAR", "reset", "INSIDE", "the operator counts anew"),
        Row("BEYOND", "midnight", "INSIDE", "a new day in UTC"),
        Row("BEYOND", "reset", "INSIDE", "the operator counts anew; a halt stays one"),
    ],
)


@dataclass(slots=True)
class DailyLoss:
    """`see` keeps where equity stands, `tell` announces what the rule makes of it: within a day it only gets worse.

    `before` is what earlier runs of the account brought, on which day.
    `peak` is the most that the day has brought, never less than nothing, in micro-USD; a restart forgets it.
    `resets` is how often the operator had it counted anew.
    """

    before: DayResult | None = None
    state: str = field(default=DAILY_LOSS.initial)
    result: DayResult | None = None
    peak: Money = 0
    resets: int = 0
    _base: int = 0
    _carried: Money = 0
    _marks: dict[ConditionId, int] = field(default_factory=dict)

    def see(self, at: Nanos, markets: Iterable[QuotedMarket], out: StepBuilder) -> None:
        """Look at where equity stands: whenever time passed or something traded."""
        day, equity = at // DAY, self._equity(markets)
        if self.result is None:
            before = self.before
            self._carried = before.money if before is not None and before.day == day else 0
        elif self.result.day != day:
            self._base, self._carried, self.peak = equity, 0, 0
            if self.state != "INSIDE":
                out.move(DAILY_LOSS, self, "midnight", "daily loss", "")
        money = self._carried + (equity - self._base) // (2 * GRID)
        self.peak = max(self.peak, money)
        result = DayResult(day, money, tuple(self._marks.items()))
        if result != self.result:
            self.result = out.day = result

    def reset(self, reason: str, markets: Iterable[QuotedMarket], out: StepBuilder) -> None:
        """From now on the day has brought nothing; what it had brought is told."""
        self.see(out.event.at, markets, out)
        assert self.result is not None, "it was just seen"
        before = self.result.money
        self._base, self._carried, self.peak = self._base + before * 2 * GRID - self._carried * 2 * GRID, 0, 0
        self.resets += 1
        self.result = out.day = DayResult(self.result.day, 0, self.result.marks)
        told = reset_text(before, reason)
        out.risk.append(RiskEvent(out.event.at, RULE, "reset", "account", told, enforced=True))
        if self.state != "INSIDE":
            out.move(DAILY_LOSS, self, "reset", "daily loss", told)

    def tell(self, said: Said | None, out: StepBuilder) -> None:
        """Announce what the rule says of the day."""
        if said is None:
            return
        reason = said.standing.reason
        if said.verdict == "trip" and self.state != "BEYOND":
            told = reason if said.enforced else f"{reason}; not enforced"
            out.move(DAILY_LOSS, self, "beyond", "daily loss", told)
        elif said.verdict == "warn" and self.state == "INSIDE":
            out.move(DAILY_LOSS, self, "near", "daily loss", reason)

    def _equity(self, markets: Iterable[QuotedMarket]) -> int:
        """Since the run began, in 1/20 000 of a micro-USD; a market without any mark yet is left out."""
        equity = 0
        for quoted in markets:
            market, mid2 = quoted.condition_id, quoted.book.mid2
            if mid2 is not None and quoted.problem() is None:
                self._marks[market] = mid2
            mark2 = self._marks.get(market)
            if mark2 is not None:
                held = quoted.position
                equity += held.cash * 2 * GRID + held.yes * mark2 + held.no * (2 * GRID - mark2)
        return equity


def reset_text(before: Money, reason: str) -> str:
    """What is told of a day that is counted anew after it had brought so much."""
    return f"the operator counts the day anew after {money_text(before)} USD" + (f": {reason}" if reason else "")
