"""Files with secrets: only their owner may read them, or they are not read at all."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

from pmm.errors import Exit, LocalError

# No secret is longer; whatever is, is a wrong file.
SECRET_BYTES_MAX = 4_096
FILE_MODE = 0o600
FOLDER_MODE = 0o700
# Who may read a file is asked this way on POSIX only; elsewhere the system's own lists say it.
_POSIX = os.name == "posix"


class NotPrivate(LocalError):
    """A file or folder with secrets that others may read, or that is not what it should be; it was not read."""

    code = "PMM-E202"
    exit = Exit.CONFIG
    hint = "Nobody but you may read it: `chmod 600 FILE`, and `chmod 700` for its folder."


def read_secret(path: Path) -> str:
    """The one secret in a file, without the white space around it.  Raises NotPrivate, never with the secret."""
    return read_private(path, SECRET_BYTES_MAX).strip()


def read_private(path: Path, bytes_max: int) -> str:
    """The text of a file that only its owner, who is us, may read.  Raises NotPrivate.

    What is judged is the opened file itself, so nobody can swap it in between.
    """
    try:
        with path.open("rb") as file:
            _judge(path, os.fstat(file.fileno()), _is_readable, FILE_MODE)
            content = file.read(bytes_max + 1)
    except OSError as error:
        raise NotPrivate(f"{path} cannot be read: {os.strerror(error.errno or 0)}", hint="Check the path.") from error
    if len(content) > bytes_max:
        raise NotPrivate(f"{path} is larger than {bytes_max} bytes, which no such file is", hint="Check the path.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        # Not chained: the library's error shows the bytes.
        raise NotPrivate(f"{path} is not UTF-8 text", hint="Check the path.") from None


def _is_readable(mode: int) -> bool:
    """A file, or a pipe of our own such as `/dev/fd/3`, which no other process can read."""
    return stat.S_ISREG(mode) or stat.S_ISFIFO(mode)


def check_folder(path: Path) -> None:
    """Raises NotPrivate where others may look into a folder, or it is not ours."""
    try:
        _judge(path, path.stat(), stat.S_ISDIR, FOLDER_MODE)
    except OSError as error:
        raise NotPrivate(f"{path} cannot be read: {os.strerror(error.errno or 0)}", hint="Check the path.") from error


def _judge(path: Path, found: os.stat_result, is_kind: Callable[[int], bool], mode: int) -> None:
    if not is_kind(found.st_mode):
        raise NotPrivate(f"{path} is not a {'file' if mode == FILE_MODE else 'folder'}", hint="Check the path.")
    if not _POSIX:
        return
    if found.st_uid != os.geteuid():
        raise NotPrivate(f"{path} belongs to another user", hint="Only your own files are believed.")
    if stat.S_IMODE(found.st_mode) & ~mode & 0o077:
        raise NotPrivate(
            f"{path} may be read by others (mode {stat.S_IMODE(found.st_mode):04o})", hint=f"chmod {mode:o} {path}"
        )
