"""`pmm markets allocate`: a purse shared among markets that pay for resting orders."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from pmm.cli.context import Cli
from pmm.cli.lookup import ask
from pmm.errors import UsageError
from pmm.metrics import market_score, reward_plan
from pmm.metrics.market_score import HOUR
from pmm.metrics.reward_plan import Plan, Planned
from pmm.model import (
    MONEY_DECIMALS,
    SIZE_DECIMALS,
    BookPage,
    Market,
    TokenId,
    decimal_text,
    money_text,
    parse_decimal,
    size_text,
)

if TYPE_CHECKING:
    from pmm.venues.polymarket.discovery import Discovery

CANDIDATES = 500
CANDIDATES_MAX = 10_000
PRICE_DECIMALS = 6


def allocate(
    capital: Annotated[str, typer.Option(metavar="USD", help="What may be bound altogether.")],
    most: Annotated[str, typer.Option(metavar="SHARES", help="At most so many on each side of one market.")] = "1000",
    limit: Annotated[int, typer.Option(min=1, max=CANDIDATES_MAX, help="How many markets are shown.")] = 20,
    candidates: Annotated[
        int, typer.Option(min=1, max=CANDIDATES_MAX, help="How many of the busiest markets are looked at.")
    ] = CANDIDATES,
    hours_left: Annotated[
        int, typer.Option(min=0, max=100_000, help="Leave out what ends, or whose game begins, sooner than this.")
    ] = 24,
) -> None:
    """Share capital among reward markets so that the last dollar earns the same everywhere.

    Quotes are taken to rest half of mm.spread away from the middle; what fills bring or cost is not counted.
    """
    cli = Cli.current()
    settings = cli.load().settings
    purse, largest = _positive(capital, MONEY_DECIMALS, "--capital"), _positive(most, SIZE_DECIMALS, "--most")
    paying, books = ask(cli, lambda discovery: _from_venue(discovery, candidates, hours_left))
    found = reward_plan.plan(paying, books, purse, settings.mm.spread_price // 2, largest)
    shown = found.markets[:limit]
    data = {
        "paying": len(paying),
        "chosen": len(found.markets),
        "income": money_text(found.income),
        "capital": money_text(found.capital),
        "price": decimal_text(round(found.price * 10**PRICE_DECIMALS), PRICE_DECIMALS),
        "missed_at_most": money_text(found.missed),
        "markets": [planned_record(one) for one in shown],
    }
    cli.emit("pmm.markets.allocation/1", data, human=lambda: _page(cli, shown, found))


def planned_record(one: Planned) -> dict[str, object]:
    """One market of the plan for programs; money and sizes are text, per day where it is income."""
    return {
        "slug": one.market.slug,
        "condition_id": one.market.condition_id,
        "size": size_text(one.size),
        "capital": money_text(one.capital),
        "income": money_text(one.income),
        "share": round(one.share, 6),
        "competing": size_text(one.competing),
    }


async def _from_venue(
    discovery: Discovery, candidates: int, hours_left: int
) -> tuple[Sequence[Market], Mapping[TokenId, BookPage]]:
    """The busiest markets that pay and can be made, and their books.  An error of the venue is one here."""
    found, now = await discovery.markets(candidates, order="volume24hr"), time.time_ns()
    makeable = [one for one in found if not market_score.obstacles(one, now, time_left=hours_left * HOUR)]
    paying = [market for market in makeable if market_score.wants_book(market)]
    return paying, await discovery.known_books([market.yes for market in paying])


def _positive(text: str, decimals: int, name: str) -> int:
    try:
        value = parse_decimal(text, decimals)
    except ValueError:
        value = 0
    if value <= 0:
        raise UsageError(f"{name} {text!r} is no amount above nothing, such as 500")
    return value


def _page(cli: Cli, shown: Sequence[Planned], found: Plan) -> str:
    rows = [
        (
            one.market.slug[:48],
            size_text(one.size),
            f"{one.capital / 1_000_000:.2f}",
            f"{one.income / 1_000_000:.4f}",
            f"{100 * one.share:.2f} %",
            f"{one.competing / 1_000_000:.0f}",
        )
        for one in shown
    ]
    if not rows:
        return "no market pays for resting orders within reach"
    table = cli.table(("market", "shares", "capital", "USD a day", "share", "competing"), rows)
    last = f"{found.income / 1_000_000:.4f} USD a day for {found.capital / 1_000_000:.2f} USD"
    return f"{table}\n{last}; one more would earn {found.price:.6f} a day (rewards.capital_cost)"
