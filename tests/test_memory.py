"""A day of busy trading leaves no more behind than half a day did: everything that remembers has a limit."""

from __future__ import annotations

import gc
from collections import Counter
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType

from pmm.account import TradeStatus
from pmm.app.rules import rules_for
from pmm.commands import Cancel, Place
from pmm.core import activity, ledger, orders, settlement
from pmm.core.engine import EngineConfig
from pmm.events import Accepted, Canceled, Filled, Settled
from pmm.metrics import counterfactual, latency, markout
from pmm.metrics.summary import Summary
from pmm.model import SECOND, Side
from pmm.settings import Settings
from pmm.strategies.log_odds import LogOdds
from tests.support.story import Story, trade_frame

DAY = 86_400
# Seconds between two rounds of trading, so that a day is short; limits by count are lowered as much.
EVERY = 60
MOST = 60
LIMITS = (
    (orders, "RETIRED_MAX"),
    (settlement, "FINAL_MAX"),
    (settlement, "EARLY_MAX"),
    (ledger, "POSTINGS_MAX"),
    (activity, "MESSAGES_MAX"),
    (activity, "ERRORS_MAX"),
    (activity, "PLACED_MAX"),
    (activity, "FILLS_MAX"),
    (markout, "REMEMBERED_MAX"),
    (counterfactual, "CLOSED_MAX"),
    (latency, "WAITING_MAX"),
)
OUTSIDE = (ModuleType, type, FunctionType, BuiltinFunctionType, MethodType)


def remembered(*roots: object) -> Counter[str]:
    """How many objects of each type can be reached."""
    seen, waiting = {id(root) for root in roots}, list(roots)
    found: Counter[str] = Counter()
    while waiting:
        one = waiting.pop()
        found[type(one).__name__] += 1
        for inner in gc.get_referents(one):
            if id(inner) not in seen and not isinstance(inner, OUTSIDE):
                seen.add(id(inner))
                waiting.append(inner)
    return found


class Day:
    """A market that moves to and fro, a taker who follows it, and a venue that grants and settles everything."""

    def __init__(self) -> None:
        # As if live, with a feed that is late to show our orders: quotes must come to rest all the same.
        self.story = Story(config=EngineConfig(explain=True, in_book=True), rules=rules_for(Settings()))
        self.story.engine.quoting.strategy = LogOdds()
        self.summary = Summary()
        self.trades = 0
        self.story.open_market("0.49", "0.51")
        self.answer()

    def tell(self, event) -> None:
        self.summary.on_step(self.story.tell(event), 1_000)
        self.story.history.clear()

    def answer(self) -> None:
        waiting = [command for command in self.story.step.commands if isinstance(command, Place | Cancel)]
        for command in waiting:
            granted = Accepted if isinstance(command, Place) else Canceled
            self.tell(granted(self.story.at, command.order_id))
            waiting += [command for command in self.story.step.commands if isinstance(command, Place | Cancel)]

    def trade(self, side: str) -> None:
        """The best order of a side trades whole."""
        ours = [order for order in self.story.engine.orders.open() if order.quote == side]
        if not ours:
            return
        best, self.trades = min(ours, key=lambda order: order.level), self.trades + 1
        at, trade = self.story.at, f"t{self.trades}"
        self.tell(trade_frame(Side.SELL if side == "bid" else Side.BUY, "0.5", 10, at=at))
        self.tell(Filled(at, best.order_id, trade, best.price, best.size_left))
        self.answer()
        failed = self.trades % 20 == 0
        for status in [TradeStatus.FAILED] if failed else [TradeStatus.MINED, TradeStatus.CONFIRMED]:
            self.tell(Settled(at, best.order_id, trade, status))

    def until(self, seconds: int) -> Counter[str]:
        for number in range(seconds // EVERY):
            self.story.at += EVERY * SECOND
            bid = 40 + number % 20
            self.tell_touch(bid)
            self.trade("bid" if number % 2 else "ask")
            self.summary.on_step(self.story.wait(0), 1_000)
            self.answer()
        return remembered(self.story.engine, self.summary)

    def tell_touch(self, bid: int) -> None:
        self.summary.on_step(self.story.touch(f"0.{bid}", f"0.{bid + 2}"), 1_000)
        self.answer()


def test_a_day_leaves_no_more_behind_than_half_a_day(monkeypatch):
    for module, name in LIMITS:
        monkeypatch.setattr(module, name, MOST)
    day = Day()
    half = day.until(DAY // 2)
    whole = day.until(DAY // 2)
    assert day.trades > 1_000
    grown = {kind: (half[kind], count) for kind, count in whole.items() if count > half[kind] * 1.05 + 25}
    assert grown == {}
