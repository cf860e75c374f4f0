"""Reads of an account: whole answers or errors, never an empty list in place of one."""

import orjson
import pytest
from multidict import CIMultiDict

from pmm.account import Origin, TradeStatus
from pmm.errors import BadAnswer, Unreachable
from pmm.events import Accepted
from pmm.model import SECOND, SHARE, USD, Side
from pmm.venues.polymarket.account_reads import PAGES_MAX, AccountReads, Unauthorized, positions
from pmm.venues.polymarket.private import Answer, NoAnswer
from pmm.venues.polymarket.rest import Overloaded, Refused, VenueHttp
from tests.exchange.conftest import DEMO, trading
from tests.venues.polymarket.account import account
from tests.venues.polymarket.test_account_pages import OURS, WALLET, leg, order, trade

NOW = 1_790_000_000 * SECOND


class Pages:
    """Answers each call with the next of its answers, and the last one for ever."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []

    async def call(self, method, path, body=b"", params=(), deadline=None):
        self.asked.append((path, dict(params)))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        status, told = answer if isinstance(answer, tuple) else (200, answer)
        return Answer(status, CIMultiDict(), told if isinstance(told, bytes) else orjson.dumps(told), NOW, NOW)


def page(*records, cursor="LTE="):
    return {"limit": 100, "count": len(records), "next_cursor": cursor, "data": list(records)}


def reads(*answers):
    http = Pages(*answers)
    return http, AccountReads(http, WALLET)


async def test_every_page_is_read_and_an_order_that_moved_to_the_next_one_is_one():
    other = order(id="0x" + "b" * 64)
    http, one = reads(page(order(), cursor="MTAw"), page(order(), other))
    assert [found.venue_id for found in await one.open_orders()] == [OURS, "0x" + "b" * 64]
    assert http.asked == [("/data/orders", {}), ("/data/orders", {"next_cursor": "MTAw"})]


@pytest.mark.parametrize("cursor", ["LTE=", "", None])
async def test_the_last_page_may_say_so_in_three_ways(cursor):
    _, one = reads(page(order(), cursor=cursor))
    assert len(await one.open_orders()) == 1


async def test_pages_that_lead_in_a_circle_are_an_error():
    _, one = reads(page(cursor="a"), page(cursor="b"), page(cursor="a"))
    with pytest.raises(BadAnswer, match="back"):
        await one.open_orders()


async def test_pages_that_never_end_are_an_error():
    _, one = reads(*(page(cursor=str(number)) for number in range(1, PAGES_MAX + 2)))
    with pytest.raises(BadAnswer, match="more than"):
        await one.open_orders()


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((500, {"error": "no"}), Overloaded),
        ((429, {"error": "no"}), Overloaded),
        ((503, b"<html>"), Overloaded),
        ((401, {"error": "Unauthorized/Invalid api key"}), Unauthorized),
        ((400, {"error": "invalid order params payload"}), Refused),
        ((404, {"error": "not found"}), Refused),
        ((200, b"<html>"), BadAnswer),
        ((200, []), BadAnswer),
        ((200, {"data": None}), BadAnswer),
        ((200, page({"id": "0x1"})), BadAnswer),
        ((200, None), BadAnswer),
        (NoAnswer("no answer"), Unreachable),
    ],
)
async def test_a_page_that_fails_makes_the_whole_list_fail(answer, error):
    _, one = reads(page(order(), cursor="MTAw"), answer)
    with pytest.raises(error):
        await one.open_orders()
    _, one = reads(page(trade(leg()), cursor="MTAw"), answer)
    with pytest.raises(error):
        await one.trades()


async def test_an_order_that_the_venue_does_not_know_is_none():
    assert await reads((404, {"error": "Order not found"}))[1].order(OURS) is None
    assert await reads((200, None))[1].order(OURS) is None


@pytest.mark.parametrize("answer", [(404, b"<html>"), (404, {}), (403, b"<html>"), (500, {"error": "not found"})])
async def test_a_page_of_somebody_in_between_says_nothing_about_an_order(answer):
    with pytest.raises((Refused, Overloaded)):
        await reads(answer)[1].order(OURS)


async def test_trades_are_asked_for_from_the_second_before_and_each_part_comes_once():
    http, one = reads(page(trade(leg()), trade(leg(), status="MINED")))
    [part] = await one.trades(NOW + 999, "0xd")
    assert http.asked == [("/data/trades", {"market": "0xd", "after": str(NOW // SECOND - 1)})]
    assert (part.venue_id, part.maker) == (OURS, True)


async def test_shares_of_both_protocols_are_asked_for_in_their_own_words():
    position = str(1 << 248 | 7 << 120)
    http, one = reads({"balance": "5000000", "allowances": {"0xE1": "7"}})
    told = await one.balances(["71", position, "71"])
    assert (told.cash, told.shares, told.allowances) == (5 * USD, {"71": 5 * SHARE, position: 5 * SHARE}, {"0xE1": 7})
    assert [asked["asset_type"] for _, asked in http.asked] == ["COLLATERAL", "CONDITIONAL", "CONDITIONAL-V2"]


async def test_a_balance_that_fails_makes_all_of_them_fail():
    good = {"balance": "5", "allowances": {}}
    _, one = reads(good, good, (500, {"error": "no"}), good)
    with pytest.raises(Overloaded):
        await one.balances(["71", "72", "73"])


async def test_an_account_is_read_at_the_local_exchange():
    async with trading() as floor, account(floor, listen=False) as ours:
        order_id = await ours.rests("BUY", "0.40", "10")
        await floor.place("SELL", "0.40", "6")
        [resting] = await ours.reads.open_orders()
        assert (resting.venue_id, resting.matched, resting.remaining) == (
            ours.venue_id(order_id),
            6 * SHARE,
            4 * SHARE,
        )
        assert resting.origin is Origin.FOREIGN
        [traded] = await ours.reads.trades()
        assert (traded.side, traded.token, traded.size, traded.status) == (
            Side.BUY,
            DEMO.yes,
            6 * SHARE,
            TradeStatus.MATCHED,
        )
        await floor.advance(60)
        balances = await ours.reads.balances([DEMO.yes, DEMO.no])
        assert balances.shares == {DEMO.yes: 6 * SHARE, DEMO.no: 0}
        async with VenueHttp() as http:
            [held] = await positions(http, floor.exchange.urls["data_url"], ours.address)
        assert (held.token, held.size, held.cost) == (DEMO.yes, 6 * SHARE, 4_000)


async def test_hundreds_of_orders_come_on_several_pages():
    async with trading() as floor, account(floor, listen=False) as ours:
        for number in range(1, 10):
            ours.place_all([("BUY", "0.10", "5")] * 60)
            await ours.told.until(lambda: len(ours.told.of(Accepted)) == 60 * number)  # noqa: B023 - awaited here
            floor.exchange.clock.set(floor.exchange.clock.now() + 2 * SECOND)
        assert len(await ours.reads.open_orders()) == 540
