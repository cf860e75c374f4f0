"""`pmm markets score`: which markets are worth making."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pmm.cli.context import Cli
from pmm.cli.lookup import ODD_SHOWN_MAX, ask
from pmm.errors import UsageError
from pmm.metrics import market_score
from pmm.metrics.market_score import HOUR, Parts, Scored, Weights
from pmm.model import RATE_DECIMALS, Market, Nanos, decimal_text, parse_decimal, rate_text, unix_time

if TYPE_CHECKING:
    from pmm.venues.polymarket.discovery import Discovery

CANDIDATES = 500
CANDIDATES_MAX = 10_000
# Scores are told to four places; they are estimates.
SHOWN_DECIMALS = 4
COLUMNS = ("market", "score", "volume", "spread", "reward", "time", "terms", "question")


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

    Left out is what cannot be made: no tokens, closed, not accepting orders, ending soon.
    """
    cli = Cli.current()
    cli.load()
    chosen, now = _weights(weights), _moment(at)
    found = _from_files(cli, files) if files else ask(cli, lambda discovery: _busiest(discovery, candidates))
    left_out: Counter[str] = Counter()
    makeable = []
    for market in found:
        reasons = market_score.obstacles(market, now, time_left=hours_left * HOUR)
        left_out.update(reasons)
        if not reasons:
            makeable.append(market)
    _emit(cli, market_score.rank(makeable, now, chosen)[:limit], len(found), len(makeable), left_out)


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


async def _busiest(discovery: Discovery, candidates: int) -> list[Market]:
    return await discovery.markets(candidates, order="volume24hr")


def _emit(cli: Cli, ranked: Sequence[Scored], looked_at: int, makeable: int, left_out: Counter[str]) -> None:
    records = [score_record(place, one) for place, one in enumerate(ranked, start=1)]
    if cli.format == "jsonl":
        for record in records:
            cli.emit("pmm.markets.score/1", record)
        return
    data = {"looked_at": looked_at, "makeable": makeable, "left_out": dict(left_out), "markets": records}
    cli.emit("pmm.markets.scores/1", data, human=lambda: _page(cli, ranked))
    reasons = ", ".join(f"{count} {word}" for word, count in left_out.most_common())
    cli.note(f"{looked_at} markets looked at, {makeable} can be made" + (f" ({reasons})" if reasons else ""))


def score_record(place: int, one: Scored) -> dict[str, object]:
    """A score for programs; a part whose facts are missing is null, and counted as 0."""
    return {
        "place": place,
        "slug": one.market.slug,
        "condition_id": one.market.condition_id,
        "question": one.market.question,
        "score": rate_text(one.score),
        "components": {name: None if part is None else rate_text(part) for name, part in parts_of(one.parts)},
    }


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
