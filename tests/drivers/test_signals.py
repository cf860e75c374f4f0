"""Signals end a run in order, inside and outside of asyncio, and leave no trace."""

import asyncio
import os
import signal

import pytest

from pmm.drivers.signals import NUMBERS, stop_signals


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_calls_stop_with_its_name(number):
    heard = []
    with stop_signals(heard.append):
        os.kill(os.getpid(), number)
    assert heard == [f"{number.name} received"]


async def test_inside_a_loop_stop_runs_in_the_loop():
    stopped = asyncio.Event()
    with stop_signals(lambda _: stopped.set()):
        os.kill(os.getpid(), signal.SIGTERM)
        async with asyncio.timeout(5):
            await stopped.wait()


def test_the_handlers_from_before_come_back():
    before = [signal.getsignal(number) for number in NUMBERS]
    with stop_signals(print):
        assert [signal.getsignal(number) for number in NUMBERS] != before
    assert [signal.getsignal(number) for number in NUMBERS] == before
