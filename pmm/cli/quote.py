"""`pmm quote`: quote both sides of a market until stopped."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pmm.cli.context import Cli

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pmm.metrics.summary import Summary
    from pmm.model import Market
    from pmm.settings.live import Live


def quote(
    market: Annotated[
        list[str] | None,
        typer.Option("-m", "--market", help="Slug, URL, condition id, token id, or `demo`; repeat for several."),
    ] = None,
    live: Annotated[bool, typer.Option("--live/--dry-run", help="Real orders, or simulated ones.")] = False,
    strategy: Annotated[
        str | None, typer.Option(help="Quoting model; auto: log_odds, or fixed_spread for another spread than 0.04.")
    ] = None,
    spread: Annotated[str | None, typer.Option(help="Ask minus bid in USD (0.04).")] = None,
    size: Annotated[str | None, typer.Option(help="Shares per order (10).")] = None,
    duration: Annotated[float | None, typer.Option(min=0.1, help="Stop after so many seconds.")] = None,
    once: Annotated[bool, typer.Option("--once", help="Stop after the first quotes.")] = False,
    seed: Annotated[int | None, typer.Option(help="Seed of the embedded exchange and of jitter.")] = None,
    record: Annotated[
        Path | None, typer.Option(metavar="DIR", file_okay=False, help="Record what the sockets say, as `pmm record`.")
    ] = None,
) -> None:
    """Quote both sides of a market: real data, and simulated fills unless --live."""
    import asyncio

    from pmm import app
    from pmm.cli.armed import armed
    from pmm.cli.beside import Beside
    from pmm.cli.pulse import Pulse
    from pmm.cli.session import SCHEMA, Session, summary_text

    cli = Cli.current()
    loaded = cli.load(
        {"dry_run": False if live else None, "mm.strategy": strategy, "mm.spread": spread, "mm.size": size}
    )
    names = tuple(market or [_choose(cli)])
    settings = loaded.settings
    wallet = None if settings.dry_run else armed(cli, loaded, names, _limits(settings.live), flag=live)
    request = app.QuoteRequest(names, duration, once, seed, record, cli.instance)
    told: list[Beside] = []

    def show(markets: Sequence[Market], summary: Summary) -> Pulse:
        told.append(Beside(cli, Session(cli, markets)))
        return Pulse(told[-1], summary, cli.mode, settings.mm.status_interval_ns)

    try:
        finished = asyncio.run(app.quote(loaded, request, show, wallet=wallet, warn=cli.warn))
    finally:
        read = all(beside.close() for beside in told)
    try:
        if read:
            cli.emit(SCHEMA, {"event": "summary", **finished.record}, human=lambda: summary_text(finished.record))
    finally:
        if finished.failure is not None:
            raise finished.failure  # counts for more than a summary that nobody reads


def _limits(live: Live) -> str:
    return (
        f"at most {live.max_order_usd} USD an order, {live.max_market_usd} a market, {live.max_account_usd}"
        f" altogether; halts after a loss of {live.max_daily_loss_usd} a day"
    )


def _choose(cli: Cli) -> str:
    """Ask a person which market; raises UsageError where nobody can be asked."""
    import asyncio

    from pmm import app
    from pmm.errors import UsageError

    if not cli.interactive:
        raise UsageError("no market was named", hint="Name one with --market, for example --market demo.")
    assert cli.loaded is not None, "settings are loaded before anybody is asked"
    offered = asyncio.run(app.offer_markets(cli.loaded))
    for number, market in enumerate(offered, 1):
        cli.note(f"{number:3}  {market.slug}  {market.question}")
    choice = cli.ask("Which market", type=int)
    assert isinstance(choice, int), "the parser library converts"
    if not 1 <= choice <= len(offered):
        raise UsageError(f"there is no market number {choice}", hint=f"Choose 1 to {len(offered)}.")
    return offered[choice - 1].slug
