"""Markets worth making: a ranking that can be worked out on paper."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from tests.behaviours.conftest import Pmm
from tests.behaviours.pit import Pit
from tests.support.blackbox import Exchange, Finished, Record

AS_OF = "2026-01-01T00:00:00Z"


def prepared(slug: str, bid: float, ask: float, volume: int, end: str, *, tick: float = 0.01, **more: object) -> Record:
    """A market as the catalogue writes it, with 10,000 USD of liquidity."""
    return {
        "conditionId": "0x" + slug.encode().hex().rjust(64, "0"),
        "slug": slug,
        "question": f"Is it {slug}?",
        "outcomes": '["Yes", "No"]',
        "clobTokenIds": '["11111111111111111111", "22222222222222222222"]',
        "active": True,
        "closed": False,
        "acceptingOrders": True,
        "enableOrderBook": True,
        "orderPriceMinTickSize": tick,
        "orderMinSize": 5,
        "liquidity": "10000",
        "volume24hr": volume,
        "bestBid": bid,
        "bestAsk": ask,
        "endDate": end,
        **more,
    }


def terms(per_day: int, rate: float) -> Record:
    schedule = {"rate": rate, "exponent": 1, "takerOnly": True, "rebateRate": 0.25}
    return {"clobRewards": [{"rewardsDailyRate": per_day}], "feesEnabled": True, "feeSchedule": schedule}


WEEK, THREE_WEEKS, NINE_WEEKS = "2026-01-08T00:00:00Z", "2026-01-22T00:00:00Z", "2026-03-05T00:00:00Z"
MAKEABLE = [
    prepared("even", 0.48, 0.52, 10_000, WEEK, **terms(10, 0.04)),
    prepared("plain", 0.49, 0.51, 30_000, THREE_WEEKS),
    prepared("rich", 0.46, 0.54, 90_000, NINE_WEEKS, tick=0.001, **terms(30, 0.12)),
    prepared("idle", 0.48, 0.52, 0, WEEK),
]
NOT_MAKEABLE = [
    prepared("bare", 0.48, 0.52, 10**6, WEEK, clobTokenIds=None),
    prepared("over", 0.48, 0.52, 10**6, WEEK, closed=True),
    prepared("shut", 0.48, 0.52, 10**6, WEEK, acceptingOrders=False),
    prepared("late", 0.48, 0.52, 10**6, "2026-01-01T12:00:00Z"),
    prepared("game", 0.48, 0.52, 10**6, WEEK, gameStartTime="2026-01-01 02:00:00+00"),
]
# volume, spread, reward, time, terms; worked out on paper from the formulas of docs/markets-score.md.
BY_HAND = {
    "rich": ("0.839375", ["0.9", "0.8", "0.75", "0.9", "0.86875"]),
    "even": ("0.6875", ["0.5", "1", "0.5", "0.5", "0.625"]),
    "plain": ("0.605", ["0.75", "0.8", None, "0.75", "0.25"]),
    "idle": ("0.4375", ["0", "1", None, "0.5", "0.375"]),
}


@pytest.fixture
def kept(tmp_path: Path) -> str:
    """Prepared markets in a file."""
    path = tmp_path / "pages.jsonl"
    path.write_text("".join(json.dumps({"markets": rows}) + "\n" for rows in (NOT_MAKEABLE, MAKEABLE)))
    return str(path)


def test_b096_prepared_markets_are_ranked_as_computed_by_hand(pmm: Pmm, kept: str) -> None:
    data = pmm("markets", "score", "--file", kept, "--at", AS_OF, "--json").document["data"]
    found = {one["slug"]: (one["score"], list(one["components"].values())) for one in data["markets"]}
    assert found == BY_HAND
    assert list(found) == ["rich", "even", "plain", "idle"]
    assert list(data["markets"][0]["components"]) == ["volume", "spread", "reward", "time", "terms"]
    liquidity = {"from": "liquidity", "usd": "10000"}
    assert [one["competition"] for one in data["markets"]] == [liquidity, liquidity, None, None]


def test_b096_what_cannot_be_made_is_left_out_with_the_reason(pmm: Pmm, kept: str) -> None:
    data = pmm("markets", "score", "--file", kept, "--at", AS_OF, "--json").document["data"]
    assert (data["looked_at"], data["makeable"]) == (9, 4)
    assert data["left_out"] == {
        "no-tokens": 1,
        "closed": 1,
        "not-accepting-orders": 1,
        "ends-soon": 1,
        "game-soon": 1,
    }


@pytest.mark.parametrize(
    ("weights", "order"),
    [
        ("1,0,0,0,0", ["rich", "plain", "even", "idle"]),
        ("0,1,0,0,0", ["even", "idle", "plain", "rich"]),
        ("0,0,1,0,0", ["rich", "even", "idle", "plain"]),
        ("0,0,0,1,0", ["rich", "plain", "even", "idle"]),
        ("0,0,0,0,1", ["rich", "even", "idle", "plain"]),
        ("30,35,15,10,10", ["rich", "even", "plain", "idle"]),
    ],
)
def test_b096_other_weights_are_another_order(pmm: Pmm, kept: str, weights: str, order: list[str]) -> None:
    done = pmm("markets", "score", "--file", kept, "--at", AS_OF, "--weights", weights, "--json")
    assert [one["slug"] for one in done.document["data"]["markets"]] == order


def test_b096_the_markets_of_the_venue_are_scored_too(pmm: Pmm, venue: Exchange) -> None:
    data = pmm("markets", "score", "--limit", "3", "--json", **venue.env).document["data"]
    scores = [Decimal(one["score"]) for one in data["markets"]]
    assert len(scores) == 3
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score <= 1 for score in scores)


def score_of(done: Finished, slug: str) -> Record:
    """What a ranking says of one market."""
    (found,) = [one for one in done.document["data"]["markets"] if one["slug"] == slug]
    return dict(found)


@pytest.fixture
def contested(pit: Pit) -> Pit:
    """20 shares at least, 3 cents at most, 50 USD a day, and a book with its middle at 50 cents.

    Bids score 4/9 of 6,000 and 1/9 of 9,000, with an ask on NO 4/9 of 3,000 more: 5,000.  Asks score 4/9 of 22,500:
    10,000.  10 shares do not move the middle, and 3 cents off or 19 shares score nothing.  The lesser side counts.
    """
    pit.clear()
    bids = [("0.50", "10"), ("0.49", "6000"), ("0.48", "9000"), ("0.47", "8000")]
    for price, size in bids:
        pit.order("BUY", price, size)
    pit.order("SELL", "0.51", "3000", outcome="NO")
    for price, size in [("0.51", "22500"), ("0.52", "19"), ("0.53", "7000")]:
        pit.order("SELL", price, size)
    return pit


def test_b096_the_book_tells_who_competes_for_a_reward_as_computed_by_hand(pmm: Pmm, contested: Pit) -> None:
    """50 USD a day against 5,000 shares at 0.01 USD each: a half."""
    exchange = contested.exchange
    found = score_of(pmm("markets", "score", "--at", AS_OF, "--json", **exchange.env), "demo")
    assert found["competition"] == {"from": "book", "score": "5000"}
    assert found["components"]["reward"] == "0.5"
    assert [row["method"] for row in exchange.requests("/books")] == ["POST"]


def test_b096_where_there_are_no_books_liquidity_stands_in_and_the_answer_says_so(pmm: Pmm, contested: Pit) -> None:
    exchange = contested.exchange
    exchange.post("/faults/requests", on="POST /books", harm="fail", status=400, text="no books", times=None)
    done = pmm("markets", "score", "--at", AS_OF, "--json", **exchange.env)
    found = score_of(done, "demo")
    assert found["competition"]["from"] == "liquidity"
    paid, others = Decimal(50), Decimal(found["competition"]["usd"]) / 1_000
    assert Decimal(found["components"]["reward"]) == (paid / (paid + others)).quantize(Decimal("1e-6"), "ROUND_DOWN")
    assert any("no books" in warning for warning in done.document["warnings"])


@pytest.mark.parametrize("weights", ["1,2,3", "a,b,c,d,e", "-1,1,1,1,1", "0,0,0,0,0", ""])
def test_b096_weights_that_cannot_be_are_a_usage_error(pmm: Pmm, kept: str, weights: str) -> None:
    assert pmm("markets", "score", "--file", kept, f"--weights={weights}").status == 2


def test_b096_a_person_sees_score_and_parts(pmm: Pmm, kept: str) -> None:
    lines = pmm("markets", "score", "--file", kept, "--at", AS_OF, "--limit", "1").stdout.splitlines()
    assert lines[0].split() == ["market", "score", "volume", "spread", "reward", "time", "terms", "question"]
    assert lines[1].split()[:3] == ["rich", "0.8393", "0.9"]
    assert len(lines) == 2
