"""Credentials that the venue refuses are renewed, once and not in a loop."""

import asyncio

from multidict import CIMultiDict

from pmm.errors import Unreachable
from pmm.model import SECOND
from pmm.venues.polymarket.access import Access
from pmm.venues.polymarket.private import Answer, PrivateHttp
from tests.exchange.conftest import trading
from tests.venues.polymarket.account import account
from tests.venues.polymarket.test_account_pages import WALLET

NOW = 1_790_000_000 * SECOND


async def test_a_read_that_is_refused_is_sent_again_with_new_credentials():
    async with trading() as floor, account(floor, listen=False) as ours:
        await ours.harm("GET /data/orders", "fail", status=401, text="Unauthorized/Invalid api key")
        assert await ours.reads.open_orders() == ()
        assert (ours.access.renewals, ours.access.failure) == (1, "")


async def test_many_refusals_at_once_renew_once_and_a_failed_renewal_says_why():
    asked = []

    async def renew():
        asked.append(1)
        raise Unreachable("nobody there")

    class Refusing(PrivateHttp):
        async def call(self, *_, **__):
            return Answer(401, CIMultiDict(), b"{}", NOW, NOW)

    http = Refusing("http://127.0.0.1:1", WALLET, None, deadline=SECOND)
    access = Access(http, renew, clock=lambda: NOW)
    answers = await asyncio.gather(*(access.call("GET", "/x") for _ in range(5)))
    assert [answer.status for answer in answers] == [401] * 5
    assert (len(asked), access.renewals, access.failure) == (1, 0, "nobody there")
