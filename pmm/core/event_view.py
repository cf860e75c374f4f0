"""What a quoting model sees of the other outcomes of its market's event."""

from __future__ import annotations

from dataclasses import dataclass

from pmm.model import Size


@dataclass(frozen=True, slots=True)
class EventView:
    """All outcomes of a neg-risk event, exactly one of which wins; the last is the "other" one where it may be.

    `probabilities` sum to 1; `holdings` are net YES micro-shares by outcome; `index` is this market's place.
    """

    index: int
    probabilities: tuple[float, ...]
    holdings: tuple[Size, ...]
