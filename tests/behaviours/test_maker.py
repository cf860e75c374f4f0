"""The market maker from outside: what it quotes, when it moves, and how it stops."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from signal import SIGINT, SIGTERM

import pytest

from tests.behaviours.conftest import Pmm, Quote
from tests.behaviours.pit import LATER_MS, Pit, snapshot
from tests.support.blackbox import LIMIT_S, PMM, Exchange, Quoter, environment


@pytest.fixture(scope="module", autouse=True)
def silent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Quoter]:
    """A session with a venue that says nothing, which takes its time while the other tests of this file run."""
    home = tmp_path_factory.mktemp("silent")
    with Exchange(home) as exchange:
        exchange.post("/stream/silent", on=True)
        with Quoter(home, exchange) as session:
            yield session


def begin(pit: Pit, quote: Quote, *arguments: str, **more: str) -> Quoter:
    """A session in a market whose touch is 0.49 to 0.51."""
    pit.open("0.49", "0.51")
    return quote(pit.exchange, *arguments, **more)


def test_b057_mid_fifty_and_four_cents_quote_forty_eight_and_fifty_two(pit: Pit, quote: Quote) -> None:
    session = begin(pit, quote)
    session.settled("0.48", "0.52")
    decision = session.decided("0.48", "0.52")
    assert (decision["mid"], decision["bid"]["size"], decision["ask"]["size"]) == ("0.5", "10", "10")


@pytest.mark.parametrize(
    ("arguments", "more"),
    [
        (("--spread", "0.06", "--size", "20"), {}),
        ((), {"MM_SPREAD": "0.06", "MM_SIZE": "20"}),
        (("--set", "mm.spread=0.06", "--set", "mm.size=20"), {}),
    ],
    ids=["flags", "environment", "set"],
)
def test_b058_spread_and_size_are_as_configured(
    pit: Pit, quote: Quote, arguments: tuple[str, ...], more: dict[str, str]
) -> None:
    session = begin(pit, quote, *arguments, **more)
    session.settled("0.47", "0.53")
    assert {place["size"] for place in session.events("place")} == {"20"}


def test_b059_nineteen_thousandths_move_nothing_and_twenty_requote(pit: Pit, quote: Quote) -> None:
    session = quote(pit.exchange)
    session.moved("feed", "RUNNING")
    moments = count(LATER_MS)

    def touch(thousandths_bid: int, thousandths_ask: int) -> None:
        yes, no = session.tokens
        low, high = thousandths_bid, thousandths_ask
        at = next(moments)
        books = [
            snapshot(yes, f"{low / 1000:.3f}", f"{high / 1000:.3f}", tick="0.001", at_ms=at),
            snapshot(no, f"{(1000 - high) / 1000:.3f}", f"{(1000 - low) / 1000:.3f}", tick="0.001", at_ms=at),
        ]
        pit.exchange.inject(books)

    touch(490, 510)
    session.settled("0.48", "0.52")
    place = session.mark()
    touch(509, 529)
    for _ in range(3):
        seen = session.mark()
        session.until(lambda data: data.get("mid") == "0.519", after=seen)
    assert session.events("cancel", after=place) == session.events("place", after=place) == []
    touch(510, 530)
    session.settled("0.5", "0.54")
    assert len(session.events("cancel", after=place)) == len(session.events("place", after=place)) == 2


def test_b060_a_filled_side_is_quoted_again_and_the_other_is_left_alone(pit: Pit, quote: Quote) -> None:
    session = begin(pit, quote)
    session.settled("0.48", "0.52")
    place = session.mark()
    pit.sweep("SELL", "0.47", "10")
    session.until(lambda data: data["event"] == "fill", after=place)
    session.settled("0.48", "0.52")
    decisions = [
        data["event"] for data in session.said[place:] if data["event"] in {"fill", "place", "decision", "cancel"}
    ]
    after_fill = decisions[decisions.index("fill") + 1 :]
    assert after_fill.index("place") <= 1  # the decision that follows the fill, and its command
    assert session.events("cancel", after=place) == []
    assert len(session.events("place", after=place)) == 1


def test_b061_at_the_limit_only_the_reducing_side_is_quoted(pit: Pit, quote: Quote) -> None:
    session = begin(pit, quote)

    def fills(times: int, side: str, through: str) -> None:
        for number in range(times):
            place = session.mark()
            pit.sweep(side, through, "10")
            session.until(lambda data: data["event"] == "fill", after=place)
            if number < times - 1:
                session.settled("0.48", "0.52")

    session.settled("0.48", "0.52")
    fills(5, "SELL", "0.47")
    session.decided(None, "0.52", position="50")
    session.settled(None, "0.52")
    fills(1, "BUY", "0.53")
    session.settled("0.48", "0.52")
    fills(9, "BUY", "0.53")
    session.decided("0.48", None, position="-50")
    session.settled("0.48", None)
    assert max(abs(float(data["position"])) for data in session.events("decision")) == 50
    summary = session.stop().documents[-1]["data"]
    assert (summary["fills"], summary["pnl"]["residual"]) == (15, "0")


def test_b063_a_frozen_feed_takes_every_order_out_and_thawing_brings_them_back(pit: Pit, quote: Quote) -> None:
    session = begin(pit, quote, WS_STALE_DATA_THRESHOLD="1", WS_RECONNECT_BASE_DELAY="0.1")
    pit.exchange.post("/traders", on=True)
    session.moved("order", "LIVE")
    pit.exchange.post("/stream/freeze", tokens=None, on=True)
    frozen_at = time.monotonic()
    stale = session.until(lambda data: data.get("trigger") == "stale")
    session.settled(None, None)
    assert time.monotonic() - frozen_at < 3  # the limit of 1 s, one loop, both ways to the venue, a busy machine
    assert (stale["old"], stale["new"]) == ("RUNNING", "STARTING")
    place = session.mark()
    pit.exchange.post("/stream/freeze", tokens=None, on=False)
    session.moved("order", "LIVE", after=place)


def test_b063_no_order_survives_a_lost_socket(pit: Pit, quote: Quote) -> None:
    session = begin(pit, quote, WS_RECONNECT_BASE_DELAY="5")
    session.settled("0.48", "0.52")
    pit.exchange.post("/stream/drop", code=1006)
    session.settled(None, None)
    assert session.stop().status == 0


@pytest.mark.parametrize("number", [SIGINT, SIGTERM])
def test_b065_a_signal_ends_the_run_with_every_order_cancelled(exchange: Exchange, quote: Quote, number: int) -> None:
    session = quote(exchange)
    session.moved("order", "LIVE")
    end = session.stop(number, limit=5)
    summary = end.documents[-1]["data"]
    assert end.status == 0
    assert (summary["event"], summary["outcome"], summary["open_orders"]) == ("summary", "stopped", 0)
    assert session.resting() == {"bid": None, "ask": None}


@pytest.mark.parametrize("arguments", [("--duration", "0.5"), ("--once",)], ids=["duration", "once"])
def test_b065_a_run_that_ends_by_itself_leaves_no_order(
    exchange: Exchange, quote: Quote, arguments: tuple[str, ...]
) -> None:
    session = quote(exchange, *arguments)
    end = session.finish()
    assert end.status == 0
    assert end.documents[-1]["data"]["open_orders"] == 0
    assert session.events("place")
    assert session.resting() == {"bid": None, "ask": None}


def test_b066_without_a_market_a_pipe_gets_an_error(pmm: Pmm, venue: Exchange) -> None:
    done = pmm("quote", **venue.env)
    assert done.status == 2
    assert done.stdout == ""
    assert "--market" in done.stderr
    assert len(done.complaint) <= 3
    assert pmm("quote", "--json", **venue.env).document["error"]["exit"] == 2


def test_b066_without_a_market_a_person_is_shown_a_list_and_asked(tmp_path: Path, venue: Exchange) -> None:
    keyboard, terminal = pty.openpty()
    process = subprocess.Popen(
        [*PMM, "quote", "--once"],
        cwd=tmp_path,
        env=environment(tmp_path, **venue.env, TERM="dumb"),
        stdin=terminal,
        stderr=terminal,
        stdout=subprocess.PIPE,
    )
    os.close(terminal)
    try:
        asked = read_until(keyboard, "Which market")
        assert "1  demo" in asked
        os.write(keyboard, b"1\n")
        out, _ = process.communicate(timeout=LIMIT_S)
    finally:
        process.kill()
        process.wait()
        os.close(keyboard)
    assert process.returncode == 0
    assert out.decode().startswith("DRY RUN  demo")


def read_until(terminal: int, text: str) -> str:
    """What a terminal shows, until `text` is part of it."""
    seen = ""
    deadline = time.monotonic() + LIMIT_S
    while text not in seen:
        ready, _, _ = select.select([terminal], [], [], deadline - time.monotonic())
        assert ready, seen
        seen += os.read(terminal, 4096).decode()
    return seen


@pytest.mark.parametrize(
    ("arguments", "more", "status"),
    [(("--live",), {}, 4), (("--live", "--yes"), {}, 4), ((), {"DRY_RUN": "false"}, 2)],
)
def test_b067_live_without_a_key_or_without_the_flag_is_refused_and_nothing_is_sent(
    exchange: Exchange, pmm: Pmm, arguments: tuple[str, ...], more: dict[str, str], status: int
) -> None:
    done = pmm("quote", "--market", "demo", *arguments, **exchange.env, **more)
    assert done.status == status
    assert done.stdout == ""
    assert "live" in done.complaint[0]
    assert exchange.requests() == []


def test_b064_a_silent_venue_ends_the_run_after_ten_seconds_with_a_clear_error(silent: Quoter) -> None:
    end = silent.finish()
    assert end.status == 6
    *_, last, failure = end.documents
    assert last["data"]["event"] == "summary"
    assert 9 < float(last["data"]["run_time_s"]) < 13
    assert "no market data" in failure["error"]["message"]
    assert failure["error"]["exit"] == 6
    assert silent.events("place") == []
