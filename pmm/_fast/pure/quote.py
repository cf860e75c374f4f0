"""What should be working for a token, and whether what works has to move, in plain Python.

The centre is the fair value less the inventory skew, in micro-USD.  From it the half-spread goes to both sides, bids
round down and asks up, the post-only distance and the price range come last, and a ladder follows outward.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from pmm._fast.pure.book import ASK, BID, GRID, Book
from pmm._fast.pure.wire import Books

MID = 0
MICRO = 1
REFERENCE = 2

LEVELS_MAX = 8
USD = 1_000_000
MICRO_PER_GRID = USD // GRID
# Nine million shares: with a skew of a dollar a share every product still fits 64 bits.
SHARES_MAX = 9 * 10**12
SHIFT_MAX = 2 * USD


class Plan(NamedTuple):
    """The parameters of `Quoter.plan`, checked."""

    half_spread: int
    size: int
    fair: int
    skew: int
    min_size: int
    limit: int
    levels: int
    step: int
    post_only: int
    threshold: int


class Working(NamedTuple):
    price: int
    size: int
    centre: int


class _Entry:
    """The plan of one token and what belongs to it."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.reference: int | None = None
        self.inventory = 0
        self.working: dict[tuple[int, int], Working] = {}


class Quoter:
    """Plans for the tokens of `books`: what should be working, and whether anything has to move.

    With `settle` what is wanted counts as working as soon as a frame made it move: for replays and simulations.
    """

    def __init__(self, books: Books, *, settle: bool = False) -> None:
        self.books = books
        self.settle = settle
        self.moved: list[int] = []
        self._entries: dict[int, _Entry] = {}

    def plan(
        self,
        index: int,
        half_spread: int,
        size: int,
        *,
        fair: int = MID,
        skew: int = 0,
        min_size: int = 0,
        limit: int = SHARES_MAX,
        levels: int = 1,
        step: int = 1,
        post_only: int = 1,
        threshold: int = 100,
    ) -> None:
        """Set the plan of one token; its inventory, reference and working orders stay.

        Micro-USD: `half_spread` to each side, `skew` per share held, `threshold` (how far the centre has to move).
        Micro-shares: `size` of each of `levels` orders a side, `step` ticks apart, dropped below `min_size`, and
        `limit` on the inventory either way.  `post_only` is the distance in ticks to the other side's best price, 0
        for none.  Raises ValueError for a number out of range, IndexError for an index not in use.
        """
        self.books.book(index)
        plan = checked_plan(half_spread, size, fair, skew, min_size, limit, levels, step, post_only, threshold)
        if index in self._entries:
            self._entries[index].plan = plan
        else:
            self._entries[index] = _Entry(plan)

    def drop(self, index: int) -> None:
        """Forget the plan of a token with all that belongs to it.  Raises IndexError where there is none."""
        self._entry(index)
        del self._entries[index]

    def reference(self, index: int, fair: int | None) -> None:
        """Give the outside fair value for plans with `fair=REFERENCE`, in micro-USD (0 to 1 000 000); None for none."""
        entry = self._entry(index)
        entry.reference = None if fair is None else checked_reference(fair)

    def inventory(self, index: int, size: int) -> None:
        """Say how many micro-shares are held (negative: the other token's)."""
        entry = self._entry(index)
        entry.inventory = checked_size(size)

    def working(self, index: int, side: int, level: int, price: int, size: int, centre: int = 0) -> None:
        """Say what works at one level of one side: price, size left (0: nothing) and the centre it was placed for."""
        entry = self._entry(index)
        entry.working[side, level] = checked_order(side, level, price, size, centre)

    def placed(self, index: int) -> None:
        """Say that what is wanted now is what works, placed for the centre of now."""
        entry, centre = self._entry(index), self.centre(index)
        entry.working = {
            (side, level): Working(price, size, centre or 0)
            for side, targets in enumerate(self.targets(index))
            for level, (price, size) in enumerate(targets)
        }

    def centre(self, index: int) -> int | None:
        """The fair value less the skew, in micro-USD; None without a fair value."""
        entry = self._entry(index)
        fair = _fair(entry, self.books.book(index))
        if fair is None:
            return None
        shift = entry.plan.skew * entry.inventory // USD
        return fair - max(-SHIFT_MAX, min(SHIFT_MAX, shift))

    def targets(self, index: int) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """What should be working: bids and asks, each a list of (price, size) by level, size 0 where nothing should."""
        entry, book, centre = self._entry(index), self.books.book(index), self.centre(index)
        if centre is None:
            return [(0, 0)] * entry.plan.levels, [(0, 0)] * entry.plan.levels
        bid, ask = _inner(entry.plan, book, centre)
        room_bid, room_ask = entry.plan.limit - entry.inventory, entry.plan.limit + entry.inventory
        outward = entry.plan.step * book.tick
        return (
            _ladder(entry.plan, book.tick, bid, -outward, room_bid),
            _ladder(entry.plan, book.tick, ask, outward, room_ask),
        )

    def must_move(self, index: int) -> bool:
        """Whether a working order of this token has to move, be placed or be cancelled, or its book be looked at."""
        entry, tick, centre = self._entry(index), self.books.book(index).tick, self.centre(index)
        if not self.books.agrees(index):
            return True
        wanted = {
            (side, level): target
            for side, targets in enumerate(self.targets(index))
            for level, target in enumerate(targets)
        }
        return any(
            _moves(entry, entry.working.get(place), wanted.get(place, (0, 0)), centre, tick)
            for place in wanted.keys() | entry.working.keys()
        )

    def feed(self, frame: bytes | str | bytearray | memoryview, /) -> int:
        """Feed a frame to the books; how many planned tokens that it touched must move, or a negative `Refusal`."""
        self.moved = []
        done = self.books.feed(frame)
        if done <= 0:
            return done
        self.moved = [index for index in self.books.touched if index in self._entries and self.must_move(index)]
        if self.settle:
            for index in self.moved:
                self.placed(index)
        return len(self.moved)

    def feed_many(self, frames: Iterable[bytes | str | bytearray | memoryview]) -> int:
        """Feed several frames in order; the sum of what `feed` says, refusals counted as nothing."""
        return sum(max(self.feed(frame), 0) for frame in frames)

    def _entry(self, index: int) -> _Entry:
        self.books.book(index)
        entry = self._entries.get(index)
        if entry is None:
            raise IndexError(f"no plan at index {index}")
        return entry


def _fair(entry: _Entry, book: Book) -> int | None:
    if entry.plan.fair == REFERENCE:
        return entry.reference
    if entry.plan.fair == MICRO:
        return book.microprice
    return None if book.mid2 is None else book.mid2 * MICRO_PER_GRID // 2


def _inner(plan: Plan, book: Book, centre: int) -> tuple[int, int]:
    tick, away = book.tick, plan.post_only * book.tick
    bid = (centre - plan.half_spread) // (tick * MICRO_PER_GRID) * tick
    ask = -(-(centre + plan.half_spread) // (tick * MICRO_PER_GRID)) * tick
    if away and book.best_ask is not None:
        bid = min(bid, book.best_ask - away)
    if away and book.best_bid is not None:
        ask = max(ask, book.best_bid + away)
    bid, ask = min(bid, GRID - tick), max(ask, tick)
    return bid, ask if ask > bid else bid + tick


def _ladder(plan: Plan, tick: int, price: int, outward: int, room: int) -> list[tuple[int, int]]:
    targets = []
    for level in range(plan.levels):
        at, size = price + level * outward, min(plan.size, room)
        if size <= 0 or size < plan.min_size or not tick <= at <= GRID - tick:
            targets.append((0, 0))
            continue
        targets.append((at, size))
        room -= size
    return targets


def _moves(entry: _Entry, works: Working | None, wants: tuple[int, int], centre: int | None, tick: int) -> bool:
    price, size = wants
    if works is None or not works.size or not size or centre is None:
        return bool(works and works.size) != bool(size)
    if works.price % tick or works.size > size or works.size * 2 < size:
        return True
    return abs(centre - works.centre) >= entry.plan.threshold and works.price != price


def checked_plan(
    half_spread: int,
    size: int,
    fair: int,
    skew: int,
    min_size: int,
    limit: int,
    levels: int,
    step: int,
    post_only: int,
    threshold: int,
) -> Plan:
    """The plan, or ValueError naming the number that is out of range."""
    plan = Plan(half_spread, size, fair, skew, min_size, limit, levels, step, post_only, threshold)
    largest = Plan(USD, SHARES_MAX, REFERENCE, USD, SHARES_MAX, SHARES_MAX, LEVELS_MAX, GRID, GRID, USD)
    for name, value, most in zip(Plan._fields, plan, largest, strict=True):
        if not (name == "levels") <= value <= most:
            raise ValueError(f"{name} is not between 0 and {most}: {value}")
    return plan


def checked_reference(fair: int) -> int:
    if not 0 <= fair <= USD:
        raise ValueError(f"not a price in micro-USD: {fair}")
    return fair


def checked_size(size: int) -> int:
    if abs(size) > SHARES_MAX:
        raise ValueError(f"not an inventory: {size}")
    return size


def checked_order(side: int, level: int, price: int, size: int, centre: int) -> Working:
    if side not in (BID, ASK) or not 0 <= level < LEVELS_MAX:
        raise ValueError(f"not a level of a ladder: side {side}, level {level}")
    if not 0 <= price <= GRID or not 0 <= size <= SHARES_MAX or abs(centre) > 4 * USD:
        raise ValueError(f"not a working order: price {price}, size {size}, centre {centre}")
    return Working(price, size, centre)
