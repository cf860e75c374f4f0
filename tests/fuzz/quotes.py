"""Random plans, facts and frames: compiled quoter, twin and a plain reading of the rules in fractions must agree."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from math import ceil, floor
from random import Random
from time import monotonic
from typing import Any

from tests._fast.conftest import implementations, load
from tests._fast.frames import TOKENS

from .campaign import Budget, Report, smallest
from .mutations import honest, whole

LIFE = 250
GRID = 10_000
SHARES_MAX = 9 * 10**12
LIMITS = {
    "half_spread": 10**6, "size": SHARES_MAX, "fair": 2, "skew": 10**6, "min_size": SHARES_MAX, "limit": SHARES_MAX,
    "levels": 8, "step": GRID, "post_only": GRID, "threshold": 10**6,
}  # fmt: skip
USUAL = {
    "half_spread": (0, 1, 50, 5_000, 10_000, 20_000, 500_000, 10**6),
    "size": (0, 1, 5_000_000, 10_000_000, 123_456_789, SHARES_MAX),
    "fair": (0, 1, 2),
    "skew": (0, 1, 100, 50_000, 10**6),
    "min_size": (0, 1, 5_000_000, SHARES_MAX),
    "limit": (0, 1, 10_000_000, 50_000_000, SHARES_MAX),
    "levels": (1, 2, 3, 8),
    "step": (0, 1, 2, 10, GRID),
    "post_only": (0, 1, 2, 5, GRID),
    "threshold": (0, 1, 100, 10_000, 10**6),
}
INVENTORIES = (0, 1, -1, 3, 10_000_000, -10_000_000, 49_999_999, 10**9, -(10**9), SHARES_MAX, -SHARES_MAX)
ODD_INTEGERS = (-1, 2**31, 2**32, -(2**63), 2**63, 2**64, 10**30)

Operation = tuple[str, tuple[Any, ...], dict[str, int]]


class Refused(Exception):
    """The plain desk's ValueError or IndexError, named by its argument."""


@dataclass
class Entry:
    plan: dict[str, int]
    inventory: int = 0
    reference: int | None = None
    works: dict[tuple[int, int], tuple[int, int, int]] = field(default_factory=dict)


class Desk:
    """What a quoter is for, worked out in fractions from the levels of `books`."""

    def __init__(self, books: Any, *, settle: bool) -> None:
        self.books, self.settle = books, settle
        self.entries: dict[int, Entry] = {}

    def _entry(self, index: int) -> Entry:
        if index not in self.entries or not 0 <= index < len(TOKENS):
            raise Refused("IndexError")
        return self.entries[index]

    def plan(self, index: int, **plan: int) -> None:
        if not 0 <= index < len(TOKENS):
            raise Refused("IndexError")
        if any(not (name == "levels") <= value <= LIMITS[name] for name, value in plan.items()):
            raise Refused("ValueError")
        self.entries.setdefault(index, Entry(plan)).plan = plan

    def drop(self, index: int) -> None:
        self._entry(index)
        del self.entries[index]

    def reference(self, index: int, fair: int | None) -> None:
        entry = self._entry(index)
        if fair is not None and not 0 <= fair <= 10**6:
            raise Refused("ValueError")
        entry.reference = fair

    def inventory(self, index: int, size: int) -> None:
        entry = self._entry(index)
        if not -SHARES_MAX <= size <= SHARES_MAX:
            raise Refused("ValueError")
        entry.inventory = size

    def working(self, index: int, side: int, level: int, price: int, size: int, centre: int) -> None:
        entry = self._entry(index)
        known = side in (0, 1) and 0 <= level < 8 and 0 <= price <= GRID and 0 <= size <= SHARES_MAX
        if not known or not -4 * 10**6 <= centre <= 4 * 10**6:
            raise Refused("ValueError")
        entry.works[side, level] = price, size, centre

    def placed(self, index: int) -> None:
        entry, wanted, centre = self._entry(index), self.targets(index), self.centre(index) or 0
        entry.works = {
            (side, level): (price, size, centre) for side in (0, 1) for level, (price, size) in enumerate(wanted[side])
        }

    def _touch(self, index: int) -> tuple[tuple[int, int] | None, tuple[int, int] | None]:
        book = self.books.book(index)
        bids, asks = book.levels(0), book.levels(1)
        return max(bids, default=None), min(asks, default=None)

    def centre(self, index: int) -> int | None:
        entry = self._entry(index)
        bid, ask = self._touch(index)
        fair: Fraction | None = None
        if entry.plan["fair"] == 2:
            fair = None if entry.reference is None else Fraction(entry.reference)
        elif bid and ask and entry.plan["fair"] == 0:
            fair = Fraction(bid[0] + ask[0], 2) * 100
        elif bid and ask:
            fair = Fraction(bid[0] * ask[1] + ask[0] * bid[1], bid[1] + ask[1]) * 100
        if fair is None:
            return None
        shift = floor(Fraction(entry.plan["skew"]) * Fraction(entry.inventory, 10**6))
        return floor(fair) - min(max(shift, -2 * 10**6), 2 * 10**6)

    def targets(self, index: int) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        entry, centre = self._entry(index), self.centre(index)
        plan, tick = entry.plan, self.books.book(index).tick
        if centre is None:
            nothing = [(0, 0)] * plan["levels"]
            return nothing, list(nothing)
        bid, ask = self._inner(index, plan, Fraction(centre, 10**6))
        return (
            _ladder(plan, tick, [bid - level * plan["step"] for level in range(8)], plan["limit"] - entry.inventory),
            _ladder(plan, tick, [ask + level * plan["step"] for level in range(8)], plan["limit"] + entry.inventory),
        )

    def _inner(self, index: int, plan: dict[str, int], centre: Fraction) -> tuple[int, int]:
        """The innermost bid and ask, in ticks."""
        tick, away = self.books.book(index).tick, Fraction(plan["half_spread"], 10**6)
        unit = Fraction(tick, GRID)
        bid, ask = floor((centre - away) / unit), ceil((centre + away) / unit)
        best_bid, best_ask = self._touch(index)
        if plan["post_only"] and best_ask:
            bid = min(bid, best_ask[0] // tick - plan["post_only"])
        if plan["post_only"] and best_bid:
            ask = max(ask, best_bid[0] // tick + plan["post_only"])
        bid, ask = min(bid, GRID // tick - 1), max(ask, 1)
        return bid, max(ask, bid + 1)

    def must_move(self, index: int) -> bool:
        entry, wanted, centre = self._entry(index), self.targets(index), self.centre(index)
        if not self.books.agrees(index):
            return True
        tick, threshold = self.books.book(index).tick, entry.plan["threshold"]
        for side in (0, 1):
            for level in range(8):
                price, size, at = entry.works.get((side, level), (0, 0, 0))
                want, amount = wanted[side][level] if level < entry.plan["levels"] else (0, 0)
                if bool(size) != bool(amount):
                    return True
                if size and (price % tick or not Fraction(amount, 2) <= size <= amount):
                    return True
                if size and price != want and centre is not None and abs(centre - at) >= threshold:
                    return True
        return False

    def feed(self, answer: int) -> tuple[int, list[int]]:
        """What feeding a frame should have said, after the books answered it so."""
        if answer < 0:
            return answer, []
        moved = [index for index in self.books.touched if index in self.entries and self.must_move(index)]
        for index in moved if self.settle else ():
            self.placed(index)
        return len(moved), moved


def _ladder(plan: dict[str, int], tick: int, steps: list[int], room: int) -> list[tuple[int, int]]:
    wanted = []
    for step in steps[: plan["levels"]]:
        size = min(plan["size"], room)
        legal = 1 <= step <= GRID // tick - 1 and size >= max(1, plan["min_size"])
        wanted.append((step * tick, size) if legal else (0, 0))
        room -= size if legal else 0
    return wanted


class Trial:
    """A desk and one quoter of each implementation, over books that see the same frames."""

    def __init__(self, *, settle: bool) -> None:
        self.quoters = {}
        for name in implementations():
            kernel = load(name)
            books = kernel.Books()
            for token, tick in TOKENS.items():
                books.add(token, tick)
            self.quoters[name] = kernel.Quoter(books, settle=settle)
        self.desk = Desk(self.quoters["pure"].books, settle=settle)

    def do(self, operation: Operation) -> str:
        """What differs after an operation, "" for nothing."""
        name, arguments, named = operation
        answers = {which: _said(quoter, name, arguments, named) for which, quoter in self.quoters.items()}
        expected = answers["pure"]
        if name == "feed":
            expected = self.desk.feed(expected[0])
        elif name != "rest":
            expected = _said(self.desk, name, arguments, named)
        wrong = [f"{which} answered {answer}" for which, answer in answers.items() if answer != expected]
        return f"{', '.join(wrong)} and not {expected} to {name}{arguments} {named}" if wrong else ""


def _said(quoter: Any, name: str, arguments: tuple[Any, ...], named: dict[str, int]) -> Any:
    try:
        if name == "rest":
            return quoter.books.book(arguments[0]).set(*arguments[1:])
        answer = getattr(quoter, name)(*arguments, **named)
    except Refused as refused:
        return str(refused)
    except (ValueError, IndexError) as fault:
        return type(fault).__name__
    return (answer, list(quoter.moved)) if name == "feed" else answer


def _index(dice: Random) -> int:
    return dice.choice((-1, len(TOKENS), 10**6)) if dice.random() < 0.01 else dice.randrange(len(TOKENS))


def _plan(dice: Random) -> dict[str, int]:
    plan = {name: dice.choice(values) for name, values in USUAL.items()}
    if dice.random() < 0.05:
        plan[dice.choice(list(plan))] = dice.choice(ODD_INTEGERS)
    return plan


def _order(dice: Random) -> tuple[int, ...]:
    order = [dice.getrandbits(1), dice.randrange(8), dice.randint(0, 100) * 100, dice.choice(USUAL["size"])]
    order.append(dice.choice((0, 480_000, 500_000, -(4 * 10**6), 4 * 10**6)))
    if dice.random() < 0.05:
        order[dice.randrange(5)] = dice.choice(ODD_INTEGERS)
    return tuple(order)


def operation(dice: Random, books: Any) -> Operation:
    index, name = _index(dice), "drop" if dice.random() < 0.005 else dice.choice(NAMES)
    match name:
        case "feed":
            return name, (honest(dice, books) if dice.random() < 0.7 else whole(dice),), {}
        case "rest":
            price = dice.randint(1, 9) * 1000 if dice.random() < 0.3 else dice.randint(30, 70) * 100
            return name, (index, dice.getrandbits(1), price, dice.choice((0, 1, 10**7, 2**62))), {}
        case "plan":
            return name, (index,), _plan(dice)
        case "reference":
            return name, (index, dice.choice((None, 0, 480_000, 10**6, *ODD_INTEGERS[:2]))), {}
        case "inventory":
            return name, (index, dice.choice(INVENTORIES if dice.random() < 0.95 else ODD_INTEGERS)), {}
        case "working":
            return name, (index, *_order(dice)), {}
        case _:
            return name, (index,), {}


NAMES = (
    *("feed", "feed", "feed", "feed", "rest", "rest", "rest", "plan", "plan", "reference", "inventory", "working"),
    *("placed", "placed", "placed", "centre", "targets", "must_move", "must_move", "must_move"),
)


def replayed(operations: list[Operation], *, settle: bool) -> str:
    trial = Trial(settle=settle)
    return next((difference for step in operations if (difference := trial.do(step))), "")


def _fails(operations: list[Operation], *, settle: bool) -> bool:
    return bool(replayed(operations, settle=settle))


def run(seed: int, budget: Budget) -> Report:
    """Lives of quoters from seeds that follow from `seed`."""
    report, begun = Report("quotes", seed), monotonic()
    for number in budget.rounds(LIFE):
        dice, settle = Random(f"{seed}/{number}"), number % 3 == 2
        trial = Trial(settle=settle)
        steps, difference = list[Operation](), ""
        while len(steps) < LIFE and not difference:
            at = len(steps)
            steps.append(("plan", (at,), _plan(dice)) if at < len(TOKENS) else operation(dice, trial.desk.books))
            difference = trial.do(steps[-1])
            report.outcomes[steps[-1][0]] += 1
        report.operations += len(steps)
        if difference:
            few = smallest(steps, partial(_fails, settle=settle))
            report.findings.append(f"  {difference}; Quoter(settle={settle}), {few}")
        if report.full:
            break
    report.seconds = monotonic() - begun
    return report
