"""Old files are brought up to date, newer ones are left alone."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from pmm.sinks.schema import NAME, SCRIPTS, StateDamaged, StateTooNew, connect
from pmm.sinks.store import Intents, Store
from tests.sinks.conftest import intent

NEXT = (*SCRIPTS, "ALTER TABLE runs ADD COLUMN mode TEXT NOT NULL DEFAULT 'dry-run'")


def test_a_file_of_an_older_version_keeps_what_it_held(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        Intents(store, store.account("0xa", "venue")).intend([intent(1)])
    with Store.open(tmp_path, NEXT) as store:
        assert Intents(store, store.account("0xa", "venue")).open_intents() == [intent(1)]
        assert store.rows("SELECT mode FROM runs") == []
    kept = sqlite3.connect(tmp_path / f"{NAME}.v{len(SCRIPTS)}")
    assert kept.execute("SELECT count(*) FROM intents").fetchone() == (1,)
    kept.close()


def test_a_file_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    connect(tmp_path, NEXT).close()
    before = (tmp_path / NAME).read_bytes()
    with pytest.raises(StateTooNew, match=f"version {len(NEXT)}, this pmm knows {len(SCRIPTS)}"):
        Store.open(tmp_path)
    assert (tmp_path / NAME).read_bytes() == before


def test_a_migration_that_fails_leaves_the_old_version(tmp_path: Path) -> None:
    connect(tmp_path).close()
    broken = (*SCRIPTS, "CREATE TABLE extra (id INTEGER); SELECT nonsense FROM nowhere")
    with pytest.raises(Exception, match="nowhere"):
        connect(tmp_path, broken)
    with Store.open(tmp_path) as store:
        assert store.rows("SELECT name FROM sqlite_master WHERE name = 'extra'") == []


def test_the_database_of_another_program_is_not_touched(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / NAME)
    other.execute("PRAGMA application_id = 12345")
    other.commit()
    other.close()
    with pytest.raises(StateDamaged, match="another program"):
        Store.open(tmp_path)
