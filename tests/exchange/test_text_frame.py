from __future__ import annotations

import pytest

from pmm.exchange.text_frame import text_frame, text_of


def test_the_examples_of_the_standard_hold() -> None:
    assert text_frame(b"Hello") == bytes.fromhex("810548656c6c6f")
    assert text_frame(b"x" * 256)[:4] == bytes.fromhex("817e0100")
    assert text_frame(b"x" * 65_536)[:10] == bytes.fromhex("817f0000000000010000")


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536, 400_000])
def test_a_text_comes_out_of_its_frame(size: int) -> None:
    text = b"a" * size
    assert text_of(text_frame(text)) == text
