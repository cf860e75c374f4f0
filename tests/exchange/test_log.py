from __future__ import annotations

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
