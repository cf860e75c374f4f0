"""Whoever interrupts a run twice does not wait for confirmations, and is told what may remain."""

from dataclasses import replace

import pytest

from pmm.errors import OrdersMayRemain
from pmm.events import Canceled, Operator
from pmm.model import SECOND
from tests.drivers.test_live import Mute, session

LONG = {"timer": 60 * SECOND, "stop_limit": 60 * SECOND}


async def test_the_second_interruption_ends_a_run_that_waits_for_its_cancels():
    with pytest.raises(ExceptionGroup) as caught:
        async with session(Mute(), **LONG) as (driver, _, wait):
            driver.interrupt("SIGINT received")
            await wait.until(lambda step: isinstance(step.event, Operator))
            driver.interrupt("SIGINT received")
    (error,) = caught.value.exceptions
    assert isinstance(error, OrdersMayRemain)
    assert error.message == "2 orders were not confirmed gone, a second time: SIGINT received"


async def test_where_no_order_may_remain_it_is_an_orderly_end_all_the_same():
    async with session(Mute(), **LONG) as (driver, _, wait):
        step = driver.engine.step
        driver.engine.step = lambda event: replace(step(event), done=False)  # a trade is still owed
        driver.interrupt("SIGINT received")
        await wait.until(lambda step: isinstance(step.event, Operator))
        for order in tuple(driver.engine.orders.open()):
            driver.emit(Canceled(order.created_at, order.order_id))
        driver.interrupt("SIGINT received")
    assert list(driver.engine.orders.open()) == []
