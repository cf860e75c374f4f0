"""What was written before a send is there afterwards, whatever happens to the process or to the disk."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import threading
from pathlib import Path
from random import Random

import pytest

from pmm.errors import DiskError
from pmm.sinks.schema import NAME, StateDamaged
from pmm.sinks.store import EVERYBODY, Intents, Latch, LatchName, Store
from tests.sinks.conftest import START, intent

# Writes batches of three for ever; says how many orders it was told are safe.
WRITER = """
import sys
from pathlib import Path
from pmm.sinks.store import Intents, Store
from tests.sinks.conftest import intent
store = Store.open(Path(sys.argv[1]))
log = Intents(store, store.account("0xabc", "venue"))
number = int(sys.argv[2])
while True:
    log.intend([intent(number + n) for n in range(3)])
    number += 3
    print(number, flush=True)
"""


def test_intents_are_there_after_the_file_was_closed_and_opened_again(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        log = Intents(store, store.account("0xABC", "venue"))
        log.intend([intent(2), intent(1, expires_at=None)])
        assert store.open_intents() == 2
    with Store.open(tmp_path) as store:
        log = Intents(store, store.account("0xabc", "venue"))
        assert log.open_intents() == [intent(1, expires_at=None), intent(2)]


def test_an_order_that_is_over_is_not_open_but_still_known(store: Store) -> None:
    log = Intents(store, store.account("0xabc", "venue"))
    log.intend([intent(1), intent(2)])
    log.close(["live-1-1"])
    assert log.open_intents() == [intent(2)]
    assert log.known([f"0x{1:064x}", "0xstranger"]) == {f"0x{1:064x}": "live-1-1"}


def test_accounts_do_not_see_each_other(store: Store) -> None:
    ours, theirs = (Intents(store, store.account(wallet, "venue")) for wallet in ("0xa", "0xb"))
    ours.intend([intent(1)])
    assert theirs.open_intents() == []
    theirs.intend([intent(1)])
    assert len(ours.open_intents()) == 1
    assert store.account("0xa", "other venue") not in {store.account("0xa", "venue"), store.account("0xb", "venue")}


def test_a_batch_is_written_whole_or_not_at_all(store: Store) -> None:
    log = Intents(store, store.account("0xabc", "venue"))
    log.intend([intent(1)])
    with pytest.raises(DiskError, match="cannot be used"):
        log.intend([intent(2), intent(1)])
    assert log.open_intents() == [intent(1)]
    log.intend([intent(2)])  # and the file is of use as before


def test_whatever_intend_returned_for_survives_sigkill(tmp_path: Path) -> None:
    dice, safe = Random(5), 0
    for _ in range(8):
        command = [sys.executable, "-c", WRITER, str(tmp_path), str(safe)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            for _ in range(dice.randrange(1, 60)):
                safe = int(writer.stdout.readline())
            writer.kill()
            rest = writer.stdout.read().split()
        safe = int(rest[-1]) if rest and rest[-1].isdigit() else safe
        with Store.open(tmp_path) as store:
            found = Intents(store, store.account("0xabc", "venue")).open_intents()
        assert len(found) >= safe
        assert len(found) % 3 == 0
        assert found == [intent(number) for number in range(len(found))]
        safe = len(found)


def test_several_threads_take_turns(store: Store) -> None:
    log = Intents(store, store.account("0xabc", "venue"))

    def write(first: int) -> None:
        for number in range(first, first + 20):
            log.intend([intent(number)])

    threads = [threading.Thread(target=write, args=(100 * n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(log.open_intents()) == 80


def test_intents_are_synced_and_the_rest_is_not(store: Store) -> None:
    log, modes, told = Intents(store, store.account("0xabc", "venue")), [], []
    for synced in (True, False, True):
        with store.writing(synced=synced) as db:
            modes.append(db.execute("PRAGMA synchronous").fetchone()[0])
            db.set_trace_callback(told.append)
    told.clear()
    log.intend([intent(1), intent(2)])
    assert [text.partition(" (")[0] for text in told] == ["INSERT INTO intents"], "one statement, and no other mode"
    modes.append(store.rows("PRAGMA synchronous")[0][0])
    assert modes == [2, 1, 2, 2]


@pytest.mark.parametrize("count", [0, 1, 2, 15, 100])
def test_a_batch_may_have_any_size(store: Store, count: int) -> None:
    log, wanted = Intents(store, store.account("0xabc", "venue")), [intent(number) for number in range(1, count + 1)]
    log.intend(wanted)
    assert sorted(log.open_intents(), key=lambda one: one.order_id) == sorted(wanted, key=lambda one: one.order_id)


def test_the_log_has_its_full_size_before_the_first_order(store: Store, tmp_path: Path) -> None:
    log, file = Intents(store, store.account("0xabc", "venue")), store.path.with_name("state.db-wal")
    log.intend([intent(1)])
    log.make_room()
    size = file.stat().st_size
    assert size >= 4_000_000
    for number in range(2, 52):
        log.intend([intent(number)])
    assert file.stat().st_size == size, "no order made it grow"
    assert store.path.stat().st_size < 1_000_000, "nothing of it counts"
    assert len(log.open_intents()) == 51
    assert store.rows("SELECT name FROM sqlite_master WHERE name = 'room'") == []
    assert store.rows("PRAGMA cache_size") == [(-2000,)]


def test_a_disk_without_room_for_the_log_is_said_at_once_and_what_is_there_stays(store: Store) -> None:
    log = Intents(store, store.account("0xabc", "venue"))
    log.intend([intent(1)])
    ((pages,),) = store.rows("PRAGMA page_count")
    store.rows(f"PRAGMA max_page_count = {pages + 50}")
    with pytest.raises(DiskError, match="full"):
        log.make_room()
    assert log.open_intents() == [intent(1)]


def test_a_full_disk_is_said_and_lasts_only_as_long_as_it_is_full(store: Store) -> None:
    log = Intents(store, store.account("0xabc", "venue"))
    ((pages,),) = store.rows("PRAGMA page_count")
    store.rows(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(DiskError, match="full"):
        log.intend([intent(1, body=bytes(100_000))])
    assert log.open_intents() == []
    store.rows("PRAGMA max_page_count = 1000000")
    log.intend([intent(1)])
    assert log.open_intents() == [intent(1)]


def test_a_disk_that_cannot_only_be_read_is_said(store: Store) -> None:
    log = Intents(store, store.account("0xabc", "venue"))
    store.rows("PRAGMA query_only = ON")
    with pytest.raises(DiskError, match="may only be read"):
        log.intend([intent(1)])


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DiskError, match="cannot write"):
        Store.open(tmp_path / "file" / "bot")


def test_a_file_that_another_program_holds_is_said(store: Store) -> None:
    log = Intents(store, store.account("0xabc", "venue"))
    other = sqlite3.connect(store.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(DiskError, match="held by another program"):
        log.intend([intent(1)])
    other.execute("ROLLBACK")
    other.close()
    log.intend([intent(1)])


@pytest.mark.parametrize("harm", ["head", "middle", "not a database", "cut"])
def test_a_damaged_file_is_refused_and_left_as_it_is(tmp_path: Path, harm: str) -> None:
    with Store.open(tmp_path) as store:
        Intents(store, store.account("0xabc", "venue")).intend([intent(n, body=bytes(500)) for n in range(200)])
    path = tmp_path / NAME
    data = bytearray(path.read_bytes())
    match harm:
        case "head":
            data[:16] = b"something other!"
        case "middle":
            for page in range(4096, len(data), 4096):
                data[page : page + 64] = bytes(range(64))
        case "not a database":
            data = bytearray(b"hello" * 1000)
        case _:
            data = data[: len(data) // 2]
    path.write_bytes(data)
    with pytest.raises(StateDamaged, match="damaged") as refused:
        Store.open(tmp_path)
    assert path.read_bytes() == bytes(data)
    assert "pmm cancel-all" in refused.value.hint


def test_an_order_that_changed_on_the_disk_is_refused(store: Store) -> None:
    log = Intents(store, store.account("0xabc", "venue"))
    log.intend([intent(1)])
    with store.writing() as db:
        db.execute("UPDATE intents SET price = 4801")
    with pytest.raises(StateDamaged, match="live-1-1"):
        log.open_intents()


@pytest.mark.skipif(sys.platform == "win32", reason="files have no such modes there")
def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        Store.open(tmp_path / "bot").close()
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "bot").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "bot" / NAME).stat().st_mode) == 0o600


def test_latches_hold_until_they_are_reset_and_keep_the_first_reason(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        account, other = store.account("0xa", "venue"), store.account("0xb", "venue")
        store.latch(LatchName.KILL, "enough", START)
        store.latch(LatchName.KILL, "later", START + 5)
        store.latch(LatchName.HALT, "lost too much", START + 1, account)
    with Store.open(tmp_path) as store:
        kill, halt = Latch(LatchName.KILL, "enough", START), Latch(LatchName.HALT, "lost too much", START + 1)
        assert store.latched(account) == [kill, halt]
        assert store.latched(other) == [kill]
        assert store.latched() == [kill, halt]
        assert store.latched(EVERYBODY) == [kill]
        assert store.reset() == [kill, halt]
        assert store.latched() == []
