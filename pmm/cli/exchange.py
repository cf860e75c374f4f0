"""`pmm exchange`: the local exchange in the foreground, until a signal or the end of `--duration`."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pmm.cli.context import Cli

if TYPE_CHECKING:
    from pmm.exchange.server import LocalExchange
    from pmm.exchange.source import Source

SCHEMA = "pmm.exchange/1"
MODE = "exchange"


def exchange(
    port: Annotated[
        int, typer.Option(min=0, max=65_534, help="0 takes free ports; control is on the next one.")
    ] = 8645,
    seed: Annotated[int, typer.Option(help="One seed, one history.")] = 7,
    speed: Annotated[
        str, typer.Option(help="Times as fast as life; 0 is moved by control; `max` for recordings.")
    ] = "1",
    replay: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH", exists=True, help="Serve a recording, a file or a folder, instead of synthetic traders."
        ),
    ] = None,
    log: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Append requests, frames and every change of state as JSON lines."),
    ] = None,
    scenario: Annotated[
        Path | None,
        typer.Option(metavar="FILE", exists=True, dir_okay=False, help="Do the acts of a file by the venue's clock."),
    ] = None,
    funds: Annotated[int, typer.Option(min=0, max=1_000_000_000, help="Play dollars of a new wallet.")] = 10_000,
    start: Annotated[
        int | None, typer.Option(min=0, max=4_000_000_000, help="Where the clock begins, in unix s; now when absent.")
    ] = None,
    legacy_v1: Annotated[
        bool, typer.Option("--legacy-v1", help="Take orders signed for the first exchange, too.")
    ] = False,
    duration: Annotated[float | None, typer.Option(min=0.0, help="Stop after so many seconds.")] = None,
    quiet_markets: Annotated[
        int, typer.Option(min=0, max=5_000, help="List so many further markets that never move.")
    ] = 0,
) -> None:
    """Serve a pretend venue on loopback: accounts, signed orders, both sockets, control.  Its money is play money."""
    import asyncio

    from pmm.app import pretend_venue
    from pmm.exchange import LocalExchange
    from pmm.exchange.scenario import read_scenario
    from pmm.model import SECOND, USD

    cli = Cli.current()
    factor = _factor(speed, recorded=replay is not None)
    steps = read_scenario(scenario) if scenario is not None else ()
    at = start * SECOND if start is not None else None
    server = LocalExchange(
        pretend_venue(seed, quiet_markets, at, record=log is not None) if replay is None else _recording(replay),
        port=port,
        speed=factor,
        log_file=log,
        on_end=lambda: cli.note("the recording has ended; sockets stay open"),
        scenario=steps,
        seed=seed,
        funds=funds * USD,
        legacy_v1=legacy_v1,
    )
    asyncio.run(_serve(cli, server, duration))


@contextmanager
def _settled() -> Iterator[None]:
    """Garbage collections leave alone what is there now; searching it again and again took 5 of 80 us an order."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


async def _serve(cli: Cli, server: LocalExchange, duration: float | None) -> None:
    import asyncio

    from pmm.drivers.signals import stop_signals

    stop = asyncio.Event()
    async with server:
        cli.emit(SCHEMA, dict(server.urls), mode=MODE, human=lambda: _text(server))
        with _settled(), stop_signals(lambda _: stop.set()), suppress(TimeoutError):
            async with asyncio.timeout(duration):
                await stop.wait()


def _recording(path: Path) -> Source:
    from pmm.exchange.replay import Replay
    from pmm.recordings.library import messages_of, open_recording

    recording = open_recording(path)
    return Replay(messages_of(recording), recording.markets)


def _factor(speed: str, *, recorded: bool) -> float:
    """The speed as a number, infinity for `max`.  Raises UsageError."""
    from pmm.errors import UsageError

    if speed == "max" and recorded:
        return float("inf")
    try:
        factor = float(speed)
    except ValueError:
        factor = -1.0
    if not 0 <= factor <= 1000:
        allowed = "a number up to 1000, or `max`" if recorded else "a number up to 1000; `max` needs --replay"
        raise UsageError(f"--speed {speed!r} is not {allowed}")
    return factor


def _text(server: LocalExchange) -> str:
    markets = server.source.listings
    return "\n".join(
        [
            "The local exchange is open (play money, loopback only).  Ctrl+C ends it.",
            *(f"  {name:14} {url}" for name, url in server.urls.items()),
            f"  {'markets':14} {', '.join(listing.market.slug for listing in markets[:6])}"
            + (f" and {len(markets) - 6} more" if len(markets) > 6 else ""),
        ]
    )
