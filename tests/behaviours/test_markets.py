"""Finding markets and reading their books."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import FrozenInstanceError, fields
from datetime import UTC, datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from pmm.model import BookPage, FeeSchedule, Level, Market, MarketStats, RewardTerms, Token, Trade
from tests.behaviours.conftest import Pmm
from tests.support.blackbox import Exchange, Levels, Record, ladder, run

DEMO_QUESTION = "Will it rain in Springfield tomorrow?"


def test_b008_a_list_has_as_many_rows_as_asked_for_by_volume(pmm: Pmm, venue: Exchange) -> None:
    markets = pmm("markets", "list", "--limit", "5", "--json", **venue.env).document["data"]["markets"]
    volumes = [Decimal(market["volume"]) for market in markets]
    assert len(markets) == 5
    assert markets[0]["slug"] == "demo"
    assert volumes == sorted(volumes, reverse=True)


def test_b008_paging_goes_past_one_page(pmm: Pmm, venue: Exchange) -> None:
    before = len(venue.requests("/gamma/markets/keyset"))
    markets = pmm("markets", "list", "--limit", "115", "--json", **venue.env).document["data"]["markets"]
    assert len({market["slug"] for market in markets}) == 115
    assert len(venue.requests("/gamma/markets/keyset")) - before > 1


@pytest.fixture(scope="module")
def demo(venue: Exchange, tmp_path_factory: pytest.TempPathFactory) -> Record:
    """The demo market as `pmm markets show` tells it."""
    done = run(tmp_path_factory.mktemp("demo"), "markets", "show", "demo", "--json", **venue.env)
    data: Record = done.document["data"]
    return data


@pytest.mark.parametrize("by", ["slug", "condition_id", "token", "address", "text"])
def test_b009_a_market_is_found_by_whatever_names_it(pmm: Pmm, venue: Exchange, demo: Record, by: str) -> None:
    name = {
        "slug": "demo",
        "condition_id": demo["condition_id"],
        "token": demo["tokens"][1]["token_id"],
        "address": f"https://polymarket.com/event/{demo['event_slug']}/demo",
        "text": "rain in springfield",
    }[by]
    found = pmm("markets", "show", name, "--json", **venue.env).document["data"]
    lasting = demo.keys() - {"volume", "liquidity", "stats"}
    assert {key: found[key] for key in lasting} == {key: demo[key] for key in lasting}


def test_b009_the_terms_of_a_market_are_told(demo: Record) -> None:
    assert demo["fees"] == {"rate": "0.05", "exponent": 1, "taker_only": True, "rebate": "0.25"}
    assert demo["rewards"] == {"min_size": "20", "max_spread": "0.03", "per_day": "50"}
    assert datetime.fromtimestamp(demo["ends_ns"] / 10**9, UTC) == datetime.fromisoformat(demo["end_date"])
    assert Decimal(demo["stats"]["best_ask"]) - Decimal(demo["stats"]["best_bid"]) == Decimal(demo["stats"]["spread"])
    assert (demo["neg_risk_id"], demo["game_start"], demo["game_starts_ns"]) == (None, None, None)


def test_b009_a_person_sees_question_outcomes_and_tokens(pmm: Pmm, venue: Exchange, demo: Record) -> None:
    text = pmm("markets", "show", "demo", **venue.env).stdout
    assert DEMO_QUESTION in text
    for token in demo["tokens"]:
        assert token["token_id"] in text
        assert token["outcome"] in text


@pytest.mark.parametrize("name", ["no-such-market", "0x" + "12" * 32, "7" * 77])
def test_b009_an_unknown_market_is_not_found(pmm: Pmm, venue: Exchange, name: str) -> None:
    done = pmm("markets", "show", name, **venue.env)
    assert done.status == 5
    assert done.stdout == ""
    assert 1 <= len(done.complaint) <= 3


def test_b010_events_are_listed_with_their_market_counts(pmm: Pmm, venue: Exchange) -> None:
    events = pmm("events", "list", "--json", **venue.env).document["data"]["events"]
    counts = {event["slug"]: event["market_count"] for event in events}
    assert counts == {
        "springfield-weather": 1,
        "shelbyville-bridge": 1,
        "isotopes-season": 1,
        "springfield-mayor": 3,
        "lemon-of-troy": 120,
    }


def test_b011_a_search_returns_only_what_matches(pmm: Pmm, venue: Exchange) -> None:
    markets = pmm("markets", "search", "mayoral", "--json", **venue.env).document["data"]["markets"]
    assert len(markets) == 3
    assert all("mayoral" in market["question"] for market in markets)
    assert pmm("markets", "search", "zeppelin", "--json", **venue.env).document["data"]["markets"] == []


def test_b012_tokens_come_in_the_order_of_the_outcomes(pmm: Pmm, venue: Exchange, demo: Record) -> None:
    assert [token["outcome"] for token in demo["tokens"]] == ["Yes", "No"]
    first, second = (
        pmm("book", token["token_id"], "--json", **venue.env).document["data"]["condition_id"]
        for token in demo["tokens"]
    )
    assert first == second == demo["condition_id"]


@contextmanager
def catalogue(market: Record) -> Iterator[str]:
    """A catalogue that knows one market by any question asked; its address."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            one = self.path.partition("?")[0].startswith("/markets/slug/")
            body = json.dumps(market if one else [market]).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_b012_a_market_without_tokens_is_flagged_and_not_quoted(pmm: Pmm) -> None:
    market = {
        "id": "1",
        "conditionId": "0x" + "ab" * 32,
        "slug": "bare",
        "question": "Where are the tokens?",
        "outcomes": '["Yes", "No"]',
        "active": True,
        "closed": False,
        "acceptingOrders": True,
        "orderPriceMinTickSize": 0.01,
        "orderMinSize": 5,
    }
    with catalogue(market) as address:
        data = pmm("markets", "show", "bare", "--json", GAMMA_API_URL=address).document["data"]
        assert data["tokens"] == []
        assert "no-tokens" in data["flags"]
        assert not data["tradable"]
        assert pmm("quote", "--market", "bare", GAMMA_API_URL=address).status == 5


def numbers(levels: list[dict[str, str]]) -> list[Decimal]:
    return [Decimal(level["price"]) for level in levels]


def test_b013_a_book_is_sorted_and_equal_to_the_exchange_s(pmm: Pmm, exchange: Exchange) -> None:
    exchange.post("/traders", on=False)
    book = pmm("book", "demo", "--json", **exchange.env).document["data"]
    assert len(book["bids"]) > 5 < len(book["asks"])
    assert numbers(book["bids"]) == sorted(numbers(book["bids"]), reverse=True)
    assert numbers(book["asks"]) == sorted(numbers(book["asks"]))
    assert ladder(book) == exchange.book(book["token_id"])


def test_b013_several_books_are_one_batch(pmm: Pmm, venue: Exchange, demo: Record) -> None:
    before = len(venue.requests("/books")), len(venue.requests("/book"))
    tokens = [token["token_id"] for token in demo["tokens"]]
    books = pmm("book", *tokens, "--json", **venue.env).document["data"]["books"]
    assert [book["token_id"] for book in books] == tokens
    assert (len(venue.requests("/books")), len(venue.requests("/book"))) == (before[0] + 1, before[1])


def brute_force(book: Levels) -> dict[str, Decimal | None]:
    """Best prices, mid and spread by the definitions, nothing where a side is empty."""
    bid = max(map(Decimal, book["bids"]), default=None)
    ask = min(map(Decimal, book["asks"]), default=None)
    if bid is None or ask is None:
        return {"best_bid": bid, "best_ask": ask, "mid": None, "spread": None, "spread_percent": None}
    mid = (bid + ask) / 2
    percent = ((ask - bid) / mid * 100).quantize(Decimal("0.0001"), "ROUND_HALF_UP")
    return {"best_bid": bid, "best_ask": ask, "mid": mid, "spread": ask - bid, "spread_percent": percent}


def test_b014_best_prices_mid_and_spread_equal_brute_force_on_random_books(pmm: Pmm, tmp_path: Path) -> None:
    dice = random.Random(14)
    with Exchange(tmp_path, "--quiet-markets", "24") as exchange:
        names = [f"lemon-of-troy-{number}" for number in range(1, 25)]
        books = pmm("book", *names, "--json", **exchange.env).document["data"]["books"]
        for number, (name, book) in enumerate(zip(names, books, strict=True)):
            exchange.ask("DELETE", f"/orders?token_id={book['token_id']}")
            gap = dice.sample(range(1, 100), 2)
            # Books with two sides, with one, and with none.
            for side, prices in (("BUY", range(1, min(gap) + 1)), ("SELL", range(max(gap), 100))):
                if number % 6 not in {"BUY": (4, 0), "SELL": (5, 0)}[side]:
                    for cents in dice.sample(prices, min(3, len(prices))):
                        size = f"{dice.uniform(5, 500):.2f}"
                        exchange.post("/orders", market=name, side=side, price=f"{cents / 100:.2f}", size=size)
        books = pmm("book", *names, "--json", **exchange.env).document["data"]["books"]
        for book in books:
            computed = {key: None if book[key] is None else Decimal(book[key]) for key in brute_force(ladder(book))}
            assert ladder(book) == exchange.book(book["token_id"])
            assert computed == brute_force(ladder(book))
        assert {(bool(book["bids"]), bool(book["asks"])) for book in books} == {
            (True, True),
            (True, False),
            (False, True),
            (False, False),
        }


VENUE_DATA = [Level, Trade, Token, Market, BookPage, FeeSchedule, RewardTerms, MarketStats]


def test_b015_assigning_to_a_level_of_a_book_raises() -> None:
    level = Level(4_800, 10_000_000)
    with pytest.raises(FrozenInstanceError):
        level.size = 0  # type: ignore[misc]  # that is what must fail
    assert level == Level(4_800, 10_000_000)


@pytest.mark.parametrize("kind", VENUE_DATA)
def test_b015_what_describes_the_venue_is_typed_and_cannot_be_changed(kind: type) -> None:
    typed = get_type_hints(kind)
    one = object.__new__(kind)
    for name in (field.name for field in fields(kind)):
        assert typed[name] is not Any
        with pytest.raises(FrozenInstanceError):
            setattr(one, name, None)
