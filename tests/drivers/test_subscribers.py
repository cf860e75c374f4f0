"""Slow callbacks: the side that puts never waits, what is lost is counted, and a full picture comes before the rest."""

import threading
import time

from pmm.drivers.subscribers import Resync, Subscriber

LIMIT_S = 5.0


class Slow:
    """A callback that takes nothing before the gate opens."""

    def __init__(self):
        self.gate = threading.Event()
        self.entered = threading.Event()
        self.got = []

    def __call__(self, item):
        self.entered.set()
        assert self.gate.wait(LIMIT_S)
        self.got.append(item)


def test_everything_arrives_in_order_when_the_callback_keeps_up():
    got = []
    subscriber = Subscriber(got.append, picture=dict)
    for number in range(1_000):
        subscriber.put([2 * number, 2 * number + 1])
    assert subscriber.close(LIMIT_S)
    assert got == list(range(2_000))
    assert (subscriber.lost, subscriber.overflows) == (0, 0)


def test_a_callback_that_does_not_keep_up_gets_a_full_picture_before_anything_newer():
    slow, world, losses = Slow(), {"size": 0}, []
    subscriber = Subscriber(slow, picture=lambda: dict(world), limit=10, on_overflow=losses.append)
    for number in range(35):
        world["size"] = number
        subscriber.put([number])
        if number == 0:
            assert slow.entered.wait(LIMIT_S)
    assert subscriber.waiting <= 10
    slow.gate.set()
    assert subscriber.close(LIMIT_S)
    first, resync, *newer = slow.got
    assert first == 0
    assert isinstance(resync, Resync)
    assert newer == list(range(resync.picture["size"] + 1, 35))
    assert resync.lost == subscriber.lost == sum(losses) == 35 - 1 - len(newer)
    assert subscriber.overflows == len(losses) == 3


def test_putting_never_waits_for_the_callback():
    slow = Slow()
    subscriber = Subscriber(slow, picture=dict, limit=100)
    began = time.monotonic()
    for number in range(100_000):
        subscriber.put([number])
    assert time.monotonic() - began < LIMIT_S - 1  # the callback would take for ever
    assert not subscriber.close(0.01)
    slow.gate.set()
    assert subscriber.close(LIMIT_S)


def test_the_loss_since_the_last_delivery_is_told_and_not_told_twice():
    slow = Slow()
    subscriber = Subscriber(slow, picture=dict, limit=1)
    for number in range(4):
        subscriber.put([number])
        assert slow.entered.wait(LIMIT_S)
    slow.gate.set()
    assert subscriber.close(LIMIT_S)
    assert sum(item.lost for item in slow.got if isinstance(item, Resync)) == subscriber.lost
    delivered = [item for item in slow.got if not isinstance(item, Resync)]
    assert len(delivered) + subscriber.lost == 4


def test_more_at_once_than_the_queue_holds_is_a_picture_too():
    got = []
    subscriber = Subscriber(got.append, picture=lambda: "all of it", limit=2)
    subscriber.put([1, 2, 3])
    assert subscriber.close(LIMIT_S)
    assert got == [Resync(3, "all of it")]


def test_a_callback_that_raises_is_over_and_says_so():
    failures = []

    def callback(item):
        raise BrokenPipeError(item)

    subscriber = Subscriber(callback, picture=dict, on_failure=failures.append)
    subscriber.put(["gone"])
    subscriber._thread.join(LIMIT_S)
    subscriber.put(["after"])
    assert failures == [subscriber.failure]
    assert isinstance(subscriber.failure, BrokenPipeError)
    assert subscriber.waiting == 0
    assert subscriber.close(0)
