"""Markets as `pmm markets --json` writes them.  Numbers are text; null is what the venue did not say.

| field | what it is |
| --- | --- |
| `slug`, `question`, `condition_id`, `event_slug`, `version` | how the venue calls it; `v1` or `v2` of its protocol |
| `tokens` | `token_id` and `outcome`, in the order of the outcomes; none while the venue has not named them all |
| `tick`, `min_size` | price step in USD, smallest order in shares |
| `neg_risk`, `neg_risk_id` | whether it shares its collateral with the others of its event, and their common id |
| `active`, `closed`, `accepting_orders`, `tradable` | `tradable` is all of it, with two tokens |
| `flags` | `no-tokens` `not-two-outcomes` `inactive` `closed` `not-accepting-orders` `bad-end-date` `bad-game-start` |
| `end_date`, `game_start` | the venue's words; a flag says where they are no date |
| `ends_ns`, `game_starts_ns` | the same as unix time in ns |
| `fees` | takers pay shares x `rate` x (p(1-p))^`exponent` USD, makers too unless `taker_only` |
| `fees.rebate` | the part of what takers paid that makers get back |
| `rewards` | `min_size` in shares, `max_spread` from the middle in USD, `per_day` in USD |
| `stats` | `best_bid`, `best_ask`, `spread`, `last_trade`, `volume_24h`: minutes old, never quoted on |
| `stats.competitive` | the venue's number for how near the price is to even odds, which is not competition |
| `volume`, `liquidity` | in USD, 0 where the venue has none |
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from pmm.cli.allocate import allocate
from pmm.cli.context import Cli
from pmm.cli.lookup import ask
from pmm.cli.score import score
from pmm.model import Market, money_text, price_text, rate_text, size_text

if TYPE_CHECKING:
    from pmm.venues.polymarket.codec import VenueEvent

LIMIT_MAX = 10_000

app = typer.Typer(help="Find markets: list, search, show, score, allocate.")
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


app.command()(score)
app.command()(allocate)


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
    """A market as every command writes it; `flags` says what is wrong with it."""
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
        "flags": market.flaws,
        "end_date": market.end_date,
        "event_slug": market.event_slug,
        "volume": money_text(market.volume),
        "liquidity": money_text(market.liquidity),
        "version": market.version,
        **_terms(market),
    }


def _terms(market: Market) -> dict[str, object]:
    """What the venue says beyond the rules of an order; null is what it did not say."""
    fees, rewards, stats = market.fees, market.rewards, market.stats
    return {
        "ends_ns": market.ends_at,
        "game_start": market.game_start,
        "game_starts_ns": market.game_starts_at,
        "neg_risk_id": market.neg_risk_id,
        "fees": fees
        and {
            "rate": rate_text(fees.rate),
            "exponent": fees.exponent,
            "taker_only": fees.taker_only,
            "rebate": _text(rate_text, fees.rebate),
        },
        "rewards": rewards
        and {
            "min_size": _text(size_text, rewards.min_size),
            "max_spread": _text(price_text, rewards.max_spread),
            "per_day": _text(money_text, rewards.per_day),
        },
        "stats": {
            "best_bid": _text(price_text, stats.best_bid),
            "best_ask": _text(price_text, stats.best_ask),
            "spread": _text(price_text, stats.spread),
            "last_trade": _text(price_text, stats.last_trade),
            "volume_24h": _text(money_text, stats.volume_24h),
            "competitive": _text(rate_text, stats.competitive),
        },
    }


def _text(write: Callable[[int], str], value: int | None) -> str | None:
    return None if value is None else write(value)


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


def _emit(cli: Cli, markets: Sequence[Market]) -> None:
    rows = [
        (market.slug, price_text(market.tick), money_text(market.volume), market.question, " ".join(market.flaws))
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
        ("game starts", market.game_start or "-"),
        ("fees", _fees_line(market)),
        ("rewards", _rewards_line(market)),
        ("bid, ask, last", " ".join(_text(price_text, each) or "-" for each in _touch(market))),
        ("volume", money_text(market.volume)),
        ("volume in 24 h", _text(money_text, market.stats.volume_24h) or "-"),
        ("liquidity", money_text(market.liquidity)),
        ("neg-risk", (market.neg_risk_id or "yes") if market.neg_risk else "no"),
        ("tradable", "yes" if market.tradable else f"no: {', '.join(market.flaws)}"),
    ]
    return cli.table(("", ""), rows).lstrip("\n")


def _touch(market: Market) -> tuple[int | None, int | None, int | None]:
    return market.stats.best_bid, market.stats.best_ask, market.stats.last_trade


def _fees_line(market: Market) -> str:
    fees = market.fees
    if fees is None:
        return "-"
    payer = "takers" if fees.taker_only else "takers and makers"
    back = "" if fees.rebate is None else f", makers get back {rate_text(fees.rebate)} of it"
    return f"{payer} pay {rate_text(fees.rate)} x (p(1-p))^{fees.exponent}{back}"


def _rewards_line(market: Market) -> str:
    rewards = market.rewards
    if rewards is None:
        return "-"
    per_day = "unknown" if rewards.per_day is None else money_text(rewards.per_day)
    size = _text(size_text, rewards.min_size) or "?"
    return f"{per_day} a day, for {size} shares or more within {_text(price_text, rewards.max_spread) or '?'}"
