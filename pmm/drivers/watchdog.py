"""A second process that cancels everything when the bot dies, falls silent, or says so.

The two share a pipe and nothing else.  Its first line carries what the watchdog needs to cancel, secrets included, so
that they are neither among its arguments nor in its environment; each later line is one of `Word`.  The end of the
pipe means that the bot is gone, and silence that its loop stands still.  A bot that is gone may be back in a moment
and care for its orders itself (`pmm.drivers.succession`).
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, Protocol, TypeAlias

import orjson

import pmm
from pmm.drivers.succession import LOOK_S, Succession
from pmm.errors import DiskError, LocalError
from pmm.events import Operator, OperatorAction
from pmm.model import Nanos
from pmm.ports import Emit

LOG = "watchdog.log"
# The venue's own switch falls after 10 to 15 s; a loop that stood still for so long quotes on old news.
SILENCE_S = 15.0
BEAT_S = 2.0
# How long the process may take to start; it takes half a second on an idle machine.
START_S = 20.0
END_S = 5.0
# One that cannot be kept alive during a run is no protection: quoting stops.
RESTARTS_MAX = 3
LOG_BYTES_MAX = 1_000_000
READY = b"ready\n"
CHARGE_BYTES_MAX = 16_384
# What the process gets of the environment: where programs and certificates are, never a secret.
KEPT = ("PATH", "HOME", "SYSTEMROOT", "LANG", "LD_LIBRARY_PATH", "SSL_CERT_FILE", "SSL_CERT_DIR", "PMM_PURE")


class Word(StrEnum):
    """What the bot says: that it lives, that it ended in order, or that everything has to go."""

    BEAT = "beat"
    BYE = "bye"
    KILL = "kill"


class Lines(Protocol):
    """The end of a pipe that is read."""

    def readline(self, size: int, /) -> bytes: ...


class WatchdogFailed(LocalError):
    """The process that would cancel our orders when this one dies cannot be started."""

    code = "PMM-E336"
    hint = "Its log says why. Without it, set live.watchdog = false on purpose."


@dataclass(frozen=True, slots=True)
class Charge:
    """What a watchdog needs to cancel: where, as whom, and by which credentials; `deadline` is of one call, in ns.

    `lease` is the file whose lock says that somebody trades with the wallet; without it nobody can come back.
    """

    clob_url: str
    address: str
    key: str = field(repr=False)
    secret: str = field(repr=False)
    passphrase: str = field(repr=False)
    deadline: Nanos
    lease: str = ""

    def line(self) -> bytes:
        return orjson.dumps(asdict(self)) + b"\n"

    @classmethod
    def read(cls, pipe: Lines) -> Charge:
        """Raises LocalError for anything else, which repeats nothing of it."""
        try:
            return cls(**orjson.loads(pipe.readline(CHARGE_BYTES_MAX)))
        except (ValueError, TypeError):
            raise LocalError("a watchdog is started by the bot, with its charge on the pipe") from None


class Watchdog:
    """The bot's side, a `Service`: `await start()`, then `serve`; `bye` once nothing of ours is left at the venue.

    A bot that ends without `bye` leaves the watchdog behind, which sweeps.  `charge` is asked for at every start.
    """

    def __init__(self, folder: Path, charge: Callable[[], Charge], *, silence: float = SILENCE_S) -> None:
        self.restarts = 0
        self._folder = folder
        self._charge = charge
        self._silence = silence
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    async def start(self) -> None:
        """Returns when the other process is on guard.  Raises WatchdogFailed and DiskError."""
        await asyncio.to_thread(self._start)

    async def serve(self, emit: Emit) -> None:
        """Say that this loop lives, for as long as it does; a watchdog that died is replaced."""
        while True:
            await asyncio.sleep(min(BEAT_S, self._silence / 4))
            if self._say(Word.BEAT):
                continue
            failure = await self._replace()
            if failure:
                emit(Operator(time.time_ns(), OperatorAction.STOP, failure))
                return

    async def _replace(self) -> str:
        """Start another one; why that is no use, if it is none."""
        self.restarts += 1
        if self.restarts > RESTARTS_MAX:
            return f"the watchdog died {self.restarts} times"
        try:
            await self.start()
        except (WatchdogFailed, DiskError) as error:
            return error.message
        return ""

    def kill(self) -> None:
        """Let it cancel everything, beside whatever else is done about that."""
        self._say(Word.KILL)

    async def bye(self) -> None:
        """All is in order: it ends."""
        if self._process is not None and self._say(Word.BYE):
            with suppress(subprocess.TimeoutExpired):
                await asyncio.to_thread(self._process.wait, END_S)
        self.leave()

    def leave(self) -> None:
        """Close the pipe: unless `bye` was said, it sweeps, whatever becomes of this process."""
        if self._process is not None:
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    with suppress(OSError):
                        pipe.close()

    def _start(self) -> None:
        self.leave()
        command = [sys.executable, "-P", "-m", "pmm", "watchdog", "--parent", str(os.getpid())]
        with _log(self._folder / LOG) as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                [*command, "--silence", str(self._silence)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=self._folder,
                env=_environment(),
                start_new_session=True,  # a Ctrl-C for the bot is none for it
            )
        self._greet(self._process)

    def _greet(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None, "it is a pipe"
        assert process.stdout is not None, "it is a pipe"
        give_up = threading.Timer(START_S, process.kill)
        give_up.start()
        try:
            process.stdin.write(self._charge().line())
            process.stdin.flush()
            ready = process.stdout.readline() == READY
        except OSError:
            ready = False
        finally:
            give_up.cancel()
        if not ready:
            self.leave()
            process.kill()
            process.wait()
            raise WatchdogFailed(f"the watchdog does not start; {self._folder / LOG} says why")
        if sys.platform != "win32":
            os.set_blocking(process.stdin.fileno(), False)

    def _say(self, word: Word) -> bool:
        """False when nobody is there to hear it."""
        process = self._process
        if process is None or process.stdin is None or process.poll() is not None:
            return False
        try:
            os.write(process.stdin.fileno(), f"{word}\n".encode())
        except BlockingIOError:
            return True  # it has not read for a while; it is there
        except (OSError, ValueError):
            return False
        return True


class Sweeping(Protocol):
    """What a guard lets loose."""

    async def run(self, limit: float | None = None) -> Result: ...

    def give_up(self, cause: str) -> None: ...


class Result(Protocol):
    @property
    def empty(self) -> bool: ...


Release: TypeAlias = Callable[[], AbstractAsyncContextManager[Sweeping]]


class Guard:
    """The watchdog's side: `watch` until the bot says bye, or it is gone and the venue's list is proven empty.

    `release` opens a new sweep, with connections of its own.  `parent` is the bot's process, and `succession` knows
    whether another run takes over when it is gone; nobody does without one.
    """

    def __init__(
        self,
        release: Release,
        tell: Callable[[str], None],
        *,
        parent: int,
        silence: float,
        succession: Succession | None = None,
    ) -> None:
        self._succession = succession or Succession(None)
        self._release = release
        self._tell = tell
        self._parent = parent
        self._silence = silence
        self._news = asyncio.Event()
        self._heard_at = time.monotonic()
        self._bye = False
        self._kill = False
        self._gone = False
        self._ending = False
        self._sweeping: Sweeping | None = None

    def hear(self, line: bytes) -> None:
        """A line of the bot; b"" is the end of the pipe."""
        self._heard_at = time.monotonic()
        word = line.strip().decode("ascii", "replace")
        self._bye = self._bye or word == Word.BYE
        self._kill = self._kill or word == Word.KILL
        self._gone = self._gone or line == b""
        if self._sweeping is not None and not self._must and not self._gone:
            self._sweeping.give_up("the bot is back")
        self._news.set()

    def end(self, cause: str) -> None:
        """A signal: it is obeyed only by a watchdog that has no bot any more."""
        if self._gone:
            self._ending = True
            if self._sweeping is not None:
                self._sweeping.give_up(cause)

    async def watch(self) -> bool:
        """Whether all is in order: the bot said so, nothing is left, or another run has taken over."""
        while not self._bye or self._kill:
            if self._gone and not self._kill:
                self._succession.look(time.monotonic())
            if self._succession.complete:
                self._tell("another run has taken over")
                return True
            if self._must or self._silent:
                final = self._gone
                empty = await self._sweep()
                if final and (empty or self._ending):
                    return empty
            else:
                await self._wait()
        return True

    @property
    def _must(self) -> bool:
        """Whether a sweep goes on whatever the bot says."""
        return self._kill or self._ending or (self._gone and self._succession.orphaned)

    @property
    def _silent(self) -> bool:
        return not self._gone and time.monotonic() - self._heard_at >= self._silence

    async def _sweep(self) -> bool:
        """Until it is proven that nothing is left; one for silence ends when the bot speaks again."""
        why = "the bot is gone" if self._gone else "kill" if self._kill else f"no word for {self._silence:g} s"
        self._tell(f"sweep: {why}")
        empty = False
        while not empty and not self._ending and (self._must or self._silent):
            async with self._release() as self._sweeping, asyncio.TaskGroup() as group:
                watching = group.create_task(self._yield_to_successor(self._sweeping))
                empty = (await self._sweeping.run(None)).empty
                watching.cancel()
            self._sweeping = None
        self._tell("proven empty" if empty else "given up")
        self._kill = self._kill and not empty
        self._heard_at = time.monotonic()  # a bot that stays silent is swept after again
        return empty

    async def _yield_to_successor(self, sweeping: Sweeping) -> None:
        """End a sweep after a bot that is gone when another run begins: its orders are no orphans."""
        while True:
            await asyncio.sleep(LOOK_S)
            if self._gone and not self._kill:
                self._succession.look(time.monotonic())
                if self._succession.inherited:
                    sweeping.give_up("another run has taken the wallet over")

    async def _wait(self) -> None:
        """Until there is news, it is time to become suspicious, or to look for the bot's process or its successor."""
        self._news.clear()
        suspicious = max(0.01, self._silence - (time.monotonic() - self._heard_at))
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_S if self._gone else min(1.0, suspicious)):
                await self._news.wait()
        if sys.platform != "win32" and os.getppid() != self._parent:
            self._gone = True


def listen(pipe: Lines, guard: Guard, loop: asyncio.AbstractEventLoop) -> None:
    """Bring the lines of a pipe to a guard, from a thread of its own."""

    def read() -> None:
        while True:
            line = pipe.readline(CHARGE_BYTES_MAX)
            try:
                loop.call_soon_threadsafe(guard.hear, line)
            except RuntimeError:
                return  # the watch is over
            if not line:
                return

    threading.Thread(target=read, name="pipe", daemon=True).start()


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return {**kept, "PYTHONPATH": str(Path(pmm.__file__).parents[1])}


def _log(path: Path) -> BinaryIO:
    """The log, opened to append; a long one is put aside.  Raises DiskError."""
    try:
        if path.exists() and path.stat().st_size > LOG_BYTES_MAX:
            path.replace(path.with_suffix(".log.1"))
        return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab")
    except OSError as error:
        raise DiskError(f"cannot write {path}: {error.strerror}") from error
