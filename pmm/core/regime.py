"""What kind of time it is in a market."""

from __future__ import annotations

from enum import StrEnum


class Regime(StrEnum):
    """From the freest to the most careful."""

    QUIET = "QUIET"
    TRENDING = "TRENDING"
    EVENT = "EVENT"
    NEAR_RESOLUTION = "NEAR_RESOLUTION"
    REDUCE_ONLY = "REDUCE_ONLY"
    HALTED = "HALTED"
