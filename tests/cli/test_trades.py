"""What `pmm trades` writes can be read again."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmm.account import Origin, OwnTrade, TradeStatus
from pmm.cli.account import trade_of, trade_record
from pmm.model import GRID, MILLISECOND, Side

TRADES = st.builds(
    OwnTrade,
    trade_id=st.text(min_size=1),
    order_id=st.text(min_size=1),
    venue_id=st.text(),
    market=st.text(min_size=1),
    token=st.text(min_size=1),
    side=st.sampled_from(Side),
    price=st.integers(1, GRID - 1),
    size=st.integers(1, 10**13),
    status=st.sampled_from(TradeStatus),
    matched_at=st.integers(0, 4 * 10**12).map(lambda ms: ms * MILLISECOND),
    maker=st.booleans(),
    transaction=st.text(),
    outcome=st.text(),
    origin=st.sampled_from(Origin),
)


@given(TRADES)
def test_a_line_re_reads_into_the_same_trade(trade: OwnTrade) -> None:
    line = orjson.dumps(trade_record(trade))
    assert trade_of(orjson.loads(line)) == trade


@pytest.mark.parametrize("wrong", [{"matched_at": "yesterday"}, {"side": "HOLD"}, {"price": "1e3"}, {"status": "odd"}])
def test_a_line_that_is_none_of_ours_is_refused(wrong: dict[str, str]) -> None:
    trade = OwnTrade("t1", "o1", "", "0xm", "1", Side.BUY, 4_800, 5, TradeStatus.MATCHED, 0, True)
    with pytest.raises(ValueError, match=r"."):
        trade_of(trade_record(trade) | wrong)
