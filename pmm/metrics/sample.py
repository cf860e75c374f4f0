"""How one market stood at one moment: what the figures of a report are computed from."""

from __future__ import annotations

from dataclasses import dataclass

from pmm.model import GRID, ConditionId, Money, Nanos, Price, Size


@dataclass(frozen=True, slots=True)
class Sample:
    """One market at one moment, in the terms of its first token.

    `yes`, `no` and `cash` are since the start of the run, shares of before it taken over at their mid.  `bid` and
    `ask` are the best prices we had working, their sizes all of that side; `best_bid` and `best_ask` those of others.
    Scores are sizes that would score as much at the middle (`pmm.core.reward_score`), None where nothing is paid.
    """

    market: ConditionId
    at: Nanos
    mid2: int | None
    yes: Size
    no: Size
    cash: Money
    bid: Price | None
    bid_size: Size | None
    ask: Price | None
    ask_size: Size | None
    best_bid: Price | None
    best_ask: Price | None
    own_score: Size | None
    others_score: Size | None
    reward_per_day: Money | None

    @property
    def position(self) -> Size:
        """Net YES."""
        return self.yes - self.no

    @property
    def reward_share(self) -> float | None:
        """Our part of what scores for rewards, 0 where nothing does; None where nothing is paid."""
        if self.own_score is None or self.others_score is None:
            return None
        together = self.own_score + self.others_score
        return self.own_score / together if together else 0.0

    @property
    def equity(self) -> Money | None:
        """Profit of the run so far, at the mid; None without one."""
        if self.mid2 is None:
            return None
        return self.cash + (self.yes * self.mid2 + self.no * (2 * GRID - self.mid2)) // (2 * GRID)
