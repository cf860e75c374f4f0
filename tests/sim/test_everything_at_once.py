"""Accounts, synthetic traders, delays, failing settlements, modes, ticks and ends, all in one random life.

Whatever happens, money and shares are conserved, nobody owes anything, and what is reserved is what open orders need.
"""

from __future__ import annotations

import os
from dataclasses import replace
from random import Random

import pytest

from pmm.model import GRID, SECOND, SHARE, TICKS, USD, Side, TimeInForce
from pmm.sim.accounts import Account
from pmm.sim.catalog import default_listings
from pmm.sim.matching import Outcome
from pmm.sim.orders import OrderStatus
from pmm.sim.venue import (
    COLLATERAL,
    Mode,
    OrderEvent,
    Refusal,
    Settlement,
    SettlementParams,
    SettlementStep,
    Terms,
    Venue,
    VenueParams,
    Verdict,
)
from tests.sim.stage import START

STEPS = 40_000 if os.environ.get("PMM_LONG") == "1" else 1_200
PEOPLE = ["0xaa", "0xbb", "0xcc"]
# Of every market on the list; the last three are one event.
VERDICTS = (Verdict.SPLIT, Verdict.NO, Verdict.YES, Verdict.NO, Verdict.YES, Verdict.NO)
ALL_TIFS = (TimeInForce.GTC, TimeInForce.GTC, TimeInForce.GTC, TimeInForce.GTD, TimeInForce.FAK, TimeInForce.FOK)


class Life:
    """A venue and dice that do anything to it."""

    def __init__(self, seed: int) -> None:
        self.dice = Random(seed)
        delays = ({}, {"seconds_delay": 3}, {"taker_delay": True}, {}, {}, {})
        self.listings = [replace(one, **how) for one, how in zip(default_listings(), delays, strict=True)]  # type: ignore[arg-type]  # test words
        chances = SettlementParams(fail_chance=0.2, retry_chance=0.2)
        self.venue = Venue(self.listings, VenueParams(settlement=chances), Random(seed), START)
        self.now = START
        self.ids: list[str] = []
        self.statuses: dict[str, OrderStatus] = {}
        for account in PEOPLE:
            self.venue.fund(account, 600 * USD, self.now)
            for listing in self.listings:
                for token in listing.market.tokens:
                    self.venue.give(account, token.token_id, 200 * SHARE, self.now)

    def anything(self) -> None:
        dice = self.dice
        self.now += dice.randrange(0, SECOND // 2)
        chance = dice.random()
        if chance < 0.6:
            self.place()
        elif chance < 0.75:
            self.venue.cancel(dice.choice(PEOPLE), dice.sample(self.ids[-50:], min(3, len(self.ids))), self.now)
        elif chance < 0.85:
            while (due := self.venue.next_at()) is not None and due <= self.now:
                self.venue.step()
        elif chance < 0.93:
            self.money()
        else:
            self.operator()

    def place(self) -> None:
        dice = self.dice
        market = dice.choice(self.venue.listings).market
        outcome = dice.choice(list(Outcome))
        floor = self.venue.world.floor(market.condition_id)
        assert floor is not None
        touch = floor.book.best_bid or floor.book.best_ask or GRID // 2
        fair = touch if outcome is Outcome.YES else GRID - touch
        price = (fair // market.tick + dice.randrange(-4, 5)) * market.tick
        side, tif = dice.choice((Side.BUY, Side.SELL)), dice.choice(ALL_TIFS)
        by_budget = side is Side.BUY and tif in {TimeInForce.FAK, TimeInForce.FOK}
        self.ids.append(f"0x{len(self.ids):064x}")
        self.venue.place(
            Terms(
                self.ids[-1],
                dice.choice(PEOPLE),
                "key",
                market.tokens[outcome].token_id,
                side,
                price,
                None if by_budget else dice.randrange(500, 8_000) * 10_000,
                dice.randrange(100, 4_000) * 10_000 if by_budget else None,
                tif,
                dice.random() < 0.3,
                self.now // SECOND + dice.randrange(170, 240) if tif is TimeInForce.GTD else None,
            ),
            self.now,
        )

    def money(self) -> None:
        dice, account, market = self.dice, self.dice.choice(PEOPLE), self.dice.choice(self.listings).market
        amount = dice.randrange(1, 40) * 1_111_111
        dice.choice(
            (
                lambda: self.venue.fund(account, dice.choice((1, -1)) * amount, self.now),
                lambda: self.venue.give(account, dice.choice((market.yes, market.no)), -amount, self.now),
                lambda: self.venue.give(account, dice.choice((market.yes, market.no)), amount, self.now),
                lambda: self.venue.split(account, market.condition_id, amount, self.now),
                lambda: self.venue.merge(account, market.condition_id, amount, self.now),
                lambda: self.venue.redeem(account, market.condition_id, self.now),
                lambda: self.venue.pay_rebates(self.now),
                lambda: self.venue.pay_rewards(self.now),
                lambda: self.venue.fund(
                    account, -self.venue.balance(account, COLLATERAL) * dice.randrange(2), self.now
                ),
                lambda: self.venue.convert(account, self.some_outcomes(), amount, self.now),
                lambda: self.venue.heartbeat(account, "", self.now),
            )
        )()

    def some_outcomes(self) -> list[str]:
        """Markets of the event whose outcomes exclude each other, all of them now and then."""
        return [one.market.condition_id for one in self.dice.sample(self.listings[3:], self.dice.randrange(1, 4))]

    def operator(self) -> None:
        dice, market = self.dice, self.dice.choice(self.listings).market.condition_id
        ghost = (SettlementStep(Settlement.MINED, 1_000), SettlementStep(Settlement.FAILED, 5_000))
        dice.choice(
            (
                lambda: self.venue.set_mode(dice.choice(list(Mode)), self.now),
                *[lambda: self.venue.set_mode(Mode.NORMAL, self.now)] * 8,
                *[lambda: self.venue.pause(market, self.now, on=False)] * 4,
                lambda: self.venue.restart(dice.randrange(1, 5), self.now, wipe=dice.random() < 0.3),
                lambda: self.venue.change_tick(market, dice.choice(TICKS[1:]), self.now),
                lambda: self.venue.pause(market, self.now, on=dice.random() < 0.5),
                lambda: self.venue.clear_book(market, self.now),
                lambda: self.venue.wipe(dice.choice(PEOPLE), self.now),
                *[lambda: self.venue.script_settlement(*ghost)] * 3,
            )
        )()

    def account(self, name: str) -> Account:
        found = self.venue._accounts.find(name)
        assert found is not None
        return found

    def hold(self) -> None:
        """What must be true at any moment."""
        self.venue.check()
        for name in PEOPLE:
            account = self.account(name)
            for market in (listing.market for listing in self.listings):
                stake = account.stake(market.condition_id)
                here = [one for one in account.open.values() if one.floor.condition_id == market.condition_id]
                bids = [one.reserved for one in here if one.terms.side is Side.BUY]
                assert stake.cash == sum(bids) <= max(0, account.spendable("COLLATERAL"))
                for outcome in Outcome:
                    asks = [one for one in here if one.terms.side is Side.SELL and one.outcome is outcome]
                    assert stake.shares[outcome] == sum(one.reserved for one in asks)
                    assert stake.shares[outcome] <= max(0, account.spendable(market.tokens[outcome].token_id))
                for one in here:
                    on_book = one.floor.book.order(one.terms.order_id)
                    assert (on_book is not None) == (one.status is OrderStatus.LIVE)
                    assert on_book is None or on_book.left == one.left
            assert all(amount > 0 for amount in (*account.hidden.values(), *account.in_flight.values()))

    def follow(self) -> None:
        """No order that is over is ever told to live again."""
        for event in self.venue.user_events():
            if isinstance(event, OrderEvent):
                before = self.statuses.get(event.order.order_id)
                assert before is None or before.open or event.order.status is before, (before, event)
                self.statuses[event.order.order_id] = event.order.status


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_nothing_is_lost_whatever_happens(seed: int) -> None:
    life = Life(seed)
    for _ in range(STEPS):
        life.anything()
        life.hold()
        life.follow()
    life.venue.set_mode(Mode.NORMAL, life.now)
    for number, listing in enumerate(life.listings):
        life.venue.resolve(listing.market.condition_id, VERDICTS[number], life.now)
        life.hold()
    life.now += 60 * SECOND
    while (due := life.venue.next_at()) is not None and due <= life.now:
        life.venue.step()
    for account in PEOPLE:
        for listing in life.listings:
            life.venue.redeem(account, listing.market.condition_id, life.now)
        assert life.venue.positions(account) == {}
        assert life.venue.orders(account) == []
        assert life.venue.trades(account)
        assert all(trade.status.final for trade in life.venue.trades(account))
    life.hold()
    assert life.venue.ledger.holdings("escrow").get("COLLATERAL", 0) == 0


def test_the_same_life_twice_is_told_in_the_same_words() -> None:
    def told() -> tuple[list[object], list[object]]:
        life = Life(9)
        for _ in range(300):
            life.anything()
        return list(life.venue.user_events()), list(life.venue.changes())

    assert told() == told()


def test_a_refusal_is_a_value_and_not_an_accident() -> None:
    life = Life(4)
    answers = [
        life.venue.split("0xnew", life.listings[0].market.condition_id, size, life.now) for size in (0, -1, SHARE)
    ]
    assert all(isinstance(answer, Refusal) for answer in answers)
