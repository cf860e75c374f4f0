"""What the two amounts of a signed order mean."""

from __future__ import annotations

from random import Random

import pytest

from pmm.model import SHARE, USD, Side, TimeInForce
from pmm.sim.amounts import AMOUNT_DECIMALS, Amounts, decode
from pmm.sim.orders import Refusal

BUY, SELL = Side.BUY, Side.SELL
GTC, FAK, FOK = TimeInForce.GTC, TimeInForce.FAK, TimeInForce.FOK


def test_the_vector_of_the_protocol_page() -> None:
    assert decode("0x", BUY, 4_500_000, 10_000_000, GTC, 100) == Amounts(4_500, 10 * SHARE, None)


def test_a_sell_gives_shares_whatever_its_kind() -> None:
    for tif in (GTC, FAK, FOK):
        assert decode("0x", SELL, 10_000_000, 4_500_000, tif, 100) == Amounts(4_500, 10 * SHARE, None)


def test_a_market_buy_is_a_budget_and_its_worst_price() -> None:
    assert decode("0x", BUY, 10_000_000, 27_027_000, FAK, 100) == Amounts(3_700, None, 10 * USD)


@pytest.mark.parametrize(
    ("side", "maker", "taker", "tif", "text"),
    [
        (BUY, 4_550_000, 10_000_000, GTC, "Price (0.455) breaks minimum tick size rule: 0.01"),
        (BUY, 10_000_000, 10_000_000, GTC, "Price (1) breaks minimum tick size rule"),
        (BUY, 1, 10_000_000, GTC, "breaks minimum tick size rule"),
        (SELL, 10_000_000, 3_333_333, GTC, "Price (0.333333) breaks"),
        (BUY, 4_500, 10_001, GTC, "breaks"),
        (SELL, 10_001_000, 5_000_500, GTC, "more decimals"),
        (BUY, 10_001_000, 20_002_000, FAK, "more decimals"),
        (BUY, 10_000_000, 20_000_001, FAK, "more decimals"),
        (BUY, 10_000_000, 24_700_000, FAK, "breaks"),
        (BUY, 0, 10, GTC, "Invalid order payload"),
        (BUY, 10, 0, GTC, "Invalid order payload"),
        (BUY, -10, 10, GTC, "Invalid order payload"),
        (BUY, 1 << 70, 10, FOK, "Invalid order payload"),
    ],
)
def test_amounts_that_mean_no_order_are_refused(
    side: Side, maker: int, taker: int, tif: TimeInForce, text: str
) -> None:
    answer = decode("0xid", side, maker, taker, tif, 100)
    assert isinstance(answer, Refusal)
    assert text in answer.text


def test_whatever_a_client_computes_on_the_grid_is_read_back() -> None:
    dice = Random(4)
    for _ in range(5_000):
        tick = dice.choice(list(AMOUNT_DECIMALS))
        price = dice.randrange(1, 10_000 // tick) * tick
        size = dice.randrange(1, 10**6) * 10_000
        assert decode("0x", BUY, price * size // 10_000, size, GTC, tick) == Amounts(price, size, None)
        budget, step = dice.randrange(1, 10**6) * 10_000, 10 ** (6 - AMOUNT_DECIMALS[tick])
        shares = round(budget * 10_000 / price / step) * step
        if shares:
            answer = decode("0x", BUY, budget, shares, FAK, tick)
            assert isinstance(answer, Amounts), (budget, shares, price, tick)
            # Few shares leave room for several prices: the nearest one is taken.
            assert answer.price == price or abs(answer.price - price) * shares <= 2 * step * price
