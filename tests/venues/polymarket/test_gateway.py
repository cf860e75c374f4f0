"""The gateway at a local exchange: what comes from an earlier run, what a kill stops, and what nobody may see."""

import asyncio
import logging
from dataclasses import replace

from pmm.commands import StopHeartbeat
from pmm.events import (
    Adopted,
    Canceled,
    FeedNews,
    Filled,
    Rejected,
    Unanswered,
    UserSignal,
)
from pmm.model import SHARE
from pmm.venues.polymarket.gateway import NEVER, PolymarketGateway
from tests.venues.polymarket.account import MARKER, Notes, account, requests


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
