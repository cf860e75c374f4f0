"""`pmm book`: the order book of one market or several, as a ladder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from pmm.cli.context import Cli
from pmm.cli.lookup import ask
from pmm.model import BookPage, Level, decimal_text, price_text, size_text

if TYPE_CHECKING:
    from pmm.venues.polymarket.discovery import Discovery

LADDER_DEPTH = 10
PERCENT_DECIMALS = 4
MID_DECIMALS = 5


def book(
    markets: Annotated[list[str], typer.Argument(help="Slug, web address, condition id, token id or free text.")],
    depth: Annotated[
        int | None,
        typer.Option(min=1, help="Levels a side; 10 on the screen, all of them in JSON.", show_default=False),
    ] = None,
) -> None:
    """Order books: bids high to low, asks low to high, best prices, mid and spread."""
    cli = Cli.current()
    pages = ask(cli, lambda discovery: _pages(discovery, markets))
    if len(pages) == 1:
        page = pages[0]
        cli.emit("pmm.book/1", book_record(page, depth), human=lambda: _ladder(cli, page, depth or LADDER_DEPTH))
        return
    cli.emit_list(
        "pmm.books/1",
        "books",
        [book_record(page, depth) for page in pages],
        human=lambda: "\n\n".join(_ladder(cli, page, depth or LADDER_DEPTH) for page in pages),
    )


async def _pages(discovery: Discovery, names: Sequence[str]) -> list[BookPage]:
    return await discovery.books([await discovery.token(name) for name in names])


def book_record(page: BookPage, depth: int | None) -> dict[str, object]:
    """A book for programs; what an empty side leaves undefined is null, never zero."""
    return {
        "token_id": page.token,
        "condition_id": page.condition_id,
        "timestamp_ms": page.timestamp_ms,
        "hash": page.hash,
        "tick": _price(page.tick),
        "min_size": None if page.min_size is None else size_text(page.min_size),
        "neg_risk": page.neg_risk,
        "last_trade": _price(page.last_trade),
        "best_bid": _price(page.best_bid),
        "best_ask": _price(page.best_ask),
        "mid": mid_text(page),
        "spread": _price(page.spread),
        "spread_percent": percent_text(page),
        "bids": _levels(page.bids[:depth]),
        "asks": _levels(page.asks[:depth]),
        "bid_levels": len(page.bids),
        "ask_levels": len(page.asks),
    }


def mid_text(page: BookPage) -> str | None:
    """The mid, exact to half a step of the price grid."""
    return None if page.mid2 is None else decimal_text(page.mid2 * 5, MID_DECIMALS)


def percent_text(page: BookPage) -> str | None:
    """The spread in per cent of the mid, rounded to 4 decimals."""
    if page.mid2 is None or page.spread is None:
        return None
    scaled = page.spread * 200 * 10**PERCENT_DECIMALS
    return decimal_text((2 * scaled + page.mid2) // (2 * page.mid2), PERCENT_DECIMALS)


def _price(price: int | None) -> str | None:
    return None if price is None else price_text(price)


def _levels(levels: Sequence[Level]) -> list[dict[str, str]]:
    return [{"price": price_text(level.price), "size": size_text(level.size)} for level in levels]


def _ladder(cli: Cli, page: BookPage, depth: int) -> str:
    levels = [*reversed(page.asks[:depth]), *page.bids[:depth]]
    places = max((len(price_text(level.price)) - 2 for level in levels), default=0)
    rungs = [(f"0.{price_text(level.price)[2:]:0<{places}}", size_text(level.size)) for level in levels]
    asks, bids = rungs[: len(page.asks[:depth])], rungs[len(page.asks[:depth]) :]
    if page.mid2 is None:
        middle = "one side is empty" if page.bids or page.asks else "the book is empty"
    else:
        middle = f"mid {mid_text(page)}  spread {_price(page.spread)} ({percent_text(page)} %)"
    rows = [*(("ask", *rung) for rung in asks), *(("bid", *rung) for rung in bids)]
    lines = cli.table(("side", "price", "size"), rows).splitlines()
    ladder = [lines[0], *lines[1 : 1 + len(asks)], f"-- {middle} --", *lines[1 + len(asks) :]]
    return "\n".join([f"{cli.banner}  token {page.token}", *ladder])
