"""The market data and the decision of a bot that somebody writes around the official client.

It decodes frames with orjson, keeps the books of both tokens in sorted maps, and quotes a fixed spread around the mid
of the first one, an ask as a purchase of the other token.  Of what ours does for the same frame it leaves out
everything that only matters when something is wrong: hashes, doubt, limits, a ledger, the state of orders.
"""

from __future__ import annotations

import orjson

from benchmarks.feed import HandBook
from pmm.commands import Place
from pmm.model import GRID, SHARE, Market, Side

HALF_SPREAD = 200
SIZE = 10 * SHARE


class Bot:
    """Knows the books of some markets, and which of them it has quoted."""

    def __init__(self, markets: list[Market]) -> None:
        self._markets = {market.condition_id: market for market in markets}
        self._books = {token.token_id: HandBook() for market in markets for token in market.tokens}
        self._quoted: set[str] = set()

    def open(self, frame: bytes) -> None:
        """Take whole books in."""
        for book in orjson.loads(frame):
            for side, levels in (("BUY", book["bids"]), ("SELL", book["asks"])):
                for level in levels:
                    self._books[book["asset_id"]].set(side, level["price"], level["size"])

    def take(self, frame: bytes) -> list[tuple[Place, Market]]:
        """Take changes in; the orders that follow from them."""
        message = orjson.loads(frame)
        for change in message["price_changes"]:
            self._books[change["asset_id"]].set(change["side"], change["price"], change["size"])
        return self._decide(self._markets[message["market"]])

    def _decide(self, market: Market) -> list[tuple[Place, Market]]:
        best_bid, best_ask = self._books[market.yes].best
        if best_bid is None or best_ask is None or market.condition_id in self._quoted:
            return []
        self._quoted.add(market.condition_id)
        tick, mid = market.tick, round((best_bid + best_ask) / 2 * GRID)
        bid = (mid - HALF_SPREAD) // tick * tick
        ask = -(-(mid + HALF_SPREAD) // tick) * tick
        return [
            (Place("", market.condition_id, token, Side.BUY, price, SIZE), market)
            for token, price in ((market.yes, bid), (market.no, GRID - ask))
        ]
