"""A connection is opened anew rarely, and ever more rarely while that does not help."""

from types import SimpleNamespace

from pmm.core.resync import Reconnects
from pmm.core.trust import TrustLimits
from pmm.model import SECOND

AT = 1000 * SECOND


def reconnects_at(wanted_until, step=1):
    """The seconds at which a connection that is always wanted anew is opened."""
    reconnects, times = Reconnects(TrustLimits()), []
    for second in range(0, wanted_until, step):
        reconnects.want("a book is lost")
        if reconnects.take(AT + second * SECOND):
            times.append(second)
    return times


def test_it_happens_at_once_then_after_five_seconds_doubling_up_to_a_minute():
    assert reconnects_at(300) == [0, 5, 15, 35, 75, 135, 195, 255]


def test_after_a_quiet_minute_the_next_one_waits_for_five_seconds_again():
    reconnects = Reconnects(TrustLimits())
    for second in (0, 5, 15, 115):
        reconnects.want("once more")
        assert reconnects.take(AT + second * SECOND)
    assert reconnects.next_at == AT + 120 * SECOND


def test_the_first_cause_is_kept_while_it_has_to_wait():
    reconnects = Reconnects(TrustLimits())
    reconnects.want("first")
    assert reconnects.take(AT) == "first"
    reconnects.want("second")
    reconnects.want("third")
    assert reconnects.take(AT + 1) == ""
    assert reconnects.take(AT + 5 * SECOND) == "second"


def test_a_connection_that_came_back_by_itself_needs_none():
    reconnects = Reconnects(TrustLimits())
    reconnects.want("lost")
    reconnects.drop()
    assert reconnects.take(AT) == ""


def copies(*believed, known=True):
    return [SimpleNamespace(believed_at=AT + second * SECOND, known=known) for second in believed]


def test_after_a_reconnect_that_brought_every_book_back_the_next_one_waits_for_five_seconds_only():
    reconnects = Reconnects(TrustLimits())
    for second in (0, 5, 15):
        reconnects.want("a book is lost")
        assert reconnects.take(AT + second * SECOND)
    reconnects.judge(copies(16, 17))
    reconnects.want("lost again")
    assert reconnects.take(AT + 20 * SECOND - 1) == ""
    assert reconnects.take(AT + 20 * SECOND)
    reconnects.want("and again, without any book meanwhile")
    reconnects.judge(copies(16, 17))
    assert reconnects.take(AT + 25 * SECOND)
    reconnects.want("and again")
    assert reconnects.next_at == AT + 35 * SECOND


def test_a_reconnect_that_left_one_book_out_did_not_help_but_a_market_that_never_had_one_does_not_count():
    reconnects = Reconnects(TrustLimits())
    reconnects.want("a book is lost")
    assert reconnects.take(AT)
    reconnects.judge(copies(1, -1))
    assert not reconnects.helped
    reconnects.judge([*copies(1), *copies(-1, known=False)])
    assert reconnects.helped
