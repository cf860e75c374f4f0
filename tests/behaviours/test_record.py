"""Recording from outside: nothing lost, nothing torn, nothing invented, whatever ends the recorder."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from signal import SIGKILL, SIGTERM

import pytest
import zstandard

from tests.behaviours.conftest import Pmm
from tests.behaviours.pit import Pit
from tests.support.blackbox import LIMIT_S, PMM, Exchange, Process, Quoter, Record, environment

SUFFIX = "*.pmmrec.zst"


def lines(folder: Path) -> Iterator[Record]:
    """Every line of every file, read by zstd and JSON alone."""
    for file in sorted(folder.glob(SUFFIX)):
        yield from map(json.loads, unpacked(file).splitlines())


def unpacked(file: Path) -> bytes:
    with zstandard.ZstdDecompressor().stream_reader(file.read_bytes(), read_across_frames=True) as text:
        return text.read()


def texts(folder: Path) -> list[str]:
    return [line["text"] for line in lines(folder) if line["kind"] == "message"]


def recording(home: Path, exchange: Exchange, *arguments: str, out: str = "rec", market: str = "demo") -> Process:
    """`pmm record` on the demo market, once the first books have come."""
    process = Process(home, "record", "-m", market, "--out", out, "--json", *arguments, **exchange.env)
    exchange.until_subscribed()
    return process


def until_kept(folder: Path, count: int) -> list[str]:
    """Look until so many messages are on the disk; they are a second after they came."""
    deadline = time.monotonic() + LIMIT_S
    while len(found := written(folder)) < count:
        assert time.monotonic() < deadline, found[-3:]
    return found


def written(folder: Path) -> list[str]:
    """The messages so far of files that are still being written: the system may show half of a write."""
    whole = [line for file in sorted(folder.glob(SUFFIX)) for line in unpacked(file).split(b"\n")[:-1]]
    return [line["text"] for line in map(json.loads, whole) if line["kind"] == "message"]


def mark(number: int, market: str = "0x0") -> str:
    """A message that can be told from every other."""
    return f'{{"market":"{market}", "asset_id":"{number}", "event_type":"best_bid_ask", "text":"ünique {number}"}}'


def test_every_message_is_kept_exactly_and_sigterm_ends_it_in_order(
    exchange: Exchange, tmp_path: Path, pmm: Pmm
) -> None:
    Pit(exchange).open("0.40", "0.60")
    with recording(tmp_path, exchange) as recorder:
        for number in range(300):
            exchange.inject(mark(number))
        until_kept(tmp_path / "rec", 301)
        end = recorder.stop(SIGTERM)
    summary = end.document["data"]
    assert (end.status, summary["lost"], summary["gaps"]) == (0, 0, 0)
    assert texts(tmp_path / "rec")[1:] == [mark(number) for number in range(300)]
    assert summary["messages"] == 301
    checked = pmm("data", "verify", "rec", "--json")
    assert (checked.status, checked.document["data"]["whole"]) == (0, True)


def test_a_recording_is_replayed_byte_for_byte_with_the_markets_it_was_made_of(
    exchange: Exchange, tmp_path: Path
) -> None:
    exchange.post("/clock/speed", speed=20)
    with recording(tmp_path, exchange) as recorder:
        until_kept(tmp_path / "rec", 300)
        assert recorder.stop().status == 0
    first = [text for text in texts(tmp_path / "rec") if text != "PONG"]
    with (
        Exchange(tmp_path, "--replay", "rec", "--speed", "max") as again,
        recording(tmp_path, again, out="again") as recorder,
    ):
        until_kept(tmp_path / "again", len(first))
        assert recorder.stop().status == 0
    assert [text for text in texts(tmp_path / "again") if text != "PONG"] == first


def test_after_kill_9_the_next_run_finishes_the_file_and_nothing_that_was_on_the_disk_is_gone(
    exchange: Exchange, tmp_path: Path, pmm: Pmm
) -> None:
    exchange.post("/clock/speed", speed=50)
    kept: list[str] = []
    for round_ in range(3):
        with recording(tmp_path, exchange) as recorder:
            before = until_kept(tmp_path / "rec", len(kept) + 100)
            recorder.signal(SIGKILL)
            assert recorder.finish().status == -SIGKILL
        kept = texts(tmp_path / "rec")
        assert kept[: len(before)] == before
        assert len(list((tmp_path / "rec").glob(SUFFIX))) == round_ + 1
    damaged = pmm("data", "verify", "rec", "--json")
    assert (damaged.status, damaged.documents[-1]["error"]["code"]) == (8, "PMM-E310")
    last = pmm("record", "-m", "demo", "--out", "rec", "--duration", "0.5", "--json", **exchange.env)
    assert last.status == 0
    assert texts(tmp_path / "rec")[: len(kept)] == kept
    files = pmm("data", "ls", "rec", "--json").document["data"]["files"]
    assert [one["state"] for one in files] == ["recovered"] * 3 + ["finished"]
    checked = pmm("data", "verify", "rec", "--json")
    books = checked.document["data"]["books"]
    assert (checked.status, books["best_prices_different"]) == (0, 0)
    # The last hashes before a kill may be those of messages that came too late to be kept: a trade is told in several.
    assert books["hashes"]["unexplained"] <= 3 * 4


def test_a_second_recorder_in_the_same_folder_is_refused(exchange: Exchange, tmp_path: Path, pmm: Pmm) -> None:
    with recording(tmp_path, exchange) as recorder:
        refused = pmm("record", "-m", "demo", "--out", "rec", "--json", **exchange.env)
        assert (refused.status, refused.document["error"]["code"]) == (1, "PMM-E306")
        assert recorder.stop().status == 0
    assert len(list((tmp_path / "rec").glob(SUFFIX))) == 1


def test_a_full_disk_ends_it_with_a_clear_error_and_a_readable_recording(
    exchange: Exchange, tmp_path: Path, pmm: Pmm
) -> None:
    exchange.post("/clock/speed", speed=10)
    resource = pytest.importorskip("resource")
    process = subprocess.Popen(
        [*PMM, "record", "-m", "demo", "--out", "rec", "--json"],
        cwd=tmp_path,
        env=environment(tmp_path, **exchange.env),
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000)),
    )
    stdout, _ = process.communicate(timeout=2 * LIMIT_S)
    *_, summary, error = map(json.loads, stdout.splitlines())
    assert (process.returncode, error["error"]["code"]) == (1, "PMM-E302")
    assert "cannot write rec/000001-" in error["error"]["message"]
    assert summary["data"]["messages"] == len(texts(tmp_path / "rec")) > 0
    assert pmm("record", "-m", "demo", "--out", "rec", "--duration", "0.3", **exchange.env).status == 0
    assert pmm("data", "verify", "rec").status == 0


def test_every_file_of_a_rotation_begins_with_the_books(exchange: Exchange, tmp_path: Path, pmm: Pmm) -> None:
    exchange.post("/clock/speed", speed=20)
    with recording(tmp_path, exchange, "--rotate", "1kB", "--rotate", "1h") as recorder:
        until_kept(tmp_path / "rec", 600)
        assert recorder.stop().status == 0
    files = sorted((tmp_path / "rec").glob(SUFFIX))
    assert len(files) >= 2
    for file in files[:-1]:
        checked = pmm("data", "verify", str(file), "--json").document["data"]
        assert (checked["books"]["books"], checked["books"]["without_snapshot"]) == (2, 0)
        assert checked["books"]["hashes"]["unexplained"] == 0
    assert pmm("data", "verify", "rec").status == 0


def test_a_reconnect_is_in_the_recording(exchange: Exchange, tmp_path: Path) -> None:
    Pit(exchange).open("0.40", "0.60")
    with recording(tmp_path, exchange) as recorder:
        exchange.post("/stream/drop", code=1006)
        exchange.until_subscribed()
        until_kept(tmp_path / "rec", 2)
        assert recorder.stop().status == 0
    news = [line["news"] for line in lines(tmp_path / "rec") if line["kind"] == "signal"]
    assert news == ["connecting", "opened", "closed", "connecting", "opened"]


def test_a_silent_venue_is_given_up_with_a_clear_error(exchange: Exchange, pmm: Pmm) -> None:
    exchange.post("/stream/silent", on=True)
    done = pmm("record", "-m", "demo", "--out", "rec", "--json", "--set", "ws.starting_limit=0.5", **exchange.env)
    assert (done.status, done.documents[-1]["error"]["code"]) == (6, "PMM-E403")


@pytest.mark.parametrize("text", ["64", "0MB", "MB", "1 h", "-1h", "1week"])
def test_a_rotation_that_makes_no_sense_is_refused(text: str, pmm: Pmm) -> None:
    done = pmm("record", "-m", "demo", "--out", "rec", f"--rotate={text}", "--json")
    assert (done.status, done.document["error"]["code"]) == (2, "PMM-E101")


def test_quoting_records_what_it_saw(exchange: Exchange, tmp_path: Path, pmm: Pmm) -> None:
    exchange.post("/clock/speed", speed=20)
    with Quoter(tmp_path, exchange, "--record", "rec") as quoter:
        until_kept(tmp_path / "rec", 200)
        end = quoter.stop()
    assert end.status == 0
    summary = end.documents[-1]["data"]
    kept = texts(tmp_path / "rec")
    assert (summary["recording"]["messages"], summary["recording"]["lost"]) == (len(kept), 0)
    assert summary["messages"] == len(kept)
    checked = pmm("data", "verify", "rec", "--json")
    assert (checked.status, checked.document["data"]["books"]["hashes"]["unexplained"]) == (0, 0)


def test_a_disk_that_gets_full_while_quoting_stops_the_run_in_order(exchange: Exchange, tmp_path: Path) -> None:
    exchange.post("/clock/speed", speed=20)
    resource = pytest.importorskip("resource")
    process = subprocess.Popen(
        [*PMM, "quote", "-m", "demo", "--record", "rec", "--json"],
        cwd=tmp_path,
        env=environment(tmp_path, **exchange.env),
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000)),
    )
    stdout, _ = process.communicate(timeout=2 * LIMIT_S)
    *_, summary, error = map(json.loads, stdout.splitlines())
    assert (process.returncode, error["error"]["code"]) == (1, "PMM-E302")
    assert summary["data"]["open_orders"] == 0
    assert summary["data"]["recording"]["messages"] == len(texts(tmp_path / "rec")) > 0
