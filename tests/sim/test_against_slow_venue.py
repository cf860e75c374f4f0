"""Random requests of several accounts in two markets, held against the slow venue after every one of them.

3,000 by default; PMM_LONG=1 makes it 100,000 (50,000 for each seed, some minutes).
"""

from __future__ import annotations

import os
from dataclasses import replace
from fractions import Fraction
from random import Random

import pytest

from pmm.model import SHARE, USD, Side, TimeInForce
from pmm.sim.catalog import Listing, quiet_listings
from pmm.sim.fees import FeeSchedule
from pmm.sim.matching import ASK, BID
from pmm.sim.venue import Cancels, Refusal, Terms
from tests.sim.slow_venue import SlowMarket, SlowVenue
from tests.sim.stage import Stage, still

EVENTS = 100_000 if os.environ.get("PMM_LONG") == "1" else 3_000
ACCOUNTS = [f"0x{number:040x}" for number in range(1, 6)]
WORDS = {
    "duplicated": "Duplicated",
    "tick": "breaks minimum tick size",
    "size": "lower than the minimum",
    "dollar": "min size: $1",
    "post-only": "post",
    "balance": "the balance is not enough",
    "FAK": "match with FAK",
    "FOK": "fully filled or killed",
}
RATE = Fraction(5, 100)


def markets() -> tuple[Listing, Listing]:
    (other,) = quiet_listings(1)
    return still(), replace(other, fees=FeeSchedule(500, 1, 2_500))


class Pair:
    """The venue and the slow one, and dice that decide what is asked of both."""

    def __init__(self, seed: int) -> None:
        self.dice = Random(seed)
        self.stage = Stage(*markets(), auto_tick=False)
        self.slow = SlowVenue(
            [
                SlowMarket(listing.market.yes, listing.market.no, RATE if listing.fees.rate else Fraction(0))
                for listing in self.stage.listings
            ]
        )
        self.asked: list[Terms] = []
        for account in ACCOUNTS:
            self.pay(account, 300 * USD)
            for market in self.slow.markets:
                for token in (market.yes, market.no):
                    self.give(account, token, 200 * SHARE)

    def pay(self, account: str, money: int) -> None:
        self.stage.venue.fund(account, money, self.stage.now)
        self.slow.add(account, None, money)

    def give(self, account: str, token: str, size: int) -> None:
        self.stage.venue.give(account, token, size, self.stage.now)
        self.slow.add(account, token, size)

    def terms(self) -> Terms:
        dice = self.dice
        market = dice.choice(self.slow.markets)
        token = dice.choice((market.yes, market.no))
        side = dice.choice((Side.BUY, Side.SELL))
        tif = dice.choice((TimeInForce.GTC,) * 6 + (TimeInForce.FAK, TimeInForce.FOK))
        price = max(-100, min(10_000, round(dice.gauss(50, 5)) * 100)) + (37 if dice.random() < 0.02 else 0)
        size: int | None = dice.choice((dice.randrange(500, 6_000) * 10_000, dice.randrange(4, 40) * SHARE))
        budget = None
        if tif is not TimeInForce.GTC and side is Side.BUY:
            size, budget = None, dice.randrange(50, 3_000) * 10_000
        name = f"0x{len(self.asked):064x}"
        post_only = dice.random() < 0.3
        return Terms(name, dice.choice(ACCOUNTS), "key", token, side, price, size, budget, tif, post_only)

    def place(self) -> None:
        again = self.asked and self.dice.random() < 0.02
        terms = self.dice.choice(self.asked) if again else self.terms()
        self.asked.append(terms)
        answer = self.stage.venue.place(terms, self.stage.now)
        expected = self.slow.place(terms)
        if isinstance(answer, Refusal):
            assert isinstance(expected, str), (answer, terms)
            assert WORDS[expected].lower() in answer.text.lower(), (answer, expected)
        else:
            assert (answer.making, answer.taking) == expected, terms

    def cancel(self) -> None:
        if not self.asked:
            return
        account, terms = self.dice.choice(ACCOUNTS), self.dice.choice(self.asked[-300:])
        account = terms.account if self.dice.random() < 0.9 else account
        answer = self.stage.venue.cancel(account, [terms.order_id], self.stage.now)
        assert isinstance(answer, Cancels)
        assert bool(answer.canceled) == self.slow.cancel(account, terms.order_id)

    def move(self) -> None:
        account, market = self.dice.choice(ACCOUNTS), self.dice.choice(self.slow.markets)
        kind, amount = self.dice.randrange(4), self.dice.randrange(-40, 50) * 1_234_567
        condition = next(one.market for one in self.stage.listings if one.market.yes == market.yes).condition_id
        venue, now = self.stage.venue, self.stage.now
        if kind == 0:
            self.pay(account, amount)
        elif kind == 1:
            self.give(account, self.dice.choice((market.yes, market.no)), amount)
        elif kind == 2:
            assert (venue.split(account, condition, abs(amount), now) is None) == self.slow.sets(
                account, market, abs(amount)
            )
        else:
            assert (venue.merge(account, condition, abs(amount), now) is None) == self.slow.sets(
                account, market, -abs(amount)
            )

    def agree(self) -> None:
        """Books, balances, reservations, open orders and fees are equal, and nothing was made or lost."""
        venue = self.stage.venue
        venue.check()
        for market in self.slow.markets:
            found = venue.world.floor_of(market.yes)
            assert found is not None
            for side in (BID, ASK):
                assert list(found[0].book.levels(side)) == market.levels(bids=side == BID)
        for account in ACCOUNTS:
            assert venue.balance(account, "COLLATERAL") == self.slow.cash[account]
            for market in self.slow.markets:
                for token in (market.yes, market.no):
                    assert venue.balance(account, token) == self.slow.shares[account, token]
                    assert venue.reserved(account, token) == self.slow.reserved(account, market, token)
                assert venue.reserved(account, "COLLATERAL", market.yes) == self.slow.reserved(account, market, None)
            resting = {
                order.terms.order_id: (order.terms.size or 0) - order.left
                for market in self.slow.markets
                for order in market.resting
                if order.terms.account == account
            }
            assert {order.order_id: order.matched for order in venue.orders(account)} == resting
        assert venue.ledger.holdings("fees").get("COLLATERAL", 0) == self.slow.fees


@pytest.mark.parametrize("seed", [1, 2])
def test_books_balances_reservations_fees_and_positions_are_those_of_the_slow_venue(seed: int) -> None:
    pair = Pair(seed)
    filled = 0
    for _ in range(EVENTS // 2):
        chance = pair.dice.random()
        if chance < 0.68:
            pair.place()
        elif chance < 0.95:
            pair.cancel()
        else:
            pair.move()
        pair.stage.wait(0)
        pair.agree()
    for account in ACCOUNTS:
        filled += len(pair.stage.venue.trades(account))
    assert filled > EVENTS // 100
