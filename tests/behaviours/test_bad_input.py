"""Wrong input of every kind: one clear line, the right exit status, no traceback, no hang, nothing left behind."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.behaviours.conftest import Pmm, Quote
from tests.behaviours.pit import Pit, change, snapshot
from tests.support.blackbox import LIMIT_S, PMM, Exchange, Finished, Quoter, Record, environment

NOWHERE = {
    "CLOB_API_URL": "http://127.0.0.1:9",
    "GAMMA_API_URL": "http://127.0.0.1:9",
    "WS_MARKET_URL": "ws://127.0.0.1:9",
}


def told_once(done: Finished, status: int, *words: str) -> None:
    """A person gets the status, an error of one to three lines with these words in it, and no data."""
    assert done.status == status, done.stderr
    assert done.stdout == ""
    assert 1 <= len(done.complaint) <= 3, done.stderr
    assert done.complaint[0].startswith("error PMM-E")
    for word in words:
        assert word in " ".join(done.complaint), done.stderr


# --- words and numbers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [
        ("quote", "--market", "no-such-market"),
        ("book", "no-such-market"),
        ("stream", "no-such-market"),
        ("markets", "show", "no-such-market"),
    ],
    ids=lambda command: command[0],
)
def test_an_unknown_market_is_not_found(pmm: Pmm, venue: Exchange, command: tuple[str, ...]) -> None:
    told_once(pmm(*command, **venue.env), 5, "no-such-market")
    error = pmm(*command, "--json", **venue.env).document["error"]
    assert (error["exit"], "no-such-market" in error["message"]) == (5, True)


@pytest.mark.parametrize(
    ("arguments", "status", "word"),
    [
        (("--spread", "-0.04"), 3, "mm.spread"),
        (("--spread", "0"), 3, "mm.spread"),
        (("--spread", "wide"), 3, "wide"),
        (("--size", "many"), 3, "many"),
        (("--size", "1000000"), 3, "mm.size"),
        (("--strategy", "crystal_ball"), 3, "crystal_ball"),
        (("--duration", "ten"), 2, "--duration"),
        (("--duration", "-1"), 2, "--duration"),
        (("--seed", "x"), 2, "--seed"),
        (("--sprad", "0.04"), 2, "--spread"),
        (("--set", "mm.spread"), 2, "mm.spread"),
        (("--set", "mm.sprad=0.04"), 3, "mm.spread"),
    ],
)
def test_wrong_options_are_refused_before_anything_starts(
    pmm: Pmm, arguments: tuple[str, ...], status: int, word: str
) -> None:
    told_once(pmm("quote", "--market", "demo", *arguments), status, word)


@pytest.mark.parametrize(
    ("command", "word"),
    [
        (("quot",), "quote"),
        (("exchange", "--port", "http"), "--port"),
        (("exchange", "--speed", "warp"), "warp"),
        (("exchange", "--replay", "absent.jsonl"), "absent.jsonl"),
        (("demo", "--speed", "0"), "0"),
        (("book",), "markets"),
        (("markets", "list", "--limit", "0"), "0"),
        (("machines", "--output", "xml"), "xml"),
    ],
)
def test_wrong_commands_are_usage_errors(pmm: Pmm, command: tuple[str, ...], word: str) -> None:
    told_once(pmm(*command), 2, word)


def test_an_unknown_key_of_the_file_is_an_error_with_a_suggestion(pmm: Pmm, tmp_path: Path) -> None:
    (tmp_path / "pmm.toml").write_text('[mm]\nsprad = "0.04"\n')
    told_once(pmm("quote", "--market", "demo", "--dry-run"), 3, "sprad", "did you mean", "spread", "pmm.toml")


def test_a_file_that_is_no_toml_is_an_error_with_its_line(pmm: Pmm, tmp_path: Path) -> None:
    (tmp_path / "pmm.toml").write_text("[mm]\nspread = = 1\n")
    told_once(pmm("config", "show"), 3, "pmm.toml", "line 2")


def test_an_unknown_variable_of_ours_is_a_warning_with_a_suggestion(pmm: Pmm) -> None:
    done = pmm("config", "show", "--json", PMM_MM__SPRAED="0.04")
    assert done.status == 0
    (warning,) = done.document["warnings"]
    assert "PMM_MM__SPRAED" in warning
    assert "SPREAD" in warning.replace("SPRAED", "")


# --- a venue that is not there, or is not one -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [("quote", "--market", "x"), ("book", "x"), ("stream", "x"), ("markets", "list"), ("events", "list")],
    ids=lambda command: command[0],
)
def test_an_unreachable_venue_is_told_in_time(pmm: Pmm, command: tuple[str, ...]) -> None:
    told_once(pmm(*command, limit=25, **NOWHERE), 6, "127.0.0.1:9")


def test_a_venue_without_its_socket_ends_the_session(pmm: Pmm, venue: Exchange) -> None:
    lost = {**venue.env, "WS_MARKET_URL": NOWHERE["WS_MARKET_URL"], "WS_RECONNECT_ATTEMPTS": "1"}
    done = pmm("quote", "--market", "demo", **lost)
    assert done.status == 6
    assert "127.0.0.1:9" in " ".join(done.complaint)
    assert len(done.complaint) <= 3


@pytest.fixture
def impostor() -> Iterator[str]:
    """The address of something that takes connections and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def test_an_occupied_port_is_named(pmm: Pmm, venue: Exchange, impostor: str) -> None:
    port = impostor.rpartition(":")[2]
    told_once(pmm("exchange", "--port", port), 6, port, "--port")


# --- frames -----------------------------------------------------------------------------------------------------------

BROKEN = {
    "truncated": '[{"market": "0x1", "asset_id": "1", "bids": [{"price": "0.4',
    "no JSON": "<html>502 Bad Gateway</html>",
    "a number": "17",
    "nothing": "null",
    "deep": "[" * 5_000,
}


def broken(kind: str, token: str) -> str:
    """A frame that makes no sense, about this token where it can be."""
    bad_types = {
        "a price that is none": change(token, price="cheap"),
        "a size below zero": change(token, size="-5"),
        "a price above one": change(token, price="1.7"),
        "a price that is a list": change(token, price=["0.5"]),
        "a side that is none": change(token, side="MAYBE"),
    }
    if kind in bad_types:
        return json.dumps(changes_frame(bad_types[kind]))
    return BROKEN[kind]


def changes_frame(*changes: Record) -> Record:
    return {"market": "0x1", "price_changes": list(changes), "timestamp": "4102444800000", "event_type": "price_change"}


@pytest.mark.parametrize(
    "kind",
    [
        *BROKEN,
        "a price that is none",
        "a size below zero",
        "a price above one",
        "a price that is a list",
        "a side that is none",
    ],
)
def test_a_frame_that_makes_no_sense_takes_the_quotes_out_until_the_books_are_fetched_anew(
    pit: Pit, quote: Quote, kind: str
) -> None:
    session = resting(pit, quote)
    place = session.mark()
    pit.exchange.inject(broken(kind, session.tokens[0]))
    session.until(lambda data: data["event"] == "cancel", after=place)
    session.decided("0.48", "0.52", after=place, reason="")
    session.settled("0.48", "0.52")
    summary = ended(session)
    assert summary["books"]["refused"] == 1
    assert len(pit.exchange.requests("/ws/market")) == 2


def test_a_second_broken_frame_soon_after_the_first_is_recovered_from_as_well(pit: Pit, quote: Quote) -> None:
    session = resting(pit, quote)
    for _ in range(2):
        place = session.mark()
        pit.exchange.inject("{")
        session.until(lambda data: data["event"] == "cancel", after=place)
        session.decided("0.48", "0.52", after=place, reason="", limit=15)
        session.settled("0.48", "0.52")
    ended(session)


def test_a_crossed_book_takes_the_quotes_out_until_it_is_fetched_anew(pit: Pit, quote: Quote) -> None:
    session = resting(pit, quote)
    place = session.mark()
    yes, no = session.tokens
    pit.exchange.inject([snapshot(yes, "0.55", "0.45"), snapshot(no, "0.55", "0.45")])
    doubted = session.moved("trust", "SUSPECT", after=place)
    assert doubted["cause"] == "the book is crossed"
    session.moved("trust", "TRUSTED", after=place)
    session.settled("0.48", "0.52")
    ended(session)


def test_news_about_other_tokens_is_counted_and_changes_nothing(pit: Pit, quote: Quote) -> None:
    session = resting(pit, quote)
    place = session.mark()
    pit.exchange.inject(changes_frame(change("7" * 77)))
    pit.exchange.inject([snapshot("8" * 77, "0.10", "0.90")])
    pit.touch("SELL", "0.52")
    session.until(lambda data: data.get("best_ask") == "0.52", after=place)
    assert session.events("cancel", after=place) == []
    assert ended(session)["books"]["unknown_tokens"] >= 2


def resting(pit: Pit, quote: Quote) -> Quoter:
    """A session whose orders rest at 0.48 and 0.52, and which comes back quickly."""
    pit.open("0.49", "0.51")
    session = quote(pit.exchange, WS_RECONNECT_BASE_DELAY="0.05")
    session.settled("0.48", "0.52")
    return session


def ended(session: Quoter) -> Record:
    end = session.stop()
    assert end.status == 0, end.stderr
    summary: Record = end.documents[-1]["data"]
    assert summary["open_orders"] == 0
    return summary


# --- files, folders and pipes -----------------------------------------------------------------------------------------


def test_a_data_folder_that_cannot_be_written_does_not_stop_what_writes_nothing(
    pmm: Pmm, venue: Exchange, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("no folder")
    done = pmm("quote", "--market", "demo", "--once", "--data-dir", str(tmp_path / "file" / "data"), **venue.env)
    assert done.status == 0, done.stderr


def test_a_log_that_cannot_be_written_is_named(pmm: Pmm, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    told_once(pmm("exchange", "--port", "0", "--log", str(tmp_path / "file" / "log")), 1, "file/log")


LONG = {
    "quote": ("quote", "--market", "demo", "--json"),
    "demo": ("demo", "--duration", "600", "--speed", "20"),
    "stream": ("stream", "demo"),
    "list": ("markets", "list", "--limit", "100"),
}


@pytest.mark.parametrize("name", LONG)
def test_a_reader_who_leaves_early_ends_the_command_in_order(tmp_path: Path, venue: Exchange, name: str) -> None:
    process = subprocess.Popen(
        [*PMM, *LONG[name]],
        cwd=tmp_path,
        env=environment(tmp_path, **venue.env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    with process:
        assert process.stdout.readline()
        process.stdout.close()
        began = time.monotonic()
        errors = process.stderr.read()
        process.wait(LIMIT_S)
    end = Finished(process.returncode, "", errors).clean()
    assert end.status == 0
    assert end.complaint == []
    assert time.monotonic() - began < 10


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full disk to offer")
@pytest.mark.parametrize("name", [*LONG, "exchange"])
def test_a_full_disk_behind_stdout_is_told_in_one_line(tmp_path: Path, venue: Exchange, name: str) -> None:
    command = LONG.get(name, ("exchange", "--port", "0"))
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*PMM, *command],
            cwd=tmp_path,
            env=environment(tmp_path, **venue.env),
            stdin=subprocess.DEVNULL,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
    told_once(Finished(done.returncode, "", done.stderr).clean(), 1, "stdout")


def test_a_closed_stdout_and_stdin_are_borne(tmp_path: Path, venue: Exchange) -> None:
    line = f"exec {' '.join(PMM)} quote --market demo --once <&- >&-"
    done = subprocess.run(
        ["sh", "-c", line],
        cwd=tmp_path,
        env=environment(tmp_path, **venue.env),
        stderr=subprocess.PIPE,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert Finished(done.returncode, "", done.stderr).clean().status == 0
