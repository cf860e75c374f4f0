"""Why the venue refuses a request, in its own sentences (protocol reference, section 3.11).

Clients match on these texts, so they are written once.  `NOT_READY` and `UNKNOWN_TOKEN` also answer for a market that
is paused or closed: which sentence production uses there is not documented.
"""

from __future__ import annotations

from pmm.model import (
    GRID,
    Money,
    OrderId,
    Price,
    Size,
    decimal_text,
    money_text,
    price_text,
    size_text,
)
from pmm.sim.orders import Refusal

UNKNOWN_TOKEN = Refusal("No orderbook exists for the requested token id", 404)
NOT_READY = Refusal("the market is not yet ready to process new orders")
BAD_PAYLOAD = Refusal("Invalid order payload")
BAD_EXPIRATION = Refusal("invalid expiration")
CROSSES = Refusal("invalid post-only order: order crosses book")
# Named by its symbol on older pages; no page gives a sentence.
POST_ONLY_TYPE = Refusal("INVALID_POST_ONLY_ORDER_TYPE")
NOT_FILLED = Refusal("order couldn't be fully filled. FOK orders are fully filled or killed.")
NO_MATCH = Refusal(
    "no orders found to match with FAK order. FAK orders are partially filled or killed if no match is found."
)
# No sentence is documented; that so precise amounts are refused is (section 4.2).
TOO_PRECISE = Refusal("invalid amounts: maker and taker amount have more decimals than the tick size allows")
CANCEL_ONLY = Refusal("Trading is currently cancel-only. New orders are not accepted, but cancels are allowed.", 503)
DISABLED = Refusal("Trading is currently disabled.", 503)
# The adapter has no sentences of its own: a contract reverts.
NOTHING_TO_CONVERT = Refusal("a conversion needs NO shares of at least one outcome, each named once")
NOT_ONE_EVENT = Refusal("only outcomes of one event that exclude each other can be converted")
EVENT_RESOLVED = Refusal("an outcome of the event is resolved: its shares are redeemed, not converted")

# Why an order in a request to cancel is still there.
NOT_FOUND = "Order not found"
ALREADY_MATCHED = "Order already matched"
ALREADY_CANCELED = "Order already canceled"
IN_DELAY = "order match delayed due to market conditions"


def restarting(retry_after: int | None) -> Refusal:
    """425 while the matching engine restarts; no body is documented."""
    return Refusal("the matching engine is restarting", 425, retry_after=retry_after)


def post_only_mode(retry_after: int | None) -> Refusal:
    text = "post-only mode: only post-only orders and cancels are allowed"
    return Refusal(text, 503, "post_only_mode", retry_after)


def banned(account: str) -> Refusal:
    return Refusal(f"'{account}' address banned")


def closed_only(account: str) -> Refusal:
    return Refusal(f"'{account}' address in closed only mode")


def off_tick(order_id: OrderId, price: str, tick: Price) -> Refusal:
    return Refusal(f"order {order_id} is invalid. Price ({price}) breaks minimum tick size rule: {price_text(tick)}")


def too_small(order_id: OrderId, size: Size, size_min: Size) -> Refusal:
    text = f"order {order_id} is invalid. Size ({size_text(size)}) lower than the minimum: {size_text(size_min)}"
    return Refusal(text)


def duplicated(order_id: OrderId) -> Refusal:
    return Refusal(f"order {order_id} is invalid. Duplicated.")


def too_cheap(amount: Money, least: Money) -> Refusal:
    amount_text, least_text = money_text(amount), money_text(least)
    return Refusal(f"invalid amount for a marketable BUY order (${amount_text}), min size: ${least_text}")


def no_balance(balance: int, active: int, amount: int) -> Refusal:
    return Refusal(
        "not enough balance / allowance: the balance is not enough -> "
        f"balance: {balance}, sum of active orders: {active}, order amount: {amount}"
    )


def no_allowance(allowance: int, active: int, amount: int) -> Refusal:
    return Refusal(
        "not enough balance / allowance: the allowance is not enough -> "
        f"allowance: {allowance}, sum of active orders: {active}, order amount: {amount}"
    )


def ratio_text(money: Money, size: Size) -> str:
    """The price that two amounts mean, to six decimals: for the message about one that is off the grid."""
    return decimal_text(money * GRID * 100 // size, 6) if size else "0"
