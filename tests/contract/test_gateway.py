"""Our own client against the local exchange under faults: what it tells equals what the venue has.

There is no engine here.  A seeded session places, cancels and asks while everything fails that can; then the faults
end, every order is asked for once, and what was told is held against the venue: an order is accepted, refused and
canceled only where it was, fills and settlements make the venue's own balances, and nothing rests that nobody sent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from random import Random

import pytest

from pmm.account import TradeStatus
from pmm.events import (
    Accepted,
    Canceled,
    CancelRejected,
    Filled,
    OrderMissing,
    OrderShown,
    Reading,
    Rejected,
    Settled,
    Unanswered,
)
from pmm.model import SECOND, Side, TokenId, notional
from pmm.sim.venue import COLLATERAL, OrderStatus
from tests.exchange.conftest import DEMO, trading
from tests.venues.polymarket.account import Account, account

SEEDS = range(12)
ACTIONS = 80
# What a new wallet has, so that shares may be sold from the start.
SHARES = "500"
# Nothing that was put off is put off for longer than this.
LONGEST_S = 20
# An hour: here the clock jumps, and no order is to be refused for its age.
GATE_MS = 3_600_000
FAULTS = (
    ("POST /order", "answer_late"),
    ("POST /order", "cut"),
    ("POST /order", "lose"),
    ("POST /order", "park"),
    ("POST /order", "fail"),
    ("POST /order", "fail_done"),
    ("POST /orders", "cut"),
    ("POST /orders", "lose"),
    ("POST /orders", "park"),
    ("POST /orders", "fail_done"),
    ("POST /orders", "shuffle"),
    ("POST /orders", "short"),
    ("POST /orders", "partial"),
    ("DELETE /*", "cut"),
    ("DELETE /*", "lose"),
    ("DELETE /*", "fail_done"),
    ("DELETE /*", "lie_not_found"),
    ("DELETE /*", "deny_canceled"),
    ("GET /data/*", "fail"),
    ("GET /data/*", "cut"),
)
FRAMES = ("lose", "double", "swap", "truncate")
WAYS = (
    ("MATCHED", "MINED", "CONFIRMED"),
    ("MINED", "RETRYING", "MINED", "CONFIRMED"),
    ("RETRYING", "FAILED"),
    ("FAILED",),
)


class Session:
    """One seeded run; `ids` are the orders that were asked for, in order."""

    def __init__(self, ours: Account, dice: Random) -> None:
        self.ours = ours
        self.dice = dice
        self.ids: list[str] = []
        self.lied = False

    async def run(self) -> None:
        acts: tuple[Callable[[], Awaitable[None]], ...] = (
            self.place,
            self.place,
            self.place,
            self.place_many,
            self.trade,
            self.trade,
            self.trade,
            self.cancel,
            self.cancel,
            self.ask,
            self.repost,
            self.read,
            self.hurt,
            self.hurt,
            self.hurt_frames,
            self.drop,
            self.wait,
            self.restart,
        )
        for _ in range(ACTIONS):
            await self.dice.choice(acts)()
        await self.heal()

    async def place(self) -> None:
        self.ids += self.ours.place_all([self._terms()], life=self.dice.choice([None, 400]))

    async def place_many(self) -> None:
        self.ids += self.ours.place_all([self._terms() for _ in range(self.dice.randint(2, 20))])

    async def trade(self) -> None:
        """Somebody takes what rests, and the trade goes one of its ways."""
        way, pace = self.dice.choice(WAYS), self.dice.randint(1, 3_000)
        steps = [{"status": status, "after_ms": pace * number} for number, status in enumerate(way, 1)]
        await self.ours.floor.control("/venue/settlement", {"steps": steps})
        side, price = self.dice.choice([("SELL", "0.30"), ("BUY", "0.70")])
        size = str(self.dice.randint(5, 25))
        await self.ours.floor.place(side, price, size, token_id=self.dice.choice(DEMO.tokens).token_id, tif="FAK")

    async def cancel(self) -> None:
        if self.ids:
            self.ours.cancel(*self.dice.sample(self.ids, min(len(self.ids), self.dice.choice([1, 1, 5]))))

    async def ask(self) -> None:
        if self.ids:
            self.ours.query(self.dice.choice(self.ids))

    async def repost(self) -> None:
        doubtful = [event.order_id for event in self.ours.told.of(Unanswered)]
        if doubtful:
            self.ours.repost(self.dice.choice(doubtful))

    async def read(self) -> None:
        await self.ours.read(balances=self.dice.random() < 0.3)

    async def hurt(self) -> None:
        on, harm = self.dice.choice(FAULTS)
        seconds = self.dice.randint(0, LONGEST_S) if harm in {"park", "answer_late"} else 0
        await self.ours.harm(on, harm, seconds=seconds, entries=2)

    async def hurt_frames(self) -> None:
        await self.ours.floor.control("/faults/frames", {"fault": self.dice.choice(FRAMES), "channel": "user"})

    async def drop(self) -> None:
        await self.ours.floor.control("/stream/drop", {"channel": "user"})

    async def wait(self) -> None:
        await self.ours.floor.advance(self.dice.choice([0.2, 1, 5]))

    async def restart(self) -> None:
        if self.dice.random() < 0.3:
            body = {"seconds": 2, "wipe": self.dice.random() < 0.5}
            await self.ours.floor.control("/venue/restart", body)

    def _terms(self) -> tuple[str, str, str]:
        side = self.dice.choice(["BUY", "BUY", "SELL"])
        cents = self.dice.randint(30, 45) if side == "BUY" else self.dice.randint(55, 70)
        return side, f"0.{cents}", f"{self.dice.randint(5, 20)}.{self.dice.randint(0, 99):02d}"

    async def heal(self) -> None:
        """End the faults and everything that was put off, then ask for every order once more."""
        ours = self.ours
        await ours.floor.control("/faults/clear", {})
        ours.access.http.deadline = 10 * SECOND
        await ours.floor.control("/venue/mode", {"mode": "normal"})
        await ours.told.until(lambda: reported(ours) >= set(self.ids))
        await ours.floor.advance(LONGEST_S + 200)
        await ours.read()
        for order_id in self.ids:
            ours.query(order_id)
        known = {order_id for order_id in self.ids if ours.orders.get(order_id) is not None}
        before = len(ours.told.events)
        await ours.told.until(lambda: known <= ids(ours.told.events[before:], OrderShown, OrderMissing))
        await ours.read(balances=True)


def reported(ours: Account) -> set[str]:
    return ids(ours.told.events, Accepted, Rejected, Unanswered)


def ids(events: list[object], *kinds: type) -> set[str]:
    return {event.order_id for event in events if isinstance(event, kinds)}  # type: ignore[attr-defined]  # of kinds


def booked(ours: Account) -> tuple[int, Counter[TokenId]]:
    """Money and shares by the events alone: every fill, less those that failed."""
    told = ours.told
    failed = {(event.trade_id, event.order_id) for event in told.of(Settled) if event.status is TradeStatus.FAILED}
    money, shares = 0, Counter[TokenId]()
    for fill in told.of(Filled):
        if (fill.trade_id, fill.order_id) in failed:
            continue
        intent = ours.orders.get(fill.order_id).intent
        sign = intent.side.sign
        shares[intent.token] += sign * fill.size
        money -= sign * notional(fill.price, fill.size)
    return money, shares


def judge(ours: Account, order_ids: list[str], began: tuple[int, dict[TokenId, int]]) -> None:
    """Hold what was told against the venue."""
    told, venue = ours.told, ours.venue
    refused = ids(told.events, Rejected)
    sent = {intent.order_id: intent.venue_id for intent in ours.notes.written}
    for order_id in order_ids:
        at_venue = venue.order(sent[order_id]) if order_id in sent else None
        if order_id in refused:
            assert at_venue is None, "a refused order rests"
        if order_id in ids(told.events, Accepted):
            assert at_venue is not None, "an accepted order is not there"
        if order_id in ids(told.events, Canceled):
            assert at_venue.status not in (OrderStatus.LIVE, OrderStatus.DELAYED), "a canceled order rests"
        if at_venue is not None:
            assert ours.filled(order_id) == at_venue.matched
    open_ids = {order.order_id for order in venue.orders(ours.address)}
    assert open_ids <= set(sent.values()), "something rests that nobody sent"
    lost = {event.order_id for event in told.of(OrderMissing) if event.reading is Reading.ORDER}
    believed = {sent[order_id] for order_id in ours.orders.open(before=ours.clock() + 1)}
    assert believed >= open_ids, "something rests that is believed to be over"
    assert believed - {sent[order_id] for order_id in lost} <= open_ids, "something is gone that is believed to rest"
    fills = [(fill.trade_id, fill.order_id) for fill in told.of(Filled)]
    assert len(fills) == len(set(fills)), "a fill was told twice"
    money, shares = booked(ours)
    assert venue.balance(ours.address, COLLATERAL) == began[0] + money
    for token in (DEMO.yes, DEMO.no):
        assert venue.balance(ours.address, token) == began[1].get(token, 0) + shares[token]


@pytest.mark.parametrize("seed", SEEDS)
async def test_what_is_told_equals_what_the_venue_has_after_a_session_of_faults(seed: int) -> None:
    async with trading(seed=seed) as floor, account(floor, deadline_ms=400, gate_ms=GATE_MS, tier="elite") as ours:
        for token in DEMO.tokens:
            body = {"account": ours.address, "size": SHARES, "token_id": token.token_id}
            await floor.control("/accounts/give", body)
        positions = {token.token_id: ours.venue.balance(ours.address, token.token_id) for token in DEMO.tokens}
        began = ours.venue.balance(ours.address, COLLATERAL), positions
        session = Session(ours, Random(seed))
        await session.run()
    judge(ours, session.ids, began)


async def test_twenty_orders_trade_both_ways_and_settle_to_the_last_micro_dollar() -> None:
    async with trading() as floor, account(floor) as ours:
        await floor.control("/accounts/give", {"account": ours.address, "size": SHARES})
        began = ours.venue.balance(ours.address, COLLATERAL), {DEMO.yes: ours.venue.balance(ours.address, DEMO.yes)}
        buys = ours.place_all([("BUY", f"0.{30 + number}", "10.07") for number in range(10)])
        sells = ours.place_all([("SELL", f"0.{60 + number}", "7.33") for number in range(10)])
        await ours.told.until(lambda: ids(ours.told.events, Accepted) == {*buys, *sells})
        await floor.place("SELL", "0.30", "80", sweep=True)
        await floor.place("BUY", "0.65", "40", sweep=True)
        await floor.advance(120)
        await ours.read(balances=True)
        ours.cancel_all()
        await ours.told.until(lambda: not list(ours.orders.open(before=ours.clock() + 1)))
        judge(ours, [*buys, *sells], began)
        assert {ours.orders.get(fill.order_id).intent.side for fill in ours.told.of(Filled)} == {Side.BUY, Side.SELL}
        assert not ours.told.of(Unanswered, CancelRejected)


async def test_a_cancel_that_lies_is_found_out_by_the_next_read() -> None:
    async with trading() as floor, account(floor, listen=False) as ours:
        order_id = await ours.rests()
        await ours.harm("DELETE /order", "lie_canceled")
        ours.cancel(order_id)
        await ours.told.one(Canceled, order_id=order_id)
        await ours.read()
        assert (await ours.told.one(OrderShown, order_id=order_id)).status == "LIVE"
        assert list(ours.orders.open(before=ours.clock() + 1)) == [order_id]
