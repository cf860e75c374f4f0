"""The market socket: our book is the venue's book, whatever happens to the connection."""

from __future__ import annotations

import random
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest

from tests.behaviours.conftest import Quote
from tests.behaviours.pit import LATER_MS, Pit, change
from tests.support.blackbox import Exchange, Process, Quoter, final_ladder

CHANGES = 10_000


def final_books_equal(quoter: Quoter, exchange: Exchange) -> None:
    """Stop the session; its books of both tokens must be what the exchange has."""
    end = quoter.stop()
    assert end.status == 0, end.stderr
    books = end.documents[-1]["data"]["books"]
    assert (books["refused"], books["mismatches"]) == (0, 0)
    for token in quoter.tokens:
        assert final_ladder(books["final"][token]) == exchange.book(token)


def test_b016_after_a_thousand_random_changes_the_books_are_equal_level_by_level(
    exchange: Exchange, quote: Quote
) -> None:
    dice = random.Random(16)
    pit = Pit(exchange)
    session = quote(exchange)
    session.moved("feed", "RUNNING")
    pit.clear()
    resting: list[str] = []
    for _ in range(1_000):
        if resting and dice.random() < 0.4:
            exchange.ask("DELETE", f"/orders/{resting.pop(dice.randrange(len(resting)))}")
            continue
        side, cents = ("BUY", dice.randint(1, 49)) if dice.random() < 0.5 else ("SELL", dice.randint(51, 99))
        made = pit.order(side, f"{cents / 100:.2f}", f"{dice.uniform(5, 900):.2f}")
        resting.append(made["order_id"])
    pit.order("BUY", "0.50", "5")  # the last change of all is one that shows in the touch
    session.until(lambda data: data.get("best_bid") == "0.5")
    final_books_equal(session, exchange)


@pytest.mark.parametrize("code", [1006, 1000], ids=["b017_an_abnormal_close", "b018_a_clean_close"])
def test_the_session_comes_back_after(exchange: Exchange, quote: Quote, code: int) -> None:
    pit = Pit(exchange)
    pit.open("0.30", "0.32")
    session = quote(exchange, WS_RECONNECT_BASE_DELAY="0.1")
    session.settled("0.29", "0.33")
    place = session.mark()
    assert exchange.post("/stream/drop", code=code) == {"dropped": 1}
    pit.touch("BUY", "0.29")  # seen by nobody
    lost = session.moved("feed", "STARTING", after=place)
    assert (lost["old"], lost["trigger"]) == ("RUNNING", "lost")
    session.moved("feed", "RUNNING", after=place)
    assert len(exchange.requests("/ws/market")) == 2
    session.until(lambda data: data.get("best_bid") == "0.29", after=place)
    final_books_equal(session, exchange)


def test_b019_delays_grow_to_the_cap_and_the_last_attempt_ends_in_error(exchange: Exchange, quote: Quote) -> None:
    base, cap, attempts = 0.1, 0.4, 6
    exchange.post("/stream/accept", on=False)
    session = quote(
        exchange,
        WS_RECONNECT_BASE_DELAY=str(base),
        WS_RECONNECT_MAX_DELAY=str(cap),
        WS_RECONNECT_ATTEMPTS=str(attempts),
    )
    end = session.finish()
    assert end.status == 6
    assert session.moved("feed", "ERROR")["old"] == "STARTING"
    times = [datetime.fromisoformat(row["ts"]).timestamp() for row in exchange.requests("/ws/market")]
    waits = [later - earlier for earlier, later in pairwise(times)]
    assert len(times) == attempts
    for number, wait in enumerate(waits):
        full = min(cap, base * 2**number)
        # Jitter takes up to half; a busy machine adds.
        assert full / 2 - 0.01 <= wait <= full + 0.5, waits


def test_b020_no_change_of_ten_thousand_is_lost_or_out_of_order(exchange: Exchange, tmp_path: Path) -> None:
    token = Pit(exchange).tokens[0]
    with Process(tmp_path, "stream", "demo", "--json", "--limit", str(CHANGES), **exchange.env) as stream:
        exchange.until_subscribed()
        sizes = [str(number) for number in range(1, CHANGES + 1)]
        for start in range(0, CHANGES, 100):
            changes = [change(token, size=size) for size in sizes[start : start + 100]]
            exchange.inject(
                {"market": "", "price_changes": changes, "timestamp": str(LATER_MS), "event_type": "price_change"}
            )
        end = stream.finish()
    assert end.status == 0
    assert [data["size"] for data in stream.said] == sizes
    assert {(data["kind"], data["side"], data["price"]) for data in stream.said} == {("change", "BUY", "0.01")}


def test_b020_a_trade_is_told_with_price_size_and_the_taker_s_side(exchange: Exchange, tmp_path: Path) -> None:
    pit = Pit(exchange)
    pit.open("0.40", "0.60")
    with Process(tmp_path, "stream", "demo", "--json", **exchange.env) as stream:
        exchange.until_subscribed()
        pit.order("BUY", "0.60", "12.5", tif="FAK")
        trade = stream.until(lambda data: data["kind"] == "trade")
        assert (trade["side"], trade["price"], trade["size"]) == ("BUY", "0.6", "12.5")
        left = stream.until(lambda data: data["kind"] == "change")
        assert (left["side"], left["price"], left["size"]) == ("SELL", "0.6", "87.5")
        assert stream.stop().status in {0, 143}
