"""Pages of the metadata service that were kept in files, read as the service itself would be.

`.json` (an array, a page with `markets` or `events`, one market, one event), `.jsonl` and `.ndjson` (one of these a
line), both also packed as `.zst`, and `.tar` or `.tar.zst` with such files inside.  Events lend their markets.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

import zstandard

from pmm.errors import BadAnswer, Exit, LocalError
from pmm.model import Market
from pmm.venues.polymarket import codec
from pmm.venues.polymarket.rest import exact_json

# Files of this project's kind are packed with windows of up to 128 MiB.
WINDOW_BYTES_MAX = 2**27
# One document, unpacked: a page of a hundred markets is 1 MB, an archive of single pages may be of any size.
DOCUMENT_BYTES_MAX = 256 * 2**20
LINES = (".jsonl", ".ndjson")

Odd = Callable[[str], None]


class BadPages(LocalError):
    """A file holds no pages of the metadata service, or is damaged."""

    code = "PMM-E311"
    exit = Exit.CHECK_FAILED
    hint = "Name a file of pages of the metadata service: json, jsonl, or one of them in zst, tar or tar.zst."


def markets(path: Path, odd: Odd) -> Iterator[Market]:
    """Every market of a file, in order; `odd` is told of each that could not be read, and why.

    Raises BadPages, and OSError for a file that cannot be opened.
    """
    try:
        with _opened(path) as (name, stream):
            for document in _documents(name, stream, path):
                yield from _markets(document, path, odd)
    except (zstandard.ZstdError, tarfile.TarError, EOFError) as error:
        raise BadPages(f"{path} is damaged: {error}") from error


@contextmanager
def _opened(path: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """The unpacked bytes, and the name without the suffix of the packing."""
    with ExitStack() as stack:
        file = stack.enter_context(path.open("rb"))
        if path.suffix != ".zst":
            yield path.name, file
            return
        unpacker = zstandard.ZstdDecompressor(max_window_size=WINDOW_BYTES_MAX)
        reader = stack.enter_context(unpacker.stream_reader(file, read_across_frames=True))
        yield path.stem, stack.enter_context(io.BufferedReader(reader))


def _documents(name: str, stream: IO[bytes], path: Path) -> Iterator[object]:
    if name.endswith(".tar"):
        with tarfile.open(fileobj=stream, mode="r|") as archive:
            for member in archive:
                inner = archive.extractfile(member)
                if inner is not None:
                    yield from _documents(member.name.removesuffix(".tar"), inner, path)
    elif name.endswith(LINES):
        while line := stream.readline(DOCUMENT_BYTES_MAX + 1):
            if line.strip():
                yield _document(line, f"{path} ({name})")
    else:
        yield _document(stream.read(DOCUMENT_BYTES_MAX + 1), f"{path} ({name})")


def _document(text: bytes, where: str) -> object:
    if len(text) > DOCUMENT_BYTES_MAX:
        raise BadPages(f"{where} holds more than {DOCUMENT_BYTES_MAX} bytes in one document")
    try:
        return exact_json(text)
    except ValueError as error:
        raise BadPages(f"{where} is not JSON") from error


def _markets(document: object, path: Path, odd: Odd, event_slug: str | None = None) -> Iterator[Market]:
    """The markets of whatever shape; those inside of an event carry its name."""
    match document:
        case list():
            for each in document:
                yield from _markets(each, path, odd, event_slug)
        case {"conditionId": _}:
            try:
                yield codec.market(document, event_slug=event_slug)
            except BadAnswer as error:
                odd(error.message)
        case {"slug": str(slug), "markets": list(inner)}:
            yield from _markets(inner, path, odd, slug)
        case {"events": list(inner)} | {"markets": list(inner)}:
            yield from _markets(inner, path, odd)
        case {"slug": str()}:
            return  # an event that has no markets yet
        case _:
            raise BadPages(f"{path} holds something else than pages of the metadata service")
