"""Whether a socket of the venue opens, without saying anything on it."""

from __future__ import annotations

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from pmm.errors import Unreachable

OPEN_SECONDS_MAX = 5.0


async def handshake(url: str) -> None:
    """Open a socket and close it again.  Raises Unreachable."""
    try:
        async with connect(url, open_timeout=OPEN_SECONDS_MAX, close_timeout=1.0, compression=None, proxy=None):
            return
    except TimeoutError as error:
        raise Unreachable(f"{url} does not open within {OPEN_SECONDS_MAX:g} s") from error
    except (OSError, WebSocketException) as error:
        raise Unreachable(f"{url} does not open: {error}") from error
