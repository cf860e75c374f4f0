"""`pmm state` shows what a state file holds and brings an old one up to date on purpose."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pmm.cli.frame import run
from pmm.sinks.image import image
from pmm.sinks.schema import NAME, SCRIPTS, connect, version_of
from pmm.sinks.store import Intents, Store
from tests.sinks.conftest import intent


def told(capsys: pytest.CaptureFixture[str], home: Path, *words: str) -> dict[str, object]:
    assert run(["state", *words, "--json", "--data-dir", str(home)]) == 0
    data: dict[str, object] = json.loads(capsys.readouterr().out)["data"]
    return data


def test_a_file_of_the_second_version_is_brought_up_to_date_and_kept_as_it_was(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder = tmp_path / "default"
    with Store.open(folder, SCRIPTS[:2]) as old:
        Intents(old, old.account("0xa", "venue")).intend([intent(1)])
    moved = told(capsys, tmp_path, "migrate")
    assert (moved["from"], moved["to"], moved["copy"]) == (2, len(SCRIPTS), str(folder / f"{NAME}.v2"))
    assert version_of(folder) == len(SCRIPTS)
    again = told(capsys, tmp_path, "migrate")
    assert (again["from"], again["to"], again["copy"]) == (len(SCRIPTS), len(SCRIPTS), None)
    with Store.open(folder) as store:
        assert len(Intents(store, store.account("0xa", "venue")).open_intents()) == 1


def test_looking_at_the_version_touches_nothing(tmp_path: Path) -> None:
    assert version_of(tmp_path) is None
    connect(tmp_path, SCRIPTS[:1]).close()
    before = (tmp_path / NAME).read_bytes()
    assert version_of(tmp_path) == 1
    assert (tmp_path / NAME).read_bytes() == before


def test_without_a_file_there_is_nothing_to_migrate(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run(["state", "migrate", "--data-dir", str(tmp_path)]) == 5
    assert "there is no state file" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_number_of_every_account_is_that_of_its_state(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with Store.open(tmp_path / "default") as store:
        account = store.account("0xa", "venue")
        Intents(store, account).intend([intent(1)])
        wanted = image(store, account).hexdigest()
    shown = told(capsys, tmp_path, "show")
    assert shown["accounts"] == [{"wallet": "0xa", "venue": "venue", "mode": "live", "state_hash": wanted}]
    assert (shown["version"], shown["rows"]["intents"]) == (len(SCRIPTS), 1)  # type: ignore[index]  # a record
    assert run(["state", "show", "--data-dir", str(tmp_path)]) == 0
    assert wanted[:16] in capsys.readouterr().out
