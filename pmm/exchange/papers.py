"""Orders and trades of an account as JSON: over HTTP (protocol reference, 3.7) and on the user channel (5.5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from pmm.eip712 import checksummed
from pmm.model import MILLISECOND, SECOND, Market, Nanos, TokenId, price_text, size_text
from pmm.sim.venue import Leg, OpenOrder, OrderEvent, OrderStatus, TradeEvent, TradeRecord

# The market that lists a token; every token of an order or a trade is listed.
MarketOf: TypeAlias = Callable[[TokenId], Market]
# What a trade was charged is decided at the match; this field is a relic that clients still read.
FEE_RATE_BPS = "0"
# The states that the answer over HTTP knows; the channel tells more.
_HTTP_STATUSES = {OrderStatus.LIVE, OrderStatus.MATCHED, OrderStatus.CANCELED, OrderStatus.RESOLVED}


def order_paper(order: OpenOrder) -> dict[str, object]:
    """An order as `/data/orders` and `/data/order` answer it; sizes are plain shares."""
    return {
        "id": order.order_id,
        "status": _http_status(order.status),
        "owner": order.owner,
        "maker_address": checksummed(order.account),
        "market": order.market,
        "asset_id": order.token,
        "side": order.side.value,
        "original_size": size_text(order.original),
        "size_matched": size_text(order.matched),
        "price": price_text(order.price),
        "outcome": order.outcome,
        "expiration": str(order.expires_at or 0),
        "order_type": order.tif.value,
        "associate_trades": list(order.trade_ids),
        "created_at": order.created_at // SECOND,
    }


def order_frame(event: OrderEvent) -> dict[str, object]:
    """What the user channel says about an order."""
    order = event.order
    return {
        "event_type": "order",
        "type": event.change.value,
        "id": order.order_id,
        "owner": order.owner,
        "order_owner": order.owner,
        "market": order.market,
        "asset_id": order.token,
        "side": order.side.value,
        "original_size": size_text(order.original),
        "size_matched": size_text(order.matched),
        "price": price_text(order.price),
        "outcome": order.outcome,
        "associate_trades": list(order.trade_ids) or None,
        "created_at": _seconds(order.created_at),
        "expiration": str(order.expires_at or 0),
        "order_type": order.tif.value,
        "status": order.status.value,
        "maker_address": checksummed(order.account),
        "timestamp": _milliseconds(event.at),
    }


def trade_paper(trade: TradeRecord, mine: Callable[[str], bool], market_of: MarketOf) -> dict[str, object]:
    """A trade as `/data/trades` answers it to the accounts for which `mine` is true."""
    taker = mine(trade.account)
    own = None if taker else next(leg for leg in trade.legs if mine(leg.account))
    return {
        **_trade(trade, market_of),
        "owner": trade.owner if own is None else own.owner,
        "maker_address": checksummed(trade.account if own is None else own.account),
        "trader_side": "TAKER" if taker else "MAKER",
        "match_time_nano": str(trade.matched_at),
    }


def trade_frame(event: TradeEvent, market_of: MarketOf) -> dict[str, object]:
    """What the user channel says about a trade."""
    paper = trade_paper(event.trade, lambda account: account == event.account, market_of)
    del paper["match_time_nano"]
    return {
        "event_type": "trade",
        "type": "TRADE",
        **paper,
        "trade_owner": paper["owner"],
        "timestamp": _milliseconds(event.at),
    }


def _trade(trade: TradeRecord, market_of: MarketOf) -> dict[str, object]:
    return {
        "id": trade.trade_id,
        "taker_order_id": trade.order_id,
        "market": trade.market,
        "asset_id": trade.token,
        "side": trade.side.value,
        "size": size_text(trade.size),
        "fee_rate_bps": FEE_RATE_BPS,
        "price": price_text(trade.price),
        "status": trade.status.value,
        "match_time": _seconds(trade.matched_at),
        "last_update": _seconds(trade.updated_at),
        "outcome": market_of(trade.token).tokens[trade.outcome].outcome,
        "bucket_index": trade.bucket,
        "transaction_hash": trade.transaction,
        "maker_orders": [_leg(leg, market_of) for leg in trade.legs],
    }


def _leg(leg: Leg, market_of: MarketOf) -> dict[str, object]:
    return {
        "order_id": leg.order_id,
        "owner": leg.owner,
        "maker_address": checksummed(leg.account) if leg.account.startswith("0x") else leg.account,
        "matched_amount": size_text(leg.size),
        "price": price_text(leg.price),
        "fee_rate_bps": FEE_RATE_BPS,
        "asset_id": leg.token,
        "outcome": market_of(leg.token).tokens[leg.outcome].outcome,
        "outcome_index": leg.outcome,
        "side": leg.side.value,
    }


def _http_status(status: OrderStatus) -> str:
    """Every way of being canceled is CANCELED here, and an order inside a delay is not yet live nor matched."""
    if status in _HTTP_STATUSES:
        return status.value
    return "CANCELED" if status.value.startswith("CANCELED") else status.value


def _seconds(at: Nanos) -> str:
    return str(at // SECOND)


def _milliseconds(at: Nanos) -> str:
    return str(at // MILLISECOND)
