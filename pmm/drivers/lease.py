"""One writer: a wallet, and the folder of an instance, belong to one process at a time.

    with take_wallet(data_dir, address, "default"):
        ...                                   # nobody else on this machine trades with it

The lock is the system's, which takes it back however its holder dies: there are no stale ones.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import orjson

from pmm.errors import DiskError, Exit, LocalError
from pmm.model import Nanos
from pmm.recordings.lock import hold

INSTANCE_LOCK = "instance.lock"
WALLET_LOCKS = "locks"
# Whoever only looks holds the lock for a moment.
ATTEMPTS = 5
PAUSE_S = 0.02
# Where Windows locks a byte, nobody else may read it: far behind what is written.
LOCKED_BYTE = 1 << 30
HOLDER_BYTES_MAX = 4_096


class LeaseTaken(LocalError):
    """Another pmm runs with the same wallet or the same instance; nothing was sent."""

    code = "PMM-E332"
    exit = Exit.REFUSED
    hint = "Stop it first: `pmm stop` with its --instance, or end its process."


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has a lease; `since` is unix time in nanoseconds."""

    pid: int
    instance: str
    since: Nanos


class Lease:
    """A lease that is held until `release`, or the end of the process."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def release(self) -> None:
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def take_wallet(data_dir: Path, address: str, instance: str) -> Lease:
    """The right to trade with a wallet.  Raises LeaseTaken, which names the holder, and DiskError."""
    return _take(wallet_lock(data_dir, address), f"the wallet {address}", instance)


def take_instance(folder: Path, instance: str) -> Lease:
    """The right to be the bot of an instance.  Raises LeaseTaken and DiskError."""
    return _take(folder / INSTANCE_LOCK, f"the instance {instance!r}", instance)


def holder_of(folder: Path) -> Holder | None:
    """Who runs as the instance of a folder now; None where nobody does."""
    path = folder / INSTANCE_LOCK
    try:
        file = path.open("r+b")
    except OSError:
        return None
    with file:
        return _holder(file) if not _held(file) else None


def wallet_lock(data_dir: Path, address: str) -> Path:
    """The file whose lock is the right to trade with a wallet."""
    return data_dir / WALLET_LOCKS / f"{address.lower()}.lock"


def is_held(path: Path) -> bool:
    """Whether somebody has the lease of a lock file now."""
    try:
        file = path.open("r+b")
    except OSError:
        return False
    with file:
        return not _held(file)


def _take(path: Path, what: str, instance: str) -> Lease:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b")
    except OSError as error:
        raise DiskError(f"cannot write {path}: {error.strerror}") from error
    for _ in range(ATTEMPTS):
        if _held(file):
            _sign(file, Holder(os.getpid(), instance, time.time_ns()))
            return Lease(file)
        time.sleep(PAUSE_S)
    holder = _holder(file)
    file.close()
    raise LeaseTaken(f"{what} is in use by process {holder.pid}, instance {holder.instance!r}")


def _held(file: BinaryIO) -> bool:
    """Try to lock an open file; True when it is ours until it is closed."""
    file.seek(LOCKED_BYTE)
    try:
        hold(file)
    except OSError:
        return False
    return True


def _sign(file: BinaryIO, holder: Holder) -> None:
    text = orjson.dumps({"pid": holder.pid, "instance": holder.instance, "since": holder.since})
    file.seek(0)
    file.truncate()
    file.write(text)
    file.flush()


def _holder(file: BinaryIO) -> Holder:
    """What the holder wrote; process 0 in the moment before it did."""
    file.seek(0)
    try:
        told = orjson.loads(file.read(HOLDER_BYTES_MAX))
        return Holder(int(told["pid"]), str(told["instance"]), int(told["since"]))
    except (ValueError, KeyError, TypeError, OSError):
        return Holder(0, "?", 0)
