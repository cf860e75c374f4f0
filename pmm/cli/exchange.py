"""`pmm exchange`: the local exchange in the foreground, until a signal or the end of `--duration`."""

from __future__ import annotations

from contextlib import suppress
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
    speed: Annotated[str, typer.Option(help="Times as fast as life; `max` for a recording without pauses.")] = "1",
    replay: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", exists=True, dir_okay=False, help="Serve a recording instead of synthetic traders."
        ),
    ] = None,
    log: Annotated[Path | None, typer.Option(metavar="FILE", help="Append every request as a JSON line.")] = None,
    duration: Annotated[float | None, typer.Option(min=0.0, help="Stop after so many seconds.")] = None,
    quiet_markets: Annotated[
        int, typer.Option(min=0, max=5_000, help="List so many further markets that never move.")
    ] = 0,
) -> None:
    """Serve a pretend venue on loopback: public reads, catalogue, market socket, control.  Its money is play money."""
    import asyncio

    from pmm.app import pretend_venue

    cli = Cli.current()
    factor = _factor(speed, recorded=replay is not None)
    source = _recording(replay) if replay is not None else pretend_venue(seed, quiet_markets)
    asyncio.run(_serve(cli, source, port, factor, log, duration))


async def _serve(cli: Cli, source: Source, port: int, speed: float, log: Path | None, duration: float | None) -> None:
    import asyncio

    from pmm.drivers.signals import stop_signals
    from pmm.exchange import LocalExchange

    stop = asyncio.Event()
    server = LocalExchange(
        source,
        port=port,
        speed=speed,
        log_file=log,
        on_end=lambda: cli.note("the recording has ended; sockets stay open"),
    )
    async with server:
        cli.emit(SCHEMA, dict(server.urls), mode=MODE, human=lambda: _text(server))
        with stop_signals(lambda _: stop.set()), suppress(TimeoutError):
            async with asyncio.timeout(duration):
                await stop.wait()


def _recording(file: Path) -> Source:
    from pmm.exchange.recording import read
    from pmm.exchange.replay import Replay

    return Replay(read(file))


def _factor(speed: str, *, recorded: bool) -> float:
    """The speed as a number, infinity for `max`.  Raises UsageError."""
    from pmm.errors import UsageError

    if speed == "max" and recorded:
        return float("inf")
    try:
        factor = float(speed)
    except ValueError:
        factor = 0.0
    if not 0 < factor <= 1000:
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
