"""Random operations on books: compiled, twin and two plain dicts must answer and refuse the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from hashlib import sha1
from random import Random
from time import monotonic
from typing import Any

from tests._fast.conftest import Kernel, implementations, load

from .campaign import Budget, Report, smallest

GRID = 10_000
TICKS = (1000, 100, 50, 25, 10, 1)
SIZE_MAX = 2**63 - 1
LIFE = 2_000  # operations between two births
SIZES = (1, 5, 7, 10**6, 10**7, 123_456_789, 2**32, 2**42, 2**62, SIZE_MAX - 1, SIZE_MAX)
ODD_INTEGERS = (-1, 2, 0, GRID, GRID + 1, -GRID, 2**31, 2**32, 2**63, -(2**63), 2**64, 2**70, 10**400)
TEXTS = ("", "0x1", "5", 'q"u\\o\n', "ключ", "1789156413830", "0.620")

Operation = tuple[str, tuple[Any, ...]]
Levels = list[tuple[int, int]]


class Refused(Exception):
    """The plain book's ValueError."""


class Plain:
    """A book as two dicts, every answer worked out from nothing: slow, and shares no code with the kernel."""

    def __init__(self, tick: int) -> None:
        self.tick = tick
        self.sides: list[dict[int, int]] = [{}, {}]

    def _need(self, *facts: bool) -> None:
        if not all(facts):
            raise Refused

    def _need_level(self, side: int, price: int, size: int) -> None:
        self._need(side in (0, 1), 0 < price < GRID, price % self.tick == 0, 0 <= size <= SIZE_MAX)

    def set(self, side: int, price: int, size: int) -> None:
        self._need_level(side, price, size)
        self.sides[side].pop(price, None)
        if size:
            self.sides[side][price] = size

    def best(self, side: int) -> int | None:
        return (min if side else max)(self.sides[side], default=None)

    def update(self, side: int, price: int, size: int) -> int | None:
        self.set(side, price, size)
        return self.best(side)

    def size_at(self, side: int, price: int) -> int:
        self._need_level(side, price, 0)
        return self.sides[side].get(price, 0)

    def levels(self, side: int, n: int | None = None) -> Levels:
        self._need(side in (0, 1), n is None or n >= 0)
        found = sorted(self.sides[side].items(), key=lambda level: level[0] if side else -level[0])
        return found if n is None else found[:n]

    def depth(self, side: int) -> int:
        self._need(side in (0, 1))
        return len(self.sides[side])

    def load(self, bids: Levels, asks: Levels) -> None:
        fresh = Plain(self.tick)
        for side, levels in enumerate((bids, asks)):
            for price, size in levels:
                fresh.set(side, price, size)
        self.sides = fresh.sides

    def clear(self) -> None:
        self.sides = [{}, {}]

    def copy(self) -> Plain:
        fresh = Plain(self.tick)
        fresh.sides = [dict(side) for side in self.sides]
        return fresh

    def mirrored(self) -> Plain:
        fresh = Plain(self.tick)
        fresh.sides = [{GRID - price: size for price, size in side.items()} for side in reversed(self.sides)]
        return fresh

    def change_tick(self, tick: int) -> None:
        self._need(tick in TICKS)
        self._need(not any(price % tick for side in self.sides for price in side))
        self.tick = tick

    def look(self) -> tuple[int | None, ...]:
        bid, ask = self.best(0), self.best(1)
        if bid is None or ask is None:
            return self.tick, bid, ask, None, None, None
        bids, asks = self.sides[0][bid], self.sides[1][ask]
        micro = (100 * bid * asks + 100 * ask * bids) // (bids + asks)
        return self.tick, bid, ask, bid + ask, ask - bid, micro

    def imbalance(self, n: int) -> int | None:
        bids, asks = (sum(size for _, size in self.levels(side, n)) for side in (0, 1))
        return None if bids + asks == 0 else 1_000_000 * (bids - asks) // (bids + asks)

    def cut(self, side: int, size: int) -> int | None:
        self._need(side in (0, 1), 0 < size <= SIZE_MAX)
        levels = self.levels(side)
        for count in range(1, len(levels) + 1):
            if sum(here for _, here in levels[:count]) >= size:
                return levels[count - 1][0]
        return None

    def cut_mid2(self, size: int) -> int | None:
        bid, ask = self.cut(0, size), self.cut(1, size)
        return None if bid is None or ask is None else bid + ask

    def walk(self, side: int, size: int) -> tuple[int, int]:
        self._need(side in (0, 1), 0 < size <= SIZE_MAX)
        taken, cost = 0, 0
        for price, here in self.levels(side):
            part = min(here, size - taken)
            taken, cost = taken + part, cost + part * price
        return taken, cost // GRID

    def top(self, n: int) -> list[int]:
        self._need(0 < n <= GRID)
        shown: list[int] = []
        for side in (0, 1):
            levels = self.levels(side, n) + [(0, 0)] * (n - len(self.levels(side, n)))
            shown += [price for price, _ in levels] + [size for _, size in levels]
        return shown

    def hash(self, market: str, asset: str, time: str, least: str, negative: bool, last: str) -> str:
        def texts(side: int) -> list[dict[str, str]]:
            return [{"price": _text(price, 4), "size": _text(size, 6)} for price, size in reversed(self.levels(side))]

        head = {"market": market, "asset_id": asset, "timestamp": time, "hash": "", "bids": texts(0), "asks": texts(1)}
        tail = {"min_order_size": least, "tick_size": _text(self.tick, 4), "neg_risk": negative}
        body = {**head, **tail, "last_trade_price": last}
        return sha1(json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()


def _text(value: int, places: int) -> str:
    text = f"{Decimal(value).scaleb(-places):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


class Shelf:
    """One implementation's book, behind the names that `Plain` has; a copy's original is kept, to come back to."""

    def __init__(self, kernel: Kernel, tick: int) -> None:
        self.kernel, self.book, self.kept = kernel, kernel.Book(tick), kernel.Book(tick)

    def do(self, name: str, arguments: tuple[Any, ...]) -> Any:
        match name:
            case "look":
                book = self.book
                return book.tick, book.best_bid, book.best_ask, book.mid2, book.spread, book.microprice
            case "top":
                ladder = self.kernel.Ladder(*arguments)
                self.book.top(ladder)
                return list(ladder.view)
            case "copy" | "mirrored":
                before, self.book = self.book, getattr(self.book, name)()
                again = self.book if name == "copy" else self.book.mirrored()
                assert before == again, f"{name} differs"
                assert before is not self.book
                self.kept = before
                return None
            case "back":
                self.book, self.kept = self.kept, self.book
                return None
            case _:
                return getattr(self.book, name)(*arguments)


class Trial:
    """One plain book and one of each implementation, through the same operations."""

    def __init__(self, tick: int) -> None:
        self.plain, self.kept = Plain(tick), Plain(tick)
        self.shelves = [Shelf(load(name), tick) for name in implementations()]

    def do(self, operation: Operation) -> str:
        """What differs after an operation, "" for nothing."""
        name, arguments = operation
        expected = self._plainly(name, arguments)
        for shelf in self.shelves:
            try:
                answer = shelf.do(name, arguments)
            except ValueError:
                answer = Refused
            except Exception as fault:  # noqa: BLE001  # whatever it raises is the finding
                return f"{shelf.kernel.name} raised {fault!r} in {name}{arguments}"
            if answer != expected:
                return f"{shelf.kernel.name} answered {answer} and not {expected} to {name}{arguments}"
        return ""

    def _plainly(self, name: str, arguments: tuple[Any, ...]) -> Any:
        if name == "back":
            self.plain, self.kept = self.kept, self.plain
            return None
        try:
            answer = getattr(self.plain, name)(*arguments)
        except Refused:
            return Refused
        if isinstance(answer, Plain):
            self.plain, self.kept = answer, self.plain
            return None
        return answer

    def everything(self) -> str:
        """The whole of each book, at the end of a life."""
        asks: list[Operation] = [("levels", (0,)), ("levels", (1,)), ("depth", (0,)), ("depth", (1,)), ("look", ())]
        asks += [("hash", ("0x1", "7", "1", "5", True, "0.5")), ("mirrored", ()), ("levels", (0,)), ("levels", (1,))]
        return next((difference for ask in asks if (difference := self.do(ask))), "")


class Dice:
    """One life's operations: how deep the book gets and where its prices lie are rolled at its birth."""

    def __init__(self, dice: Random) -> None:
        self.dice = dice
        self.tick = dice.choice(TICKS)
        self.low, self.span = dice.randrange(GRID), dice.choice((3, 30, 30, 300, GRID))  # in ticks
        self.gone = 0.1 if dice.random() < 0.15 else dice.choice((0.5, 0.6, 0.9))

    def price(self, tick: int) -> int:
        if self.dice.random() < 0.002:
            return self.dice.choice(ODD_INTEGERS)
        if self.dice.random() < 0.005:
            return self.dice.randint(1, GRID)
        return (self.low + self.dice.randrange(self.span)) % (GRID // tick) * tick or tick

    def side(self) -> int:
        return self.dice.choice(ODD_INTEGERS) if self.dice.random() < 0.002 else self.dice.getrandbits(1)

    def size(self) -> int:
        if self.dice.random() < 0.002:
            return self.dice.choice(ODD_INTEGERS)
        if self.dice.random() < 0.5:
            return self.dice.choice(SIZES)
        return self.dice.randrange(1, 2 ** self.dice.randint(1, 63))

    def level(self, tick: int) -> tuple[int, int, int]:
        return self.side(), self.price(tick), 0 if self.dice.random() < self.gone else self.size()

    def rows(self, tick: int) -> Levels:
        return [self.level(tick)[1:] for _ in range(self.dice.choice((0, 1, 10, 60)))]

    def operation(self, tick: int) -> Operation:
        if (roll := self.dice.random()) < 0.75:
            return ("update" if roll < 0.6 else "set"), self.level(tick)
        name = self.dice.choice(MOVES if roll > 0.99 else QUESTIONS)
        return name, ASKED[name](self, tick)


COUNTS = (0, 1, 2, 5, 10, 64, GRID, GRID + 1, -1, 2**40, 10**30)

ASKED: dict[str, Callable[[Dice, int], tuple[Any, ...]]] = {
    "size_at": lambda rolls, tick: (rolls.side(), rolls.price(tick)),
    "levels": lambda rolls, _: (rolls.side(), rolls.dice.choice((None, *COUNTS))),
    "depth": lambda rolls, _: (rolls.side(),),
    "load": lambda rolls, tick: (rolls.rows(tick), rolls.rows(tick)),
    "clear": lambda _, __: (),
    "copy": lambda _, __: (),
    "back": lambda _, __: (),
    "mirrored": lambda _, __: (),
    "change_tick": lambda rolls, _: (rolls.dice.choice((*TICKS, 1, 1, 0, 2, -1, 2**70)),),
    "look": lambda _, __: (),
    "imbalance": lambda rolls, _: (rolls.dice.choice(COUNTS),),
    "cut": lambda rolls, _: (rolls.side(), rolls.size()),
    "cut_mid2": lambda rolls, _: (rolls.size(),),
    "walk": lambda rolls, _: (rolls.side(), rolls.size()),
    "top": lambda rolls, _: (rolls.dice.choice((1, 2, 5, 10, 64, 0, -1, GRID + 1)),),
    "hash": lambda rolls, _: (*rolls.dice.choices(TEXTS, k=4), rolls.dice.random() < 0.5, rolls.dice.choice(TEXTS)),
}
# What replaces a whole book is rare, or no book would get deep.
MOVES = ("load", "clear", "copy", "copy", "back", "back", "mirrored", "change_tick", "change_tick", "change_tick")
QUESTIONS = tuple(name for name in ASKED if name not in MOVES)


def replayed(tick: int, operations: list[Operation]) -> str:
    trial = Trial(tick)
    return next((difference for step in operations if (difference := trial.do(step))), "") or trial.everything()


def run(seed: int, budget: Budget) -> Report:
    """Lives of books from seeds that follow from `seed`."""
    report, begun = Report("books", seed), monotonic()
    for number in budget.rounds(LIFE):
        rolls = Dice(Random(f"{seed}/{number}"))
        trial, steps, difference = Trial(rolls.tick), list[Operation](), ""
        while len(steps) < LIFE and not difference:
            steps.append(rolls.operation(trial.plain.tick))
            difference = trial.do(steps[-1])
            report.outcomes[steps[-1][0]] += 1
        report.operations += len(steps)
        if difference := difference or trial.everything():
            few = smallest(steps, lambda rest, tick=rolls.tick: bool(replayed(tick, rest)))  # type: ignore[misc]
            report.findings.append(f"  {difference}; Book({rolls.tick}), {few}")
        if report.full:
            break
    report.seconds = monotonic() - begun
    return report
