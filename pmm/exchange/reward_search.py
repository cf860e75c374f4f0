"""The search among the markets that pay rewards (protocol reference, section 3.10): words, bounds and an order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from aiohttp import web

from pmm.exchange.answers import Refused
from pmm.exchange.charts import CHARTS
from pmm.exchange.prices import spread, two_sided
from pmm.exchange.source import Source
from pmm.sim.catalog import Listing

Row: TypeAlias = dict[str, object]

PAGE_MAX = 500
PAGE_DEFAULT = 100
_BOUNDED = ("volume_24hr", "spread", "price")
_ORDERS = frozenset({*_BOUNDED, "one_day_price_change", "end_date", "question"})


def searchable(source: Source, listing: Listing, detail: Row) -> Row:
    """A market as the search shows it, without what `matching` adds about the last day."""
    market = listing.market
    found = source.wire(market.yes)
    return {
        **detail,
        "event_id": listing.event_id,
        "spread": float(spread(found)) if found is not None and two_sided(found) else 1.0,
        "end_date": market.end_date,
    }


def matching(request: web.Request, found: Iterable[tuple[Listing, Row]]) -> list[Row]:
    """The rows that a request wants, in its order; without one, in that of the list.  Raises Refused."""
    bounds = {name: (_bound(request, "min_" + name), _bound(request, "max_" + name)) for name in _BOUNDED}
    named = [_with_last_day(request, listing, row) for listing, row in found if _named(request, listing)]
    rows = [row for row in named if _within(row, bounds)]
    order = request.query.get("order_by")
    if order is None:
        return rows
    if order not in _ORDERS:
        raise Refused(400, f"order_by must be one of {', '.join(sorted(_ORDERS))}")
    return sorted(rows, key=lambda row: _sortable(row, order), reverse=_descending(request))


def page_size(request: web.Request) -> int:
    """How many rows a page has, 500 at most.  Raises Refused."""
    text = request.query.get("page_size", str(PAGE_DEFAULT))
    if not text.isascii() or not text.isdigit() or len(text) > 9 or int(text) == 0:
        raise Refused(400, "page_size must be a whole number from 1 to 500")
    return min(int(text), PAGE_MAX)


def _with_last_day(request: web.Request, listing: Listing, row: Row) -> Row:
    """An exchange that has been open for less than a day tells about the time since it opened."""
    volume, change = request.app[CHARTS].day(listing)
    return {**row, "volume_24hr": volume, "one_day_price_change": change}


def _named(request: web.Request, listing: Listing) -> bool:
    query = request.query
    words, title = query.get("q", "").lower(), query.get("event_title", "").lower()
    return (
        words in listing.market.question.lower()
        and title in listing.event_title.lower()
        and query.get("event_id", listing.event_id) == listing.event_id
        and query.get("tag_slug", listing.category).lower() == listing.category.lower()
    )


def _within(row: Row, bounds: dict[str, tuple[float | None, float | None]]) -> bool:
    for name, (low, high) in bounds.items():
        value = _number(row, name)
        if (low is not None and value < low) or (high is not None and value > high):
            return False
    return True


def _number(row: Row, name: str) -> float:
    """The price of a market is that of its first token."""
    tokens = row["tokens"]
    value = tokens[0]["price"] if name == "price" and isinstance(tokens, list) else row[name]
    assert isinstance(value, (int, float)), name
    return float(value)


def _sortable(row: Row, name: str) -> tuple[float, str]:
    return (0.0, str(row[name] or "")) if name in {"end_date", "question"} else (_number(row, name), "")


def _descending(request: web.Request) -> bool:
    position = request.query.get("position", "DESC").upper()
    if position not in {"ASC", "DESC"}:
        raise Refused(400, "position must be ASC or DESC")
    return position == "DESC"


def _bound(request: web.Request, name: str) -> float | None:
    text = request.query.get(name)
    try:
        return None if text is None else float(text)
    except ValueError:
        raise Refused(400, f"{name} must be a number") from None
