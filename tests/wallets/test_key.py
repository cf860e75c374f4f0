"""A key in memory can be used and not be seen."""

from __future__ import annotations

import copy
import pickle
import traceback

import pytest

from pmm.errors import Exit
from pmm.wallets.key import BadKey, Key

TEXT = "0x" + "01" * 32
ADDRESS = "0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1"
ORDER = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"


@pytest.mark.parametrize("text", [TEXT, TEXT[2:], f" {TEXT}\n", TEXT.upper().replace("0X", "0x")])
def test_a_key_knows_its_address(text: str) -> None:
    key = Key.of(text)
    assert (key.address, key.reveal()) == (ADDRESS, b"\x01" * 32)


@pytest.mark.parametrize("text", ["", "0x", "01" * 31, "01" * 33, "00" * 32, ORDER, "zz" * 32, "seed words"])
def test_what_is_no_key_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(BadKey) as caught:
        Key.of(text)
    assert caught.value.exit is Exit.AUTH
    assert caught.tb.tb_next is not None
    inside = traceback.StackSummary.extract(traceback.walk_tb(caught.tb.tb_next), capture_locals=True)
    assert len(text) < 60 or not any(text in line for line in (str(caught.value), *inside.format()))


def test_nothing_that_shows_an_object_shows_the_key() -> None:
    key = Key.of(TEXT)
    for shown in (repr(key), str(key), f"{key}", repr([key]), repr(dir(key))):
        assert "0101" not in shown
    for copied in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError):
            copied(key)
