"""Files with secrets are read when they are ours alone, and never otherwise."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pmm.settings.private_file import SECRET_BYTES_MAX, NotPrivate, check_folder, read_secret

posix = pytest.mark.skipif(os.name != "posix", reason="permissions are those of POSIX")


def secret(folder: Path, content: bytes = b"sparrow\n", mode: int = 0o600) -> Path:
    path = folder / "secret"
    path.write_bytes(content)
    path.chmod(mode)
    return path


def test_white_space_around_a_secret_is_none_of_it(tmp_path: Path) -> None:
    assert read_secret(secret(tmp_path)) == "sparrow"


@posix
@pytest.mark.parametrize("mode", [0o604, 0o640, 0o660, 0o644, 0o602])
def test_a_file_that_others_may_touch_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(NotPrivate, match=rf"mode {mode:04o}"):
        read_secret(secret(tmp_path, mode=mode))


@posix
@pytest.mark.parametrize("mode", [0o600, 0o400, 0o700])
def test_what_the_owner_may_do_does_not_matter(tmp_path: Path, mode: int) -> None:
    assert read_secret(secret(tmp_path, mode=mode)) == "sparrow"


@posix
def test_a_file_of_somebody_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = secret(tmp_path)
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
    with pytest.raises(NotPrivate, match="belongs to another user"):
        read_secret(path)


@posix
def test_a_folder_that_others_may_look_into_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "wallets"
    folder.mkdir(mode=0o700)
    check_folder(folder)
    folder.chmod(0o750)
    with pytest.raises(NotPrivate, match="mode 0750"):
        check_folder(folder)


def test_nothing_of_a_refused_file_is_told(tmp_path: Path) -> None:
    for content in (b"sparrow" * SECRET_BYTES_MAX, b"sparrow\xff"):
        with pytest.raises(NotPrivate) as caught:
            read_secret(secret(tmp_path, content))
        assert "sparrow" not in repr(caught.value)
        assert caught.value.__cause__ is None


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(NotPrivate):
            read_secret(path)


@posix
def test_a_pipe_of_our_own_is_as_good_as_a_file() -> None:
    reader, writer = os.pipe()
    os.write(writer, b"sparrow\n")
    os.close(writer)
    assert read_secret(Path(f"/dev/fd/{reader}")) == "sparrow"
    os.close(reader)
