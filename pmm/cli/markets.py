"""`pmm markets` and `pmm events`: what can be traded."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from pmm.cli.context import Cli
from pmm.cli.lookup import ask
from pmm.model import Market, money_text, price_text, size_text

if TYPE_CHECKING:
    from pmm.venues.polymarket.codec import VenueEvent

LIMIT_MAX = 10_000

app = typer.Typer(help="Find markets: list, search, show.")
events = typer.Typer(help="Events and their markets.")

Limit = Annotated[int, typer.Option(min=1, max=LIMIT_MAX, help="How many at most.")]


class Sort(StrEnum):
    """What to sort by, largest first."""

    VOLUME = "volume"
    LIQUIDITY = "liquidity"


@app.command("list")
def list_markets(
    limit: Limit = 20, sort: Annotated[Sort, typer.Option(help="Largest of this first.")] = Sort.VOLUME
) -> None:
    """Active markets, largest first."""
    cli = Cli.current()
    found = ask(cli, lambda discovery: discovery.markets(limit, order=f"{sort}Num"))
    found.sort(key=lambda market: market.liquidity if sort is Sort.LIQUIDITY else market.volume, reverse=True)
    _emit(cli, found)


@app.command()
def search(words: Annotated[list[str], typer.Argument(help="Words of the question.")], limit: Limit = 20) -> None:
    """Markets whose question holds every word."""
    cli = Cli.current()
    _emit(cli, ask(cli, lambda discovery: discovery.search(" ".join(words), limit)))


@app.command()
def show(
    market: Annotated[str, typer.Argument(help="Slug, web address, condition id, token id or free text.")],
) -> None:
    """One market: question, outcomes, tokens, limits.  Exit 5 when there is no such market."""
    cli = Cli.current()
    found = ask(cli, lambda discovery: discovery.resolve(market))
    record = market_record(found)
    cli.emit("pmm.market/1", record, human=lambda: _page(cli, found))


@events.command("list")
def list_events(limit: Limit = 20) -> None:
    """Open events with the number of their markets, largest volume first."""
    cli = Cli.current()
    found = ask(cli, lambda discovery: discovery.events(limit))
    found.sort(key=lambda event: event.volume, reverse=True)
    rows = [(event.slug, len(event.markets), money_text(event.volume), event.title) for event in found]
    cli.emit_list(
        "pmm.events/1",
        "events",
        [event_record(event) for event in found],
        human=lambda: cli.table(("event", "markets", "volume", "title"), rows),
    )


def market_record(market: Market) -> dict[str, object]:
    """A market as every command writes it; `flags` says what keeps it from being traded."""
    return {
        "slug": market.slug,
        "question": market.question,
        "condition_id": market.condition_id,
        "tokens": [{"token_id": token.token_id, "outcome": token.outcome} for token in market.tokens],
        "tick": price_text(market.tick),
        "min_size": size_text(market.min_size),
        "neg_risk": market.neg_risk,
        "active": market.active,
        "closed": market.closed,
        "accepting_orders": market.accepting_orders,
        "tradable": market.tradable,
        "flags": flags(market),
        "end_date": market.end_date,
        "event_slug": market.event_slug,
        "volume": money_text(market.volume),
        "liquidity": money_text(market.liquidity),
        "version": market.version,
    }


def event_record(event: VenueEvent) -> dict[str, object]:
    return {
        "slug": event.slug,
        "title": event.title,
        "event_id": event.event_id,
        "market_count": len(event.markets),
        "markets": [market.slug for market in event.markets],
        "neg_risk": event.neg_risk,
        "active": event.active,
        "closed": event.closed,
        "end_date": event.end_date,
        "volume": money_text(event.volume),
    }


def flags(market: Market) -> list[str]:
    """What is wrong with a market, in one word each."""
    said = {
        "no-tokens": not market.tokens,
        "not-two-outcomes": bool(market.tokens) and len(market.tokens) != 2,
        "inactive": not market.active,
        "closed": market.closed,
        "not-accepting-orders": not market.accepting_orders,
    }
    return [flag for flag, holds in said.items() if holds]


def _emit(cli: Cli, markets: Sequence[Market]) -> None:
    rows = [
        (market.slug, price_text(market.tick), money_text(market.volume), market.question, " ".join(flags(market)))
        for market in markets
    ]
    cli.emit_list(
        "pmm.markets/1",
        "markets",
        [market_record(market) for market in markets],
        human=lambda: cli.table(("market", "tick", "volume", "question", "flags"), rows) if rows else "no market found",
    )


def _page(cli: Cli, market: Market) -> str:
    rows = [
        ("question", market.question),
        ("market", market.slug),
        ("event", market.event_slug or "-"),
        ("condition", market.condition_id),
        *((f"token {token.outcome}", token.token_id) for token in market.tokens),
        ("tick", price_text(market.tick)),
        ("minimum size", size_text(market.min_size)),
        ("ends", market.end_date or "-"),
        ("volume", money_text(market.volume)),
        ("liquidity", money_text(market.liquidity)),
        ("neg-risk", "yes" if market.neg_risk else "no"),
        ("tradable", "yes" if market.tradable else f"no: {', '.join(flags(market))}"),
    ]
    return cli.table(("", ""), rows).lstrip("\n")
