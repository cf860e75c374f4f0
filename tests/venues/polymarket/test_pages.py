"""Kept pages are read in every packing, and what is none of them is refused by name."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest
import zstandard

from pmm.errors import Exit
from pmm.venues.polymarket import pages
from pmm.venues.polymarket.pages import BadPages
from tests.support.recordings import RECORDINGS
from tests.venues.polymarket.stub import gamma

ROWS = [gamma("a"), gamma("b"), gamma("c")]
EVENT = {"id": "1", "slug": "weather", "title": "Weather", "markets": ROWS}
PAGE = {"markets": ROWS}
GAMMA = RECORDINGS / "gamma"


def read(folder: Path, name: str, content: bytes) -> list[str]:
    path = folder / name
    path.write_bytes(content)
    return [market.slug for market in pages.markets(path, lambda reason: pytest.fail(reason))]


def text(document: object) -> bytes:
    return json.dumps(document).encode()


def archive(*documents: object) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for number, document in enumerate(documents):
            member = tarfile.TarInfo(f"pages/{number}.json")
            member.size = len(text(document))
            tar.addfile(member, io.BytesIO(text(document)))
    return packed.getvalue()


@pytest.mark.parametrize("document", [ROWS, PAGE, EVENT, {"events": [EVENT]}, [EVENT], [[ROWS[0]], ROWS[1:]]])
def test_every_shape_of_a_page_is_read(tmp_path: Path, document: object) -> None:
    assert read(tmp_path, "page.json", text(document)) == ["a", "b", "c"]


@pytest.mark.parametrize("suffix", [".jsonl", ".ndjson"])
def test_lines_are_documents_of_their_own(tmp_path: Path, suffix: str) -> None:
    lines = b"\n".join([text(ROWS[0]), b"", text({"markets": ROWS[1:]}), b""])
    assert read(tmp_path, f"pages{suffix}", lines) == ["a", "b", "c"]


def test_what_is_packed_is_unpacked(tmp_path: Path) -> None:
    pack = zstandard.ZstdCompressor().compress
    assert read(tmp_path, "page.json.zst", pack(text(PAGE))) == ["a", "b", "c"]
    assert read(tmp_path, "rows.jsonl.zst", pack(text(ROWS[0]) + b"\n") + pack(text(ROWS[1]))) == ["a", "b"]
    assert read(tmp_path, "pages.tar", archive(PAGE, [])) == ["a", "b", "c"]
    assert read(tmp_path, "pages.tar.zst", pack(archive([ROWS[0]], [ROWS[1]]))) == ["a", "b"]


def test_an_event_lends_its_name_to_its_markets(tmp_path: Path) -> None:
    path = tmp_path / "event.json"
    path.write_bytes(text({"events": [EVENT]}))
    assert {market.event_slug for market in pages.markets(path, pytest.fail)} == {"weather"}


def test_a_market_that_cannot_be_read_is_noted_and_the_others_are_kept(tmp_path: Path) -> None:
    path, odd = tmp_path / "page.json", []
    path.write_bytes(text([ROWS[0], gamma("x", version="v9"), ROWS[2]]))
    assert [market.slug for market in pages.markets(path, odd.append)] == ["a", "c"]
    assert odd == ["market x is of unknown version 'v9'"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("page.json", b"{", "is not JSON"),
        ("page.json", b"[" * 100_000, "is not JSON"),
        ("page.json", b'{"other": 1}', "something else"),
        ("page.json", b'["a"]', "something else"),
        ("page.json.zst", b"not packed", "is damaged"),
        ("page.json.zst", zstandard.ZstdCompressor().compress(text(PAGE))[:-4], "not JSON|is damaged"),
        ("pages.tar", b"x" * 2_000, "is damaged"),
        ("pages.tar", archive(PAGE, PAGE)[:700], "is damaged|is not JSON"),
    ],
)
def test_a_file_that_is_damaged_or_something_else_is_exit_8(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    with pytest.raises(BadPages, match=message) as caught:
        read(tmp_path, name, content)
    assert caught.value.exit is Exit.CHECK_FAILED


def test_a_document_has_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "DOCUMENT_BYTES_MAX", 100)
    with pytest.raises(BadPages, match="more than 100 bytes"):
        read(tmp_path, "page.json", text(PAGE))
    with pytest.raises(BadPages, match="more than 100 bytes"):
        read(tmp_path, "page.jsonl", text(PAGE))


@pytest.mark.skipif(not GAMMA.is_dir(), reason="the recordings are not beside this checkout")
def test_recorded_pages_of_every_packing_are_read() -> None:
    names = ["funkekaiser-gamma_negrisk_event.json", "polycopy-gamma_top_markets_sample.json.zst"]
    assert [len(list(pages.markets(GAMMA / name, pytest.fail))) for name in names] == [60, 20]
