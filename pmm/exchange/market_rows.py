"""A market as the lists of the order book service show it (protocol reference, section 3.3)."""

from __future__ import annotations

from pmm.exchange.answers import number
from pmm.exchange.prices import catalogue_price
from pmm.exchange.rewards import reward_terms
from pmm.exchange.source import Source
from pmm.model import SHARE
from pmm.sim.catalog import Listing
from pmm.sim.venue import Venue, Verdict


def market_row(source: Source, listing: Listing) -> dict[str, object]:
    """A market with everything that the lists know about it."""
    market = listing.market
    return {
        "enable_order_book": True,
        **simplified_row(source, listing),
        "accepting_order_timestamp": listing.created,
        "minimum_order_size": market.min_size // SHARE,
        "minimum_tick_size": number(market.tick),
        "question_id": market.condition_id,
        "question": market.question,
        "description": listing.description,
        "market_slug": market.slug,
        "end_date_iso": market.end_date,
        "game_start_time": None,
        "seconds_delay": listing.seconds_delay,
        "fpmm": "",
        "maker_base_fee": 0,
        "taker_base_fee": 0,
        "notifications_enabled": True,
        "neg_risk": market.neg_risk,
        "neg_risk_market_id": market.neg_risk_id or "",
        "neg_risk_request_id": "",
        "icon": "",
        "image": "",
        "is_50_50_outcome": _verdict(source, listing) is Verdict.SPLIT,
        "tags": [listing.category],
    }


def simplified_row(source: Source, listing: Listing) -> dict[str, object]:
    """A market as the short lists show it."""
    market = listing.market
    verdict = _verdict(source, listing)
    return {
        "condition_id": market.condition_id,
        "rewards": reward_terms(listing),
        "tokens": [
            {
                "token_id": token.token_id,
                "outcome": token.outcome,
                "price": float(catalogue_price(source.wire(token.token_id))),
                "winner": verdict is not None and index == verdict.winner,
            }
            for index, token in enumerate(market.tokens)
        ],
        "active": market.active,
        "closed": market.closed,
        "archived": False,
        "accepting_orders": market.accepting_orders,
    }


def _verdict(source: Source, listing: Listing) -> Verdict | None:
    return source.verdict(listing.market.condition_id) if isinstance(source, Venue) else None
