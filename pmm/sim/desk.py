"""Where synthetic traders hand in their requests: it names their orders, picks a token and passes the reports on.

Whoever wants YES at q may as well sell NO at GRID - q, and people do both; the desk tosses a coin for every order.
"""

from __future__ import annotations

from collections.abc import Callable

from pmm.model import GRID, OrderId, Price, Side, Size, TimeInForce
from pmm.sim.dice import Dice
from pmm.sim.matching import BID, MatchingMarket, Order, Outcome, Report


class Desk:
    """The way of the traders of one market into its book."""

    def __init__(self, market: MatchingMarket, dice: Dice, on_report: Callable[[Report], None]) -> None:
        self.market = market
        self.dice = dice
        self.passive_only = False
        self._on_report = on_report
        self._orders = 0

    def rest(self, owner: str, book_side: int, index: int, size: Size) -> Order | None:
        """A post-only order at tick `index` in YES terms; None when the book refused it."""
        report = self._submit(owner, book_side, index * self.market.tick, size, TimeInForce.GTC)
        return self.market.order(report.order_id)

    def take(self, owner: str, book_side: int, price_yes: Price, size: Size) -> None:
        """Buy (`BID`) or sell (`ASK`) YES at once, at `price_yes` or better, and forget what does not match.

        Nobody takes while the desk is `passive_only`.
        """
        if self.passive_only:
            return
        self._submit(owner, book_side, price_yes, size, TimeInForce.FAK)

    def cancel(self, order_id: OrderId) -> None:
        self._on_report(self.market.cancel(order_id))

    def _submit(self, owner: str, book_side: int, price_yes: Price, size: Size, tif: TimeInForce) -> Report:
        self._orders += 1
        outcome = Outcome(self.dice.getrandbits(1))
        side = Side.BUY if (book_side == BID) is (outcome is Outcome.YES) else Side.SELL
        report = self.market.submit(
            f"{owner}-{self._orders}",
            outcome,
            side,
            price_yes if outcome is Outcome.YES else GRID - price_yes,
            size,
            tif=tif,
            post_only=tif is TimeInForce.GTC,
            owner=owner,
        )
        self._on_report(report)
        return report
