"""Which orders score, what a day earned, and a service that asks: at a local exchange, and with answers by hand."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime

import pytest

from pmm.errors import BadAnswer
from pmm.events import Scored
from pmm.model import MILLISECOND, SECOND, USD
from pmm.venues.polymarket.account_reads import Unauthorized
from pmm.venues.polymarket.rest import Refused, VenueHttp
from pmm.venues.polymarket.reward_reads import ORDERS_AT_ONCE, RewardReads, ScoringCheck, rebates
from tests.exchange.conftest import DEMO
from tests.venues.polymarket.test_account_reads import WALLET, page, reads

DAY = date(2026, 11, 24)


def by_hand(*answers):
    http, account = reads(*answers)
    return http, RewardReads(http, account)


def row(earnings=1.25, **more):
    return {
        "date": "2026-11-24",
        "condition_id": "0x1",
        "asset_address": "0xc",
        "maker_address": WALLET,
        "earnings": earnings,
        "asset_rate": 1,
    } | more


async def both_sides(ours, *, bid="0.49", ask="0.51", size="100"):
    """The venue's ids of a bid on YES and one on NO, which rest within the terms of the demo market."""
    await ours.floor.place("BUY", "0.45", "1000")
    await ours.floor.place("SELL", "0.55", "1000")
    no_price = f"{1 - float(ask):.2f}"
    names = [await ours.rests("BUY", bid, size), await ours.rests("BUY", no_price, size, token=DEMO.no)]
    return names, [ours.venue_id(name) for name in names]


async def test_the_venue_is_asked_about_one_order_or_about_many(ours):
    told = RewardReads(ours.access, ours.reads)
    _, (bid, ask) = await both_sides(ours)
    small = ours.venue_id(await ours.rests("BUY", "0.48", "19"))
    assert await told.scoring([bid]) == {bid: True}
    assert await told.scoring([small]) == {small: False}
    assert await told.scoring([bid, ask, small, "0x" + "ab" * 32]) == {
        bid: True,
        ask: True,
        small: False,
        "0x" + "ab" * 32: False,
    }
    assert await told.scoring([]) == {}


async def test_our_share_now_is_a_part_of_one(ours):
    await both_sides(ours)
    assert await RewardReads(ours.access, ours.reads).shares() == {DEMO.condition_id: 1.0}


async def test_what_a_day_earned_is_what_the_exchange_pays(ours):
    await both_sides(ours)
    await ours.floor.advance(1_800)
    told = RewardReads(ours.access, ours.reads)
    today = datetime.fromtimestamp(ours.clock() // SECOND, UTC).date()
    (earned,) = await told.earned(today)
    assert (earned.date, earned.market) == (today.isoformat(), DEMO.condition_id)
    # 50 USD a day, all of it for us, for a sample in every minute.
    assert earned.money == pytest.approx(50 * USD * 30 / 1_440, abs=2 * 50 * USD / 1_440)
    assert await told.earned(date(2020, 1, 1)) == ()


async def test_rebates_of_a_wallet_are_public(ours):
    async with VenueHttp() as http:
        assert await rebates(http, ours.floor.exchange.urls["clob_url"], ours.address, DAY) == ()


async def test_a_read_is_for_our_wallet_and_reads_every_page():
    http, told = by_hand(page(row(), cursor="MTAw"), page(row(0.5, condition_id="0x2", asset_rate="2")))
    found = await told.earned(DAY)
    assert [(one.market, one.money) for one in found] == [("0x1", 1_250_000), ("0x2", USD)]
    path, params = http.asked[0]
    assert (path, params["date"], params["maker_address"]) == ("/rewards/user", "2026-11-24", WALLET.lower())
    assert http.asked[1][1]["next_cursor"] == "MTAw"


async def test_a_date_with_a_time_is_its_day_in_utc():
    _, told = by_hand(page(row(date="2026-11-24T00:00:00Z"), row(date="2026-11-24T23:30:00-02:00")))
    assert [one.date for one in await told.earned(DAY)] == ["2026-11-24", "2026-11-25"]


@pytest.mark.parametrize(
    "harm", [{"earnings": None}, {"earnings": "much"}, {"condition_id": ""}, {"date": None}, {"date": "yesterday"}]
)
async def test_what_cannot_be_read_is_an_error_and_no_earnings_of_nothing(harm):
    _, told = by_hand(page(row(**harm)))
    with pytest.raises(BadAnswer):
        await told.earned(DAY)


@pytest.mark.parametrize(
    ("answer", "error"), [((401, {"error": "no"}), Unauthorized), ((400, {"error": "no"}), Refused)]
)
async def test_a_refusal_is_an_error(answer, error):
    _, told = by_hand(answer)
    for ask in (told.earned(DAY), told.shares(), told.scoring(["0x1"]), told.scoring(["0x1", "0x2"])):
        with pytest.raises(error):
            await ask


async def test_an_answer_that_is_neither_yes_nor_no_is_an_error():
    _, told = by_hand({"scoring": "maybe"})
    with pytest.raises(BadAnswer, match="neither"):
        await told.scoring(["0x1"])


async def test_many_orders_are_asked_about_in_several_requests():
    names = [f"0x{number}" for number in range(ORDERS_AT_ONCE + 1)]
    http, told = by_hand(dict.fromkeys(names[:ORDERS_AT_ONCE], True), {names[-1]: False})
    found = await told.scoring(names)
    assert (len(http.asked), sum(found.values()), found[names[-1]]) == (2, ORDERS_AT_ONCE, False)


# --- the service ------------------------------------------------------------------------------------------------------


async def checked(ours, *, pays=lambda _: True):
    """What the service tells first."""
    told = RewardReads(ours.access, ours.reads)
    check = ScoringCheck(told, ours.orders, pays, interval=MILLISECOND, clock=ours.clock)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(check.serve(ours.told))
        await ours.told.until(lambda: ours.told.of(Scored))
        task.cancel()
    return ours.told.of(Scored)[0]


async def test_the_service_tells_by_our_ids_which_orders_score(ours):
    names, _ = await both_sides(ours)
    small = await ours.rests("BUY", "0.48", "19")
    await ours.floor.advance(1)
    told = await checked(ours)
    assert dict(told.orders) == {names[0]: True, names[1]: True, small: False}
    assert (told.failed, told.shares) == ("", ((DEMO.condition_id, 1.0),))


async def test_a_failed_read_is_told_as_one(ours):
    await both_sides(ours)
    await ours.floor.advance(1)
    await ours.harm("POST /orders-scoring", "fail", status=500, text="no", times=None)
    told = await checked(ours)
    assert (told.orders, "500" in told.failed) == ((), True)


async def test_nobody_is_asked_about_markets_that_pay_nothing(ours):
    await both_sides(ours)
    await ours.floor.advance(1)
    check = ScoringCheck(
        RewardReads(ours.access, ours.reads), ours.orders, lambda _: False, interval=MILLISECOND, clock=ours.clock
    )
    assert await check._ask() is None
