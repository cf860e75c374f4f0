"""What is known beforehand of a market: its end, and the start of its game.

The dates act before the minute, not after the move: `next_at` says when something changes, and the engine wakes then.

For most games the venue gives their start as the end of the market: so 9,783 of the 10,918 markets with a game that
took orders on 2026-03-11, and 53 even ended before it.  A date before the game can be over is no end; such a market
ends with its game, and the game is what there is of a time near the end.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pmm.model import SECOND, Market, Nanos

HOUR: Nanos = 3_600 * SECOND
# All but the longest games are over by then.
GAME_LENGTH: Nanos = 6 * HOUR


def end_of(market: Market, game_length: Nanos = GAME_LENGTH) -> Nanos | None:
    """When a market ends, as far as anybody can know; None where it has no end."""
    ends_at, start = market.ends_at, market.game_starts_at
    return ends_at if ends_at is None or start is None else max(ends_at, start + game_length)


@dataclass(frozen=True, slots=True)
class CalendarLimits:
    """How long before the end quoting becomes careful, and only reduces; and how long around a game's start it is news.

    The venue says when a game starts and never when it is over: `game_length` covers all but the longest.
    """

    widen_before: Nanos = 24 * HOUR
    cutoff_before: Nanos = HOUR
    game_lead: Nanos = HOUR // 4
    game_length: Nanos = GAME_LENGTH


@dataclass(frozen=True, slots=True)
class Calendar:
    """The dates of one market, in unix time; None where it has none."""

    limits: CalendarLimits = field(default_factory=CalendarLimits)
    ends_at: Nanos | None = None
    game_starts_at: Nanos | None = None
    ends_with_game: bool = False

    @classmethod
    def of(cls, market: Market, limits: CalendarLimits) -> Calendar:
        ends_at = end_of(market, limits.game_length)
        return cls(limits, ends_at, market.game_starts_at, ends_with_game=ends_at != market.ends_at)

    def over(self, at: Nanos) -> bool:
        """Whether the end has come."""
        return self._ends_within(at, 0)

    def cut_off(self, at: Nanos) -> bool:
        """Whether the end is so near that positions are only taken home."""
        return self._ends_within(at, self.limits.cutoff_before)

    def near(self, at: Nanos) -> bool:
        """Whether the end is so near that a single piece of news may decide."""
        return not self.ends_with_game and self._ends_within(at, self.limits.widen_before)

    def game(self, at: Nanos) -> bool:
        """Whether the game is about to start, or runs."""
        start = self.game_starts_at
        return start is not None and start - self.limits.game_lead <= at < start + self.limits.game_length

    def next_at(self, at: Nanos) -> Nanos | None:
        """The first moment after `at` from which one of these answers is another; None when none will be."""
        return min((moment for moment in self._moments() if moment > at), default=None)

    def _ends_within(self, at: Nanos, span: Nanos) -> bool:
        return self.ends_at is not None and at >= self.ends_at - span

    def _moments(self) -> list[Nanos]:
        limits, moments = self.limits, []
        if self.ends_at is not None:
            moments += [self.ends_at - before for before in (limits.widen_before, limits.cutoff_before, 0)]
        if self.game_starts_at is not None:
            moments += [self.game_starts_at - limits.game_lead, self.game_starts_at + limits.game_length]
        return moments
