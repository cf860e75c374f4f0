"""The request log: who asked for what, whether with credentials, and how it was answered.  One JSON object per line."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

import orjson

from pmm.errors import DiskError

# What is kept in memory; older requests are only in the file.
REQUESTS_MAX = 20_000
# Every header of an authenticated request begins so (protocol reference, section 2).
AUTH_PREFIX = "POLY_"


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """`auth_headers` names the credentials that came along, without their values."""

    ts: str
    method: str
    path: str
    query: str
    authenticated: bool
    auth_headers: list[str]
    status: int


class RequestLog:
    """Keeps the newest requests in memory and, with `file`, writes all of them there.

    Raises DiskError when the file cannot be opened.  A disk that fills later ends the file, not the exchange.
    """

    def __init__(self, file: Path | None = None) -> None:
        self.requests: deque[LoggedRequest] = deque(maxlen=REQUESTS_MAX)
        self.count = 0
        self._file: TextIO | None = None
        if file is not None:
            try:
                self._file = file.open("a", encoding="utf-8")
            except OSError as error:
                raise DiskError(f"cannot write the request log {file}: {error.strerror}") from error

    def add(self, method: str, path: str, query: str, headers: Iterable[str], status: int) -> None:
        """Record one answered request."""
        names = sorted({name.upper().replace("-", "_") for name in headers})
        auth = [name for name in names if name.startswith(AUTH_PREFIX)]
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        request = LoggedRequest(now, method, path, query, bool(auth), auth, status)
        self.requests.append(request)
        self.count += 1
        self._write(request)

    def rows(self) -> list[dict[str, object]]:
        """The requests in memory as plain objects, oldest first."""
        return [asdict(request) for request in self.requests]

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _write(self, request: LoggedRequest) -> None:
        if self._file is None:
            return
        try:
            self._file.write(orjson.dumps(asdict(request)).decode() + "\n")
            self._file.flush()
        except OSError:
            self._file = None
