"""Markets and events of the local exchange, from outside and without any credentials."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest

from pmm.cli.markets import market_record
from pmm.errors import Exit
from pmm.model import Market, Token
from tests.cli.conftest import Exchange, Pmm


def listed(pmm: Pmm, exchange: Exchange, *line: str) -> list[dict[str, Any]]:
    done = pmm(*line, "--json", **exchange.environment)
    assert done.status == Exit.OK, done.stderr
    markets: list[dict[str, Any]] = done.document["data"]["markets"]
    return markets


def test_markets_are_listed_by_volume_past_one_page(pmm: Pmm, exchange: Exchange) -> None:
    found = listed(pmm, exchange, "markets", "list", "--limit", "130")
    volumes = [Decimal(market["volume"]) for market in found]
    assert len({market["slug"] for market in found}) == 130
    assert volumes == sorted(volumes, reverse=True)


def test_json_lines_hold_one_market_each(pmm: Pmm, exchange: Exchange) -> None:
    done = pmm("markets", "list", "--limit", "3", "-o", "jsonl", **exchange.environment)
    assert [document["schema"] for document in done.documents] == ["pmm.markets/1"] * 3
    assert done.documents[0]["data"]["slug"]


def test_a_search_returns_matching_rows_only(pmm: Pmm, exchange: Exchange) -> None:
    found = listed(pmm, exchange, "markets", "search", "springfield")
    assert found
    assert all("springfield" in market["question"].lower() + market["slug"] for market in found)


def test_a_market_is_shown_by_slug_ids_and_address(pmm: Pmm, exchange: Exchange) -> None:
    by_slug = pmm("markets", "show", "demo", "--json", **exchange.environment).document["data"]
    assert [token["outcome"] for token in by_slug["tokens"]] == ["Yes", "No"]
    address = f"https://polymarket.com/fr/event/{by_slug['event_slug']}/demo"
    for name in (by_slug["condition_id"], by_slug["tokens"][1]["token_id"], address):
        other = pmm("markets", "show", name, "--json", **exchange.environment).document["data"]
        assert other["slug"] == "demo"


def test_a_market_on_the_screen_shows_question_outcomes_and_tokens(pmm: Pmm, exchange: Exchange) -> None:
    text = pmm("markets", "show", "demo", **exchange.environment).stdout
    assert re.search(r"^question +Will it rain", text, re.MULTILINE)
    assert re.search(r"^token Yes +\d{70,78}$", text, re.MULTILINE)


def test_an_unknown_market_exits_5(pmm: Pmm, exchange: Exchange) -> None:
    done = pmm("markets", "show", "no-such-market", **exchange.environment)
    assert (done.status, done.stdout) == (Exit.NOT_FOUND, "")
    assert "there is no market 'no-such-market'" in done.stderr


def test_words_that_fit_several_markets_list_the_choices(pmm: Pmm, exchange: Exchange) -> None:
    done = pmm("markets", "show", "mayoral election", "--json", **exchange.environment)
    assert done.status == Exit.NOT_FOUND
    assert done.document["error"]["code"] == "PMM-E405"
    assert len(done.document["error"]["choices"]) == 3


def test_events_say_how_many_markets_they_have(pmm: Pmm, exchange: Exchange) -> None:
    events = pmm("events", "list", "--json", **exchange.environment).document["data"]["events"]
    assert {"springfield-mayor": 3}.items() <= {event["slug"]: event["market_count"] for event in events}.items()


def test_no_look_is_an_authenticated_request(pmm: Pmm, exchange: Exchange) -> None:
    pmm("markets", "list", **exchange.environment, POLY_API_KEY="key", POLY_API_SECRET="c2VjcmV0")
    assert exchange.control("/requests")["authenticated"] == 0


def test_an_unreachable_service_exits_6_with_one_clear_line(pmm: Pmm) -> None:
    done = pmm("markets", "list", "-q", GAMMA_API_URL="http://127.0.0.1:9")
    assert done.status == Exit.UNREACHABLE
    assert done.stderr.splitlines()[0].startswith("error PMM-E402: http://127.0.0.1:9/markets/keyset cannot be reached")


@pytest.mark.parametrize("line", ["markets list --limit 0", "markets list --limit x", "markets list --sort age"])
def test_options_that_cannot_be_exit_2(pmm: Pmm, line: str) -> None:
    assert pmm(*line.split()).status == Exit.USAGE


def test_every_log_line_has_time_level_and_the_mode_is_said_at_the_start(pmm: Pmm, exchange: Exchange) -> None:
    quiet = pmm("markets", "list", **exchange.environment).stderr.splitlines()
    loud = pmm("markets", "list", "--log-level", "debug", **exchange.environment).stderr.splitlines()
    assert len(loud) > len(quiet) == 1
    assert "mode=dry-run" in quiet[0]
    assert all(re.match(r"\d{4}-\d\d-\d\dT[\d:.]+Z \[(debug|info) +\] ", line) for line in [*quiet, *loud])


def test_a_market_without_tokens_is_flagged() -> None:
    market = Market("0x1", "new", "New?", (), 100, 5_000_000)
    assert market_record(market)["flags"] == ["no-tokens"]
    three = Market("0x1", "new", "New?", (Token("1", "a"), Token("2", "b"), Token("3", "c")), 100, 0, closed=True)
    assert market_record(three)["flags"] == ["not-two-outcomes", "closed"]
