"""`pmm bench`: every line with its peer in one run, saved, and compared with what was saved."""

from __future__ import annotations

import json

import pytest

from pmm.cli import bench
from pmm.errors import Exit


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "SIMULATED_S", 3)
    monkeypatch.setattr(bench, "ROUNDS", 1)


def run(*args: str) -> int:
    from pmm.cli.frame import run as pmm

    return pmm(["bench", "--json", *args])


@pytest.mark.usefixtures("short")
def test_every_line_has_percentiles_and_a_ratio(capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == Exit.OK
    data = json.loads(capsys.readouterr().out)["data"]
    assert set(data["lines"]) == {"frame -> books", "frame -> quote decision", "frame -> engine step"}
    for line in data["lines"].values():
        assert 0 < line["p50_ns"] <= line["p99_ns"] <= line["p999_ns"]
        assert float(line["ratio"]) > 0
    assert data["regressions"] == {}


@pytest.mark.usefixtures("short")
def test_a_saved_run_is_compared_and_a_regression_fails(tmp_path, capsys: pytest.CaptureFixture[str]) -> None:
    saved = tmp_path / "run.json"
    assert run("--save", str(saved)) == Exit.OK
    kept = json.loads(saved.read_text())
    kept["ratios"] = dict.fromkeys(kept["ratios"], 0.000001)
    saved.write_text(json.dumps(kept))
    assert run("--compare", str(saved)) == Exit.OK
    kept["ratios"]["frame -> books"] = 1_000_000
    saved.write_text(json.dumps(kept))
    capsys.readouterr()
    assert run("--compare", str(saved)) == Exit.CHECK_FAILED
    assert list(json.loads(capsys.readouterr().out)["data"]["regressions"]) == ["frame -> books"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"ratios": 3}', '{"ratios": {"a": "x"}}'])
def test_a_file_that_is_no_saved_run_is_refused(tmp_path, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    saved = tmp_path / "run.json"
    saved.write_text(text)
    assert run("--compare", str(saved)) == Exit.USAGE
    assert "is not a run saved" in json.loads(capsys.readouterr().out)["error"]["message"]


def test_the_peer_keeps_the_same_books(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "SIMULATED_S", 20)
    from pmm._fast import Books

    frames, tokens = bench._frames()
    books, peer = Books(), bench.Plain(tokens)
    for token in tokens:
        books.add(token)
    for frame in frames:
        books.feed(frame)
        peer(frame)
    for number, token in enumerate(tokens):
        for side, name in enumerate(("BUY", "SELL")):
            theirs = {
                round(float(price) * 10_000): round(size * 10**6) for price, size in peer.sides[token, name].items()
            }
            assert dict(books.book(number).levels(side)) == theirs
