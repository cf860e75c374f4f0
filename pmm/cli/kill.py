"""`pmm kill`: forbid quoting, tell the bot that runs, and cancel everything whether it listens or not."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pmm.cli.context import LIVE, Cli

if TYPE_CHECKING:
    from pmm.errors import PmmError

SCHEMA = "pmm.kill/1"
# A bot that answers at all does so at once.
TELL_SECONDS = 3.0


def kill(
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why; it is shown until the reset.")] = "",
    reset: Annotated[bool, typer.Option("--reset", help="Allow quoting again.")] = False,
    timeout: Annotated[
        float | None, typer.Option(min=0.1, help="Give up after so many seconds; never when absent.")
    ] = None,
) -> None:
    """Latch the kill switch, stop the running bot, cancel all orders and verify that the venue lists none."""
    from pmm.app.account import state_folder

    cli = Cli.current()
    folder = state_folder(cli.load().settings, cli.instance)
    if reset:
        _reset(cli, folder)
    else:
        _kill(cli, folder, reason or "by command", timeout)


def _kill(cli: Cli, folder: Path, reason: str, timeout: float | None) -> None:
    """Every part is tried whatever becomes of the others; what failed is reported at the end, the worst first."""
    from pmm.cli.cancel_all import nothing_sent, require_empty, sweep, swept_record, swept_text, wallet_if_any

    failure = _latch(folder, reason)
    bot = _Bot(folder, reason)
    loaded = cli.load()
    swept = None
    try:
        wallet = wallet_if_any(cli, loaded)
        if wallet is not None:
            swept = sweep(cli, loaded, wallet, timeout)
            require_empty(swept)
    finally:
        told = bot.told()
        for line in (f"kill switch: {failure.message}" if failure else "", told):
            if line:
                cli.note(line)
    if failure is not None:
        raise failure
    record = {"empty": True, "sent": False} if swept is None else swept_record(swept)
    text = nothing_sent(cli) if swept is None else swept_text(swept)
    cli.emit(
        SCHEMA,
        {"latched": True, "reason": reason, "bot": told, **record},
        mode=cli.mode if swept is None else LIVE,
        human=lambda: f"{text}\nThe kill switch is latched: nothing quotes until `pmm kill --reset`.",
    )


def _latch(folder: Path, reason: str) -> PmmError | None:
    """Why it could not be latched, if it could not."""
    import time

    from pmm.errors import DiskError
    from pmm.sinks.store import LatchName, Store

    try:
        with Store.open(folder) as store:
            store.latch(LatchName.KILL, reason, time.time_ns())
    except DiskError as error:
        return error
    return None


class _Bot:
    """The bot of the instance is told in a thread of its own: a sweep does not wait for one that stands still."""

    def __init__(self, folder: Path, reason: str) -> None:
        self._folder = folder
        self._reason = reason
        self._said = ""
        self._thread = threading.Thread(target=self._tell, daemon=True)
        self._thread.start()

    def told(self) -> str:
        """What came of it, for people."""
        self._thread.join()
        return self._said

    def _tell(self) -> None:
        from pmm.drivers.control import NothingRuns, ask
        from pmm.errors import LocalError

        try:
            status = ask(self._folder, "kill", reason=self._reason, patience=TELL_SECONDS)
        except NothingRuns as error:
            self._said = error.message
        except LocalError as error:
            self._said = f"{error.message}: end its process"
        else:
            self._said = f"the bot of process {status.get('pid')} was told"


def _reset(cli: Cli, folder: Path) -> None:
    from pmm.errors import UsageError
    from pmm.sinks.store import Store

    with Store.open(folder) as store:
        latches = store.latched()
        for latch in latches:
            cli.note(f"{latch.name}: {latch.reason}")
        if latches and not cli.confirm(f"Allow {cli.instance!r} to quote again?"):
            raise UsageError("the kill switch stays latched", hint="Type YES when asked, or say --yes.")
        if latches:
            store.reset()
    cli.emit(
        SCHEMA,
        {"latched": False, "reset": [{"name": latch.name, "reason": latch.reason} for latch in latches]},
        human=lambda: "quoting is allowed again" if latches else "nothing was latched",
    )
