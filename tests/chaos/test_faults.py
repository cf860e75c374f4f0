"""What a fault makes of a message."""

import json
from random import Random

import pytest

from pmm._fast import ASK, BID
from pmm.model import MILLISECOND
from pmm.sim.frames import MarketWire
from pmm.sim.matching import Outcome
from tests.chaos.faults import HELD, STRIKES, Message, spoiled_answer, without_token
from tests.chaos.truth import Truth
from tests.support.story import NO, START, YES, market, shares


@pytest.fixture
def wire():
    wire = MarketWire(market(), START // MILLISECOND)
    for side, start, step in ((BID, 4900, -100), (ASK, 5100, 100)):
        for level in range(5):
            wire.apply((side, start + level * step, shares(100)), wire.at_ms)
    return wire


@pytest.fixture
def truth(wire):
    return Truth(wire, START)


@pytest.fixture
def message(wire):
    frames = wire.price_change((BID, 4700, shares(55)), START // MILLISECOND + 5, Outcome.YES)
    data = next(frame.data for frame in frames if not frame.custom)
    return Message(START, market().condition_id, data, json.loads(data))


def strike(kind, message, truth, seed=1):
    return STRIKES[kind](message, truth, Random(seed))


def changed(kind, message, truth, name):
    ((_, data),) = strike(kind, message, truth)
    return [entry[name] for entry in json.loads(data)["price_changes"]]


def test_a_lost_message_does_not_arrive(message, truth):
    assert strike("lost", message, truth) == []


def test_a_doubled_message_arrives_twice_and_is_the_same(message, truth):
    first, second = strike("doubled", message, truth)
    assert first == (0, message.data)
    assert second[1] == message.data


def test_a_message_out_of_order_comes_later_or_behind_the_next(message, truth):
    delays = {strike("reordered", message, truth, seed)[0][0] for seed in range(20)}
    assert HELD in delays
    assert max(delays) > 0


@pytest.mark.parametrize(("kind", "name"), [("size", "size"), ("price", "price"), ("wrong side", "side")])
def test_a_spoiled_number_is_another_one_in_both_tokens(kind, name, message, truth):
    was = [entry[name] for entry in message.body["price_changes"]]
    assert all(now != before for now, before in zip(changed(kind, message, truth, name), was, strict=True))


def test_a_spoiled_price_is_told_of_both_tokens_alike(message, truth):
    yes, no = (float(price) for price in changed("price", message, truth, "price"))
    assert yes + no == pytest.approx(1)


def test_a_broken_mirror_leaves_one_token_right(message, truth):
    for seed in range(10):
        ((_, data),) = strike("mirror", message, truth, seed)
        entries = json.loads(data)["price_changes"]
        assert sum(entry in message.body["price_changes"] for entry in entries) == 1


def test_a_truncated_message_is_a_part_of_it(message, truth):
    ((_, data),) = strike("truncated", message, truth)
    assert message.data.startswith(data)
    assert data != message.data


def test_an_old_snapshot_carries_its_own_hash_and_time(message, truth, wire):
    old = wire.hash(Outcome.YES)
    truth.note(START)
    body = truth.snapshot(0, START)
    assert (body["hash"], body["asset_id"]) == (old, YES) or body["hash"] == wire.hash(Outcome.YES)
    arrivals = strike("stale snapshot", message, truth)
    assert arrivals[-1] == (0, message.data)
    assert all(json.loads(data)["event_type"] == "book" for _, data in arrivals[:-1])


def test_nothing_arrives_about_a_token_that_is_frozen(message):
    ((_, data),) = without_token(message, NO)
    assert [entry["asset_id"] for entry in json.loads(data)["price_changes"]] == [YES]


def test_a_spoiled_answer_lacks_a_level_of_every_book(wire):
    whole = [json.loads(wire.dump(outcome)) for outcome in Outcome]
    spoiled = json.loads(spoiled_answer(json.dumps(whole).encode(), Random(3)))
    for before, after in zip(whole, spoiled, strict=True):
        assert len(after["bids"]) + len(after["asks"]) == len(before["bids"]) + len(before["asks"]) - 1
