"""One token's order book in plain Python: a dict of price to size per side and the best price of each.

Prices are integers in 1/10 000 USD, sizes integers in 1/1 000 000 share.  The compiled twin keeps arrays instead;
what both promise is written here once.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from hashlib import sha1
from json import dumps

GRID = 10_000
BID = 0
ASK = 1
SIZE_MAX = 2**63 - 1
MICRO_PER_GRID = 100
# Every price step the venue uses, with the text it writes into `tick_size`.
TICK_TEXT = {1_000: "0.1", 100: "0.01", 50: "0.005", 25: "0.0025", 10: "0.001", 1: "0.0001"}

Levels = Iterable[tuple[int, int]]


class Ladder:
    """Room for the best `levels` (1 to 10 000) of both sides, filled by `Book.top` without making objects.

    `view` is a memoryview of 64-bit integers: bid prices, bid sizes, ask prices, ask sizes, `levels` of each, best
    first, 0 where there is no level.  Raises ValueError for another number of levels.
    """

    __slots__ = ("levels", "view")

    def __init__(self, levels: int) -> None:
        if not 0 < levels <= GRID:
            raise ValueError(f"not a number of levels: {levels}")
        self.levels = levels
        self.view = memoryview(array("q", bytes(32 * levels)))


class Book:
    """The resting bids and asks of one token.

    `tick` is the price step in grid units (1000 100 50 25 10 1).  Raises ValueError for any other.
    """

    __slots__ = ("_best", "_sides", "_tick")
    __hash__ = None  # type: ignore[assignment]  # a book changes, so it cannot be a key

    def __init__(self, tick: int = 100) -> None:
        if tick not in TICK_TEXT:
            raise ValueError(f"not a tick of the venue: {tick}")
        self._tick = tick
        self._sides: tuple[dict[int, int], dict[int, int]] = ({}, {})
        # The best price per side, None for an empty side; kept because it is read after every change.
        self._best: list[int | None] = [None, None]

    @property
    def tick(self) -> int:
        """The price step, in grid units."""
        return self._tick

    @property
    def best_bid(self) -> int | None:
        """The highest bid, None when there is no bid."""
        return self._best[BID]

    @property
    def best_ask(self) -> int | None:
        """The lowest ask, None when there is no ask."""
        return self._best[ASK]

    @property
    def mid2(self) -> int | None:
        """Best bid plus best ask, which is twice the midpoint; None unless both sides are there."""
        bid, ask = self._best
        return None if bid is None or ask is None else bid + ask

    @property
    def spread(self) -> int | None:
        """Best ask minus best bid (negative when crossed); None unless both sides are there."""
        bid, ask = self._best
        return None if bid is None or ask is None else ask - bid

    @property
    def microprice(self) -> int | None:
        """The best prices, each weighted with the other side's size, in micro-USD rounded down; None without both."""
        bid, ask = self._best
        if bid is None or ask is None:
            return None
        bids, asks = self._sides[BID][bid], self._sides[ASK][ask]
        return (bid * asks + ask * bids) * MICRO_PER_GRID // (bids + asks)

    def imbalance(self, n: int = 1) -> int | None:
        """Bid size less ask size over their sum, of the best `n` levels of each side, in millionths rounded down.

        None when nothing rests there.
        """
        bids, asks = (sum(size for _, size in self.levels(side, n)) for side in (BID, ASK))
        return (bids - asks) * 1_000_000 // (bids + asks) if bids + asks else None

    def cut(self, side: int, size: int) -> int | None:
        """The first price from the best at which `size` rests cumulatively; None when the side holds less."""
        left = _positive(size)
        for price, here in self.levels(side):
            if here >= left:
                return price
            left -= here
        return None

    def cut_mid2(self, size: int) -> int | None:
        """`mid2` of the prices at which `size` rests on each side: the midpoint that the venue's rewards look at."""
        bid, ask = self.cut(BID, size), self.cut(ASK, size)
        return None if bid is None or ask is None else bid + ask

    def walk(self, side: int, size: int) -> tuple[int, int]:
        """Take up to `size` from one side, best first: the size that is there and its cost in micro-USD."""
        left, cost = _positive(size), 0
        for price, here in self.levels(side):
            taken = min(here, left)
            cost += taken * price
            left -= taken
        return size - left, cost // GRID

    def top(self, ladder: Ladder) -> None:
        """Write the best levels of both sides into a ladder."""
        for side in (BID, ASK):
            levels = self.levels(side, ladder.levels)
            missing = [0] * (ladder.levels - len(levels))
            start = 2 * side * ladder.levels
            for offset, part in enumerate(([price for price, _ in levels], [size for _, size in levels])):
                at = start + offset * ladder.levels
                ladder.view[at : at + ladder.levels] = array("q", part + missing)

    def set(self, side: int, price: int, size: int) -> None:
        """Make `size` the whole size resting at `price`; 0 removes the level.

        Raises ValueError for a side other than BID and ASK, a price off the tick or outside (0, GRID), and a size
        below 0 or above 2**63 - 1.
        """
        self._check(side, price, size)
        levels = self._sides[side]
        best = self._best[side]
        if size:
            levels[price] = size
            if best is None or (price < best if side else price > best):
                self._best[side] = price
        elif levels.pop(price, None) is not None and price == best:
            self._best[side] = self._outermost(side)

    def update(self, side: int, price: int, size: int) -> int | None:
        """`set`, and the best price of that side after it (None when it is empty) in the same call."""
        self.set(side, price, size)
        return self._best[side]

    def size_at(self, side: int, price: int) -> int:
        """The size resting at `price`, 0 where nothing rests.  Raises ValueError as `set` does."""
        self._check(side, price, 0)
        return self._sides[side].get(price, 0)

    def levels(self, side: int, n: int | None = None) -> list[tuple[int, int]]:
        """The (price, size) pairs of one side, best first, at most `n` of them."""
        self._check_side(side)
        return sorted(self._sides[side].items(), reverse=side == BID)[: _limit(n)]

    def depth(self, side: int) -> int:
        """How many levels one side has."""
        self._check_side(side)
        return len(self._sides[side])

    def load(self, bids: Levels, asks: Levels) -> None:
        """Replace the whole book; a price given twice keeps its last size, a size of 0 is no level.

        Raises ValueError as `set` does, and leaves the book as it was.
        """
        fresh = Book(self._tick)
        for price, size in bids:
            fresh.set(BID, price, size)
        for price, size in asks:
            fresh.set(ASK, price, size)
        self._become(fresh)

    def clear(self) -> None:
        """Remove every level; the tick stays."""
        self._become(Book(self._tick))

    def copy(self) -> Book:
        """An independent book with the same tick and levels."""
        twin = Book(self._tick)
        twin._sides = (dict(self._sides[BID]), dict(self._sides[ASK]))
        twin._best = list(self._best)
        return twin

    def mirrored(self) -> Book:
        """The other token's book: a bid at p here is an ask at GRID - p there, with the same size."""
        other = Book(self._tick)
        for side in (BID, ASK):
            other._sides[1 - side].update({GRID - price: size for price, size in self._sides[side].items()})
            best = self._best[side]
            other._best[1 - side] = None if best is None else GRID - best
        return other

    def change_tick(self, new_tick: int) -> None:
        """Move the book to another tick, keeping its levels.

        Raises ValueError for a tick the venue does not have and for one that cannot hold a level of this book.
        """
        if new_tick not in TICK_TEXT:
            raise ValueError(f"not a tick of the venue: {new_tick}")
        if any(price % new_tick for levels in self._sides for price in levels):
            raise ValueError(f"a level of this book is not on the tick {new_tick}")
        self._tick = new_tick

    def hash(
        self,
        market: str,
        asset_id: str,
        timestamp: str,
        min_order_size: str,
        neg_risk: bool,  # noqa: FBT001  # one of the venue's ten keys
        last_trade_price: str,
    ) -> str:
        """The venue's hash of this book: SHA-1 over its ten-key JSON form, as 40 hex digits.

        The texts are the venue's own (`timestamp` in ms, `last_trade_price` with three decimals or "").
        """
        summary = {
            "market": market,
            "asset_id": asset_id,
            "timestamp": timestamp,
            "hash": "",
            "bids": [_level_texts(level) for level in reversed(self.levels(BID))],
            "asks": [_level_texts(level) for level in reversed(self.levels(ASK))],
            "min_order_size": min_order_size,
            "tick_size": TICK_TEXT[self._tick],
            "neg_risk": neg_risk,
            "last_trade_price": last_trade_price,
        }
        text = dumps(summary, separators=(",", ":"), ensure_ascii=False)
        return sha1(text.encode(), usedforsecurity=False).hexdigest()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Book):
            return NotImplemented
        return self._tick == other._tick and self._sides == other._sides

    def __repr__(self) -> str:
        return f"Book(tick={self._tick}, best_bid={self.best_bid}, best_ask={self.best_ask})"

    def _become(self, other: Book) -> None:
        self._tick, self._sides, self._best = other._tick, other._sides, other._best

    def _outermost(self, side: int) -> int | None:
        levels = self._sides[side]
        return (min(levels) if side else max(levels)) if levels else None

    def _check(self, side: int, price: int, size: int) -> None:
        self._check_side(side)
        if not 0 < price < GRID or price % self._tick:
            raise ValueError(f"not a price on the tick {self._tick}: {price}")
        if not 0 <= size <= SIZE_MAX:
            raise ValueError(f"not a size: {size}")

    @staticmethod
    def _check_side(side: int) -> None:
        if side not in (BID, ASK):
            raise ValueError(f"not a side: {side}")


def _limit(n: int | None) -> int | None:
    if n is not None and n < 0:
        raise ValueError(f"not a number of levels: {n}")
    return n


def _positive(size: int) -> int:
    if not 0 < size <= SIZE_MAX:
        raise ValueError(f"not a size above 0: {size}")
    return size


def _level_texts(level: tuple[int, int]) -> dict[str, str]:
    price, size = level
    return {"price": _decimal(price, 4), "size": _decimal(size, 6)}


def _decimal(value: int, decimals: int) -> str:
    whole, part = divmod(value, 10**decimals)
    return f"{whole}.{part:0{decimals}d}".rstrip("0") if part else str(whole)
