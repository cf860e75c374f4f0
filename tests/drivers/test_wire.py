"""The wire of event time: what a perfect socket and perfect reads bring."""

import pytest

from pmm.commands import ReadBooks, Reconnect, Resubscribe
from pmm.drivers.wire import REST_LATENCY, Wire
from pmm.events import BookRead, FeedNews, FeedSignal, Frame
from tests.core.test_compare import PAGE
from tests.support.story import NO, START, YES


@pytest.fixture
def heard():
    return []


@pytest.fixture
def wire():
    return Wire(
        [YES, NO], lambda tokens: ",".join(tokens).encode(), lambda token: PAGE if token == YES else None, (0, 1)
    )


def test_a_socket_that_opens_is_answered_with_every_book(wire, heard):
    wire.open(1, START, heard.append)
    assert heard == [
        FeedSignal(START, 1, FeedNews.CONNECTING),
        FeedSignal(START, 1, FeedNews.OPENED),
        Frame(START, 1, f"{YES},{NO}".encode()),
    ]


def test_every_connection_hears_what_the_venue_says(wire, heard):
    wire.carry(Frame(START, 0, b"x"), heard.append)
    assert heard == [Frame(START, 0, b"x"), Frame(START, 1, b"x")]


def test_a_new_connection_says_why_the_old_one_closed(wire, heard):
    wire.reconnect(Reconnect(0, "frozen"), START, heard.append)
    assert heard[0] == FeedSignal(START, 0, FeedNews.CLOSED, "frozen")
    assert len(heard) == 4


def test_a_resubscription_is_answered_with_the_books_it_names(wire, heard):
    wire.resubscribe(Resubscribe(1, (NO,), "doubt"), START, heard.append)
    assert heard == [Frame(START, 1, NO.encode())]


def test_every_token_of_a_read_is_answered_a_little_later(wire, heard):
    wire.read(ReadBooks((YES, NO), "why"), START, heard.append)
    late = START + REST_LATENCY
    assert heard == [BookRead(late, START, YES, PAGE), BookRead(late, START, NO, None, "the read failed")]
