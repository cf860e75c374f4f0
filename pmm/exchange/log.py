"""The log of the exchange, one JSON object per line: every request with its answer, every frame, every change of state.

All times are the venue's own, so one seed and one script write the same log.  A checker needs nothing but the file.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

import orjson

from pmm.errors import DiskError
from pmm.model import SECOND, Nanos

# What is kept in memory; older requests are only in the file.
REQUESTS_MAX = 20_000
# Longer bodies and answers are cut in the log; orders, trades and balances are far shorter.
TEXT_MAX = 65_536
# Every header of an authenticated request begins so (protocol reference, section 2).
AUTH_PREFIX = "POLY_"


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """`auth_headers` names the credentials that came along, without their values; `at_ns` is the venue's time.

    `body` and `answer` are kept for requests with credentials, except those that make keys.  `harm` is the fault that
    the request met.
    """

    ts: str
    at_ns: Nanos
    method: str
    path: str
    query: str
    authenticated: bool
    auth_headers: list[str]
    status: int
    body: str = ""
    answer: str = ""
    harm: str = ""
    kind: str = "request"


class RequestLog:
    """Keeps the newest requests in memory and, with `file`, writes all of them and everything else there.

    `now` is the venue's clock.  Raises DiskError when the file cannot be opened.  A disk that fills later ends the
    file, not the exchange.
    """

    def __init__(self, file: Path | None = None, now: Callable[[], Nanos] = lambda: 0) -> None:
        self.requests: deque[LoggedRequest] = deque(maxlen=REQUESTS_MAX)
        self.count = 0
        self._now = now
        self._file: TextIO | None = None
        if file is not None:
            try:
                self._file = file.open("a", encoding="utf-8")
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
        names = {name.upper().replace("-", "_") for name in headers}
        auth = sorted(name for name in names if name.startswith(AUTH_PREFIX))
        private = bool(auth) and "/auth/" not in path
        request = LoggedRequest(
            self._ts(),
            self._now(),
            method,
            path,
            query,
            bool(auth),
            auth,
            status,
            _text(body) if private else "",
            _text(answer) if private else "",
            harm,
        )
        self.requests.append(request)
        self.count += 1
        if self.written:
            self._write(asdict(request))

    def tell(self, kind: str, **fields: object) -> None:
        """Write a line of another kind: a frame, an order event, a trade event, a fault."""
        if self.written:
            self._write({"ts": self._ts(), "at_ns": self._now(), "kind": kind, **fields})

    def frame(self, channel: str, direction: str, data: bytes) -> None:
        """Write a frame of a socket, without the secrets that open a user socket."""
        if not self.written:
            return
        text = _text(data)
        if direction == "received" and '"auth"' in text:
            text = "(credentials)"
        self.tell("frame", channel=channel, direction=direction, data=text)

    def rows(self) -> list[dict[str, object]]:
        """The requests in memory as plain objects, oldest first."""
        return [asdict(request) for request in self.requests]

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _ts(self) -> str:
        moment = datetime.fromtimestamp(self._now() / SECOND, UTC)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def _write(self, row: dict[str, object]) -> None:
        if self._file is None:
            return
        try:
            self._file.write(orjson.dumps(row).decode() + "\n")
            self._file.flush()
        except OSError:
            self._file = None


def _text(data: bytes) -> str:
    return data[:TEXT_MAX].decode("utf-8", "replace")
