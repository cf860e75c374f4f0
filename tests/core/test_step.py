"""What a fill says of itself."""

from __future__ import annotations

import pytest

from pmm.model import Side
from tests.support.risk import traded
from tests.support.story import shares


@pytest.mark.parametrize(
    ("side", "is_yes", "net"),
    [(Side.BUY, True, 10), (Side.SELL, True, -10), (Side.BUY, False, -10), (Side.SELL, False, 10)],
)
def test_a_share_of_no_is_one_of_yes_less(side, is_yes, net):
    assert traded(0, side, is_yes=is_yes).net == shares(net)
