"""Rewards from outside: what is expected of a day, what the venue paid, and whether orders score, told with reasons."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from tests.behaviours.conftest import Pmm, Quote
from tests.behaviours.pit import Pit
from tests.support.blackbox import LIMIT_S, Exchange, Record
from tests.support.holder import DEMO, Holder

# What the demo market pays, and how often a day it is sampled.
USD_A_DAY, SAMPLES = 50, 1_440


def day_of(pmm: Pmm, env: dict[str, str], *arguments: str) -> Record:
    done = pmm("rewards", "--live", "--json", *arguments, **env)
    assert (done.status, done.document["mode"]) == (0, "live"), done.stderr
    data: Record = done.document["data"]
    return data


def test_what_was_paid_is_the_venues_word_and_an_error_is_no_payment_of_nothing(
    pmm: Pmm, exchange: Exchange, pit: Pit
) -> None:
    holder = Holder(exchange)
    pit.open("0.45", "0.55")
    exchange.post("/clock/speed", speed=0)
    began = datetime.now(UTC).date()
    for outcome in ("YES", "NO"):
        exchange.post("/accounts/order", account=holder.address, side="BUY", price="0.49", size="50", outcome=outcome)
    exchange.post("/clock/advance", seconds=1_800)
    days = [day_of(pmm, holder.env, "--date", f"{began + timedelta(days=more)}") for more in (0, 1)]
    paid = sum(Decimal(str(day["paid"])) for day in days)
    # Half an hour of samples, all of them ours: the others rest too far away to score.
    assert abs(paid - Decimal(USD_A_DAY * 30) / SAMPLES) <= Decimal(2 * USD_A_DAY) / SAMPLES
    assert {one["condition_id"] for day in days for one in day["markets"] if one["paid"] != "0"} == {DEMO.condition_id}
    exchange.post("/faults/requests", on="GET /rewards/user", harm="fail", status=500, text="no", times=None)
    failed = pmm("rewards", "--live", "--json", **holder.env)
    assert (failed.status, failed.document["ok"]) == (6, False)


def test_a_live_run_says_what_scores_and_expects_its_part_of_the_reward(
    pmm: Pmm, exchange: Exchange, pit: Pit, quote: Quote
) -> None:
    holder = Holder(exchange)
    pit.open("0.48", "0.52")
    more = {
        "PMM_REWARDS__ENABLED": "true",
        "PMM_REWARDS__CHECK_INTERVAL": "1",
        "PMM_REWARDS__ADVERSE_HORIZON": "0",
        "MM_SIZE": "20",
        "MM_SPREAD": "0.06",
        "MAX_ORDER_SIZE": "40",
    }
    began = datetime.now(UTC).date()
    bot = quote(exchange, "--live", "--yes", **more, **holder.env)
    scoring = bot.moved("scoring", "SCORING", limit=30)
    assert scoring["subject"].startswith("demo ")
    share = holder.reward_shares()[DEMO.condition_id] / 100
    assert 0 < share < 1
    deadline, markets = time.monotonic() + LIMIT_S, list[Record]()
    while not markets:
        days = [day_of(pmm, holder.env, "--date", f"{began + timedelta(days=later)}") for later in (0, 1)]
        markets = [one for day in days for one in day["markets"] if one["expected"] != "0"]
        assert time.monotonic() < deadline, days
    (market,) = markets
    rate = float(market["expected"]) * 86_400 / market["watched_s"] / USD_A_DAY
    assert market["market"] == "demo"
    # Some seconds at the start were without orders.
    assert 0.3 * share <= rate <= 1.02 * share
    assert bot.stop().status == 0


def test_a_purse_is_shared_among_the_markets_that_pay(pmm: Pmm, venue: Exchange) -> None:
    done = pmm(
        "markets", "allocate", "--capital", "200", "--limit", "5", "--json", "--set", "mm.spread=0.02", **venue.env
    )
    assert done.status == 0, done.stderr
    data = done.document["data"]
    assert data["paying"] >= data["chosen"] >= len(data["markets"]) > 0
    assert Decimal(data["capital"]) <= 200
    assert sum(Decimal(one["income"]) for one in data["markets"]) <= Decimal(data["income"])
    assert all(Decimal(one["size"]) >= 20 for one in data["markets"])
    assert pmm("markets", "allocate", "--capital", "none", **venue.env).status == 2
