"""The program from outside: `pmm` as processes, and a pretend venue that a test does things to.

Everything waits for something that is seen to happen, up to a limit, and fails with what was seen instead.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from signal import SIGTERM
from types import TracebackType
from typing import IO, Any, Self

PMM = (sys.executable, "-m", "pmm")
# How long anything may take before a test gives up on it.  Generous: the machine may be busy.
LIMIT_S = 30.0
SHOWN_CHARS = 2_000

Record = dict[str, Any]
Levels = dict[str, dict[str, str]]


def environment(home: Path, **more: str) -> dict[str, str]:
    """The least a process needs, nowhere to read settings from, and `more`."""
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "PMM_PURE") if name in os.environ}
    folders = {"HOME": str(home), "XDG_CONFIG_HOME": str(home / "config"), "XDG_DATA_HOME": str(home / "data")}
    return {**kept, **folders, **more}


@dataclass(frozen=True)
class Finished:
    """What a process left behind."""

    status: int
    stdout: str
    stderr: str

    @property
    def documents(self) -> list[Record]:
        """Every line of stdout; fails where one is not JSON."""
        return [json.loads(line) for line in self.stdout.splitlines()]

    @property
    def document(self) -> Record:
        (only,) = self.documents
        return only

    @property
    def complaint(self) -> list[str]:
        """What a person is told about a failure: the lines of stderr that are no log and no remark on the kernel."""
        return [line for line in self.stderr.splitlines() if not line.startswith(("20", "the kernel is"))]

    def clean(self) -> Self:
        """Nothing leaked to the user: no traceback, no forgotten task, no resource warning."""
        for sign in ("Traceback", "Task was destroyed", "never retrieved", "never awaited", "ResourceWarning"):
            assert sign not in self.stderr, self.stderr[-SHOWN_CHARS:]
        return self


def run(home: Path, *arguments: str, limit: float = 60.0, stdin: str | None = None, **more: str) -> Finished:
    """One command from start to end in the folder `home`, with `more` in its environment; never with a traceback."""
    done = subprocess.run(
        [*PMM, *arguments],
        cwd=home,
        env=environment(home, **more),
        input=stdin or "",
        capture_output=True,
        text=True,
        timeout=limit,
        check=False,
    )
    return Finished(done.returncode, done.stdout, done.stderr).clean()


class Process:
    """A running `pmm` whose stdout is JSON lines: wait for one with `until`, end it with `stop` or `finish`."""

    program: tuple[str, ...] = PMM

    def __init__(self, home: Path, *arguments: str, **more: str) -> None:
        self._process = subprocess.Popen(
            [*self.program, *arguments],
            cwd=home,
            env=environment(home, **more),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._news = threading.Condition()
        self._open = 2
        self._lines: list[str] = []
        self._errors: list[str] = []
        self._records: list[Record] = []
        self._readers = [
            threading.Thread(target=self._read, args=(self._process.stdout, self._lines), daemon=True),
            threading.Thread(target=self._read, args=(self._process.stderr, self._errors), daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        for reader in self._readers:
            reader.join()
        for stream in (self._process.stdout, self._process.stderr):
            assert stream is not None
            stream.close()

    def _read(self, stream: IO[str] | None, lines: list[str]) -> None:
        assert stream is not None
        for line in stream:
            with self._news:
                lines.append(line)
                if lines is self._lines:
                    self._records.append(json.loads(line))
                self._news.notify_all()
        with self._news:
            self._open -= 1
            self._news.notify_all()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def envelopes(self) -> list[Record]:
        with self._news:
            return list(self._records)

    @property
    def said(self) -> list[Record]:
        """The `data` of every line so far."""
        return [record["data"] for record in self.envelopes if record["ok"]]

    def mark(self) -> int:
        """A place in what was said, to look only at what comes after it."""
        return len(self.said)

    def until(self, condition: Callable[[Record], object], *, after: int = 0, limit: float = LIMIT_S) -> Record:
        """The first thing said from place `after` on for which `condition` holds; waits for it."""
        deadline = time.monotonic() + limit
        with self._news:
            while True:
                found = [one["data"] for one in self._records if one["ok"]][after:]
                for record in found:
                    if condition(record):
                        return record
                if not self._open or not self._news.wait(deadline - time.monotonic()):
                    raise AssertionError(self._excuse(found))

    def until_logged(self, text: str, *, limit: float = LIMIT_S) -> None:
        """Wait for a line on stderr."""
        with self._news:
            assert self._news.wait_for(lambda: any(text in line for line in self._errors), limit), self._errors

    def _excuse(self, found: Sequence[Record]) -> str:
        telling = [record for record in found if record.get("event") != "decision"] + found[-2:]
        last = "\n".join(json.dumps(record) for record in telling[-30:])
        state = "ended" if not self._open else "still runs"
        return f"never said what was waited for; the process {state}:\n{last}\n{''.join(self._errors)[-SHOWN_CHARS:]}"

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    def stop(self, number: int = SIGTERM, *, limit: float = LIMIT_S) -> Finished:
        """Ask it to end, and wait until it has."""
        self.signal(number)
        return self.finish(limit=limit)

    def finish(self, *, limit: float = LIMIT_S) -> Finished:
        """Wait for its own end."""
        return self.finish_as_it_is(limit=limit).clean()

    def finish_as_it_is(self, *, limit: float = LIMIT_S) -> Finished:
        """Wait for its end, which may be told by a traceback."""
        try:
            status = self._process.wait(limit)
        except subprocess.TimeoutExpired:
            raise AssertionError(self._excuse(self.said)) from None
        for reader in self._readers:
            reader.join()
        return Finished(status, "".join(self._lines), "".join(self._errors))


class Exchange(Process):
    """`pmm exchange`, and what can be done to it through its control endpoint."""

    def __init__(self, home: Path, *arguments: str) -> None:
        super().__init__(home, "exchange", "--port", "0", "--json", *arguments)
        self.urls: dict[str, str] = {}
        self._control: http.client.HTTPConnection | None = None

    def __enter__(self) -> Self:
        self.urls = self.until(lambda data: "control_url" in data)
        self._control = http.client.HTTPConnection(self.urls["control_url"].removeprefix("http://"), timeout=LIMIT_S)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._control is not None:
            self._control.close()
        super().__exit__(kind, error, trace)

    @property
    def env(self) -> dict[str, str]:
        """The settings that lead a command here."""
        return {
            "CLOB_API_URL": self.urls["clob_url"],
            "GAMMA_API_URL": self.urls["gamma_url"],
            "PMM_VENUE__DATA_API_URL": self.urls["data_url"],
            "WS_MARKET_URL": self.urls["ws_market_url"],
            "WS_USER_URL": self.urls["ws_user_url"],
        }

    def ask(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Any:  # whatever it answers
        """One request to the control endpoint; fails unless it is answered 200."""
        assert self._control is not None, "the exchange has started"
        self._control.request(method, path, None if body is None else json.dumps(body))
        answer = self._control.getresponse()
        text = answer.read()
        assert answer.status == 200, (method, path, body, answer.status, text)
        return json.loads(text)

    def post(self, path: str, **body: object) -> Any:  # whatever it answers
        return self.ask("POST", path, body)

    def requests(self, path: str = "") -> list[Record]:
        """The request log, of one path or of all of them."""
        rows: list[Record] = self.ask("GET", "/requests")["requests"]
        return [row for row in rows if not path or row["path"] == path]

    def book(self, token: str) -> Levels:
        """The book as it is in this moment: side to price to size."""
        return ladder(self.ask("GET", f"/book?token_id={token}"))

    def until_subscribed(self, sockets: int = 1, *, limit: float = LIMIT_S) -> None:
        """Wait until so many sockets are open and the first books were sent."""
        deadline = time.monotonic() + limit
        while True:
            stats = self.ask("GET", "/stats")
            if stats["clients"] == sockets and stats["frames_sent"] >= sockets:
                return
            assert time.monotonic() < deadline, stats

    def until_asked(self, path: str, times: int, *, limit: float = LIMIT_S) -> None:
        """Wait until so many requests for a path came."""
        deadline = time.monotonic() + limit
        while len(self.requests(path)) < times:
            assert time.monotonic() < deadline, self.requests()[-5:]

    def inject(self, frame: object) -> None:
        """Send a frame to every socket: text as it is, anything else as the JSON that the venue would write."""
        text = frame if isinstance(frame, str) else json.dumps(frame, separators=(", ", ":"))
        assert self.post("/stream/inject", frame=text)["clients"] > 0


def ladder(body: Mapping[str, Any]) -> Levels:
    """A book of the venue as side to price to size, numbers in their shortest form."""
    return {side: {plain(level["price"]): plain(level["size"]) for level in body[side]} for side in ("bids", "asks")}


def final_ladder(book: Mapping[str, Any]) -> Levels:
    """The same of a book in the summary of a session."""
    return {side: {plain(price): plain(size) for price, size in book[side]} for side in ("bids", "asks")}


def plain(number: str) -> str:
    """A decimal without idle zeros, compared as text."""
    whole, _, part = number.partition(".")
    part = part.rstrip("0")
    return f"{whole or '0'}.{part}" if part else whole or "0"


class Quoter(Process):
    """`pmm quote --json` on one market of an exchange."""

    def __init__(self, home: Path, exchange: Exchange, *arguments: str, market: str = "demo", **more: str) -> None:
        fast = {"MM_LOOP_INTERVAL": "0.1", "PMM_SHADOW__LATENCY_MS": "5"}
        super().__init__(home, "quote", "--market", market, "--json", *arguments, **{**exchange.env, **fast, **more})
        self.market = market

    @property
    def start(self) -> Record:
        return self.until(lambda data: data["event"] == "start")

    @property
    def tokens(self) -> list[str]:
        return [token["token_id"] for token in self.start["tokens"]]

    def decided(
        self, bid: str | None, ask: str | None, *, after: int = 0, limit: float = LIMIT_S, **more: object
    ) -> Record:
        """Wait for a decision with these prices (None: no such side), and with `more` of its fields."""

        def fits(data: Record) -> bool:
            prices = [data.get(side) and data[side]["price"] for side in ("bid", "ask")]
            return data["event"] == "decision" and prices == [bid, ask] and more.items() <= data.items()

        return self.until(fits, after=after, limit=limit)

    def moved(self, machine: str, new: str, *, after: int = 0, limit: float = LIMIT_S) -> Record:
        """Wait for a state machine's announcement that it got into state `new`."""
        return self.until(
            lambda data: data["event"] == "change" and (data["machine"], data["new"]) == (machine, new),
            after=after,
            limit=limit,
        )

    def settled(self, bid: str | None, ask: str | None, *, limit: float = LIMIT_S) -> None:
        """Wait until exactly these prices rest, as YES prices of the orders that are live."""
        deadline = time.monotonic() + limit
        while True:
            place = self.mark()
            if self.resting() == {"bid": bid, "ask": ask}:
                return
            self.until(lambda data: data["event"] != "decision", after=place, limit=deadline - time.monotonic())

    def resting(self) -> dict[str, str | None]:
        """The YES price of the live order on either side; fails when a side has two."""
        live: dict[str, tuple[str, str]] = {}
        placed: dict[str, tuple[str, str]] = {}
        for data in self.said:
            if data["event"] == "place":
                placed[data["order_id"]] = yes_terms(data)
            elif data["event"] == "change" and data["machine"] == "order":
                if data["new"] in {"LIVE", "PARTIAL"}:
                    live[data["subject"]] = placed[data["subject"]]
                else:
                    live.pop(data["subject"], None)
        assert len({side for side, _ in live.values()}) == len(live), live
        return {"bid": None, "ask": None, **dict(live.values())}

    def events(self, kind: str, *, after: int = 0) -> list[Record]:
        return [data for data in self.said[after:] if data["event"] == kind]


def yes_terms(place: Record) -> tuple[str, str]:
    """Side and price of an order in terms of YES: a purchase of NO at 0.48 is an ask at 0.52."""
    units = round(float(place["price"]) * 10_000)
    yes = place["outcome"] == "Yes"
    side = "bid" if (place["side"] == "BUY") == yes else "ask"
    return side, plain(f"{(units if yes else 10_000 - units) / 10_000:.4f}")
