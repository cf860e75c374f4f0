"""Whether takers buy or sell, from the public tape.

    flow  =  (bought - sold) / (bought + sold + PRIOR)       decayed with a half-life; -1 to 1

Weak evidence: the direction that the feed tells agrees with the chain on about 59 % of occasions (strategy reference,
2.2), so `TRUST` = 2 x 0.59 - 1 of it is expected to be true.  It is shrunk by `PRIOR` shares, and whoever uses it gives
it a small weight.  Trades of both tokens are in the terms of YES: who buys NO sells YES.
"""

from __future__ import annotations

from dataclasses import dataclass

from pmm.model import SECOND, SHARE, Nanos, Side, Size

TRUST = 0.18
PRIOR: Size = 100 * SHARE


@dataclass(slots=True)
class Flow:
    """`half_life` in seconds."""

    half_life: float
    _bought: float = 0.0
    _sold: float = 0.0
    _at: Nanos = 0

    def on_trade(self, at: Nanos, side: Side, size: Size) -> None:
        """A taker bought or sold so many micro-shares of YES."""
        decay = self._decay(at)
        self._bought *= decay
        self._sold *= decay
        self._at = at
        if side is Side.BUY:
            self._bought += size
        else:
            self._sold += size

    def value(self, at: Nanos) -> float:
        decay = self._decay(at)
        bought, sold = self._bought * decay, self._sold * decay
        return (bought - sold) / (bought + sold + PRIOR)

    def _decay(self, at: Nanos) -> float:
        return float(0.5 ** (max(0, at - self._at) / SECOND / self.half_life))
