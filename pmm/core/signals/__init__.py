"""What a market has done of late, as numbers that quoting models share.

One small file for each: volatility, level, imbalance, flow, reach, markout, trend and jumps.  They are computed from
the book without our own orders, the public tape and our own fills; floats, because none of them is money.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Signals:
    """All signals of one market at one moment; 0 is what each says while it knows nothing.

    variance      of the fair price, USD^2 per second: realised, with its jumps, without the noise of the grid
    imbalance     (bids - asks) / (bids + asks) of the size near the touch, -1 to 1
    fair          price weighted by the size at the touch, USD; None while a side is empty
    level         average of `fair` over the last seconds, USD; None where there is none
    flow          bought less sold by takers over both, decayed, -1 to 1 (weak evidence: strategy reference, 2.2)
    trend         drift of the fair price over the last minutes, USD per second
    jumps         sudden moves of the whole touch, too large for the variance before them, per second, decayed
    bid_markout   mean move against our bought shares after a fill, USD per share, decayed and shrunk; a loss is > 0
    ask_markout   the same of sold shares
    takers        how many were seen of late, decayed: what `arrival` and `reach` rest on
    arrival       takers of either side, per second
    reach         how far from `level` a taker trades at the deepest, on average, USD
    """

    variance: float = 0.0
    imbalance: float = 0.0
    fair: float | None = None
    flow: float = 0.0
    trend: float = 0.0
    jumps: float = 0.0
    bid_markout: float = 0.0
    ask_markout: float = 0.0
    level: float | None = None
    takers: float = 0.0
    arrival: float = 0.0
    reach: float = 0.0


QUIET = Signals()
