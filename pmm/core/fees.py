"""What takers pay and what makers get back of it, in whole numbers (protocol reference, 7.1 and 7.2).

fee = shares x rate x (p(1-p))^exponent USD, rounded to 0.00001 USD and never less than that; makers pay nothing.  Of
the fees of a market, its makers get the part `rebate`, by what each of their fills would have paid as a taker's: in
effect every fill of a maker earns rebate x rate x (p(1-p))^exponent USD per share.  Rates stand in `FeeSchedule` of
the market, as the venue says them: they are never written down here.
"""

from __future__ import annotations

from pmm.model import GRID, RATE_ONE, FeeSchedule, Money, Price, Size

# Fees are charged in steps of 0.00001 USD, and never less than one step.
FEE_STEP: Money = 10


def fee(rate: int, exponent: int, price: Price, size: Size) -> Money:
    """What a taker of `size` pays at `price` for a `rate` in 1/RATE_ONE; micro-USD.

    Rounded half up to a step, since the direction is not documented; 0 only where nothing is charged at all.
    """
    weight = _weight(rate, exponent, price, size)
    if weight == 0:
        return 0
    step = RATE_ONE * _one(exponent) * FEE_STEP
    return max(1, (2 * weight + step) // (2 * step)) * FEE_STEP


def taker_fee(schedule: FeeSchedule, price: Price, size: Size) -> Money:
    """`fee` by the schedule of a market; micro-USD."""
    return fee(schedule.rate, schedule.exponent, price, size)


def maker_rebate(schedule: FeeSchedule | None, price: Price, size: Size) -> Money:
    """What a maker whose `size` was taken at `price` gets back; micro-USD, rounded down.

    0 where the venue states no schedule or no rebate: what is not promised is not counted on.  Less than a dollar a
    day and market is not paid.
    """
    if schedule is None or schedule.rebate is None:
        return 0
    weight = _weight(schedule.rate, schedule.exponent, price, size) * schedule.rebate
    return weight // (RATE_ONE * RATE_ONE * _one(schedule.exponent))


def rebate_per_share(schedule: FeeSchedule | None, p: float) -> float:
    """rebate x rate x (p(1-p))^exponent: what a maker gets back for a share that trades at `p`, in USD, for prices that
    are not decided yet; 0 as above.
    """
    if schedule is None or schedule.rebate is None:
        return 0.0
    return float((p * (1 - p)) ** schedule.exponent * schedule.rate * schedule.rebate / RATE_ONE**2)


def _weight(rate: int, exponent: int, price: Price, size: Size) -> int:
    """Size times rate times (p(1-p))^exponent, in micro-USD / (RATE_ONE x GRID^(2 exponent))."""
    weight: int = size * rate * (price * (GRID - price)) ** exponent
    return weight


def _one(exponent: int) -> int:
    """What (p(1-p))^exponent is counted in."""
    one: int = GRID ** (2 * exponent)
    return one
