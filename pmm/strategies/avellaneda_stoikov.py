"""Avellaneda and Stoikov (2008): the mid is a Brownian motion, fills thin out with distance, utility is exponential.

    r = s - q gamma sigma^2 tau                                  reservation price (8), (29)
    ask - bid = gamma sigma^2 tau + (2/gamma) ln(1 + gamma/k)    around it (30)

High-frequency trading in a limit order book, Quantitative Finance 8(3), 217-224.  It knows no bound of the inventory,
no jumps and no adverse selection, and near the end of its horizon it quotes tightest and without skew, which is the
worst moment for a claim that is about to resolve: here it is an anchor to compare others with, not what to trade with.
"""

from __future__ import annotations

from pmm.core.fill_curve import margin


def reservation(mid: float, position: float, gamma: float, variance: float, horizon: float) -> float:
    """r = s - q gamma sigma^2 tau: what one more share is worth to whoever holds `position` of them (USD).

    `variance` is sigma^2 in USD^2 per second, `horizon` tau in seconds, or both in any one unit of time.
    """
    return mid - position * gamma * variance * horizon


def spread(gamma: float, variance: float, horizon: float, decay: float) -> float:
    """Ask minus bid in USD: gamma sigma^2 tau + (2/gamma) ln(1 + gamma/k), whatever is held."""
    return gamma * variance * horizon + 2 * margin(gamma, decay)


def average_spread(gamma: float, variance: float, horizon: float, decay: float) -> float:
    """The mean of `spread` over the whole horizon: gamma sigma^2 T / 2 + (2/gamma) ln(1 + gamma/k)."""
    return spread(gamma, variance, horizon / 2, decay)


def distances(position: float, gamma: float, variance: float, horizon: float, decay: float) -> tuple[float, float]:
    """How far below the mid the bid is and how far above it the ask, in USD; either may be negative."""
    shift = reservation(0.0, position, gamma, variance, horizon)
    half = spread(gamma, variance, horizon, decay) / 2
    return half - shift, half + shift
