"""How much of a level stands before an order that the venue does not know: the queue of a simulated fill.

The feed shows sizes by price and the prints of trades, never single orders, so the queue is an upper bound:

* placed: everything displayed at our price is ahead of us;
* a trade at our price takes from the front, and reaches us only with what is left of it;
* a cancel is assumed to come from behind us, except where the displayed size says otherwise: never more is ahead of
  us than is displayed;
* the fall of a displayed size and the print that explains it arrive in either order.  A fall that has already moved
  us forward is therefore remembered for `PRINT_DELAY` and set off against later prints, so no share of the tape
  moves us twice.

An order is never filled by more than the tape traded at its price or through it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pmm.model import SECOND, Nanos, Size

# Prints came up to 2.9 s behind the book change they belong to (data reference, section 5).
PRINT_DELAY: Nanos = 3 * SECOND


@dataclass(slots=True)
class QueueEstimate:
    """`ahead` is the most that can stand before us; `displayed` the size last seen at our price."""

    ahead: Size
    displayed: Size
    _unprinted: list[tuple[Nanos, Size]] = field(default_factory=list)

    def on_displayed(self, size: Size, at: Nanos) -> None:
        """The level shows another size: by cancels, additions, or trades whose print may still come."""
        if size < self.ahead:
            self._unprinted = [*self._fresh(at), (at, self.ahead - size)]
            self.ahead = size
        self.displayed = size

    def on_trade(self, size: Size, at: Nanos) -> Size:
        """A print at our price; returns how much of it is left for us."""
        rest = size - self._explained(size, at)
        reaches = max(0, rest - self.ahead)
        self.ahead = max(0, self.ahead - rest)
        return reaches

    def _explained(self, size: Size, at: Nanos) -> Size:
        """How much of a print has already moved us when the displayed size fell."""
        left = size
        kept: list[tuple[Nanos, Size]] = []
        for seen, fall in self._fresh(at):
            used = min(left, fall)
            left -= used
            if fall > used:
                kept.append((seen, fall - used))
        self._unprinted = kept
        return size - left

    def _fresh(self, at: Nanos) -> list[tuple[Nanos, Size]]:
        return [(seen, fall) for seen, fall in self._unprinted if at - seen <= PRINT_DELAY]
