"""The log of the exchange, one JSON object per line: every request with its answer, every frame, every change of state.

All times are the venue's own, so one seed and one script write the same log.  A checker needs nothing but the file.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import lru_cache
from io import FileIO
from pathlib import Path
from typing import NamedTuple

import orjson

from pmm.errors import DiskError
from pmm.model import MILLISECOND, Nanos

# What is kept in memory; older requests are only in the file.
REQUESTS_MAX = 5_000
# Longer bodies and answers are cut in the log; orders, trades and balances are far shorter.
TEXT_MAX = 65_536
# Every header of an authenticated request begins so (protocol reference, section 2).
AUTH_PREFIX = "POLY_"


class LoggedRequest(NamedTuple):
    """A request and its answer; `at_ns` is the venue's time.

    `auth_headers` names the credentials that came along, without their values.  `body` and `answer` are kept for
    requests with credentials, except those that make keys.  `harm` is the fault that the request met.
    """

    at_ns: Nanos
    method: str
    path: str
    query: str
    auth_headers: tuple[str, ...]
    status: int
    body: bytes
    answer: bytes
    harm: str

    def row(self) -> dict[str, object]:
        """It as a line of the log."""
        return {
            "ts": _ts(self.at_ns // MILLISECOND),
            "at_ns": self.at_ns,
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "authenticated": bool(self.auth_headers),
            "auth_headers": list(self.auth_headers),
            "status": self.status,
            "body": _text(self.body),
            "answer": _text(self.answer),
            "harm": self.harm,
            "kind": "request",
        }


class RequestLog:
    """Keeps the newest requests in memory and, with `file`, writes all of them and everything else there.

    `now` is the venue's clock.  `later` is told once to write what has gathered, and does so when it has time; `flush`
    writes it now, so that whoever has an answer finds in the file what led to it; `close` writes the rest.

    Raises DiskError when the file cannot be opened.  A disk that fills later ends the file, not the exchange.
    """

    def __init__(
        self,
        file: Path | None = None,
        now: Callable[[], Nanos] = lambda: 0,
        later: Callable[[Callable[[], None]], object] = lambda write: write(),
    ) -> None:
        self.requests: deque[LoggedRequest] = deque(maxlen=REQUESTS_MAX)
        self.count = 0
        self._names: tuple[str, ...] = ()
        self._auth: tuple[str, ...] = ()
        self._now = now
        self._later = later
        self._lines: list[bytes] = []
        self._file: FileIO | None = None
        if file is not None:
            try:
                self._file = file.open("ab", buffering=0)
            except OSError as error:
                raise DiskError(f"cannot write the request log {file}: {error.strerror}") from error

    @property
    def written(self) -> bool:
        """Whether there is a file, so that frames and states are worth telling."""
        return self._file is not None

    def add(
        self,
        method: str,
        path: str,
        query: str,
        headers: Iterable[str],
        status: int,
        *,
        body: bytes = b"",
        answer: bytes = b"",
        harm: str = "",
    ) -> None:
        """Record one answered request."""
        names = tuple(headers)
        if names != self._names:  # a client sends the same ones with every request
            self._names, self._auth = names, credentials(names)
        auth = self._auth
        if not auth or "/auth/" in path:
            body = answer = b""
        # A copy, because what orjson wrote holds on to the kilobytes that it was written into.
        told = bytes(memoryview(answer)[:TEXT_MAX])
        request = LoggedRequest(self._now(), method, path, query, auth, status, body[:TEXT_MAX], told, harm)
        self.requests.append(request)
        self.count += 1
        if self._file is not None:
            self._write(request.row())

    def tell(self, kind: str, **fields: object) -> None:
        """Write a line of another kind: a frame, an order event, a trade event, a fault."""
        if self.written:
            now = self._now()
            self._write({"ts": _ts(now // MILLISECOND), "at_ns": now, "kind": kind, **fields})

    def frame(self, channel: str, direction: str, data: bytes) -> None:
        """Write a frame of a socket, without the secrets that open a user socket."""
        if not self.written:
            return
        text = _text(data[:TEXT_MAX])
        if direction == "received" and '"auth"' in text:
            text = "(credentials)"
        self.tell("frame", channel=channel, direction=direction, data=text)

    def rows(self) -> list[dict[str, object]]:
        """The requests in memory as plain objects, oldest first."""
        return [request.row() for request in self.requests]

    def flush(self) -> None:
        """Write what has gathered."""
        if self._file is None or not self._lines:
            return
        data = b"".join(self._lines)
        self._lines.clear()
        try:
            while data:
                data = data[self._file.write(data) :]
        except OSError:
            self._file.close()
            self._file = None

    def close(self) -> None:
        self.flush()
        if self._file is not None:
            self._file.close()
            self._file = None

    def _write(self, row: dict[str, object]) -> None:
        self._lines.append(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
        if len(self._lines) == 1:
            self._later(self.flush)


@lru_cache(maxsize=256)
def credentials(headers: tuple[str, ...]) -> tuple[str, ...]:
    """Which of the headers are credentials, in one spelling."""
    names = {name.upper().replace("-", "_") for name in headers}
    return tuple(sorted(name for name in names if name.startswith(AUTH_PREFIX)))


@lru_cache(maxsize=4)
def _ts(at_ms: int) -> str:
    """Several lines tell of one moment."""
    moment = datetime.fromtimestamp(at_ms / 1_000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
