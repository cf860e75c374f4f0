"""What holds of the orders of every quoting model, whatever it sees."""

from pmm.core.view import QuoteSide, Targets, View
from pmm.model import GRID


def assert_legal(view: View, targets: Targets) -> None:
    """Prices on the grid and within it, no crossing, nothing taken, levels in order, no order too small."""
    tick = view.market.tick
    for side in QuoteSide:
        prices = [target.price for target in targets.side(side)]
        assert all(tick <= price <= GRID - tick and price % tick == 0 for price in prices)
        assert prices == sorted(set(prices), reverse=side is QuoteSide.BID)
        assert all(target.size >= view.market.min_size for target in targets.side(side))
        assert [target.level for target in targets.side(side)] == list(range(len(prices)))
    bid, ask = targets.bid, targets.ask
    if bid and ask:
        assert bid.price < ask.price
        assert bid.price + (GRID - ask.price) <= GRID - tick  # a bid for YES and one for NO
    assert bid is None or view.best_ask is None or bid.price < view.best_ask
    assert ask is None or view.best_bid is None or ask.price > view.best_bid
    assert targets.reason or bid or ask
