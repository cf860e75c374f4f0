"""One connection to a socket of the venue, from opening to closing, within limits."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

OPEN_TIMEOUT_S = 10.0
CLOSE_TIMEOUT_S = 1.0


async def talk(
    url: str,
    converse: Callable[[ClientConnection], Awaitable[str]],
    *,
    frame_bytes_max: int,
    logger: logging.Logger | None = None,
) -> str:
    """Connect and `converse`; returns why it ended: what `converse` says, or what the socket failed at.

    Nothing that was sent is in that text.  `logger` replaces the library's own.
    """
    try:
        async with connect(
            url,
            max_size=frame_bytes_max,
            compression=None,
            open_timeout=OPEN_TIMEOUT_S,
            close_timeout=CLOSE_TIMEOUT_S,
            proxy=None,
            logger=logger,
        ) as socket:
            return await converse(socket)
    except ConnectionClosed as error:
        return f"socket closed: {error}"
    except TimeoutError:
        return "connecting timed out"
    except (OSError, WebSocketException) as error:
        return f"cannot connect to {url}: {error}"
