"""What counts as a word of a strategy, and what comes of one that no order can be made of."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, nan

import pytest

from pmm.core.asking import LEVELS_MAX, ask, fault_of
from pmm.core.view import Target, Targets, View
from pmm.model import GRID
from tests.support.story import START, Story, book_of, market, shares

TEN = shares(10)
GOOD = Target(4800, TEN, 10_000)
VIEW = View(START, market(), book_of([("0.49", 100)], [("0.51", 100)]), 0)


@dataclass
class Says:
    answer: object
    name: str = "odd"

    def decide(self, _view):
        return self.answer


def bid(price=4800, size=TEN, reference2=10_000, level=0):
    return Targets((Target(price, size, reference2, level),))


def test_a_ladder_on_the_grid_is_a_word():
    bids = tuple(Target(4800 - 100 * level, shares(10), 9_600, level) for level in range(LEVELS_MAX))
    answer = Targets(bids, (Target(5200, shares(10), 10_400),))
    assert ask(Says(answer), VIEW) == (answer, False)
    assert ask(Says(Targets(reason="nothing today")), VIEW) == (Targets(reason="nothing today"), False)


FAULTS = {
    "off tick": bid(price=4850),
    "at nothing": bid(price=0),
    "at a dollar": bid(price=GRID),
    "below nothing": bid(price=-100),
    "no number": bid(price=nan),
    "infinite": bid(price=inf),
    "not whole": bid(price=4800.0),
    "of no size": bid(size=0),
    "of negative size": bid(size=-shares(10)),
    "of a size that is no number": bid(size=nan),
    "a reference that is no number": bid(reference2=nan),
    "of a level below the best": bid(level=-1),
    "two of one level": Targets((GOOD, Target(4700, shares(10), 10_000))),
    "too many": Targets(tuple(Target(4800, shares(10), 10_000, level) for level in range(LEVELS_MAX + 1))),
    "crossed": Targets((GOOD,), (Target(4800, shares(10), 10_000),)),
    "crossed further out": Targets((GOOD,), (Target(4900, 1, 0), Target(4700, 1, 0, 1))),
    "no targets": None,
    "no target": Targets(("0.48",)),
    "no side": Targets(bids=None),
}


@pytest.mark.parametrize("answer", FAULTS.values(), ids=FAULTS.keys())
def test_of_what_cannot_be_placed_nothing_is_wanted_and_the_reason_says_why(answer):
    wanted, failed = ask(Says(answer), VIEW)
    assert failed
    assert (wanted.bids, wanted.asks) == ((), ())
    assert wanted.reason.startswith("strategy odd failed: ")


def test_a_grid_that_is_finer_takes_more():
    assert fault_of(bid(price=4850), 100)
    assert not fault_of(bid(price=4850), 50)


@pytest.mark.parametrize("answer", FAULTS.values(), ids=FAULTS.keys())
def test_an_engine_cancels_what_works_counts_an_error_and_goes_on(answer):
    story = Story()
    story.open_market()
    story.accept()
    healthy, story.engine.quoting.strategy = story.engine.quoting.strategy, Says(answer)
    story.wait(1)
    story.accept()
    assert story.working() == {}
    assert len(story.engine.desk.activity.errors) >= 1
    story.engine.quoting.strategy = healthy
    story.wait(1)
    assert story.working() == {"bid": "0.48", "ask": "0.52"}
