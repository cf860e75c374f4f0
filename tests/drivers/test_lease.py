"""Two bots never trade with one wallet, and a dead one leaves nothing behind that keeps the next from starting."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pmm.drivers.lease import LeaseTaken, holder_of, take_instance, take_wallet
from pmm.errors import DiskError, Exit

WALLET = "0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1"
# Takes both leases, says so, and waits to be killed.
OTHER = f"""
import sys
from pathlib import Path
from pmm.drivers.lease import take_instance, take_wallet
data = Path(sys.argv[1])
held = take_wallet(data, "{WALLET}".lower(), "other"), take_instance(data / "other", "other")
print("held", flush=True)
sys.stdin.read()
"""


def other(data: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", OTHER, str(data)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_one_is_told_who_has_the_wallet(tmp_path: Path) -> None:
    with other(tmp_path) as holder:
        with pytest.raises(LeaseTaken, match=f"process {holder.pid}, instance 'other'") as refused:
            take_wallet(tmp_path, WALLET, "default")
        holder.kill()
    assert refused.value.exit is Exit.REFUSED


def test_the_system_takes_the_lease_of_a_dead_process_back(tmp_path: Path) -> None:
    with other(tmp_path) as holder:
        holder.kill()
    with take_wallet(tmp_path, WALLET, "default"), take_instance(tmp_path / "other", "other"):
        pass


def test_other_wallets_and_instances_are_free(tmp_path: Path) -> None:
    with other(tmp_path) as holder, take_wallet(tmp_path, "0x00", "a"), take_instance(tmp_path / "a", "a"):
        holder.kill()


def test_a_lease_that_is_given_back_can_be_taken_again(tmp_path: Path) -> None:
    for _ in range(2):
        with take_instance(tmp_path, "default"), pytest.raises(LeaseTaken):
            take_instance(tmp_path, "default")


def test_whoever_looks_learns_who_runs_and_does_not_get_in_the_way(tmp_path: Path) -> None:
    assert holder_of(tmp_path / "other") is None
    with other(tmp_path) as process:
        holder = holder_of(tmp_path / "other")
        assert holder is not None
        assert (holder.pid, holder.instance) == (process.pid, "other")
        process.kill()
    assert holder_of(tmp_path / "other") is None
    with take_instance(tmp_path / "other", "other"):
        holder = holder_of(tmp_path / "other")
        assert holder is not None
        assert holder.pid == os.getpid()


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "locks").write_text("")
    with pytest.raises(DiskError, match="cannot write"):
        take_wallet(tmp_path, WALLET, "default")
