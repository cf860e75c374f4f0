"""Why a frame was refused: the negative answers of `Books.feed`."""

from __future__ import annotations

from enum import IntEnum


class Refusal(IntEnum):
    """A refused frame changed nothing; the code says what was wrong with it."""

    MALFORMED = -1  # not JSON, or JSON without the fields or types of its event
    BAD_PRICE = -2  # a price that is not a plain decimal
    OFF_GRID = -3  # a price outside (0, 1) or not on the tick of its book
    BAD_SIZE = -4  # a size that is not a plain decimal of at most six places, or above 2**63 - 1 micro-shares
    BAD_SIDE = -5  # a side other than BUY and SELL
    BAD_TICK = -6  # a tick size the venue does not have
    TOO_LARGE = -7  # a frame longer than the limit
