"""The market socket: our book is the venue's book, whatever happens to the connection."""

from __future__ import annotations

import json
import random
import subprocess
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from signal import SIGTERM

import pytest

from tests.behaviours.conftest import Pmm, Quote
from tests.behaviours.pit import LATER_MS, Pit, change
from tests.support.blackbox import PMM, Exchange, Process, Quoter, environment, final_ladder

CHANGES = 10_000
TOKENS_PER_SOCKET_MAX = 200


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
    quiet = {"PMM_FEED__VERIFY_HASHES": "off", **exchange.env}  # these changes carry no true hashes
    with Process(tmp_path, "stream", "demo", "--json", "--limit", str(CHANGES), **quiet) as stream:
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


def test_b021_six_hundred_tokens_are_split_over_sockets_below_the_limit_and_every_book_is_right(
    tmp_path: Path, pmm: Pmm, quote: Quote
) -> None:
    with Exchange(tmp_path, "--quiet-markets", "310") as exchange:
        exchange.post("/traders", on=False)
        listed = pmm("markets", "list", "--limit", "300", "--json", **exchange.env).document["data"]["markets"]
        slugs = [market["slug"] for market in listed]
        others = [word for slug in slugs[1:] for word in ("-m", slug)]
        session = quote(exchange, *others, market=slugs[0], MM_LOOP_INTERVAL="1")
        for slug in slugs:
            session.until(lambda data, slug=slug: data.get("market") == slug and data["event"] == "decision")
        for slug in slugs[::15]:
            change_the_book(exchange, session, slug)
        end = session.stop()
        assert end.status == 0, end.stderr
        summary = end.documents[-1]["data"]
        assert len(summary["books"]["final"]) == 600
        for token, book in summary["books"]["final"].items():
            assert final_ladder(book) == exchange.book(token)
    assert sum(summary["connections"].values()) >= 600
    assert max(summary["connections"].values()) <= TOKENS_PER_SOCKET_MAX


def change_the_book(exchange: Exchange, session: Quoter, market: str) -> None:
    """Somebody buys everything up to 0.97 and bids there; wait until the session has seen it."""
    place = session.mark()
    order = {"market": market, "outcome": "YES", "side": "BUY", "price": "0.97", "size": "123456"}
    assert not exchange.post("/orders", **order)["reason"]
    session.until(lambda data: data.get("market") == market and data.get("best_bid") == "0.97", after=place)


def test_b020_several_markets_are_told_in_one_stream_each_with_its_name(exchange: Exchange, tmp_path: Path) -> None:
    pits = [Pit(exchange, market) for market in ("demo", "isotopes-win-the-pennant")]
    with Process(tmp_path, "stream", *(pit.market for pit in pits), "--json", **exchange.env) as stream:
        exchange.until_subscribed()
        for pit in pits:
            pit.clear()
            pit.order("BUY", "0.11", "33")
            stream.until(lambda data, pit=pit: (data.get("market"), data.get("size")) == (pit.market, "33"))
        assert stream.stop().status == 0


def test_b020_what_becomes_of_the_data_is_told_when_it_changes(exchange: Exchange, tmp_path: Path) -> None:
    pit = Pit(exchange)
    with Process(tmp_path, "stream", "demo", "--json", WS_RECONNECT_BASE_DELAY="0.1", **exchange.env) as stream:
        exchange.until_subscribed()
        pit.order("BUY", "0.01", "33")
        stream.until(lambda data: data["kind"] == "change")
        assert all(data["kind"] in {"change", "trade"} for data in stream.said)
        exchange.post("/stream/drop", code=1006)
        for kind, new in (("trust", "LOST"), ("source", "NONE"), ("trust", "TRUSTED"), ("source", "WEBSOCKET")):
            told = stream.until(lambda data, kind=kind, new=new: (data["kind"], data.get("new")) == (kind, new))
            assert told["cause"]
        assert stream.stop().status == 0


def test_b032_a_reader_that_stops_to_read_misses_lines_and_gets_whole_books_and_the_feed_does_not_wait(
    exchange: Exchange, tmp_path: Path
) -> None:
    token, total, waiting = Pit(exchange).tokens[0], 30_000, 1_000
    command = [*PMM, "stream", "demo", "--json", "--buffer", str(waiting)]
    with subprocess.Popen(
        command,
        cwd=tmp_path,
        env=environment(tmp_path, PMM_FEED__VERIFY_HASHES="off", **exchange.env),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        exchange.until_subscribed()
        for start in range(0, total, 100):
            changes = [change(token, size=str(number)) for number in range(start + 1, start + 101)]
            exchange.inject(
                {"market": "", "price_changes": changes, "timestamp": str(LATER_MS), "event_type": "price_change"}
            )
            if start == 0:
                before = memory_kb(process.pid)
        # Nobody has read a line; what the venue sent has been taken all the same, in bounded memory.
        assert process.stderr is not None
        loss = next(line for line in process.stderr if "does not keep up" in line)
        assert "lost=" in loss
        assert memory_kb(process.pid) - before < 20_000
        assert process.stdout is not None
        said = (json.loads(line)["data"] for line in process.stdout)
        told, lost, size = 0, 0, ""
        while size != str(total):
            line = next(said)
            if line["kind"] == "resync":
                lost += line["lost"]
                size = dict(line["books"][0]["bids"])["0.01"]
            else:
                assert int(line["size"]) == int(size or 0) + 1  # nothing newer before the books, nothing missing after
                told, size = told + 1, line["size"]
        process.send_signal(SIGTERM)
        process.communicate(timeout=30)
    assert process.returncode == 0
    assert lost > 0
    assert told + lost == total


def test_b032_a_stream_that_nobody_reads_ends_when_it_is_told_to(exchange: Exchange, tmp_path: Path) -> None:
    token = Pit(exchange).tokens[0]
    with subprocess.Popen(
        [*PMM, "stream", "demo", "--json", "--buffer", "5000"],
        cwd=tmp_path,
        env=environment(tmp_path, PMM_FEED__VERIFY_HASHES="off", **exchange.env),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        exchange.until_subscribed()
        for start in range(0, 4_000, 100):
            changes = [change(token, size=str(number)) for number in range(start + 1, start + 101)]
            exchange.inject(
                {"market": "", "price_changes": changes, "timestamp": str(LATER_MS), "event_type": "price_change"}
            )
        process.send_signal(SIGTERM)
        assert process.wait(30) == 0
        assert process.stderr is not None
        assert "lines were not written" in process.stderr.read()


def test_b032_a_session_that_nobody_reads_goes_on_and_ends_when_it_is_told_to(
    exchange: Exchange, tmp_path: Path
) -> None:
    often = {"MM_LOOP_INTERVAL": "0.005", "PMM_FEED__FACTS_INTERVAL": "0.2"}
    with subprocess.Popen(
        [*PMM, "quote", "-m", "demo", "--json"],
        cwd=tmp_path,
        env=environment(tmp_path, **often, **exchange.env),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        exchange.until_subscribed()
        # A pipe holds 64 KiB and a decision has 400 bytes: it is full within a second, and facts are still asked for.
        exchange.until_asked("/gamma/markets/keyset", 20)
        process.send_signal(SIGTERM)
        assert process.wait(30) == 0
        assert b"stdout is not read" in process.stderr.read()
        assert len(process.stdout.read()) > 50_000


def memory_kb(pid: int) -> int:
    """What a process holds in memory now."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        pytest.skip("this system does not show the memory of a process")
    return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmRSS"))
