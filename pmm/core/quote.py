"""The last clamp of every quoting model: rounding and limits, in one place and always last.

Bids round down and asks round up, so rounding never worsens our price.
"""

from __future__ import annotations

from pmm.model import GRID, Price, ceil_to_tick, floor_to_tick


def clamp(
    bid2: int, ask2: int, tick: Price, best_bid: Price | None, best_ask: Price | None
) -> tuple[Price | None, Price | None]:
    """Turn twice the wanted bid and ask into prices that may be sent, or None for a side that has no legal price.

    The result lies inside [tick, 1 - tick] on the grid of `tick`, has bid < ask, and neither side takes from the
    book whose touch is given (None for an empty side).
    """
    bid = floor_to_tick(bid2, 2 * tick) // 2
    ask = ceil_to_tick(ask2, 2 * tick) // 2
    if best_ask is not None:
        bid = min(bid, floor_to_tick(best_ask - 1, tick))
    if best_bid is not None:
        ask = max(ask, ceil_to_tick(best_bid + 1, tick))
    bid = min(bid, GRID - tick)
    ask = max(ask, tick)
    if bid >= ask:
        ask = bid + tick
    return (bid if bid >= tick else None), (ask if ask <= GRID - tick else None)
