"""What a rule may see, made up by a test: the account, or one market at a mid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pmm.core.position import Holding, Position, cost_of
from pmm.core.risk_view import AccountFacts, MarketFacts, RiskView
from pmm.core.step import Fill
from pmm.core.view import View
from pmm.model import GRID, SECOND, USD, Market, Nanos, Side, parse_price
from tests.support.story import CONDITION, NO, START, YES, book_of, market, shares


def usd(amount: float) -> int:
    return round(amount * USD)


def later(seconds: float) -> Nanos:
    """So long after the start of the story."""
    return START + round(seconds * SECOND)


def account(seconds: float = 0, **facts: object) -> RiskView:
    """The account at a moment; the facts are those of `AccountFacts`, in their own units."""
    return RiskView(later(seconds), AccountFacts(**facts))


def one_market(
    seconds: float = 0,
    *,
    bid: str | None = "0.49",
    ask: str | None = "0.51",
    position: Position | None = None,
    fills: Sequence[Fill] = (),
    data_at: Nanos | None = START,
    of: Market | None = None,
    account: AccountFacts | None = None,
    **facts: object,
) -> RiskView:
    """A market at a moment, with a level of 100 shares a side; more facts are those of `MarketFacts`."""
    book = book_of([(bid, 100)] if bid else [], [(ask, 100)] if ask else [])
    position = position or Position()
    view = View(later(seconds), of or market(), book, position.net)
    fills = sorted(fills, key=lambda fill: fill.at)
    seen = MarketFacts(view, position, (), 0, lambda _: 0, lambda _: 0, data_at, fills)
    return RiskView(view.at, account or AccountFacts(), replace(seen, **facts))


def held(settled: float = 0, bought: float = 0, sold: float = 0) -> Holding:
    return Holding(shares(settled), shares(bought), shares(sold))


def traded(
    seconds: float,
    side: Side = Side.BUY,
    price: str = "0.48",
    size: float = 10,
    *,
    is_yes: bool = True,
    name: str = "t1",
) -> Fill:
    """A fill at a moment, at a mid of 0.50; `price` is of the token."""
    own, token = parse_price(price), YES if is_yes else NO
    paid = cost_of(side, own, shares(size))
    return Fill(later(seconds), f"o-{name}", name, CONDITION, token, is_yes, side, own, shares(size), paid, GRID)
