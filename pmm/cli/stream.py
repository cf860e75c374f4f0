"""`pmm stream`: one line per change of a book and per trade, as they happen."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer

from pmm.cli.context import Cli

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pmm.cli.tape import Followed, Tape
    from pmm.drivers.live import Live
    from pmm.model import Market

LINES_WAITING = 65_536


def stream(
    markets: Annotated[list[str], typer.Argument(help="Slug, web address, condition id, token id or free text.")],
    duration: Annotated[float | None, typer.Option(min=0, help="Seconds; until interrupted without.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Lines of changes and trades; no end without.")] = None,
    buffer: Annotated[
        int, typer.Option(min=1, help="Lines that may wait for a slow reader before they are replaced by whole books.")
    ] = LINES_WAITING,
) -> None:
    """Changes (the level's new size) and trades (the taker's side) of each market's first token, or of tokens given.

    What becomes of the data itself (connection, trust, source) is told when it changes.
    """
    from pmm import app
    from pmm.cli.tape import Tape

    cli = Cli.current()
    tapes: list[Tape] = []

    def show(driver: Live, found: Sequence[Market]) -> Tape:
        followed = list(_followed(markets, found))
        tapes.append(Tape(cli, driver.engine, followed, limit=limit, buffer=buffer, over=_stopper(driver)))
        return tapes[-1]

    try:
        failure = asyncio.run(app.watch(cli.load(), markets, duration, show))
    finally:
        for tape in tapes:
            tape.close()
    for lost in (*(tape.failure for tape in tapes), failure):
        if lost is not None:
            raise lost


def _stopper(driver: Live) -> Callable[[str], None]:
    """Ends the run from any thread."""
    loop = asyncio.get_running_loop()

    def stop(reason: str) -> None:
        with suppress(RuntimeError):  # the loop is closed: the run is over already
            loop.call_soon_threadsafe(driver.stop, reason)

    return stop


def _followed(names: Iterable[str], markets: Iterable[Market]) -> Iterator[Followed]:
    """The tokens that are told: the named ones of a market, else its first."""
    from pmm.cli.tape import Followed

    named = {name.strip() for name in names}
    for market in markets:
        chosen = [token for token in market.tokens if token.token_id in named] or market.tokens[:1]
        for token in chosen:
            yield Followed(token.token_id, token.outcome, market)
