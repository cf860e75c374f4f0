"""Order events a second of the local exchange, in process: python -m benchmarks.exchange_matching [--events N].

One seeded stream for all: a maker's places and cancels, and now and then an order that crosses.  The candidates take
turns in segments and end with the same book.

    loop        reads the events and does nothing
    answers     makes the order and the report that answers each event, but has no book: what Python allows at most
    matching    `pmm.sim.matching`, the book of the exchange
    plain       the same book over SortedDict and insertion-ordered dicts, as one would write it
    venue       `pmm.sim.venue`: with accounts, reservations, trades, the ledger, and everything told to its owners
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import Random
from statistics import median
from typing import NamedTuple

from sortedcontainers import SortedDict

from benchmarks import timing
from pmm.model import GRID, SECOND, USD, OrderId, Price, Side, Size
from pmm.sim.catalog import demo_listing
from pmm.sim.floor import WorldParams
from pmm.sim.matching import ASK, BID, MatchingMarket, Order, Outcome, Reason, Report, Status
from pmm.sim.venue import Refusal, Terms, Venue, VenueParams

GOAL_PER_S = 300_000
SEGMENT = 2_000
CANCELS, CROSSES = 0.45, 0.05
# A cancel is for one of so many latest events, so that most of them find their order.
RECENT = 400
OWNERS = [f"0x{number:040x}" for number in range(16)]
SHARE: Size = 1_000_000
START = 1_790_000_000 * SECOND
# The venue's clock from one event to the next.
STEP = 10_000


class Event(NamedTuple):
    """An order, or with `cancels` the end of one; the price is in the terms of the outcome."""

    order_id: OrderId
    owner: str
    cancels: bool
    outcome: Outcome = Outcome.YES
    side: Side = Side.BUY
    price: Price = 0
    size: Size = 0


def events(count: int, seed: int = 3) -> list[Event]:
    """Bids at 0.40 to 0.49 and asks at 0.51 to 0.60 in YES terms; the few that cross are on the other side."""
    dice = Random(seed)
    placed: list[Event] = []
    made: list[Event] = []
    while len(made) < count:
        if placed and dice.random() < CANCELS:
            recent = placed[-dice.randrange(1, RECENT) :][0]
            made.append(Event(recent.order_id, recent.owner, cancels=True))
            continue
        outcome, side = Outcome(dice.randrange(2)), dice.choice((Side.BUY, Side.SELL))
        cents = dice.randrange(40, 50) if (side is Side.BUY) is (outcome is Outcome.YES) else dice.randrange(51, 61)
        if dice.random() < CROSSES / (1 - CANCELS):
            cents = 100 - cents
        price = cents * 100 if outcome is Outcome.YES else GRID - cents * 100
        order_id, owner = f"0x{len(made):064x}", dice.choice(OWNERS)
        size = dice.randrange(5, 50) * SHARE
        placed.append(Event(order_id, owner, cancels=False, outcome=outcome, side=side, price=price, size=size))
        made.append(placed[-1])
    return made


# --- the peer -----------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class PlainOrder:
    order_id: OrderId
    owner: str
    side: int
    price: Price
    left: Size


@dataclass(slots=True)
class PlainLevel:
    """Orders in order of arrival, and how much they are together."""

    orders: dict[OrderId, PlainOrder] = field(default_factory=dict)
    total: Size = 0


PlainFill = tuple[OrderId, str, Price, Size, Size]
PlainChange = tuple[int, Price, Size]


class PlainBook:
    """Price-time matching with the usual containers, answering with the same facts in plain tuples."""

    def __init__(self) -> None:
        self.sides: tuple[SortedDict, SortedDict] = (SortedDict(), SortedDict())
        self.orders: dict[OrderId, PlainOrder] = {}

    def submit(
        self, order_id: OrderId, owner: str, outcome: Outcome, side: Side, price: Price, size: Size
    ) -> tuple[str, Size, list[PlainFill], list[PlainChange]]:
        """What became of it, what is left, the trades, and the new totals of levels."""
        if order_id in self.orders or size <= 0 or not 0 < price < GRID or price % 100:
            return "rejected", size, [], []
        book_side = BID if (side is Side.BUY) is (outcome is Outcome.YES) else ASK
        order = PlainOrder(order_id, owner, book_side, price if outcome is Outcome.YES else GRID - price, size)
        fills, changes = self.match(order)
        if order.left:
            changes.append(self.rest(order))
        return "live" if order.left else "matched", order.left, fills, changes

    def rest(self, order: PlainOrder) -> PlainChange:
        self.orders[order.order_id] = order
        levels = self.sides[order.side]
        level = levels.get(order.price)
        if level is None:
            level = levels[order.price] = PlainLevel()
        level.orders[order.order_id] = order
        level.total += order.left
        return order.side, order.price, level.total

    def match(self, taker: PlainOrder) -> tuple[list[PlainFill], list[PlainChange]]:
        fills: list[PlainFill] = []
        changes: list[PlainChange] = []
        levels = self.sides[1 - taker.side]
        while taker.left and levels:
            price, level = levels.peekitem(0 if taker.side == BID else -1)
            if (price > taker.price) if taker.side == BID else (price < taker.price):
                break
            while taker.left and level.orders:
                maker = next(iter(level.orders.values()))
                size = min(taker.left, maker.left)
                taker.left -= size
                maker.left -= size
                level.total -= size
                fills.append((maker.order_id, maker.owner, price, size, maker.left))
                if not maker.left:
                    del self.orders[maker.order_id], level.orders[maker.order_id]
            changes.append((1 - taker.side, price, level.total))
            if not level.orders:
                del levels[price]
        return fills, changes

    def cancel(self, order_id: OrderId) -> tuple[str, Size, list[PlainFill], list[PlainChange]]:
        order = self.orders.pop(order_id, None)
        if order is None:
            return "rejected", 0, [], []
        levels = self.sides[order.side]
        level = levels[order.price]
        del level.orders[order_id]
        level.total -= order.left
        if not level.orders:
            del levels[order.price]
        return "canceled", order.left, [], [(order.side, order.price, level.total)]

    def levels(self, side: int) -> list[tuple[Price, Size]]:
        """Best first."""
        found = [(price, level.total) for price, level in self.sides[side].items()]
        return found[::-1] if side == BID else found


# --- the candidates: each takes a segment of events ----------------------------------------------------------------

Run = Callable[[list[Event]], None]


def looping() -> Run:
    def run(segment: list[Event]) -> None:
        for event in segment:
            if event.cancels:
                pass

    return run


def answering() -> Run:
    def submit(order_id: OrderId, owner: str, outcome: Outcome, side: Side, size: Size) -> Report:
        order = Order(order_id, owner, outcome, side, size)
        return Report(order_id, outcome, side, Status.LIVE, Reason.NONE, order.left, (), (), owner)

    def cancel(order_id: OrderId) -> Report:
        return Report(order_id, Outcome.YES, Side.BUY, Status.CANCELED, Reason.NONE, 0, (), ())

    def run(segment: list[Event]) -> None:
        for order_id, owner, cancels, outcome, side, _, size in segment:
            if cancels:
                cancel(order_id)
            else:
                submit(order_id, owner, outcome, side, size)

    return run


def matching(market: MatchingMarket) -> Run:
    def run(segment: list[Event]) -> None:
        for order_id, owner, cancels, outcome, side, price, size in segment:
            if cancels:
                market.cancel(order_id)
            else:
                market.submit(order_id, outcome, side, price, size, owner=owner)

    return run


def plain(book: PlainBook) -> Run:
    def run(segment: list[Event]) -> None:
        for order_id, owner, cancels, outcome, side, price, size in segment:
            if cancels:
                book.cancel(order_id)
            else:
                book.submit(order_id, owner, outcome, side, price, size)

    return run


def trading(venue: Venue, told: list[Event]) -> Run:
    """Every order as it comes from a signature; the events for its owner are collected once in a segment."""
    tokens = demo_listing().market.tokens
    ready = {
        event.order_id: Terms(
            event.order_id, event.owner, "key", tokens[event.outcome].token_id, event.side, event.price, event.size
        )
        for event in told
        if not event.cancels
    }
    at = START

    def run(segment: list[Event]) -> None:
        nonlocal at
        for event in segment:
            at += STEP
            if event.cancels:
                venue.cancel(event.owner, (event.order_id,), at)
            else:
                answer = venue.place(ready[event.order_id], at)
                assert not isinstance(answer, Refusal), answer
        venue.user_events()

    return run


def open_venue() -> Venue:
    """Nobody trades but the owners, who can pay for everything."""
    listing = replace(demo_listing(), pace=0.0)
    venue = Venue([listing], VenueParams(world=WorldParams(silent=True)), Random(7), START)
    venue.clear_book(listing.market.condition_id, START)
    for owner in OWNERS:
        venue.fund(owner, 10**9 * USD, START)
        for token in listing.market.tokens:
            venue.give(owner, token.token_id, 10**8 * SHARE, START)
    return venue


# --- timing -------------------------------------------------------------------------------------------------------


def interleaved(runs: dict[str, Run], told: list[Event]) -> dict[str, list[float]]:
    """Nanoseconds an event of every segment; inside a segment the candidates run in random order."""
    dice = Random(1)
    names = list(runs)
    times: dict[str, list[float]] = {name: [] for name in names}
    with timing.quiet():
        for start in range(0, len(told), SEGMENT):
            segment = told[start : start + SEGMENT]
            dice.shuffle(names)
            for name in names:
                began = time.perf_counter_ns()
                runs[name](segment)
                times[name].append((time.perf_counter_ns() - began) / len(segment))
    return times


def measure(told: list[Event]) -> dict[str, list[float]]:
    """All candidates on the same events; the books have to agree at the end."""
    market, book, venue = MatchingMarket(), PlainBook(), open_venue()
    runs = {
        "loop": looping(),
        "answers": answering(),
        "matching": matching(market),
        "plain": plain(book),
        "venue": trading(venue, told),
    }
    times = interleaved(runs, told)
    floor = venue.world.floor_of(demo_listing().market.yes)
    assert floor is not None, "the demo market is listed"
    for side in (BID, ASK):
        levels = list(market.levels(side))
        assert levels == book.levels(side) == list(floor[0].book.levels(side)), "books differ"
    venue.check()
    return times


def mix(told: list[Event]) -> str:
    market = MatchingMarket()
    trades = found = cancels = 0
    for event in told:
        if event.cancels:
            cancels += 1
            found += market.cancel(event.order_id).status is Status.CANCELED
        else:
            report = market.submit(event.order_id, event.outcome, event.side, event.price, event.size)
            trades += bool(report.fills)
    share = 100 / len(told)
    return (
        f"{len(told):,} events: {100 - cancels * share:.0f} % orders, {trades * share:.1f} % of the events trade; "
        f"{cancels * share:.0f} % cancels, {found / cancels:.0%} of which find their order; "
        f"{len(market)} rest at the end"
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.exchange_matching")
    parser.add_argument("--events", type=int, default=100_000)
    told = events(parser.parse_args().events)
    print(mix(told))
    times = measure(told)
    print(f"{'candidate':10} {'ns an event':>12} {'events/s':>12}   matching is so many times as fast")
    for name, values in times.items():
        each = median(values)
        print(f"{name:10} {each:>12,.0f} {1e9 / each:>12,.0f}   {timing.ratio(values, times['matching']):.2f}")
    reached = 1e9 / median(times["matching"])
    print(f"goal: matching {GOAL_PER_S:,} events/s: {'holds' if reached >= GOAL_PER_S else 'MISSED'} ({reached:,.0f})")


if __name__ == "__main__":
    main()
