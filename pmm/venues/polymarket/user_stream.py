"""The user socket: what happens to our own orders, as it happens.

It opens with the credentials in its first frame and counts as open once the venue has answered after that.  Nothing is
replayed after a reconnection and nothing is told in a sure order (protocol reference, section 5.5): fills are told
once, whoever brings them, and a message that cannot be read is told like a new opening, because something was missed.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import orjson
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from pmm.account import OrderStatus, OwnOrder
from pmm.errors import BadAnswer
from pmm.events import Canceled, Event, FeedNews, UserSignal
from pmm.model import Nanos
from pmm.ports import Emit
from pmm.venues.polymarket import account_pages, fields
from pmm.venues.polymarket.account_pages import Mine
from pmm.venues.polymarket.credentials import Credentials
from pmm.venues.polymarket.own_orders import OwnOrders
from pmm.venues.polymarket.rest import exact_json
from pmm.venues.polymarket.sockets import talk
from pmm.venues.polymarket.stream import PONG_LIMIT_S, Backoff, Dice

# One event is about a kilobyte; a trade with a hundred makers is 30.
FRAME_BYTES_MAX = 4 * 1024 * 1024
PING_S = 10.0
# An account has one socket that tells of its fills, so it comes back sooner than a market's would, and never gives up.
BACKOFF = Backoff(base=0.25, cap=10.0)
_CANCELLATION = "CANCELLATION"
# What a message means that names no status, as those of older pages of the venue do.
_MEANT = {
    "PLACEMENT": OrderStatus.LIVE.value,
    "UPDATE": OrderStatus.LIVE.value,
    _CANCELLATION: OrderStatus.CANCELED.value,
}
# At DEBUG the library writes every frame down, and the first one holds the secret: this logger never goes so far.
_QUIET = logging.getLogger("pmm.user_socket")
_QUIET.setLevel(logging.WARNING)


class UserStream:
    """Implements the `Service` port.  Give it the same `orders` as the gateway.

    `foreign` counts messages about orders of others on the account, `malformed` those that could not be read, and
    `fault` is why the last one could not.
    """

    def __init__(
        self,
        url: str,
        credentials: Callable[[], Credentials | None],
        orders: OwnOrders,
        mine: Mine,
        *,
        dice: Dice,
        backoff: Backoff = BACKOFF,
        ping: float = PING_S,
        pong_limit: float = PONG_LIMIT_S,
        clock: Callable[[], Nanos] = time.time_ns,
    ) -> None:
        """`credentials` are asked for at every opening; `ping` and `pong_limit` in seconds."""
        self.url = url
        self.foreign = 0
        self.malformed = 0
        self.fault = ""
        self._credentials = credentials
        self._orders = orders
        self._mine = mine
        self._dice = dice
        self._backoff = backoff
        self._ping = ping
        self._pong_limit = pong_limit
        self._clock = clock
        self._failures = 0
        self._open = False

    async def serve(self, emit: Emit) -> None:
        """Listen until cancelled, and come back for ever."""
        while True:
            self._signal(emit, FeedNews.CONNECTING)
            cause = await self._attempt(emit)
            self._open = False
            self._failures += 1
            self._signal(emit, FeedNews.CLOSED, cause)
            await asyncio.sleep(self._delay())

    def _delay(self) -> float:
        """Past the last attempt of the backoff it goes on with the longest delay."""
        within = min(self._failures, self._backoff.attempts - 1)
        delay = self._backoff.delay(within, self._dice)
        return self._backoff.cap if delay is None else delay

    async def _attempt(self, emit: Emit) -> str:
        """One connection from opening to closing; returns why it ended, without anything that was sent."""
        credentials = self._credentials()
        if credentials is None:
            return "there are no API credentials"

        async def opened(socket: ClientConnection) -> str:
            await socket.send(_opening(credentials))
            return await self._converse(socket, emit)

        return await talk(self.url, opened, frame_bytes_max=FRAME_BYTES_MAX, logger=_QUIET)

    async def _converse(self, socket: ClientConnection, emit: Emit) -> str:
        async with asyncio.TaskGroup() as group:
            beating = group.create_task(self._beat(socket))
            try:
                return await self._receive(socket, emit)
            finally:
                beating.cancel()

    async def _receive(self, socket: ClientConnection, emit: Emit) -> str:
        clock = asyncio.get_running_loop().time
        try:
            async with asyncio.timeout(self._pong_limit) as watch:
                while True:
                    data = await socket.recv(decode=False)
                    if not self._open:
                        self._open, self._failures = True, 0
                        self._signal(emit, FeedNews.OPENED)
                    if data == b"PONG":
                        watch.reschedule(clock() + self._pong_limit)
                    else:
                        self._take(data, emit)
        except TimeoutError:
            return f"no PONG for {self._pong_limit:g} s"
        except ConnectionClosed as error:
            return f"socket closed: {error}"

    async def _beat(self, socket: ClientConnection) -> None:
        """The first PING goes at once: its PONG says that the venue took the credentials."""
        try:
            while True:
                await socket.send("PING")
                await asyncio.sleep(self._ping)
        except ConnectionClosed:
            return

    # --- messages -------------------------------------------------------------------------------------------------

    def _take(self, data: bytes, emit: Emit) -> None:
        try:
            told = exact_json(data)
        except ValueError:
            self._odd("it is not JSON", emit)
            return
        for record in told if isinstance(told, list) else [told]:
            try:
                news = list(self._news(record))
            except BadAnswer as error:
                self._odd(error.message, emit)
            else:
                for event in news:
                    emit(event)

    def _news(self, record: object) -> Iterator[Event]:
        """What one message says of our orders.  Raises BadAnswer."""
        event = fields.record(record, "message")
        match event.get("event_type"):
            case "order":
                yield from self._order_news(event)
            case "trade":
                parts = account_pages.trade(event, self._mine)
                self.foreign += all(self._orders.order_id(part.venue_id) is None for part in parts)
                yield from self._orders.told(parts, self._clock())
            case kind:
                raise BadAnswer(f"{str(kind)[:40]!r} is no kind of message")

    def _order_news(self, event: fields.Record) -> Iterator[Event]:
        """An order is shown as it was at some time after it was sent: which one, the venue's time does not say."""
        kind = str(event.get("type")).upper()
        order = account_pages.order({"status": _MEANT.get(kind), **event})
        order_id = self._orders.order_id(order.venue_id)
        known = None if order_id is None else self._orders.get(order_id)
        if order_id is None or known is None:
            self.foreign += 1
            return
        now = self._clock()
        canceled = kind == _CANCELLATION
        shown = self._orders.shown(_canceled(order) if canceled else order, known.sent_at, now)
        if shown is not None:
            yield shown
        if canceled:
            yield Canceled(now, order_id, fields.optional_text(event, "status") or "")

    def _odd(self, cause: str, emit: Emit) -> None:
        """Whatever it said was missed, as if the socket had been closed."""
        self.malformed += 1
        self.fault = cause
        self._signal(emit, FeedNews.OPENED, f"a message could not be read: {cause}")

    def _signal(self, emit: Emit, news: FeedNews, cause: str = "") -> None:
        emit(UserSignal(self._clock(), news, cause))


def _canceled(order: OwnOrder) -> OwnOrder:
    """Some messages of a cancellation still say LIVE."""
    return replace(order, status=OrderStatus.CANCELED) if order.is_live else order


def _opening(credentials: Credentials) -> str:
    key, secret, passphrase = credentials.reveal()
    auth = {"apiKey": key, "secret": secret, "passphrase": passphrase}
    return orjson.dumps({"auth": auth, "type": "user"}).decode()
