"""Takers' buys and sells: decayed, shrunk, and never more than a hint."""

import pytest

from pmm.core.signals.flow import PRIOR, Flow
from pmm.model import SECOND, Side
from tests.support.story import shares

START = 1_790_000_000 * SECOND


def test_no_trades_say_nothing():
    assert Flow(120.0).value(START) == 0.0


def test_a_small_trade_says_little_and_a_large_one_more():
    small, large = Flow(120.0), Flow(120.0)
    small.on_trade(START, Side.BUY, shares(10))
    large.on_trade(START, Side.BUY, PRIOR)
    assert small.value(START) == pytest.approx(10 / 110)
    assert large.value(START) == pytest.approx(0.5)


def test_buys_and_sells_cancel_out():
    flow = Flow(120.0)
    for side in (Side.BUY, Side.SELL):
        flow.on_trade(START, side, shares(500))
    assert flow.value(START) == 0.0


def test_what_is_long_ago_counts_less():
    flow = Flow(120.0)
    flow.on_trade(START, Side.BUY, shares(100))
    flow.on_trade(START + 120 * SECOND, Side.SELL, shares(100))
    assert flow.value(START + 120 * SECOND) == pytest.approx((50 - 100) / (150 + 100))
    assert abs(flow.value(START + 3_600 * SECOND)) < 1e-6
