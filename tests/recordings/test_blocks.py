from __future__ import annotations

import io

import pytest
import zstandard

from pmm.recordings.blocks import TEXT_BYTES_MAX, Damaged, pack, unpack, walk

TEXTS = [b"one\n", b"two " * 100_000 + b"\n", bytes(range(256)) * 2_000]


def chain() -> bytes:
    return b"".join(pack(text) for text in TEXTS)


def test_every_frame_is_found_and_unpacked() -> None:
    file = io.BytesIO(chain())
    assert [unpack(file, block) for block in list(walk(file))] == TEXTS


def test_the_chain_is_what_any_zstd_prints() -> None:
    with zstandard.ZstdDecompressor().stream_reader(io.BytesIO(chain()), read_across_frames=True) as reader:
        assert reader.read() == b"".join(TEXTS)


def test_a_frame_that_was_cut_off_is_not_there() -> None:
    whole = chain()
    for cut in range(len(whole) - len(pack(TEXTS[2])) + 1, len(whole), 97):
        assert len(list(walk(io.BytesIO(whole[:cut])))) == 2


def test_zeros_that_a_file_system_left_are_no_damage() -> None:
    assert len(list(walk(io.BytesIO(chain() + bytes(5_000))))) == 3


@pytest.mark.parametrize(
    "tail",
    [
        b"hello",
        zstandard.ZstdCompressor(write_checksum=False).compress(b"no checksum"),
        zstandard.ZstdCompressor(write_checksum=True, write_content_size=False).compress(b"no size"),
        bytes(100) + b"x",
    ],
)
def test_anything_else_behind_it_is_damage(tail: bytes) -> None:
    blocks = walk(io.BytesIO(chain() + tail))
    with pytest.raises(Damaged, match="damaged at byte"):
        list(blocks)


def test_a_flipped_bit_is_damage() -> None:
    data = bytearray(pack(TEXTS[0]))
    for at in range(4, len(data)):
        spoiled = data.copy()
        spoiled[at] ^= 1
        file = io.BytesIO(bytes(spoiled))
        try:
            texts = [unpack(file, block) for block in list(walk(file))]
        except Damaged:
            continue
        assert texts == [], at  # its length changed, so that it looks cut off


def test_a_frame_that_claims_to_be_huge_is_not_unpacked() -> None:
    header = b"\x28\xb5\x2f\xfd" + b"\xe4" + (TEXT_BYTES_MAX + 1).to_bytes(8, "little")
    with pytest.raises(Damaged, match="impossible size"):
        list(walk(io.BytesIO(header + bytes(30) + b"x")))
