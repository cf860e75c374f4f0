"""The gateway at a local exchange: what is sent, when it is not, and what is told about it."""

import asyncio
import logging
from dataclasses import replace

import pytest

from pmm.account import OrderStatus
from pmm.commands import StopHeartbeat
from pmm.events import (
    Accepted,
    Adopted,
    Canceled,
    CancelRejected,
    FeedNews,
    Filled,
    Frame,
    MarketListed,
    Operator,
    OrderMissing,
    OrderShown,
    Reading,
    Rejected,
    Settled,
    Unanswered,
    UserSignal,
    VenueNews,
    VenueStatus,
)
from pmm.model import SECOND, SHARE
from pmm.venues.polymarket.gateway import NEVER, PolymarketGateway
from pmm.venues.polymarket.market_facts import MarketFacts
from tests.exchange.conftest import DEMO, trading
from tests.venues.polymarket.account import LIMIT_S, MARKER, Notes, account


@pytest.fixture
async def floor():
    async with trading() as one:
        yield one


@pytest.fixture
async def ours(floor):
    async with account(floor, listen=False) as one:
        yield one


async def requests(floor, *paths):
    """How often each path was asked for."""
    log = await floor.control("/requests", method="GET")
    return [sum(f"{one['method']} {one['path']}" == path for one in log["requests"]) for path in paths]


async def test_an_order_is_written_down_before_it_is_sent_and_known_by_its_hash(ours):
    order_id = await ours.rests("BUY", "0.40", "10")
    [intent] = ours.notes.written
    assert (intent.order_id, intent.price, intent.size) == (order_id, 4_000, 10 * SHARE)
    assert ours.at_venue(order_id).price == 4_000
    assert ours.resting() == 1


async def test_the_orders_of_a_step_go_in_requests_of_fifteen(ours, floor):
    order_ids = ours.place_all([("BUY", f"0.{10 + number}", "10") for number in range(20)])
    await ours.told.until(lambda: len(ours.told.of(Accepted)) == 20)
    assert {event.order_id for event in ours.told.of(Accepted)} == set(order_ids)
    assert await requests(floor, "POST /orders", "POST /order") == [2, 0]
    assert ours.resting() == 20


async def test_a_single_order_goes_alone(ours, floor):
    await ours.rests()
    assert await requests(floor, "POST /orders", "POST /order") == [0, 1]


async def test_a_decision_that_is_too_old_is_not_sent(ours, floor):
    [order_id] = ours.place_all([("BUY", "0.40", "10")], at=ours.clock() - SECOND - 1)
    assert (await ours.told.one(Rejected, order_id=order_id)).reason == "too old to send"
    assert ours.notes.written == []
    assert await requests(floor, "POST /order") == [0]


async def test_a_disk_that_is_slow_makes_a_decision_too_old(ours, floor):
    ours.notes.hook = lambda: floor.exchange.clock.set(floor.exchange.clock.now() + 2 * SECOND)
    order_id = ours.place()
    assert (await ours.told.one(Rejected, order_id=order_id)).reason == "too old to send"
    assert await requests(floor, "POST /order") == [0]


async def test_without_a_disk_nothing_is_sent_and_quoting_ends(ours, floor):
    ours.notes.broken = "the disk is full"
    first, second = ours.place_all([("BUY", "0.40", "10"), ("BUY", "0.41", "10")])
    assert (await ours.told.one(Rejected, order_id=second)).reason == "not sent: the disk is full"
    assert ours.told.of(Rejected, order_id=first)
    assert "the disk is full" in (await ours.told.one(Operator)).reason
    assert ours.gateway.failure is not None
    assert await requests(floor, "POST /orders") == [0]


async def test_cancels_go_on_without_a_disk(ours):
    order_id = await ours.rests()
    ours.notes.broken = "the disk is full"
    ours.cancel(order_id)
    await ours.told.one(Canceled, order_id=order_id)


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        (("BUY", "0.405", "10"), "tick"),
        (("BUY", "0.40", "1"), "below the least"),
        (("BUY", "0.40", "10.001"), "decimals"),
        (("BUY", "0.40", "9000"), "more than one order may be"),
    ],
)
async def test_what_the_signer_refuses_is_not_sent(ours, floor, terms, words):
    order_id = ours.place(*terms)
    assert words in (await ours.told.one(Rejected, order_id=order_id)).reason
    assert ours.notes.written == []
    assert await requests(floor, "POST /order") == [0]


async def test_one_refused_order_does_not_keep_the_others(ours):
    bad, good = ours.place_all([("BUY", "0.405", "10"), ("BUY", "0.40", "10")])
    await ours.told.one(Rejected, order_id=bad)
    await ours.told.one(Accepted, order_id=good)


async def test_a_market_that_was_never_listed_is_not_traded(ours):
    order_id = ours.place(market=replace(DEMO, condition_id="0x" + "e" * 64))
    assert (await ours.told.one(Rejected, order_id=order_id)).reason == "its market is not known"


async def test_a_price_step_of_the_socket_holds_at_once(ours, floor):
    await floor.control("/venue/tick", {"tick": "0.001"})
    frame = f'[{{"event_type":"tick_size_change","market":"{DEMO.condition_id}","new_tick_size":"0.001"}}]'
    ours.gateway.observe(Frame(ours.clock(), 0, frame.encode()), ours.told)
    await ours.rests("BUY", "0.405", "10")


@pytest.mark.parametrize("frame", [b'{"tick_size_change"', b'["tick_size_change"]', b'"tick_size_change"'])
def test_a_frame_that_cannot_be_read_changes_no_market(frame):
    facts = MarketFacts()
    facts.observe(MarketListed(0, DEMO))
    facts.observe(Frame(0, 0, frame))
    assert facts.get(DEMO.condition_id) == DEMO


async def test_a_refusal_keeps_the_words_of_the_venue_and_is_over_in_the_log(ours, floor):
    await floor.place("SELL", "0.50")
    order_id = ours.place("BUY", "0.55", "10")
    assert "crosses book" in (await ours.told.one(Rejected, order_id=order_id)).reason
    await ours.notes.until_closed([order_id])


async def test_a_cancel_of_one_and_of_many(ours, floor):
    order_ids = ours.place_all([("BUY", f"0.{10 + number}", "10") for number in range(4)])
    await ours.told.until(lambda: len(ours.told.of(Accepted)) == 4)
    ours.cancel(order_ids[0])
    await ours.told.one(Canceled, order_id=order_ids[0])
    ours.cancel(*order_ids[1:])
    await ours.told.until(lambda: len(ours.told.of(Canceled)) == 4)
    assert await requests(floor, "DELETE /order", "DELETE /orders") == [1, 1]
    assert ours.resting() == 0


async def test_a_cancel_that_is_refused_says_why(ours):
    order_id = await ours.rests()
    ours.cancel(order_id)
    await ours.told.one(Canceled, order_id=order_id)
    ours.cancel(order_id)
    assert (await ours.told.one(CancelRejected, order_id=order_id)).reason == "Order already canceled"


async def test_a_cancel_of_an_order_that_nobody_knows_is_not_sent(ours, floor):
    ours.cancel("live-t-99")
    assert "does not know" in (await ours.told.one(Unanswered, order_id="live-t-99")).cause
    assert await requests(floor, "DELETE /order") == [0]


@pytest.mark.parametrize("harm", ["cut", "lose", "fail", "fail_done"])
async def test_a_cancel_without_an_answer_leaves_the_order_in_doubt(ours, harm):
    order_id = await ours.rests()
    await ours.harm("DELETE /order", harm, times=2)  # the library sends a cancel again when its connection was lost
    ours.cancel(order_id)
    await ours.told.one(Unanswered, order_id=order_id)
    assert not ours.told.of(Canceled)


async def test_cancels_that_hang_do_not_hold_up_a_cancel_of_everything(floor):
    async with account(floor, listen=False, deadline_ms=5_000) as ours:
        order_ids = ours.place_all([("BUY", f"0.{10 + number}", "10") for number in range(12)])
        await ours.told.until(lambda: len(ours.told.of(Accepted)) == 12)
        await ours.harm("DELETE /order", "answer_late", seconds=60, times=None)
        for order_id in order_ids:
            ours.cancel(order_id)
            await asyncio.sleep(0)
        ours.cancel_all()
        async with asyncio.timeout(4):
            while ours.resting():
                await ours.told.until(lambda: ours.told.of(Canceled))
        await floor.control("/faults/clear", {})
        await floor.advance(61)


async def test_an_order_that_waits_is_withdrawn_without_a_word_to_the_venue(floor):
    async with account(floor, listen=False, serve=False) as ours:
        order_id = ours.place()
        ours.cancel(order_id)
        async with asyncio.TaskGroup() as group:
            task = group.create_task(ours.gateway.serve(ours.told))
            event = await ours.told.one(Rejected, order_id=order_id)
            task.cancel()
        assert event.reason == "canceled before it was sent"
        assert await requests(floor, "POST /order", "DELETE /order") == [0, 0]


async def test_a_kill_stops_orders_that_are_being_written_down(ours, floor):
    ours.notes.hook = ours.cancel_all
    order_id = ours.place()
    assert (await ours.told.one(Rejected, order_id=order_id)).reason == "canceled before it was sent"
    assert await requests(floor, "POST /order") == [0]


async def test_a_kill_stops_what_would_be_sent_again(floor):
    async with account(floor, listen=False) as ours:
        await ours.harm("POST /order", "lose")
        order_id = ours.place()
        await ours.told.one(Unanswered, order_id=order_id)
        ours.repost(order_id)
        ours.cancel_all()
        await ours.told.until(lambda: len(ours.told.of(Unanswered)) == 2)
        assert ours.told.of(Unanswered)[1].cause == "not sent again: canceled before it was sent"
        assert await requests(floor, "POST /order") == [1]


async def test_an_order_in_doubt_that_is_canceled_is_not_sent_again_and_canceled_at_the_venue(floor):
    async with account(floor, listen=False) as ours:
        await ours.harm("POST /order", "cut")
        order_id = ours.place()
        await ours.told.one(Unanswered, order_id=order_id)
        ours.repost(order_id)
        ours.cancel(order_id)
        await ours.told.one(Canceled, order_id=order_id)
        assert await requests(floor, "POST /order", "DELETE /order") == [1, 1]


async def test_a_cancel_of_everything_tells_which_of_ours_went(ours, floor):
    order_ids = ours.place_all([("BUY", f"0.{10 + number}", "10") for number in range(3)])
    await ours.told.until(lambda: len(ours.told.of(Accepted)) == 3)
    await floor.control("/accounts/order", {"account": ours.address, "side": "BUY", "price": "0.2", "size": "10"})
    ours.cancel_all()
    await ours.told.until(lambda: len(ours.told.of(Canceled)) == 3)
    assert {event.order_id for event in ours.told.of(Canceled)} == set(order_ids)
    assert ours.resting() == 0


async def test_an_order_beyond_the_deadline_is_in_doubt_and_the_same_bytes_are_a_duplicate(floor):
    async with account(floor, listen=False, deadline_ms=800) as ours:
        await ours.harm("POST /order", "answer_late", seconds=30)
        order_id = ours.place()
        assert "no answer within" in (await ours.told.one(Unanswered, order_id=order_id)).cause
        assert ours.resting() == 1
        ours.repost(order_id)
        await ours.told.one(Accepted, order_id=order_id)
        assert ours.resting() == 1
        await floor.advance(31)


@pytest.mark.parametrize(("harm", "rests"), [("cut", 1), ("lose", 0), ("fail_done", 1), ("fail", 0), ("park", 0)])
async def test_no_answer_is_doubt_whether_the_order_rests_or_not(ours, harm, rests):
    await ours.harm("POST /order", harm)
    order_id = ours.place()
    await ours.told.one(Unanswered, order_id=order_id)
    assert not ours.told.of(Accepted, Rejected)
    if harm != "park":
        assert ours.resting() == rests
    ours.repost(order_id)
    await ours.told.one(Accepted, order_id=order_id)
    assert ours.resting() == 1


async def test_a_refusal_of_the_same_bytes_proves_nothing(ours, floor):
    await ours.harm("POST /order", "fail")
    order_id = ours.place("BUY", "0.40", "10")
    await ours.told.one(Unanswered, order_id=order_id)
    await floor.place("SELL", "0.40")
    ours.repost(order_id)
    await ours.told.until(lambda: len(ours.told.of(Unanswered, order_id=order_id)) == 2)
    assert "crosses book" in ours.told.of(Unanswered)[-1].cause


async def test_the_bytes_of_an_order_that_nobody_knows_cannot_be_sent_again(ours):
    ours.repost("live-t-99")
    assert "not known" in (await ours.told.one(Unanswered, order_id="live-t-99")).cause


async def test_a_venue_that_cannot_be_reached_has_not_got_the_order(ours):
    ours.access.http.base_url = "http://127.0.0.1:1"
    order_id = ours.place()
    assert (await ours.told.one(Rejected, order_id=order_id)).reason.startswith("not sent: ")


async def test_a_restart_is_told_and_leaves_orders_in_doubt(ours, floor):
    await floor.control("/venue/mode", {"mode": "restarting"})
    order_id = ours.place()
    assert (await ours.told.one(VenueNews)).status is VenueStatus.RESTARTING
    await ours.told.one(Unanswered, order_id=order_id)
    await floor.control("/venue/mode", {"mode": "post-only"})
    ours.repost(order_id)
    await ours.told.one(Accepted, order_id=order_id)


@pytest.mark.parametrize(
    ("mode", "status"), [("cancel-only", VenueStatus.CANCEL_ONLY), ("disabled", VenueStatus.DISABLED)]
)
async def test_a_venue_that_takes_no_orders_says_so(ours, floor, mode, status):
    await floor.control("/venue/mode", {"mode": mode})
    ours.place()
    assert (await ours.told.one(VenueNews)).status is status


@pytest.mark.parametrize("harm", ["shuffle", "short"])
async def test_a_batch_is_told_apart_by_hash(ours, harm):
    await ours.harm("POST /orders", harm)
    order_ids = ours.place_all([("BUY", f"0.{10 + number}", "10") for number in range(5)])
    await ours.told.until(lambda: len(ours.told.of(Accepted, Unanswered)) == 5)
    assert len(ours.told.of(Unanswered)) == (1 if harm == "short" else 0)
    for event in ours.told.of(Accepted):
        assert ours.at_venue(event.order_id).price == ours.orders.get(event.order_id).intent.price
    assert ours.resting() == len(order_ids)


async def test_some_of_a_batch_fail_in_doubt_and_the_others_rest(ours):
    await ours.harm("POST /orders", "partial", entries=2)
    ours.place_all([("BUY", f"0.{10 + number}", "10") for number in range(5)])
    await ours.told.until(lambda: len(ours.told.of(Accepted, Unanswered, Rejected)) == 5)
    assert len(ours.told.of(Unanswered)) == 2
    assert all(ours.at_venue(event.order_id) is None for event in ours.told.of(Unanswered))


async def test_some_of_a_batch_are_refused_in_words(ours, floor):
    await floor.place("SELL", "0.50")
    good, bad = ours.place_all([("BUY", "0.40", "10"), ("BUY", "0.55", "10")])
    await ours.told.one(Accepted, order_id=good)
    assert "crosses book" in (await ours.told.one(Rejected, order_id=bad)).reason


async def test_the_buckets_of_the_signer_are_never_overdrawn(ours, floor):
    await floor.control("/switches", {"enforce_limits": True})
    ours.place_all([("BUY", f"0.{10 + number}", "10") for number in range(75)])
    await ours.told.until(lambda: len(ours.told.of(Accepted)) == 60)
    floor.exchange.clock.set(floor.exchange.clock.now() + SECOND // 2)
    await ours.told.until(lambda: len(ours.told.of(Accepted)) == 75)
    assert not ours.told.of(Rejected, Unanswered)


async def test_401_makes_new_credentials_once_and_orders_go_on(ours, floor):
    await ours.harm("POST /order", "fail", status=401, text="Unauthorized/Invalid api key")
    order_id = ours.place()
    await ours.told.one(Rejected, order_id=order_id)
    assert ours.access.renewals == 1
    await ours.rests()
    await ours.harm("POST /order", "fail", status=401, text="Unauthorized/Invalid api key")
    await ours.told.one(Rejected, order_id=ours.place())
    assert ours.access.renewals == 1


async def test_a_balance_that_is_said_to_be_too_small_is_refreshed_once(ours, floor):
    asked, refresh = asyncio.Event(), ours.reads.refresh_balance

    async def counted(token):
        await refresh(token)
        asked.set()

    ours.reads.refresh_balance = counted
    await ours.harm("POST /order", "fail", status=400, text="not enough balance / allowance", times=3)
    for _ in range(3):
        order_id = ours.place()
        await ours.told.one(Rejected, order_id=order_id)
    async with asyncio.timeout(LIMIT_S):
        await asked.wait()
    assert await requests(floor, "GET /balance-allowance/update") == [1]


async def test_an_order_is_asked_for_with_its_trades(ours, floor):
    order_id = await ours.rests("BUY", "0.40", "10")
    await floor.place("SELL", "0.40", "6")
    ours.query(order_id)
    shown = await ours.told.one(OrderShown, order_id=order_id)
    assert (shown.status, shown.matched) == (OrderStatus.LIVE, 6 * SHARE)
    fill = await ours.told.one(Filled, order_id=order_id)
    assert (fill.price, fill.size) == (4_000, 6 * SHARE)
    assert ours.told.events.index(fill) < ours.told.events.index(shown)


async def test_an_order_that_the_venue_does_not_know_is_missing_in_that_read(ours):
    await ours.harm("POST /order", "lose")
    order_id = ours.place()
    await ours.told.one(Unanswered, order_id=order_id)
    ours.query(order_id)
    missing = await ours.told.one(OrderMissing, order_id=order_id)
    assert (missing.reading, missing.asked_at) == (Reading.ORDER, ours.clock())


async def test_a_query_that_fails_is_not_answered(ours):
    order_id = await ours.rests()
    failed, order = asyncio.Event(), ours.reads.order

    async def noted(venue_id):
        try:
            return await order(venue_id)
        finally:
            failed.set()

    ours.reads.order = noted
    await ours.harm("GET /data/order/*", "fail")
    ours.query(order_id)
    async with asyncio.timeout(LIMIT_S):
        await failed.wait()
    ours.query(order_id)
    await ours.told.one(OrderShown)
    assert not ours.told.of(OrderMissing)


async def test_the_account_is_read_with_fills_before_orders_and_orders_before_the_end(ours, floor):
    filled = await ours.rests("BUY", "0.40", "10")
    resting = await ours.rests("BUY", "0.30", "10")
    await floor.place("SELL", "0.40", "10")
    await floor.control("/accounts/order", {"account": ours.address, "side": "BUY", "price": "0.2", "size": "10"})
    floor.exchange.clock.set(floor.exchange.clock.now() + 1)
    read = await ours.read(balances=True)
    assert [order.price for order in read.foreign] == [2_000]
    assert (await ours.told.one(Filled)).order_id == filled
    assert [event.order_id for event in ours.told.of(OrderShown)] == [resting]
    assert not ours.told.of(OrderMissing)
    assert read.balances.cash == ours.venue.balance(ours.address, "COLLATERAL")
    assert read.balances.shares.keys() >= {DEMO.yes, DEMO.no}
    assert len(read.balances.allowances) == 4


async def test_an_order_that_is_not_in_the_list_is_missing_if_it_was_sent_before(ours, floor):
    order_id = await ours.rests()
    await floor.control("/accounts/wipe", {"account": ours.address})
    await ours.read()
    assert not ours.told.of(OrderMissing)
    floor.exchange.clock.set(floor.exchange.clock.now() + 1)
    await ours.read()
    assert (await ours.told.one(OrderMissing, order_id=order_id)).reading is Reading.OPEN_ORDERS


@pytest.mark.parametrize("path", ["GET /data/orders", "GET /data/trades", "GET /balance-allowance"])
@pytest.mark.parametrize("status", [500, 400, 429])
async def test_a_read_that_fails_in_any_part_is_no_read(ours, path, status):
    await ours.rests()
    await ours.harm(path, "fail", status=status, text="no")
    read = await ours.read(balances=True)
    assert read.failed
    assert (read.foreign, read.balances) == ((), None)
    assert not ours.told.of(OrderShown, OrderMissing)


async def test_the_settlement_of_an_old_fill_is_still_read(ours, floor):
    order_id = await ours.rests("BUY", "0.40", "10")
    await floor.control("/venue/settlement", {"steps": [{"status": "CONFIRMED", "after_ms": 600_000}]})
    await floor.place("SELL", "0.40", "10")
    await ours.read()
    await ours.told.one(Filled, order_id=order_id)
    for seconds in (300, 301):
        await floor.advance(seconds)
        await ours.read()
    assert (await ours.told.one(Settled, order_id=order_id)).status == "CONFIRMED"
    await ours.read()
    assert len(ours.told.of(Filled, Settled)) == 2


async def test_orders_of_an_earlier_run_are_adopted_with_their_ids(floor):
    async with account(floor, listen=False) as first:
        order_id = await first.rests(life=600)
        await floor.place("SELL", "0.40", "6")
        intents = first.notes.written
    without_end = replace(intents[0], order_id="live-t-7", venue_id="0x" + "7" * 64, expires_at=None)
    async with account(floor, notes=Notes([*intents, without_end]), listen=False) as second:
        await second.told.until(lambda: len(second.told.of(Adopted)) == 2)
        adopted, endless = second.told.of(Adopted)
        assert (adopted.order_id, adopted.expires_at) == (order_id, intents[0].expires_at)
        assert endless.expires_at == NEVER
        await second.read()
        assert (await second.told.one(Filled, order_id=order_id)).size == 6 * SHARE
        second.cancel(order_id)
        await second.told.one(Canceled, order_id=order_id)


def test_the_heartbeat_is_stopped_where_it_beats():
    stopped = []
    gateway = PolymarketGateway.__new__(PolymarketGateway)
    gateway._stop_heartbeat = lambda: stopped.append(True)
    gateway.submit([StopHeartbeat("kill")], 0, None)
    assert stopped == [True]


async def test_nothing_that_is_told_or_logged_shows_a_secret(floor, caplog):
    caplog.set_level(logging.DEBUG)
    async with account(floor) as ours:
        await ours.harm("POST /order", "fail", status=401, text="Unauthorized/Invalid api key")
        ours.place()
        await ours.rests()
        await ours.read(balances=True)
        await ours.told.until(lambda: FeedNews.OPENED in [event.news for event in ours.told.of(UserSignal)])
        parts = (
            ours.told.events,
            ours.access.http.credentials,
            vars(ours.stream),
            vars(ours.gateway),
            ours.notes.written,
        )
        shown = repr(parts) + caplog.text
        _, secret, passphrase = ours.access.http.credentials.reveal()
        assert not any(word in shown.lower() for word in (MARKER.hex(), secret.lower(), passphrase.lower()))
