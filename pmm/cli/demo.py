"""`pmm demo`: a guided run on the embedded exchange, in simulated time."""

from __future__ import annotations

from typing import Annotated

import typer

from pmm.cli.context import Cli

NEXT = """Next:
  pmm quote --market demo                 the same over real sockets and in real time
  pmm markets list                        what is there to be quoted
  pmm quote --market SLUG --dry-run       quote a real market without risk"""


def demo(
    duration: Annotated[float, typer.Option(min=1, help="Simulated seconds.")] = 60,
    speed: Annotated[str, typer.Option(help="Times as fast as life, or `max`.")] = "10",
    seed: Annotated[int, typer.Option(help="One seed, one run.")] = 7,
) -> None:
    """See the bot at work on the embedded exchange: book, quotes, fills, PnL, and what to do next."""
    from pmm import app
    from pmm.cli.session import Session, summary_text

    cli = Cli.current()
    loaded = cli.load()
    finished = app.demo(loaded, duration, _factor(speed), seed, lambda markets: Session(cli, markets, "pmm.demo/1"))
    cli.emit(
        "pmm.demo/1",
        {"event": "summary", **finished.record, "next": NEXT.splitlines()[1:]},
        human=lambda: f"{summary_text(finished.record)}\n\n{NEXT}",
    )
    if finished.failure is not None:
        raise finished.failure


def _factor(speed: str) -> float | None:
    """The speed as a number, None for `max`.  Raises UsageError."""
    from pmm.errors import UsageError

    if speed == "max":
        return None
    try:
        factor = float(speed)
    except ValueError:
        factor = 0.0
    if not 0 < factor < float("inf"):
        raise UsageError(f"--speed {speed!r} is neither a positive number nor `max`")
    return factor
