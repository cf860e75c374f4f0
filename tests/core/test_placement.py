"""Which token an order is placed in: sell what is held and free, otherwise buy the complement."""

import pytest

from pmm.core.orders import Order
from pmm.core.placement import leg_for, quoted_as
from pmm.core.position import Holding, Position
from pmm.core.view import QuoteSide, Target
from pmm.model import Side
from tests.support.story import CONDITION, NO, YES, market, shares

ASK = Target(5200, shares(10), 10_000)
BID = Target(4800, shares(10), 10_000)


def test_an_ask_without_shares_buys_the_other_token_at_the_complement():
    assert leg_for(QuoteSide.ASK, ASK, market(), Position(), ()) == (NO, Side.BUY, 4800)


def test_an_ask_with_shares_sells_them():
    assert leg_for(QuoteSide.ASK, ASK, market(), Position(Holding(shares(10))), ()) == (YES, Side.SELL, 5200)


def test_shares_promised_to_another_order_are_not_sold_twice():
    promised = Order("o", CONDITION, YES, Side.SELL, 5300, shares(5), QuoteSide.ASK, 5300, 10_000, 0)
    assert leg_for(QuoteSide.ASK, ASK, market(), Position(Holding(shares(14))), (promised,))[:2] == (NO, Side.BUY)


def test_a_bid_buys_or_sells_the_other_token_that_is_held():
    assert leg_for(QuoteSide.BID, BID, market(), Position(), ()) == (YES, Side.BUY, 4800)
    assert leg_for(QuoteSide.BID, BID, market(), Position(no_held=Holding(shares(10))), ()) == (NO, Side.SELL, 5200)


def test_shares_of_a_trade_that_may_still_fail_are_not_sold():
    pending = Position(Holding(settled=shares(5), bought=shares(10)))
    assert leg_for(QuoteSide.ASK, ASK, market(), pending, ()) == (NO, Side.BUY, 4800)


@pytest.mark.parametrize("side", list(QuoteSide))
@pytest.mark.parametrize("held", [Holding(), Holding(shares(10))])
def test_the_side_and_price_of_an_order_are_found_again_from_its_leg(side, held):
    target = BID if side is QuoteSide.BID else ASK
    token, order_side, price = leg_for(side, target, market(), Position(held, held), ())
    assert quoted_as(token, order_side, price, market()) == (side, target.price)
