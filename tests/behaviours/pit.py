"""A market that is what the test says: orders of nobody else, and frames as the venue would write them."""

from __future__ import annotations

import json
import urllib.request

from tests.support.blackbox import LIMIT_S, Exchange, Record

# A moment of the venue, in its milliseconds, after everything that an exchange says by itself.
LATER_MS = 4_102_444_800_000


class Pit:
    """One market of an exchange whose every order is ours: the touch is what the test says."""

    def __init__(self, exchange: Exchange, market: str = "demo") -> None:
        self.exchange = exchange
        self.market = market
        with urllib.request.urlopen(f"{exchange.urls['gamma_url']}/markets/slug/{market}", timeout=LIMIT_S) as answer:
            self.tokens: list[str] = json.loads(json.load(answer)["clobTokenIds"])
        self._touch: dict[str, tuple[str, str]] = {}  # side to order id and price
        exchange.post("/traders", on=False)

    def clear(self) -> None:
        """Take every order out."""
        self.exchange.ask("DELETE", f"/orders?token_id={self.tokens[0]}")
        self._touch.clear()

    def open(self, bid: str, ask: str) -> None:
        """An empty book, then these two prices."""
        self.clear()
        self.touch("BUY", bid)
        self.touch("SELL", ask)

    def order(self, side: str, price: str, size: str, outcome: str = "YES", tif: str = "GTC") -> Record:
        """An order of somebody else; fails when the venue refuses it."""
        answer: Record = self.exchange.post(
            "/orders", market=self.market, outcome=outcome, side=side, price=price, size=size, tif=tif
        )
        assert not answer["reason"], answer
        return answer

    def taken(self, side: str) -> None:
        """The order at this side's touch has traded away."""
        del self._touch[side]

    def touch(self, side: str, price: str, size: str = "100") -> None:
        """Move the best price of one side: the new order rests before the old one goes."""
        made = self.order(side, price, size)
        old = self._touch.get(side)
        self._touch[side] = (made["order_id"], price)
        if old is not None:
            self.exchange.ask("DELETE", f"/orders/{old[0]}")

    def move(self, bid: str, ask: str) -> None:
        """Another touch, without crossing on the way."""
        sides = [("BUY", bid), ("SELL", ask)]
        upwards = float(bid) > float(self._touch["BUY"][1])
        for side, price in reversed(sides) if upwards else sides:
            self.touch(side, price)

    def sweep(self, side: str, through: str, size: str) -> None:
        """A taker on `side` buys or sells everything at the touch and `size` shares at `through`; the touch returns."""
        other = "SELL" if side == "BUY" else "BUY"
        _, best = self._touch[other]
        wall = self.order(other, through, str(int(size) + 5))
        self.order(side, through, str(int(size) + 100), tif="FAK")
        self._touch[other] = (wall["order_id"], through)
        self.touch(other, best)


def snapshot(token: str, bid: str, ask: str, *, tick: str = "0.01", at_ms: int = LATER_MS) -> Record:
    """A book of the venue with one level a side."""
    return {
        "market": "",
        "asset_id": token,
        "timestamp": str(at_ms),
        "hash": "0" * 40,
        "bids": [{"price": bid, "size": "100"}],
        "asks": [{"price": ask, "size": "100"}],
        "tick_size": tick,
        "event_type": "book",
        "last_trade_price": "",
    }


def change(token: str, **more: object) -> Record:
    """One entry of a price change: a bid at 0.01, or what `more` says."""
    entry = {"price": "0.01", "size": "100", "side": "BUY", "hash": "0" * 40, "best_bid": "", "best_ask": ""}
    return {"asset_id": token, **entry, **more}
