"""`pmm watchdog`: what the bot starts beside itself when it trades live; nobody starts it by hand.

It reads no settings: what it needs comes through the pipe that is its stdin.
"""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from pmm.cli import output

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from io import FileIO

    from pmm.drivers.watchdog import Charge
    from pmm.venues.polymarket.sweep import Sweep

# An order that was on its way when the bot died lands within its deadline of two seconds, or hardly ever.
SETTLE_S = 5.0


def watchdog(
    parent: Annotated[int, typer.Option(help="Process of the bot.")],
    silence: Annotated[float, typer.Option(min=0.1, help="Seconds without a word that are too many.")] = 15.0,
) -> None:
    """Cancel everything when the bot dies or falls silent.  Started by the bot."""
    import asyncio

    from pmm.drivers.watchdog import Charge
    from pmm.errors import OrdersMayRemain, UsageError

    if sys.stdin is None or sys.stdin.isatty():
        raise UsageError("a watchdog is started by the bot")
    # Unbuffered: a thread that waits in a buffered read holds a lock that the end of the interpreter wants.
    pipe = open(sys.stdin.fileno(), "rb", buffering=0, closefd=False)  # noqa: SIM115 - a descriptor
    charge = Charge.read(pipe)
    for number in (signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGINT)):
        signal.signal(number, signal.SIG_IGN)
    if not asyncio.run(_watch(pipe, charge, parent, silence)):
        raise OrdersMayRemain("the watchdog was ended before the venue's list was proven empty")


async def _watch(pipe: FileIO, charge: Charge, parent: int, silence: float) -> bool:
    import asyncio
    from contextlib import asynccontextmanager
    from pathlib import Path

    from pmm.drivers.lease import is_held
    from pmm.drivers.succession import GuardBook, Succession
    from pmm.drivers.watchdog import READY, Guard, listen
    from pmm.venues.polymarket.credentials import Credentials
    from pmm.venues.polymarket.private import PrivateHttp
    from pmm.venues.polymarket.sweep import Sweep

    credentials = Credentials(charge.key, charge.secret, charge.passphrase)

    def connect() -> PrivateHttp:
        return PrivateHttp(charge.clob_url, charge.address, credentials, deadline=charge.deadline)

    @asynccontextmanager
    async def release() -> AsyncIterator[Sweep]:
        async with connect() as http:
            yield Sweep(http, settle=SETTLE_S, tell=_say)

    connect()  # an address that takes no credentials is refused now
    lease = Path(charge.lease) if charge.lease else None
    book = GuardBook(lease) if lease else None
    succession = Succession(lambda: is_held(lease), book.signed_by_another) if lease and book else Succession(None)
    guard = Guard(release, _say, parent=parent, silence=silence, succession=succession)
    loop = asyncio.get_running_loop()
    listen(pipe, guard, loop)
    signal.signal(signal.SIGTERM, lambda *_: loop.call_soon_threadsafe(guard.end, "SIGTERM received"))
    if book:
        book.sign()
    _say(f"on guard for process {parent}")
    sys.stdout.buffer.write(READY)
    sys.stdout.buffer.flush()
    return await guard.watch()


def _say(line: str) -> None:
    """A line of the log, which is stderr; a full disk never stops a sweep."""
    from datetime import UTC, datetime

    output.note(f"{output.utc_text(datetime.now(UTC))} {output.printable(line)}")
