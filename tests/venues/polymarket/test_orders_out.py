"""Orders at a local exchange: what is sent, when it is not, and what is told about it."""

from dataclasses import replace

import pytest

from pmm.events import (
    Accepted,
    Operator,
    Rejected,
    Unanswered,
    VenueNews,
    VenueStatus,
)
from pmm.model import SECOND, SHARE
from tests.exchange.conftest import DEMO
from tests.venues.polymarket.account import account, requests


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


async def test_a_refusal_keeps_the_words_of_the_venue_and_is_over_in_the_log(ours, floor):
    await floor.place("SELL", "0.50")
    order_id = ours.place("BUY", "0.55", "10")
    assert "crosses book" in (await ours.told.one(Rejected, order_id=order_id)).reason
    await ours.notes.until_closed([order_id])


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
