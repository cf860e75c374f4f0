"""What must be the same after a restart as before it, as one number: what is held, what rests, what may still fail.

    image_of(engine).hexdigest() == Records(...).image().hexdigest()

Both are made of facts alone: no times, no names of states that an order passes through on its way back.  A live run
has its own again once its first read of the account came.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import TypeAlias

from pmm.core.engine import Engine
from pmm.core.explanation import canonical
from pmm.core.plain import plain
from pmm.core.position import Holding
from pmm.model import Money, OrderId, Price, Side, Size, TokenId

# A day as days since 1970, and what it brought in micro-USD.
Day: TypeAlias = tuple[int, Money]


@dataclass(frozen=True, slots=True, order=True)
class HeldImage:
    """Micro-shares of a token: settled, and bought or sold by trades that may still fail."""

    token: TokenId
    settled: Size
    bought: Size
    sold: Size


@dataclass(frozen=True, slots=True, order=True)
class OrderImage:
    """An order that may still trade, in doubt or not."""

    order_id: OrderId
    token: TokenId
    side: Side
    price: Price
    size: Size
    matched: Size


@dataclass(frozen=True, slots=True, order=True)
class TradeImage:
    """A trade that is not final."""

    trade_id: str
    order_id: OrderId
    price: Price
    size: Size
    status: str


@dataclass(frozen=True, slots=True)
class StateImage:
    """Sorted; tokens of which nothing is held or pending are left out.  `latches` forbid quoting."""

    held: tuple[HeldImage, ...] = ()
    orders: tuple[OrderImage, ...] = ()
    trades: tuple[TradeImage, ...] = ()
    day: Day | None = None
    latches: tuple[str, ...] = ()

    def hexdigest(self) -> str:
        """SHA-256 of its one text."""
        return sha256(canonical(plain(self))).hexdigest()


def image_of(engine: Engine) -> StateImage:
    """The state of a run as it is now."""
    desk, result = engine.desk, engine.daily.result
    trades = (desk.settlements.known(fill.trade_id, fill.order_id) for fill in desk.settlements.pending())
    return StateImage(
        held=tuple(sorted(_held(engine))),
        orders=tuple(
            sorted(
                OrderImage(one.order_id, one.token, one.side, one.price, one.size, one.filled)
                for one in desk.orders.open()
            )
        ),
        trades=tuple(
            sorted(
                TradeImage(one.fill.trade_id, one.fill.order_id, one.fill.price, one.fill.size, one.state)
                for one in trades
                if one is not None
            )
        ),
        day=None if result is None else (result.day, result.money),
        latches=("halt",) if engine.risk.state == "HALTED" else (),
    )


def _held(engine: Engine) -> Iterable[HeldImage]:
    for quoted in engine.data.held():
        for token, is_yes in ((quoted.market.yes, True), (quoted.market.no, False)):
            held = quoted.position.held(is_yes=is_yes)
            if held != Holding():
                yield HeldImage(token, held.settled, held.bought, held.sold)
