"""The market catalogue (protocol reference, section 6): markets, events and search.

Faithful to its oddities: lists inside JSON strings, numbers as text beside numbers, and `order=volume` sorting text.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable
from typing import TypeAlias

from aiohttp import web

from pmm.exchange.answers import Handler, Refused, answer
from pmm.exchange.documents import event_document, market_document
from pmm.exchange.source import Source
from pmm.sim.catalog import Listing

Document: TypeAlias = dict[str, object]

MARKETS_MAX = 100
EVENTS_MAX = 500
LIMIT_DEFAULT = 20
SEARCH_DEFAULT = 10


class Gamma:
    """The handlers; the routes begin with a prefix."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def routes(self, prefix: str) -> list[web.RouteDef]:
        routes = [
            ("/markets", self._plain(self._markets, MARKETS_MAX)),
            ("/events", self._plain(self._events, EVENTS_MAX)),
            ("/markets/keyset", self._keyset("markets", self._markets, MARKETS_MAX)),
            ("/events/keyset", self._keyset("events", self._events, EVENTS_MAX)),
            ("/markets/slug/{key}", self._one(self._all_markets, "slug")),
            ("/events/slug/{key}", self._one(self._all_events, "slug")),
            ("/markets/{key}", self._one(self._all_markets, "id")),
            ("/events/{key}", self._one(self._all_events, "id")),
            ("/public-search", self._search),
        ]
        return [web.get(prefix + path, handler) for path, handler in routes]

    # --- what there is --------------------------------------------------------------------------------------------

    def _all_markets(self) -> list[Document]:
        return [market_document(self._source, listing) for listing in self._source.listings]

    def _all_events(self) -> list[Document]:
        groups: dict[str, list[Listing]] = {}
        for listing in self._source.listings:
            groups.setdefault(listing.event_id, []).append(listing)
        return [event_document(self._source, members) for members in groups.values()]

    def _markets(self, request: web.Request) -> list[Document]:
        query = request.query
        rows: Iterable[Document] = self._all_markets()
        for key, field in (("id", "id"), ("slug", "slug"), ("condition_ids", "conditionId")):
            if key in query:
                wanted = _several(request, key)
                rows = [row for row in rows if row[field] in wanted]
        if "clob_token_ids" in query:
            tokens = _several(request, "clob_token_ids")
            rows = [row for row in rows if any(token in str(row["clobTokenIds"]) for token in tokens)]
        return _ordered(request, _flagged(request, rows))

    def _events(self, request: web.Request) -> list[Document]:
        rows: Iterable[Document] = self._all_events()
        for key in ("id", "slug"):
            if key in request.query:
                wanted = _several(request, key)
                rows = [row for row in rows if row[key] in wanted]
        words = request.query.get("title_search", "").lower()
        rows = [row for row in rows if words in str(row["title"]).lower()]
        return _ordered(request, _flagged(request, rows))

    # --- how it is asked for --------------------------------------------------------------------------------------

    def _plain(self, rows: Callable[[web.Request], list[Document]], limit_max: int) -> Handler:
        """The old lists: `limit` and `offset`, answered with a bare array."""

        async def handle(request: web.Request) -> web.Response:
            offset = _count(request, "offset", 0)
            return answer(rows(request)[offset : offset + min(_count(request, "limit", LIMIT_DEFAULT), limit_max)])

        return handle

    def _keyset(self, name: str, rows: Callable[[web.Request], list[Document]], limit_max: int) -> Handler:
        """The paged lists: `limit` and `after_cursor`; the last page has no `next_cursor`."""

        async def handle(request: web.Request) -> web.Response:
            if "offset" in request.query:
                raise _invalid("offset is not supported, use after_cursor")
            limit = min(max(_count(request, "limit", LIMIT_DEFAULT), 1), limit_max)
            start = _position(request.query.get("after_cursor", ""))
            found = rows(request)
            page: dict[str, object] = {name: found[start : start + limit]}
            if start + limit < len(found):
                page["next_cursor"] = base64.urlsafe_b64encode(str(start + limit).encode()).decode()
            return answer(page)

        return handle

    def _one(self, rows: Callable[[], list[Document]], field: str) -> Handler:
        async def handle(request: web.Request) -> web.Response:
            for row in rows():
                if row[field] == request.match_info["key"]:
                    return answer(row)
            raise Refused(404, f"{field} not found", type="not found error")

        return handle

    async def _search(self, request: web.Request) -> web.Response:
        words = request.query.get("q", "").lower().split()
        if not words:
            raise _invalid("q is required")
        found = [event for event in self._all_events() if _mentions(event, words)]
        limit = max(_count(request, "limit_per_type", SEARCH_DEFAULT), 1)
        start = (max(_count(request, "page", 1), 1) - 1) * limit
        pagination = {"hasMore": start + limit < len(found), "totalResults": len(found)}
        return answer({"events": found[start : start + limit], "tags": [], "profiles": [], "pagination": pagination})


def _mentions(event: Document, words: list[str]) -> bool:
    """Whether every word occurs in an event, in its title or in one of its markets."""
    markets = event["markets"]
    questions = [str(market["question"]) for market in markets] if isinstance(markets, list) else []
    text = " ".join([str(event["title"]), str(event["slug"]), *questions]).lower()
    return all(word in text for word in words)


def _several(request: web.Request, key: str) -> set[str]:
    """The values of a key that may be repeated, or hold a comma list."""
    return {part for value in request.query.getall(key) for part in value.split(",")}


def _flagged(request: web.Request, rows: Iterable[Document]) -> list[Document]:
    """`closed` is false unless asked for; `active` and `archived` only filter when given."""
    flags = {"closed": False} | {
        key: request.query[key].lower() == "true" for key in ("closed", "active", "archived") if key in request.query
    }
    return [row for row in rows if all(row[key] is wanted for key, wanted in flags.items())]


def _ordered(request: web.Request, rows: list[Document]) -> list[Document]:
    """Sorted by the fields of `order`, descending unless `ascending=true`; unknown fields are refused."""
    fields = [field for field in request.query.get("order", "").split(",") if field]
    reverse = request.query.get("ascending", "false").lower() != "true"
    for field in reversed(fields):
        if any(field not in row or isinstance(row[field], (list, dict)) for row in rows):
            raise _invalid("order fields are not valid")
        rows = sorted(rows, key=lambda row: _sortable(row[field]), reverse=reverse)
    return rows


def _sortable(value: object) -> tuple[bool, float, str]:
    """Numbers by size, everything else as the text it is: "9" comes after "10"."""
    if isinstance(value, (int, float)):
        return True, float(value), ""
    return False, 0.0, "" if value is None else str(value)


def _count(request: web.Request, key: str, default: int) -> int:
    text = request.query.get(key)
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise _invalid(f"{key} must be a number that is not negative")
    return int(text)


def _position(cursor: str) -> int:
    try:
        position = int(base64.urlsafe_b64decode(cursor)) if cursor else 0
    except (binascii.Error, ValueError):
        raise _invalid("after_cursor is not valid") from None
    if position < 0:
        raise _invalid("after_cursor is not valid")
    return position


def _invalid(text: str) -> Refused:
    return Refused(422, text, type="validation error")
