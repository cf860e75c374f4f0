"""`pmm markets score`: which markets are worth making."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pmm.cli.context import Cli
from pmm.cli.lookup import ODD_SHOWN_MAX, ask
from pmm.errors import UsageError, VenueError
from pmm.metrics import market_score
from pmm.metrics.market_score import HOUR, Competition, Parts, Scored, Source, Weights
from pmm.model import (
    RATE_DECIMALS,
    ConditionId,
    Market,
    Nanos,
    Size,
    decimal_text,
    money_text,
    parse_decimal,
    rate_text,
    size_text,
    unix_time,
)

if TYPE_CHECKING:
    from pmm.venues.polymarket.discovery import Discovery

CANDIDATES = 500
CANDIDATES_MAX = 10_000
# Scores are told to four places; they are estimates.
SHOWN_DECIMALS = 4
COLUMNS = ("market", "score", "volume", "spread", "reward", "time", "terms", "question")


@dataclass(frozen=True, slots=True)
class Field:
    """What was looked at: the markets that can be made, how often what kept others from it, and who competes.

    `competing` has the scores, by condition, of those who want the reward, where a book told them.
    """

    looked_at: int
    makeable: list[Market]
    left_out: Counter[str]
    competing: Mapping[ConditionId, Size]


def score(
    limit: Annotated[int, typer.Option(min=1, max=CANDIDATES_MAX, help="How many at most.")] = 20,
    files: Annotated[
        list[Path] | None,
        typer.Option("--file", exists=True, dir_okay=False, help="Score the markets of kept pages; may be repeated."),
    ] = None,
    weights: Annotated[
        str, typer.Option(metavar="V,S,R,T,C", help="Weights of volume, spread, reward, time and terms.")
    ] = "0.30,0.35,0.15,0.10,0.10",
    candidates: Annotated[
        int, typer.Option(min=1, max=CANDIDATES_MAX, help="Without --file: how many of the busiest are looked at.")
    ] = CANDIDATES,
    at: Annotated[
        str | None, typer.Option(metavar="TIME", help="Score as of this time, such as 2026-03-11T20:30:00Z; now.")
    ] = None,
    hours_left: Annotated[
        int, typer.Option(min=0, max=100_000, help="Leave out what ends, or whose game begins, sooner than this.")
    ] = 24,
) -> None:
    """Markets worth making, best first: a weighted mean of five parts between 0 and 1 (docs/markets-score.md).

    Left out is what cannot be made: no tokens, closed, not accepting orders, ending soon.  Where a reward is paid, the
    book tells how many compete for it; with --file, and where there is no book, liquidity stands in.
    """
    cli = Cli.current()
    cli.load()
    chosen, now = _weights(weights), _moment(at)
    time_left = hours_left * HOUR
    if files:
        field = _sifted(_from_files(cli, files), now, time_left)
    else:
        field = ask(cli, lambda discovery: _from_venue(cli, discovery, candidates, now, time_left))
    _emit(cli, market_score.rank(field.makeable, now, chosen, competing=field.competing)[:limit], field)


def _weights(text: str) -> Weights:
    try:
        numbers = [parse_decimal(each.strip(), RATE_DECIMALS) for each in text.split(",")]
        return Weights(*numbers) if len(numbers) == len(Weights().all) else _wrong_weights(text)
    except ValueError:
        return _wrong_weights(text)


def _wrong_weights(text: str) -> Weights:
    raise UsageError(f"--weights {text!r} is not five numbers, none negative and not all zero, with commas between")


def _moment(text: str | None) -> Nanos:
    if text is None:
        return time.time_ns()
    moment = unix_time(text)
    if moment is None:
        raise UsageError(f"--at {text!r} is no time, such as 2026-03-11T20:30:00Z")
    return moment


def _from_files(cli: Cli, files: Sequence[Path]) -> list[Market]:
    """The markets of all files, each once: the first page that has it counts."""
    from pmm.venues.polymarket import pages

    odd: list[str] = []
    found: dict[str, Market] = {}
    for path in files:
        for market in pages.markets(path, odd.append):
            found.setdefault(market.condition_id, market)
    for reason in odd[:ODD_SHOWN_MAX]:
        cli.warn(f"left out: {reason}")
    if len(odd) > ODD_SHOWN_MAX:
        cli.warn(f"left out: {len(odd) - ODD_SHOWN_MAX} more")
    return list(found.values())


def _sifted(found: Sequence[Market], now: Nanos, time_left: Nanos) -> Field:
    left_out: Counter[str] = Counter()
    makeable = []
    for market in found:
        reasons = market_score.obstacles(market, now, time_left=time_left)
        left_out.update(reasons)
        if not reasons:
            makeable.append(market)
    return Field(len(found), makeable, left_out, {})


async def _from_venue(cli: Cli, discovery: Discovery, candidates: int, now: Nanos, time_left: Nanos) -> Field:
    """The busiest markets, with the books of those that pay for resting orders."""
    field = _sifted(await discovery.markets(candidates, order="volume24hr"), now, time_left)
    paying = [market for market in field.makeable if market_score.wants_book(market)]
    try:
        books = await discovery.known_books([market.yes for market in paying])
    except VenueError as error:
        cli.warn(f"liquidity stands in for the books of {len(paying)} markets: {error.message}")
        return field
    competing = {
        market.condition_id: market_score.competing_score(market, books[market.yes])
        for market in paying
        if market.yes in books
    }
    return replace(field, competing=competing)


def _emit(cli: Cli, ranked: Sequence[Scored], field: Field) -> None:
    records = [score_record(place, one) for place, one in enumerate(ranked, start=1)]
    if cli.format == "jsonl":
        for record in records:
            cli.emit("pmm.markets.score/1", record)
        return
    looked_at, makeable, left_out = field.looked_at, len(field.makeable), field.left_out
    data = {"looked_at": looked_at, "makeable": makeable, "left_out": dict(left_out), "markets": records}
    cli.emit("pmm.markets.scores/1", data, human=lambda: _page(cli, ranked))
    reasons = ", ".join(f"{count} {word}" for word, count in left_out.most_common())
    cli.note(f"{looked_at} markets looked at, {makeable} can be made" + (f" ({reasons})" if reasons else ""))


def score_record(place: int, one: Scored) -> dict[str, object]:
    """A score for programs; a part whose facts are missing is null, and counted as 0.

    `competition` says what the reward was divided by, null where none is known.
    """
    return {
        "place": place,
        "slug": one.market.slug,
        "condition_id": one.market.condition_id,
        "question": one.market.question,
        "score": rate_text(one.score),
        "components": {name: None if part is None else rate_text(part) for name, part in parts_of(one.parts)},
        "competition": one.competition and competition_record(one.competition),
    }


def competition_record(competition: Competition) -> dict[str, object]:
    """From a book the score in shares, else the liquidity in USD that stands in for it."""
    if competition.source is Source.BOOK:
        return {"from": competition.source, "score": size_text(competition.amount)}
    return {"from": competition.source, "usd": money_text(competition.amount)}


def parts_of(parts: Parts) -> list[tuple[str, int | None]]:
    return list(zip(COLUMNS[2:7], parts.all, strict=True))


def _page(cli: Cli, ranked: Sequence[Scored]) -> str:
    rows = [
        (one.market.slug, _shown(one.score), *(_shown(part) for part in one.parts.all), one.market.question)
        for one in ranked
    ]
    return cli.table(COLUMNS, rows) if rows else "no market can be made"


def _shown(part: int | None) -> str:
    return "-" if part is None else decimal_text(part * 10**SHOWN_DECIMALS // 10**RATE_DECIMALS, SHOWN_DECIMALS)
