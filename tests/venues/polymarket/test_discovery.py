"""Whatever a person calls a market becomes exactly one market, or a clear failure."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from aiohttp import web

from pmm.errors import BadAnswer, Exit, MarketNotFound
from pmm.venues.polymarket.discovery import Discovery, MarketAmbiguous
from pmm.venues.polymarket.rest import VenueHttp
from tests.support.story import market
from tests.venues.polymarket.stub import CONDITION, NO, YES, Answer, Handler, Stub, answers, clob, gamma, serve


def catalogue(count: int) -> Handler:
    """A keyset listing of `count` markets, cheapest to check page by page."""
    records = [gamma(f"m{n}", volume=str(count - n)) for n in range(count)]

    async def handler(request: web.Request) -> Answer:
        start = int(request.query.get("after_cursor", "0"))
        stop = start + int(request.query["limit"])
        more = {"next_cursor": str(stop)} if stop < count else {}
        return web.json_response({"markets": records[start:stop], **more})

    return handler


async def test_a_listing_goes_past_one_page_and_stops_at_the_limit() -> None:
    async with serve(catalogue(250)) as stub, VenueHttp() as http:
        found = await Discovery(http, stub.venue).markets(230)
    assert [market.slug for market in found] == [f"m{n}" for n in range(230)]
    assert len(stub.asked) == 3
    assert all("order=volumeNum" in line and "closed=false" in line for line in stub.asked)


async def test_a_listing_that_is_shorter_than_the_limit_ends() -> None:
    async with serve(catalogue(3)) as stub, VenueHttp() as http:
        assert len(await Discovery(http, stub.venue).markets(20)) == 3


async def test_a_listing_that_repeats_its_cursor_is_refused() -> None:
    page = {"markets": [gamma()], "next_cursor": "x"}
    async with serve(answers({"/markets/keyset": page})) as stub, VenueHttp() as http:
        with pytest.raises(BadAnswer, match="repeats a page"):
            await Discovery(http, stub.venue).markets(20)


async def test_inactive_and_unreadable_markets_are_left_out_and_the_latter_noted() -> None:
    page = {"markets": [gamma("a"), gamma("b", active=False), gamma("c", version="v9"), gamma("d")]}
    async with serve(answers({"/markets/keyset": page})) as stub, VenueHttp() as http:
        discovery = Discovery(http, stub.venue)
        assert [market.slug for market in await discovery.markets(20)] == ["a", "d"]
    assert discovery.odd == ["market c is of unknown version 'v9'"]


async def test_events_come_with_their_markets() -> None:
    event = {"id": "1", "slug": "e", "title": "E", "markets": [gamma("a"), gamma("b")]}
    async with serve(answers({"/events/keyset": {"events": [event]}})) as stub, VenueHttp() as http:
        (found,) = await Discovery(http, stub.venue).events(5)
    assert (found.slug, len(found.markets)) == ("e", 2)


OUTCOMES = [gamma(name, conditionId=f"0x{name}", negRisk=True, negRiskMarketID="0xe") for name in ("a", "b", "c")]
QUOTED = [replace(market(condition=f"0x{name}"), slug=name, event_slug="e", neg_risk_id="0xe") for name in ("a", "b")]


@pytest.mark.parametrize(("augmented", "size"), [(False, 3), (True, None)])
async def test_markets_of_one_neg_risk_event_are_told_how_many_outcomes_it_has(
    augmented: bool, size: int | None
) -> None:
    event = {"id": "1", "slug": "e", "title": "E", "negRisk": True, "negRiskAugmented": augmented, "markets": OUTCOMES}
    async with serve(answers({"/events/slug/e": event})) as stub, VenueHttp() as http:
        found = await Discovery(http, stub.venue).with_sizes([*QUOTED, market()])
    assert [each.event_size for each in found] == [size, size, None]
    assert [each.slug for each in found] == ["a", "b", "rain"]


async def test_an_event_that_cannot_be_read_keeps_nobody_from_quoting() -> None:
    async with serve(answers({"/events/slug/e": {"id": 1}})) as stub, VenueHttp() as http:
        discovery = Discovery(http, stub.venue)
        assert await discovery.with_sizes(QUOTED) == QUOTED
    assert discovery.odd[0].startswith("the outcomes of e cannot be counted")


def searchable(*titled: tuple[str, list[dict[str, object]]]) -> dict[str, object]:
    events = [{"id": str(n), "slug": title, "title": title, "markets": rows} for n, (title, rows) in enumerate(titled)]
    return {"events": events, "pagination": {"hasMore": False}}


async def test_a_search_returns_rows_that_hold_every_word() -> None:
    page = searchable(("weather", [gamma("rain-in-may"), gamma("snow-in-may")]), ("rain", [gamma("sun")]))
    async with serve(answers({"/public-search": page})) as stub, VenueHttp() as http:
        found = await Discovery(http, stub.venue).search("May RAIN", 20)
    assert [market.slug for market in found] == ["rain-in-may"]


async def test_a_search_falls_back_to_the_titles_of_events() -> None:
    page = searchable(("world cup winner", [gamma("france"), gamma("spain")]), ("else", [gamma("x")]))
    async with serve(answers({"/public-search": page})) as stub, VenueHttp() as http:
        found = await Discovery(http, stub.venue).search("cup winner", 20)
    assert [market.slug for market in found] == ["france", "spain"]


async def test_a_search_turns_the_pages_of_the_service() -> None:
    async def handler(request: web.Request) -> Answer:
        number = int(request.query["page"])
        page = searchable(("e", [gamma(f"rain-{number}")]))
        return web.json_response({**page, "pagination": {"hasMore": number < 3}})

    async with serve(handler) as stub, VenueHttp() as http:
        found = await Discovery(http, stub.venue).search("rain", 20)
    assert [market.slug for market in found] == ["rain-1", "rain-2", "rain-3"]


BY_PATH: dict[str, object] = {
    "/markets/slug/rain": gamma("rain"),
    "/markets/7": gamma("rain"),
    "/events/slug/weather": {"id": "1", "slug": "weather", "title": "W", "markets": [gamma("rain"), gamma("snow")]},
    "/events/slug/lonely": {"id": "2", "slug": "lonely", "title": "L", "markets": [gamma("rain")]},
    "/events/slug/half": {"id": "3", "slug": "half", "title": "H", "markets": [gamma("rain"), gamma("x", closed=True)]},
    "/public-search": searchable(("w", [gamma("rain"), gamma("rain-or-snow")])),
}


@pytest.mark.parametrize(
    "text",
    [
        "rain",
        "  Rain ",
        "7",
        "https://polymarket.com/event/weather/rain",
        "https://polymarket.com/de/event/weather/rain",
        "https://polymarket.com/zh-hant/event/weather/rain?tid=5#x",
        "polymarket.com/event/weather/rain/",
        "https://polymarket.com/market/rain",
        "https://polymarket.com/event/lonely",
        "https://polymarket.com/event/half",
        "https://polymarket.com/event/rain",
        "lonely",
        "Will rain happen?",
        "or snow",
    ],
)
async def test_every_way_to_name_a_market_leads_to_it(text: str) -> None:
    async with serve(answers(BY_PATH)) as stub, VenueHttp() as http:
        found = await Discovery(http, stub.venue).resolve(text)
    assert found.slug == ("rain-or-snow" if text == "or snow" else "rain")


@pytest.mark.parametrize("text", ["weather", "https://polymarket.com/event/weather"])
async def test_an_event_of_several_markets_is_ambiguous_and_lists_them(text: str) -> None:
    async with serve(answers(BY_PATH)) as stub, VenueHttp() as http:
        with pytest.raises(MarketAmbiguous, match="fits 2 markets: rain, snow") as caught:
            await Discovery(http, stub.venue).resolve(text)
    assert caught.value.choices == ["rain", "snow"]


async def test_words_that_fit_several_markets_are_ambiguous() -> None:
    async with serve(answers(BY_PATH)) as stub, VenueHttp() as http:
        with pytest.raises(MarketAmbiguous, match="rain, rain-or-snow"):
            await Discovery(http, stub.venue).resolve("happen?")


@pytest.mark.parametrize(
    "text",
    ["", "   ", "no-such-market", "99", "words that nothing holds", "https://polymarket.com/",
     "https://polymarket.com/event/nothing", "https://polymarket.com/profile/rain", "../../etc/passwd", "0x12"],
)  # fmt: skip
async def test_what_is_no_market_is_not_found(text: str) -> None:
    async with serve(answers(BY_PATH)) as stub, VenueHttp() as http:
        with pytest.raises(MarketNotFound) as caught:
            await Discovery(http, stub.venue).resolve(text)
    assert caught.value.exit is Exit.NOT_FOUND


def filtered(key: str, value: str, *, closed: str = "false") -> Handler:
    """A service that knows one market by one filter, open or closed."""

    async def handler(request: web.Request) -> Answer:
        fits = request.query.get(key) == value and request.query.get("closed") == closed
        return web.json_response({"markets": [gamma("rain")] if fits else []})

    return handler


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("condition_ids", CONDITION),
        ("condition_ids", "0x" + "d" * 62),
        ("clob_token_ids", YES),
        ("position_ids", NO),
    ],
)
@pytest.mark.parametrize("closed", ["false", "true"])
async def test_an_id_is_looked_up_exactly_open_or_closed(key: str, text: str, closed: str) -> None:
    async with serve(filtered(key, text, closed=closed)) as stub, VenueHttp() as http:
        assert (await Discovery(http, stub.venue).resolve(text)).slug == "rain"


@pytest.mark.parametrize("text", [CONDITION, YES])
async def test_an_id_that_nobody_knows_is_not_found(text: str) -> None:
    async with serve(filtered("nothing", "x")) as stub, VenueHttp() as http:
        with pytest.raises(MarketNotFound):
            await Discovery(http, stub.venue).resolve(text)


async def test_several_books_come_in_one_request_and_in_the_order_asked() -> None:
    async with serve(answers({"/books": [clob(NO), clob(YES)]})) as stub, VenueHttp() as http:
        pages = await Discovery(http, stub.venue).books([YES, NO])
    assert [page.token for page in pages] == [YES, NO]
    assert stub.asked == ["POST /books"]


async def test_a_batch_is_split_at_the_limit_of_the_venue() -> None:
    async def handler(request: web.Request) -> Answer:
        asked = json.loads(await request.text())
        assert len(asked) <= 500
        return web.json_response([clob(each["token_id"]) for each in asked])

    tokens = [str(10**30 + n) for n in range(501)]
    async with serve(handler) as stub, VenueHttp() as http:
        pages = await Discovery(http, stub.venue).books(tokens)
    assert [page.token for page in pages] == tokens
    assert len(stub.asked) == 2


async def test_a_book_the_venue_leaves_out_of_a_batch_is_named() -> None:
    async with serve(answers({"/books": [clob(YES)]})) as stub, VenueHttp() as http:
        with pytest.raises(MarketNotFound, match=f"no book of token {NO}"):
            await Discovery(http, stub.venue).books([YES, NO])


async def test_of_several_books_those_that_are_missing_or_cannot_be_read_may_be_left_out() -> None:
    tokens = [str(10**30 + n) for n in range(3)]
    rows = [clob(tokens[0]), clob(tokens[1], bids="none")]
    async with serve(answers({"/books": rows})) as stub, VenueHttp() as http:
        discovery = Discovery(http, stub.venue)
        assert list(await discovery.known_books(tokens)) == tokens[:1]
    assert len(discovery.odd) == 1


async def test_no_books_are_asked_for_without_a_token() -> None:
    async with serve(answers({})) as stub, VenueHttp() as http:
        assert await Discovery(http, stub.venue).known_books([]) == {}
    assert stub.asked == []


async def test_a_book_of_another_token_is_refused() -> None:
    async with serve(answers({"/book": clob(NO)})) as stub, VenueHttp() as http:
        with pytest.raises(BadAnswer, match="came for token"):
            await Discovery(http, stub.venue).book(YES)


async def test_a_token_id_is_itself_and_a_market_its_first_token() -> None:
    async with serve(answers(BY_PATH)) as stub, VenueHttp() as http:
        discovery = Discovery(http, stub.venue)
        assert await discovery.token(NO) == NO
        assert not stub.asked
        assert await discovery.token("rain") == YES


async def test_a_market_without_tokens_has_no_book() -> None:
    async with serve(answers({"/markets/slug/new": gamma("new", clobTokenIds="[]")})) as stub, VenueHttp() as http:
        with pytest.raises(MarketNotFound, match="has no tokens yet"):
            await Discovery(http, stub.venue).token("new")


def listing_of(*records: dict[str, object]) -> Handler:
    """A listing that filters by slug, id and `closed`, as the service does."""

    async def handler(request: web.Request) -> Answer:
        found = [record for record in records if str(record["closed"]).lower() == request.query.get("closed", "false")]
        for key, name in (("slug", "slug"), ("condition_ids", "conditionId")):
            if key in request.query:
                found = [record for record in found if record[name] in request.query.getall(key)]
        if request.path.startswith("/markets/slug/"):
            slug = request.path.rpartition("/")[2]
            return next((web.json_response(each) for each in records if each["slug"] == slug), web.Response(status=404))
        return web.json_response({"markets": found[: int(request.query["limit"])]})

    return handler


def numbered(count: int) -> list[dict[str, object]]:
    return [gamma(f"m{n}", conditionId=f"0x{n:064x}") for n in range(count)]


async def test_many_slugs_are_few_calls_and_each_market_comes_once_in_the_order_asked() -> None:
    async with serve(listing_of(*numbered(120))) as stub, VenueHttp() as http:
        names = [f"m{n}" for n in reversed(range(120))]
        found = await Discovery(http, stub.venue).resolve_all([*names, " M7 ", "m7"])
    assert [market.slug for market in found] == names
    assert len(stub.asked) == 3


async def test_a_name_that_is_no_open_slug_is_looked_for_in_every_other_way() -> None:
    records = [gamma("open", conditionId="0x" + "1" * 64), gamma("over", conditionId="0x" + "2" * 64, closed=True)]
    async with serve(listing_of(*records)) as stub, VenueHttp() as http:
        found = await Discovery(http, stub.venue).resolve_all(["over", "open", "0x" + "1" * 64])
    assert [market.slug for market in found] == ["over", "open"]


async def test_the_first_name_that_is_no_market_is_the_failure_of_all() -> None:
    async with serve(listing_of(*numbered(3))) as stub, VenueHttp() as http:
        with pytest.raises(MarketNotFound, match="is empty"):
            await Discovery(http, stub.venue).resolve_all(["m1", " ", "m2"])


async def test_facts_of_many_markets_are_few_calls_and_closed_ones_are_among_them() -> None:
    records = numbered(70)
    records[5]["closed"] = True
    async with serve(listing_of(*records)) as stub, VenueHttp() as http:
        ids = [str(record["conditionId"]) for record in records]
        found = await Discovery(http, stub.venue).facts([*ids, "0x" + "f" * 64])
    assert sorted(market.condition_id for market in found) == sorted(ids)
    assert [market.slug for market in found if market.closed] == ["m5"]
    assert len(stub.asked) == 4


async def test_the_canary_is_the_busiest_market_that_is_not_quoted_and_may_be_traded() -> None:
    records = numbered(4)
    records[1]["acceptingOrders"] = False
    async with serve(listing_of(*records)) as stub, VenueHttp() as http:
        discovery = Discovery(http, stub.venue)
        quoted = await discovery.resolve_all(["m0"])
        canary = await discovery.canary("auto", quoted)
        assert canary is not None
        assert canary.slug == "m2"
        assert "order=volume24hr" in stub.asked[-1]


async def test_a_canary_may_be_named_switched_off_or_missing() -> None:
    async with serve(listing_of(*numbered(2))) as stub, VenueHttp(attempts=1) as http:
        discovery = Discovery(http, stub.venue)
        named = await discovery.canary("m1", [])
        assert named is not None
        assert named.slug == "m1"
        calls = http.calls
        assert await discovery.canary("off", []) is None
        assert http.calls == calls
        assert await discovery.canary("auto", await discovery.resolve_all(["m0", "m1"])) is None


async def test_a_service_that_cannot_be_asked_for_a_canary_is_no_failure() -> None:
    async with serve(answers({})) as stub, VenueHttp(attempts=1) as http:
        discovery = Discovery(http, stub.venue)
        assert await discovery.canary("auto", []) is None
    assert "no canary" in discovery.odd[0]


def test_the_stub_serves_a_valid_venue() -> None:
    assert Stub("http://127.0.0.1:1").venue.clob_api_url == "http://127.0.0.1:1"
