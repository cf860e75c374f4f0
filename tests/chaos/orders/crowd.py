"""Everybody else at the venue: a market that moves a cent at a time, and people who take what rests there.

Nobody rests where the bot quotes, so that whoever trades through the touch trades with the bot.
"""

from __future__ import annotations

import asyncio
from random import Random

from pmm.account import TradeStatus
from pmm.exchange.server import LocalExchange
from pmm.model import MILLISECOND, SHARE, Price, Side, TimeInForce
from pmm.sim.venue import Settlement, SettlementStep, Venue

CENT: Price = 100
LOWEST, HIGHEST = 4_500, 5_500
# Distance from the middle and size of the levels on either side.
LEVELS = ((CENT, 30 * SHARE), (6 * CENT, 500 * SHARE))
WAYS = (
    (TradeStatus.MINED, TradeStatus.CONFIRMED),
    (TradeStatus.CONFIRMED,),
    (TradeStatus.RETRYING, TradeStatus.MINED, TradeStatus.CONFIRMED),
    (TradeStatus.MINED, TradeStatus.RETRYING, TradeStatus.MINED, TradeStatus.CONFIRMED),
    (TradeStatus.RETRYING, TradeStatus.MATCHED, TradeStatus.FAILED),
    (TradeStatus.MINED, TradeStatus.MATCHED, TradeStatus.RETRYING, TradeStatus.FAILED),
    (TradeStatus.FAILED,),
)
WAY_MS_MAX = 400


class Crowd:
    """`trading` says whether anybody takes, `still` that nobody does anything any more.

    With `odd_settlements` trades go ways that a script gives them.
    """

    def __init__(self, exchange: LocalExchange, dice: Random, *, odd_settlements: bool) -> None:
        assert isinstance(exchange.source, Venue)
        self.trading = True
        self.still = False
        self.scripted = 0
        self._exchange = exchange
        self._venue = exchange.source
        self._token = exchange.source.listings[0].market.yes
        self._dice = dice
        self._odd = odd_settlements
        self._middle: Price = 5_000
        self._count = 0
        self._resting: list[str] = []

    async def run(self) -> None:
        """Live until cancelled."""
        self.move()
        while True:
            await asyncio.sleep(self._dice.uniform(0.04, 0.16))
            if self.trading and self._dice.random() < 0.5:
                self.take()
            elif not self.still:
                self.move()

    def move(self) -> None:
        """The middle goes up or down a cent, or stays, and everybody follows."""
        step = self._dice.choice((-2, -1, -1, 0, 0, 0, 1, 1, 2)) * CENT
        self._middle = min(max(self._middle + step, LOWEST), HIGHEST)
        now = self._exchange.clock.now()
        for order_id in self._resting:
            self._venue.world.cancel(order_id, at=now)
        self._resting.clear()
        for distance, size in LEVELS:
            self._submit(Side.BUY, self._middle - distance, size)
            self._submit(Side.SELL, self._middle + distance, size)
        self._exchange.settle()

    def take(self) -> None:
        """Somebody sells or buys through the touch and two cents more."""
        if self._odd and self._dice.random() < 0.7:
            self._venue.script_settlement(*self._way())
        side = self._dice.choice((Side.BUY, Side.SELL))
        limit = self._middle + side.sign * 3 * CENT
        size = 30 * SHARE + self._dice.randint(100, 1_500) * SHARE // 100
        self._submit(side, limit, size, TimeInForce.FAK)
        self._exchange.settle()

    def _way(self) -> list[SettlementStep]:
        way = self._dice.choice(WAYS)
        self.scripted += 1
        pace = self._dice.randint(1, WAY_MS_MAX // len(way))
        return [SettlementStep(Settlement(str(status)), pace * number) for number, status in enumerate(way, 1)]

    def _submit(self, side: Side, price: Price, size: int, tif: TimeInForce = TimeInForce.GTC) -> None:
        self._count += 1
        name = f"crowd-{self._count}"
        self._venue.world.submit(
            name, self._token, side, price, size, tif=tif, owner="crowd", at=self._exchange.clock.now()
        )
        if tif is TimeInForce.GTC:
            self._resting.append(name)


def settled_within() -> int:
    """The longest that a trade of the crowd needs to be final, in ns."""
    return 2 * WAY_MS_MAX * MILLISECOND
