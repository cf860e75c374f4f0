"""The two amounts of a signed order, and the price, size or budget that they mean (protocol reference, section 4.2).

Amounts are micro-units: money against shares.  All of it is integer arithmetic; a price exists only on the grid.
"""

from __future__ import annotations

from typing import NamedTuple

from pmm.model import GRID, Money, OrderId, Price, Side, Size, TimeInForce
from pmm.sim.orders import Refusal
from pmm.sim.refusals import BAD_PAYLOAD, TOO_PRECISE, off_tick, ratio_text

# By tick: the decimals that the computed amount of an order may have.
AMOUNT_DECIMALS: dict[Price, int] = {1_000: 3, 100: 4, 50: 5, 25: 6, 10: 5, 1: 6}
# Sizes of limit orders and budgets of market orders have at most two decimals.
CENT = 10_000
AMOUNT_MAX = 1 << 63


class Amounts(NamedTuple):
    """What an order wants: shares, or for a FOK or FAK BUY money to spend."""

    price: Price
    size: Size | None
    budget: Money | None


def decode(
    order_id: OrderId, side: Side, maker_amount: int, taker_amount: int, tif: TimeInForce, tick: Price
) -> Amounts | Refusal:
    """Read the amounts of an order; `tick` is the present one of its market."""
    money, size = (maker_amount, taker_amount) if side is Side.BUY else (taker_amount, maker_amount)
    if not (0 < money < AMOUNT_MAX and 0 < size < AMOUNT_MAX):
        return BAD_PAYLOAD
    if side is Side.BUY and (tif is TimeInForce.FOK or tif is TimeInForce.FAK):
        return _market_buy(order_id, money, size, tick)
    price, rest = divmod(money * GRID, size)
    if rest or price % tick or not tick <= price <= GRID - tick:
        return off_tick(order_id, ratio_text(money, size), tick)
    if size % CENT:
        return TOO_PRECISE
    return Amounts(price, size, None)


def _market_buy(order_id: OrderId, budget: Money, size: Size, tick: Price) -> Amounts | Refusal:
    """The shares of a market BUY are the budget over the worst price, rounded to the decimals of the tick."""
    step = 10 ** (6 - AMOUNT_DECIMALS[tick])
    if budget % CENT or size % step:
        return TOO_PRECISE
    price = (2 * budget * GRID + size * tick) // (2 * size * tick) * tick
    if not tick <= price <= GRID - tick or abs(size * price - budget * GRID) > step * price:
        return off_tick(order_id, ratio_text(budget, size), tick)
    return Amounts(price, None, budget)
