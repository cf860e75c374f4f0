"""Market data in event time: the socket and the REST reads between a simulated venue and the engine.

This one is perfect.  Whoever wants to see what a bot makes of a bad one overrides `carry`, `answer` or `read_page`:
every frame of the venue passes the first, every snapshot that was asked for the second, every REST read the third.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pmm.commands import ReadBooks, Reconnect, Resubscribe
from pmm.events import BookRead, FeedNews, FeedSignal, Frame
from pmm.model import MILLISECOND, BookPage, Nanos, TokenId
from pmm.ports import Emit

# A REST read is answered so long after it was asked for; the page shows the book of the moment of asking.
REST_LATENCY: Nanos = 50 * MILLISECOND


class Wire:
    """`dump` makes the frame of present books, `page` the REST form of one; `connections` carry the same tokens."""

    def __init__(
        self,
        tokens: Sequence[TokenId],
        dump: Callable[[Sequence[TokenId]], bytes],
        page: Callable[[TokenId], BookPage | None] = lambda _token: None,
        connections: Sequence[int] = (0,),
        rest_latency: Nanos = REST_LATENCY,
    ) -> None:
        self.tokens = tuple(tokens)
        self.connections = tuple(connections)
        self.rest_latency = rest_latency
        self._dump = dump
        self._page = page

    def open(self, connection: int, at: Nanos, emit: Emit) -> None:
        """A socket opens and is answered with every book."""
        emit(FeedSignal(at, connection, FeedNews.CONNECTING))
        emit(FeedSignal(at, connection, FeedNews.OPENED))
        self.answer(Frame(at, connection, self._dump(self.tokens)), emit)

    def carry(self, frame: Frame, emit: Emit) -> None:
        """The venue says something to everybody who listens."""
        for connection in self.connections:
            emit(Frame(frame.at, connection, frame.data))

    def answer(self, frame: Frame, emit: Emit) -> None:
        """The venue answers a subscription."""
        emit(frame)

    def read_page(self, token: TokenId, _at: Nanos) -> BookPage | None:
        """What a REST read that is asked for now will show; None for a failure."""
        return self._page(token)

    def reconnect(self, command: Reconnect, at: Nanos, emit: Emit) -> None:
        emit(FeedSignal(at, command.connection, FeedNews.CLOSED, command.cause))
        self.open(command.connection, at, emit)

    def resubscribe(self, command: Resubscribe, at: Nanos, emit: Emit) -> None:
        self.answer(Frame(at, command.connection, self._dump(command.tokens)), emit)

    def read(self, command: ReadBooks, at: Nanos, emit: Emit) -> None:
        for token in command.tokens:
            page = self.read_page(token, at)
            cause = "" if page else "the read failed"
            emit(BookRead(at + self.rest_latency, at, token, page, cause))
