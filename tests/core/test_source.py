"""Where a book is read from: the socket while it is trusted, REST when it was not for a while."""

from types import SimpleNamespace

import pytest

from pmm.core.source import SOURCE, Source
from pmm.core.trust import FallbackLimits
from pmm.model import SECOND
from tests.core.test_compare import PAGE

AT = 1000 * SECOND


@pytest.fixture
def source():
    return Source(FallbackLimits(), since=AT)


def move(source, trigger):
    if trigger is not None:
        SOURCE.fire(source, trigger)
    return source.state


def test_a_trusted_book_is_read_from_the_socket_at_once(source):
    assert move(source, source.on_usable(AT, usable=True)) == "WEBSOCKET"
    assert move(source, source.on_usable(AT + 1, usable=False)) == "NONE"
    assert source.next_at(AT + 1) == AT + 1 + 5 * SECOND


def test_rest_is_not_asked_before_the_socket_was_sick_for_five_seconds(source):
    assert not source.wants_page(AT + 5 * SECOND - 1)
    assert source.on_page(AT + 5 * SECOND - 1, PAGE) is None
    assert source.wants_page(AT + 5 * SECOND)
    assert not source.wants_page(AT + 6 * SECOND - 1)
    assert source.wants_page(AT + 6 * SECOND)


def engaged(source, at=AT + 5 * SECOND):
    assert move(source, source.on_page(at, PAGE)) == "REST"
    assert source.book.best_bid == 4900
    return at


def test_the_socket_comes_back_after_thirty_healthy_seconds_without_a_break(source):
    at = engaged(source)
    source.on_usable(at, usable=True)
    assert source.overdue(at + 29 * SECOND) is None or source.overdue(at + 29 * SECOND) == "silent"
    source.on_usable(at + 29 * SECOND, usable=False)
    source.on_usable(at + 30 * SECOND, usable=True)
    source.on_page(at + 58 * SECOND, PAGE)
    assert source.overdue(at + 59 * SECOND) is None
    assert move(source, source.overdue(at + 60 * SECOND)) == "WEBSOCKET"


def test_rest_that_stops_answering_is_no_source(source):
    at = engaged(source)
    assert source.overdue(at + 5 * SECOND - 1) is None
    assert move(source, source.overdue(at + 5 * SECOND)) == "NONE"


def test_a_page_that_makes_no_sense_changes_nothing(source):
    odd = SimpleNamespace(tick=100, bids=(SimpleNamespace(price=4905, size=1),), asks=())
    assert source.on_page(AT + 9 * SECOND, odd) is None
    assert source.book is None
