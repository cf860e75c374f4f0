"""What is held and what was paid: provisional at the match, ours when it is confirmed, undone when it failed."""

from dataclasses import replace
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from pmm.core.position import Holding, Position, cost_of
from pmm.model import GRID, SHARE, Side, TimeInForce
from tests.sim.stage import ANN, BOB, Stage, still

SIZES = st.integers(1, 10**12)
PRICES = st.integers(1, GRID - 1)


@given(PRICES, SIZES)
def test_fractions_of_a_micro_dollar_are_never_at_our_expense(price, size):
    buy, sell = cost_of(Side.BUY, price, size), cost_of(Side.SELL, price, size)
    assert 0 <= price * size - buy * GRID < GRID
    assert 0 <= -sell * GRID - price * size < GRID


def test_cash_is_what_the_venue_takes_and_gives_also_for_crumbs():
    dice, stage, position, crumbs = Random(11), Stage(_fine()), Position(), 0
    before = stage.venue.balance(ANN, "COLLATERAL")
    for _ in range(400):
        side, is_yes, price = dice.choice(list(Side)), dice.random() < 0.5, dice.randint(1_001, 8_999)
        token = stage.yes if is_yes else stage.no
        order_id = stage.order(ANN, side, f"0.{price}", 50, token=token)
        _take(stage, side, price, dice, is_yes=is_yes)
        found = stage.venue.order(order_id)
        if found.matched:
            crumbs += found.price * found.matched % GRID != 0
            position.apply(side, found.price, found.matched, is_yes=is_yes)
        stage.venue.cancel_all(ANN, stage.now)
        assert stage.venue.balance(ANN, "COLLATERAL") - before == position.cash
        assert stage.venue.balance(ANN, stage.no) - 1_000 * SHARE == position.no
    assert crumbs > 50


def _take(stage, side, price, dice, *, is_yes):
    """Bob trades against the resting order, in either token; odd amounts of money buy odd amounts of shares."""
    buys = dice.random() < 0.5
    same_token = buys == (side is Side.SELL)
    token = stage.yes if is_yes == same_token else stage.no
    price_text = f"0.{price if same_token else GRID - price:04d}"
    if buys:
        stage.ask(BOB, Side.BUY, price_text, usd=dice.randint(100, 1_000) / 100, token=token, tif=TimeInForce.FAK)
    else:
        stage.ask(BOB, Side.SELL, price_text, dice.randint(1, 5_000) / 100, token=token, tif=TimeInForce.FAK)


def _fine():
    """The demo market with the finest tick there is."""
    listing = still()
    return replace(listing, market=replace(listing.market, tick=1))


def test_yes_and_no_of_one_market_set_each_other_off():
    position = Position()
    position.apply(Side.BUY, 4800, 10 * SHARE, is_yes=True)
    position.apply(Side.BUY, 4800, 10 * SHARE, is_yes=False)
    assert (position.net, position.yes, position.no) == (0, 10 * SHARE, 10 * SHARE)
    assert position.cash == -9_600_000


def test_selling_brings_cash_back():
    position = Position(Holding(settled=10 * SHARE))
    assert position.apply(Side.SELL, 5200, 10 * SHARE, is_yes=True) == -5_200_000
    assert (position.net, position.cash) == (0, 5_200_000)


def test_a_purchase_counts_at_once_and_can_be_sold_only_when_it_is_confirmed():
    position = Position()
    position.apply(Side.BUY, 4800, 10 * SHARE, is_yes=True)
    held = position.yes_held
    assert (held.matched, held.settled, held.pending, held.sellable) == (10 * SHARE, 0, 10 * SHARE, 0)
    position.settle(Side.BUY, 10 * SHARE, is_yes=True)
    assert (held.matched, held.settled, held.pending, held.sellable) == (10 * SHARE, 10 * SHARE, 0, 10 * SHARE)


def test_shares_that_a_pending_sale_gives_away_are_not_sold_again():
    position = Position(Holding(settled=10 * SHARE))
    position.apply(Side.SELL, 5200, 4 * SHARE, is_yes=True)
    assert position.yes_held.sellable == 6 * SHARE
    position.settle(Side.SELL, 4 * SHARE, is_yes=True)
    assert (position.yes_held.settled, position.yes_held.sellable) == (6 * SHARE, 6 * SHARE)


@given(st.sampled_from(Side), PRICES, SIZES, st.booleans())
def test_a_failed_trade_leaves_no_trace(side, price, size, is_yes):
    position = Position()
    paid = position.apply(side, price, size, is_yes=is_yes)
    position.reverse(side, size, paid, is_yes=is_yes)
    assert position == Position()
