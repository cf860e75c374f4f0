"""The dead-man switch of an account."""

from __future__ import annotations

import pytest

from pmm.model import Side
from tests.sim.stage import ANN, BOB, Stage

BUY = Side.BUY


@pytest.fixture
def stage() -> Stage:
    return Stage()


def beat(stage: Stage, heartbeat_id: str | None) -> tuple[bool, str]:
    answer = stage.venue.heartbeat(ANN, heartbeat_id, stage.now)
    return answer.accepted, answer.heartbeat_id


def test_an_account_without_heartbeats_keeps_its_orders(stage: Stage) -> None:
    order_id = stage.order(ANN, BUY, "0.4", 10)
    stage.wait(3_600)
    assert stage.status(order_id) == "LIVE"


def test_ten_seconds_of_silence_cost_every_order_at_the_next_sweep(stage: Stage) -> None:
    order_id, foreign = stage.order(ANN, BUY, "0.4", 10), stage.order(BOB, BUY, "0.4", 10)
    stage.wait(2)
    assert beat(stage, None)[0]
    stage.wait(10)
    assert stage.status(order_id) == "LIVE"
    stage.wait(3)  # sweeps come every five seconds
    assert stage.status(order_id) == "CANCELED"
    assert stage.status(foreign) == "LIVE"
    assert stage.story(ANN)[-1] == "CANCELLATION CANCELED 0"


def test_beats_in_time_keep_the_orders(stage: Stage) -> None:
    order_id = stage.order(ANN, BUY, "0.4", 10)
    expected = ""
    for _ in range(100):
        accepted, expected = beat(stage, expected)
        assert accepted
        stage.wait(5)
    assert stage.status(order_id) == "LIVE"


def test_a_wrong_id_is_told_the_right_one_and_does_not_extend_the_deadline(stage: Stage) -> None:
    order_id = stage.order(ANN, BUY, "0.4", 10)
    _, expected = beat(stage, "")
    stage.wait(8)
    assert beat(stage, "wrong") == (False, expected)
    stage.wait(7)
    assert stage.status(order_id) == "CANCELED"
    accepted, following = beat(stage, expected)
    assert accepted
    assert following != expected


def test_a_lapsed_account_loses_what_it_places_afterwards_too(stage: Stage) -> None:
    beat(stage, "")
    stage.wait(60)
    order_id = stage.order(ANN, BUY, "0.4", 10)
    stage.wait(5)
    assert stage.status(order_id) == "CANCELED"


def test_a_legacy_beat_leaves_an_empty_id_expected(stage: Stage) -> None:
    _, expected = beat(stage, "")
    stage.venue.heartbeat_legacy(ANN, stage.now)
    assert beat(stage, expected) == (False, "")
    assert beat(stage, "")[0]


def test_ids_look_random_and_are_the_same_in_every_run() -> None:
    assert beat(Stage(), "") == beat(Stage(), "")
