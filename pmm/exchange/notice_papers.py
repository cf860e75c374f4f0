"""Notifications as JSON (protocol reference, section 3.8): an order that is gone, a fill, a market that
is resolved, rewards that are paid."""

from __future__ import annotations

from pmm.exchange.market_rows import market_row
from pmm.model import SECOND, price_text, size_text
from pmm.sim.venue import Notice, OpenOrder, Venue

RESOLVED, REWARDED = 4, 5


def notice_paper(venue: Venue, notice: Notice, wallet: str, api_key: str) -> dict[str, object]:
    """One notification of a wallet; what it is about is told as it is now."""
    return {
        "id": notice.notice_id,
        "owner": api_key,
        "type": notice.kind,
        "payload": _payload(venue, notice, wallet),
        "timestamp": notice.at // SECOND,
    }


def _payload(venue: Venue, notice: Notice, wallet: str) -> dict[str, object]:
    facts = notice.payload
    if notice.kind == RESOLVED:
        listings = [one for one in venue.listings if one.market.condition_id == facts["market"]]
        return {**facts, **(market_row(venue, listings[0]) if listings else {})}
    if notice.kind == REWARDED:
        return {**facts}
    order = venue.order(facts.get("order_id") or _own_order(venue, facts["trade_id"], wallet))
    return {**facts, **(_order(venue, order) if order is not None else {})}


def _own_order(venue: Venue, trade_id: str, wallet: str) -> str:
    """The order of the wallet that took part in a trade."""
    trade = venue.trade(trade_id)
    if trade is None:
        return ""
    if trade.account == wallet:
        return trade.order_id
    return next((leg.order_id for leg in trade.legs if leg.account == wallet), "")


def _order(venue: Venue, order: OpenOrder) -> dict[str, object]:
    found = venue.wire(order.token)
    assert found is not None, "an order is for a token that is listed"
    market, outcome = found[0].market, found[1]
    return {
        "order_id": order.order_id,
        "asset_id": order.token,
        "market": order.market,
        "side": order.side.value,
        "type": order.tif.value,
        "price": price_text(order.price),
        "original_size": size_text(order.original),
        "matched_size": size_text(order.matched),
        "remaining_size": size_text(max(0, order.original - order.matched)),
        "outcome": order.outcome,
        "outcome_index": int(outcome),
        "question": market.question,
        "market_slug": market.slug,
        "eventSlug": market.event_slug,
        "icon": "",
        "image": "",
    }
