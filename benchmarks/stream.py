"""A seeded stream of market frames in the venue's exact shape: 64 markets, snapshots first, then price changes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from random import Random

from pmm._fast.pure.book import ASK, BID, GRID, Book

MARKETS = 64
CHANGES = (1, *[2] * 10, 3, 4)  # entries of a frame; real ones nearly always have two, one per token


@dataclass(frozen=True)
class Stream:
    """`ticks` maps every token to its tick; `snapshots` come before `frames`."""

    ticks: dict[str, int]
    snapshots: list[bytes]
    frames: list[bytes]
    changes: int


def decimal(value: int, places: int) -> str:
    whole, part = divmod(value, 10**places)
    return f"{whole}.{part:0{places}d}".rstrip("0") if part else str(whole)


class Market:
    """One condition and the books of its two tokens, which start as mirror images."""

    def __init__(self, dice: Random) -> None:
        self.dice = dice
        self.tick = 100 if dice.random() < 0.6 else 10
        self.condition = f"0x{dice.getrandbits(256):064x}"
        self.tokens = [str(dice.randrange(10**76, 10**77)) for _ in range(2)]
        yes = Book(self.tick)
        touch = dice.randrange(35, 66) * 100
        for step in range(31):
            for side, price in ((BID, touch - (step + 1) * self.tick), (ASK, touch + step * self.tick)):
                if 0 < price < GRID:
                    yes.set(side, price, self.size())
        self.books = [yes, yes.mirrored()]

    def size(self) -> int:
        return self.dice.choice((self.dice.randrange(5, 5000) * 10**6, self.dice.randrange(500, 9_000_000) * 10**4))

    def change(self, token: int) -> tuple[int, int, int, int]:
        """A new size, mostly near the touch: (token, side, price, size)."""
        book, side = self.books[token], self.dice.randrange(2)
        bid, ask = book.best_bid, book.best_ask
        assert bid is not None, "a side is never emptied"
        assert ask is not None, "a side is never emptied"
        outward = (min(int(self.dice.expovariate(0.25)), 30) - 1) * self.tick
        price = ask + outward if side else bid - outward
        if not (bid < price < GRID if side else 0 < price < ask):
            price = ask if side else bid
        removes = self.dice.random() < 0.24 and book.depth(side) > 20
        size = 0 if removes else self.size()
        book.set(side, price, size)
        return token, side, price, size

    def entry(self, token: int, side: int, price: int, size: int) -> dict[str, str]:
        book = self.books[token]
        return {
            "asset_id": self.tokens[token],
            "price": decimal(price, 4),
            "size": decimal(size, 6),
            "side": ("BUY", "SELL")[side],
            "hash": f"{self.dice.getrandbits(160):040x}",
            "best_bid": decimal(book.best_bid or 0, 4),
            "best_ask": decimal(book.best_ask or GRID, 4),
        }

    def frame(self, at_ms: int) -> tuple[bytes, int]:
        count = self.dice.choice(CHANGES)
        changes = [self.change(number % 2) for number in range(count)]
        entries = [self.entry(*change) for change in changes]
        item = {
            "market": self.condition,
            "price_changes": entries,
            "timestamp": str(at_ms),
            "event_type": "price_change",
        }
        return json.dumps(item, separators=(", ", ":")).encode(), count

    def snapshot(self, token: int, at_ms: int) -> bytes:
        book = self.books[token]
        sides = [
            [{"price": decimal(price, 4), "size": decimal(size, 6)} for price, size in reversed(book.levels(side))]
            for side in (BID, ASK)
        ]
        head = {"market": self.condition, "asset_id": self.tokens[token], "timestamp": str(at_ms), "hash": "0" * 40}
        tail = {"bids": sides[0], "asks": sides[1], "tick_size": decimal(self.tick, 4), "event_type": "book"}
        return json.dumps({**head, **tail, "last_trade_price": "0.500"}, separators=(",", ":")).encode()


def stream(frames: int, seed: int = 7) -> Stream:
    dice = Random(seed)
    markets = [Market(dice) for _ in range(MARKETS)]
    at_ms = 1_789_156_413_830
    snapshots = [market.snapshot(token, at_ms) for market in markets for token in (0, 1)]
    told = [dice.choice(markets).frame(at_ms + number) for number in range(1, frames + 1)]
    ticks = {token: market.tick for market in markets for token in market.tokens}
    return Stream(ticks, snapshots, [frame for frame, _ in told], sum(count for _, count in told))
