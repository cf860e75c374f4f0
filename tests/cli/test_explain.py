"""`pmm explain` knows every code there is, and offers what is near to one that there is not."""

from __future__ import annotations

import json

import pytest

from pmm.cli.codes import declared
from pmm.cli.explain import _error
from pmm.cli.frame import run
from pmm.venues.polymarket.reasons import names


@pytest.mark.parametrize("code", ["PMM-E201", "pmm-e201"])
def test_an_error_is_explained(code: str, capsys: pytest.CaptureFixture[str], tmp_path) -> None:
    assert run(["explain", code, "--data-dir", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "One or more settings are invalid" in out
    assert "exit      3 (config)" in out


def test_every_error_that_is_raised_has_a_meaning() -> None:
    for code in declared():
        told = _error(code)
        assert told is not None
        assert told["meaning"], code


def test_every_reason_of_the_venue_is_explained(capsys: pytest.CaptureFixture[str], tmp_path) -> None:
    for name in names():
        assert run(["explain", name, "--json", "--data-dir", str(tmp_path)]) == 0
        told = json.loads(capsys.readouterr().out)
        assert told["schema"] == "pmm.explain/1"
        assert told["data"]["kind"] == "reason"
        assert told["data"]["meaning"]


@pytest.mark.parametrize(
    ("code", "near"),
    [("PMM-E20l", "PMM-E201"), ("INVALID_POST_ORDER", "INVALID_POST_ONLY_ORDER"), ("?!", "`pmm orders`")],
)
def test_what_nobody_knows_ends_with_what_is_near(code: str, near: str, capsys, tmp_path) -> None:
    assert run(["explain", code, "--data-dir", str(tmp_path)]) == 5
    said = capsys.readouterr().err
    assert "PMM-E104" in said
    assert near in said
