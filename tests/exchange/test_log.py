from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from pmm.errors import DiskError
from pmm.exchange import log as module
from pmm.exchange.log import RequestLog


def test_credentials_are_named_but_never_kept(tmp_path: Path) -> None:
    log = RequestLog(tmp_path / "requests.jsonl")
    log.add("GET", "/data/orders", "id=1", ["Host", "poly_api_key", "POLY-SIGNATURE"], 404)
    log.close()
    (row,) = log.rows()
    assert (row["authenticated"], row["auth_headers"]) == (True, ["POLY_API_KEY", "POLY_SIGNATURE"])
    assert orjson.loads((tmp_path / "requests.jsonl").read_text()) == row


def test_a_request_without_credentials_is_not_authenticated() -> None:
    log = RequestLog()
    log.add("GET", "/book", "", ["Host", "Accept"], 200)
    assert [row["authenticated"] for row in log.rows()] == [False]


def test_memory_holds_only_the_newest_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REQUESTS_MAX", 3)
    log = RequestLog()
    for number in range(5):
        log.add("GET", f"/{number}", "", [], 200)
    assert [row["path"] for row in log.rows()] == ["/2", "/3", "/4"]
    assert log.count == 5


def test_a_log_that_cannot_be_written_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(DiskError, match="request log"):
        RequestLog(tmp_path / "missing" / "requests.jsonl")


def test_lines_are_written_together_when_there_is_time_and_the_rest_at_the_end(tmp_path: Path) -> None:
    file, gathered = tmp_path / "requests.jsonl", list[Callable[[], None]]()
    log = RequestLog(file, later=gathered.append)
    log.add("GET", "/one", "", [], 200)
    log.tell("venue", change="mode")
    assert (len(gathered), file.read_bytes()) == (1, b"")
    gathered.pop()()
    kinds = [orjson.loads(line)["kind"] for line in file.read_bytes().splitlines()]
    log.add("GET", "/two", "", [], 200)
    log.close()
    assert (kinds, len(gathered)) == (["request", "venue"], 1)
    assert [orjson.loads(line).get("path") for line in file.read_bytes().splitlines()] == ["/one", None, "/two"]


def test_a_disk_that_is_full_ends_the_file_and_nothing_else() -> None:
    log = RequestLog(Path("/dev/full"))
    log.add("GET", "/one", "", [], 200)
    log.add("GET", "/two", "", [], 200)
    assert (log.written, [row["path"] for row in log.rows()]) == (False, ["/one", "/two"])


def test_times_are_those_of_the_clock_to_the_millisecond() -> None:
    log = RequestLog(now=lambda: 1_790_000_000_129_999_999)
    log.add("GET", "/", "", [], 200)
    (row,) = log.rows()
    assert (row["ts"], row["at_ns"]) == ("2026-09-21T14:13:20.129Z", 1_790_000_000_129_999_999)


def test_long_bodies_are_cut_and_those_that_make_keys_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TEXT_MAX", 4)
    log = RequestLog()
    log.add("POST", "/order", "", ["POLY_API_KEY"], 200, body=b"abcdef", answer=b"\xff")
    log.add("POST", "/auth/api-key", "", ["POLY_ADDRESS"], 200, body=b"abc", answer=b"secret")
    log.add("POST", "/order", "", [], 401, body=b"abc", answer=b"no")
    assert [(row["body"], row["answer"]) for row in log.rows()] == [("abcd", "�"), ("", ""), ("", "")]
