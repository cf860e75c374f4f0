"""Find markets: list, search, and turn whatever a person calls a market into exactly one.

async with VenueHttp() as http:
    market = await Discovery(http, settings.venue).resolve("will-it-rain")
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar
from urllib.parse import quote, unquote, urlsplit

from pmm.errors import BadAnswer, MarketNotFound, VenueError
from pmm.model import BookPage, ConditionId, Market, TokenId
from pmm.settings import Venue
from pmm.venues.polymarket import codec
from pmm.venues.polymarket.codec import VenueEvent
from pmm.venues.polymarket.rest import CONNECTIONS_MAX, Params, Refused, VenueHttp

MARKETS_PER_PAGE = 100
EVENTS_PER_PAGE = 100
SEARCH_PER_PAGE = 50
SEARCH_PAGES_MAX = 10
BOOKS_PER_CALL = 500
# An id has 66 characters: more of them would make an address that servers refuse.
NAMES_PER_CALL = 50
CHOICES_SHOWN = 10
# Some of the busiest markets are closing, or have no tokens yet.
CANARY_CANDIDATES = 10

_CONDITION_ID = re.compile(r"0x([0-9a-fA-F]{64}|[0-9a-fA-F]{62})")
_SLUG = re.compile(r"[a-z0-9][a-z0-9._-]*")
_LOCALE = re.compile(r"[a-z]{2}(-[A-Za-z]{2,4})?")
# Ids of the metadata service have a handful of digits, token ids up to 78.
_TOKEN_DIGITS_MIN = 20

Found = TypeVar("Found")


class MarketAmbiguous(MarketNotFound):
    """Several markets fit; `choices` holds their slugs."""

    code = "PMM-E405"
    hint = "Name one of them by its slug."

    def __init__(self, text: str, markets: Sequence[Market]) -> None:
        shown = ", ".join(market.slug for market in markets[:CHOICES_SHOWN])
        more = f" and {len(markets) - CHOICES_SHOWN} more" if len(markets) > CHOICES_SHOWN else ""
        super().__init__(f"{text!r} fits {len(markets)} markets: {shown}{more}")
        self.choices = [market.slug for market in markets]


class Discovery:
    """Reads of the metadata service and of books.  `odd` collects records that had to be left out, with the reason."""

    def __init__(self, http: VenueHttp, venue: Venue) -> None:
        self._http = http
        self._gamma = venue.gamma_api_url
        self._clob = venue.clob_api_url
        self.odd: list[str] = []

    @property
    def clob_url(self) -> str:
        """The address of the venue's books."""
        return self._clob

    async def markets(self, limit: int, *, order: str = "volumeNum") -> list[Market]:
        """Up to `limit` active markets, largest `order` first (a field of the metadata service)."""
        params = [("closed", "false"), ("order", order), ("ascending", "false")]

        def active(market: Market) -> bool:
            return market.active and not market.closed

        return await self._listing("markets", MARKETS_PER_PAGE, limit, params, codec.market, active)

    async def events(self, limit: int, *, order: str = "volume") -> list[VenueEvent]:
        """Up to `limit` open events with their markets, largest `order` first."""
        params = [("closed", "false"), ("order", order), ("ascending", "false")]

        def is_open(event: VenueEvent) -> bool:
            return not event.closed

        return await self._listing("events", EVENTS_PER_PAGE, limit, params, codec.event, is_open)

    async def search(self, text: str, limit: int) -> list[Market]:
        """Markets that hold every word of `text`; where none does, the markets of events whose title does."""
        words = text.casefold().split()
        by_question: list[Market] = []
        by_event: list[Market] = []
        for number in range(1, SEARCH_PAGES_MAX + 1):
            events, more = await self._search_page(text, number)
            for event in events:
                for market in event.markets:
                    if _holds(words, market.question, market.slug):
                        by_question.append(market)
                    elif _holds(words, event.title, event.slug):
                        by_event.append(market)
            if not more or len(by_question) >= limit:
                break
        return (by_question or by_event)[:limit]

    async def resolve(self, text: str) -> Market:
        """The one market meant by a slug, web address, condition id, token id, id or free text.

        Raises MarketNotFound when there is none and MarketAmbiguous when there are several.
        """
        name = text.strip()
        if not name:
            raise MarketNotFound("the name of the market is empty")
        if "://" in name or "polymarket.com/" in name:
            return await self._by_address(name)
        if _CONDITION_ID.fullmatch(name):
            return _single(name, await self._filtered(("condition_ids",), name))
        if name.isdecimal() and len(name) >= _TOKEN_DIGITS_MIN:
            return _single(name, await self._filtered(("clob_token_ids", "position_ids"), name))
        if name.isdecimal() and (market := await self._one(f"markets/{name}", codec.market)):
            return market
        if _SLUG.fullmatch(name.lower()) and (market := await self._by_slug(name.lower())):
            return market
        return await self._by_words(name)

    async def resolve_all(self, texts: Sequence[str]) -> list[Market]:
        """The markets meant by several texts, each once, in their order, slugs in as few calls as possible.

        Raises what `resolve` raises for the first one that fails.
        """
        slugs = {text: text.strip().lower() for text in texts if _is_slug(text.strip())}
        known = await self._open_by_slug(list(slugs.values())) if len(slugs) > 1 else {}
        gate = asyncio.Semaphore(CONNECTIONS_MAX)

        async def one(text: str) -> Market:
            market = known.get(slugs.get(text, ""))
            if market is not None:
                return market
            async with gate:
                return await self.resolve(text)

        answers = await asyncio.gather(*map(one, texts), return_exceptions=True)
        found: dict[ConditionId, Market] = {}
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer
            found.setdefault(answer.condition_id, answer)
        return list(found.values())

    async def with_sizes(self, markets: Sequence[Market]) -> list[Market]:
        """The same markets; where several belong to one neg-risk event, they know how many outcomes it has.

        That is asked of the event itself; where it cannot be read, nobody knows.
        """
        slugs = Counter(market.event_slug for market in markets if market.neg_risk_id and market.event_slug)
        sizes: dict[ConditionId, int | None] = {}
        for slug in (slug for slug, count in slugs.items() if count > 1):
            try:
                event = await self._one(f"events/slug/{quote(slug, safe='')}", codec.event)
            except VenueError as error:
                self.odd.append(f"the outcomes of {slug} cannot be counted: {error.message}")
                continue
            sizes |= {each.condition_id: each.event_size for each in (event.markets if event else ())}
        return [replace(market, event_size=sizes.get(market.condition_id)) for market in markets]

    async def canary(self, choice: str, quoted: Sequence[Market]) -> Market | None:
        """The market to watch beside the quoted ones: named, none for `off`, the busiest other one for `auto`.

        It only tells whether data flows: where none can be found there is none.
        """
        if choice == "off":
            return None
        if choice != "auto":
            return await self.resolve(choice)
        names = {market.condition_id for market in quoted}
        try:
            busiest = await self.markets(len(names) + CANARY_CANDIDATES, order="volume24hr")
        except VenueError as error:
            self.odd.append(f"no canary: {error.message}")
            return None
        return next((market for market in busiest if market.tradable and market.condition_id not in names), None)

    async def facts(self, condition_ids: Sequence[ConditionId]) -> list[Market]:
        """Markets by their condition ids, closed ones too, in any order; unknown ones are left out."""
        return [
            market
            for closed in ("false", "true")
            for market in await self._named("condition_ids", condition_ids, closed=closed)
        ]

    async def token(self, text: str) -> TokenId:
        """The token meant by `text`: itself when it is a token id, else the first token of the market."""
        name = text.strip()
        if name.isdecimal() and len(name) >= _TOKEN_DIGITS_MIN:
            return name
        market = await self.resolve(name)
        if not market.tokens:
            raise MarketNotFound(f"market {market.slug} has no tokens yet")
        return market.yes

    async def book(self, token: TokenId) -> BookPage:
        """The book of one token.  Raises MarketNotFound when the venue has none."""
        try:
            answer = await self._http.get(f"{self._clob}/book", [("token_id", token)])
        except Refused as error:
            raise MarketNotFound(f"there is no book of token {token}: {error.reason}") from error
        page = codec.book(answer)
        if page.token != token:
            raise BadAnswer(f"the book of {page.token} came for token {token}")
        return page

    async def books(self, tokens: Sequence[TokenId]) -> list[BookPage]:
        """The books of several tokens in their order, in as few calls as the venue allows."""
        if len(tokens) == 1:
            return [await self.book(tokens[0])]
        records = await self._book_records(tokens)
        pages = {page.token: page for page in map(codec.book, records)}
        missing = [token for token in tokens if token not in pages]
        if missing:
            raise MarketNotFound(f"there is no book of token {', '.join(missing)}")
        return [pages[token] for token in tokens]

    async def known_books(self, tokens: Sequence[TokenId]) -> dict[TokenId, BookPage]:
        """The books that the venue has of several tokens; one that cannot be read is noted in `odd` and left out."""
        pages = self._readable(await self._book_records(tokens), codec.book)
        return {page.token: page for page in pages}

    async def _book_records(self, tokens: Sequence[TokenId]) -> list[object]:
        found: list[object] = []
        for start in range(0, len(tokens), BOOKS_PER_CALL):
            body = [{"token_id": token} for token in tokens[start : start + BOOKS_PER_CALL]]
            found += codec.array(await self._http.post_read(f"{self._clob}/books", body), "books")
        return found

    async def _by_address(self, address: str) -> Market:
        """`/event/<event>[/<market>]` and `/market/<slug>`, with or without a locale in front."""
        parts = urlsplit(address if "://" in address else f"https://{address}")
        segments = [unquote(segment) for segment in parts.path.split("/") if segment]
        if segments and _LOCALE.fullmatch(segments[0]):
            segments = segments[1:]
        match segments:
            case ["event", _, slug, *_] | ["market" | "markets", slug, *_] | ["event", slug]:
                market = await self._by_slug(slug.lower(), event_first=segments[0] == "event" and len(segments) == 2)
            case _:
                raise MarketNotFound(f"{address} is not the address of a market")
        if market is None:
            raise MarketNotFound(f"there is no market at {address}")
        return market

    async def _by_slug(self, slug: str, *, event_first: bool = False) -> Market | None:
        if not event_first and (market := await self._one(f"markets/slug/{quote(slug, safe='')}", codec.market)):
            return market
        event = await self._one(f"events/slug/{quote(slug, safe='')}", codec.event)
        if event is not None and event.markets:
            return _single(slug, [each for each in event.markets if not each.closed] or event.markets)
        return await self._one(f"markets/slug/{quote(slug, safe='')}", codec.market) if event_first else None

    async def _open_by_slug(self, slugs: Sequence[str]) -> dict[str, Market]:
        return {market.slug: market for market in await self._named("slug", slugs, closed="false")}

    async def _named(self, key: str, values: Sequence[str], *, closed: str) -> list[Market]:
        """The markets that a filter of several values finds, many values in one call."""
        found: list[Market] = []
        for start in range(0, len(values), NAMES_PER_CALL):
            names = [(key, value) for value in values[start : start + NAMES_PER_CALL]]
            params = [*names, ("closed", closed), ("limit", str(NAMES_PER_CALL))]
            records, _ = codec.page(await self._http.get(f"{self._gamma}/markets/keyset", params), "markets")
            found += self._readable(records, codec.market)
        return found

    async def _by_words(self, text: str) -> Market:
        found = await self.search(text, SEARCH_PER_PAGE)
        exact = [market for market in found if market.question.casefold() == text.casefold()]
        return _single(text, exact or found)

    async def _filtered(self, keys: Sequence[str], value: str) -> list[Market]:
        """Markets by an exact filter.  The service leaves out closed ones unless told, so both are asked for."""
        for key in keys:
            for closed in ("false", "true"):
                params = [(key, value), ("closed", closed), ("limit", "5")]
                records, _ = codec.page(await self._http.get(f"{self._gamma}/markets/keyset", params), "markets")
                if records:
                    return [codec.market(record) for record in records]
        return []

    async def _one(self, path: str, read: Callable[[object], Found]) -> Found | None:
        """One record by its path; None where the service has none."""
        try:
            return read(await self._http.get(f"{self._gamma}/{path}"))
        except Refused as error:
            if error.status in {404, 422}:
                return None
            raise

    async def _listing(
        self,
        kind: str,
        size: int,
        limit: int,
        params: Params,
        read: Callable[[object], Found],
        wanted: Callable[[Found], bool],
    ) -> list[Found]:
        """The first `limit` wanted records of a keyset listing, page after page."""
        found: list[Found] = []
        cursor: str | None = None
        seen: set[str] = set()
        while True:
            here = [*params, ("limit", str(min(limit, size))), *([("after_cursor", cursor)] if cursor else [])]
            records, cursor = codec.page(await self._http.get(f"{self._gamma}/{kind}/keyset", here), kind)
            found += filter(wanted, self._readable(records, read))
            if len(found) >= limit or cursor is None or not records:
                return found[:limit]
            if cursor in seen:
                raise BadAnswer(f"the listing of {kind} repeats a page")
            seen.add(cursor)

    def _readable(self, records: Sequence[object], read: Callable[[object], Found]) -> Iterator[Found]:
        """Every record that can be read; the others are noted in `odd` and left out."""
        for record in records:
            try:
                yield read(record)
            except BadAnswer as error:
                self.odd.append(error.message)

    async def _search_page(self, text: str, number: int) -> tuple[list[VenueEvent], bool]:
        params = [("q", text), ("page", str(number)), ("limit_per_type", str(SEARCH_PER_PAGE))]
        answer = await self._http.get(f"{self._gamma}/public-search", params)
        if not isinstance(answer, dict):
            raise BadAnswer("the answer to a search is not an object")
        events = list(self._readable(codec.array(answer.get("events") or [], "events"), codec.event))
        paging = answer.get("pagination")
        return events, isinstance(paging, dict) and paging.get("hasMore") is True


def _is_slug(name: str) -> bool:
    return bool(_SLUG.fullmatch(name.lower())) and not name.isdecimal() and not _CONDITION_ID.fullmatch(name)


def _holds(words: Sequence[str], *texts: str) -> bool:
    whole = " ".join(texts).casefold()
    return all(word in whole for word in words)


def _single(text: str, markets: Sequence[Market]) -> Market:
    if not markets:
        raise MarketNotFound(f"there is no market {text!r}")
    if len(markets) > 1:
        raise MarketAmbiguous(text, markets)
    return markets[0]
