"""One recorder per folder: a lock that the system takes back when its holder dies, however it dies."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import BinaryIO

from pmm.errors import DiskError, LocalError

NAME = ".recorder.lock"
# Whoever only looks whether a recorder runs holds the lock for a moment.
ATTEMPTS = 3
PAUSE_S = 0.02


class RecorderRuns(LocalError):
    """Another recorder writes to that folder."""

    code = "PMM-E306"
    hint = "Choose another folder with --out, or stop the other recorder."


def lock(folder: Path) -> BinaryIO:
    """Take the lock of a folder; closing the answer gives it back.  Raises RecorderRuns and DiskError."""
    try:
        file = (folder / NAME).open("ab")
    except OSError as error:
        raise DiskError(f"cannot write to {folder}: {error.strerror}", hint="Choose another folder.") from error
    for attempt in range(ATTEMPTS):
        try:
            hold(file)
        except OSError as error:
            if attempt + 1 < ATTEMPTS:
                time.sleep(PAUSE_S)
                continue
            file.close()
            raise RecorderRuns(f"another recorder writes to {folder}") from error
        break
    return file


def locked(folder: Path) -> bool:
    """Whether a recorder runs there now."""
    if not (folder / NAME).exists():
        return False
    try:
        lock(folder).close()
    except RecorderRuns:
        return True
    except DiskError:
        return False  # a folder that we may only read
    return False


def hold(file: BinaryIO) -> None:
    """Lock an open file until it is closed.  Raises OSError when somebody else holds it."""
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
