"""Which token an order is placed in: an ask may sell what we hold or buy the other token, and so may a bid.

Selling what is held frees capital and needs no cash, so it comes first; the venue refuses a sale of shares one does
not hold, so everything else is a purchase of the complement at `1 - price`.  Shares that a pending trade will bring
are not held yet (protocol reference, section 4.7).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from pmm.core.orders import Order
from pmm.core.position import Position
from pmm.core.rule import Wish
from pmm.core.view import QuoteSide, Target
from pmm.model import GRID, Market, Price, Side, Size, TokenId


def leg_for(
    side: QuoteSide,
    target: Target,
    market: Market,
    position: Position,
    open_orders: Iterable[Order],
    short: Collection[TokenId] = (),
) -> tuple[TokenId, Side, Price]:
    """Token, side and price in the token's own terms of the order that realises a target.

    `short` are tokens whose sale the venue refuses for now.
    """
    if side is QuoteSide.BID:
        sold, held, bought, own_price = market.no, position.no_held.sellable, market.yes, GRID - target.price
        buy_price = target.price
    else:
        sold, held, bought, own_price = market.yes, position.yes_held.sellable, market.no, target.price
        buy_price = GRID - target.price
    if sold not in short and held - _reserved(sold, open_orders) >= target.size:
        return sold, Side.SELL, own_price
    return bought, Side.BUY, buy_price


def quoted_as(token: TokenId, side: Side, price: Price, market: Market) -> tuple[QuoteSide, Price]:
    """The inverse: which side of the market an order is on, and its price in the market's terms."""
    is_yes = token == market.yes
    quote = QuoteSide.BID if (side is Side.BUY) == is_yes else QuoteSide.ASK
    return quote, price if is_yes else GRID - price


def _reserved(token: TokenId, open_orders: Iterable[Order]) -> Size:
    """Shares of a token that open sell orders already promise."""
    return sum(order.size_left for order in open_orders if order.token == token and order.side is Side.SELL)


def wish_of(order: Order) -> Wish:
    """An order as rules of risk see it before it is placed."""
    is_yes = (order.side is Side.BUY) == (order.quote is QuoteSide.BID)
    where = order.quote, order.price_yes, order.token, is_yes
    return Wish(*where, order.side, order.price, order.size, order.level or 0)
