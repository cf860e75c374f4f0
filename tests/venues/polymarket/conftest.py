"""A local exchange with an account of ours, without an engine."""

import pytest

from tests.exchange.conftest import trading
from tests.venues.polymarket.account import account


@pytest.fixture
async def floor():
    async with trading() as one:
        yield one


@pytest.fixture
async def ours(floor):
    """What listens to no user socket: only answers are told."""
    async with account(floor, listen=False) as one:
        yield one
