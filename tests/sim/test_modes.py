"""What the venue accepts while it restarts, comes back, or is shut."""

from __future__ import annotations

from random import Random

import pytest

from pmm.model import SECOND, Side
from pmm.sim.catalog import demo_listing
from pmm.sim.venue import Cancels, Mode, Placed, Refusal, Venue, VenueParams
from tests.sim.stage import ANN, BOB, START, Stage

BUY, SELL = Side.BUY, Side.SELL


@pytest.fixture
def stage() -> Stage:
    return Stage()


def answers(stage: Stage) -> tuple[int, int, int]:
    """Status of a plain order, of a post-only one and of a cancel."""
    plain, passive = (stage.ask(ANN, BUY, "0.3", 10, post_only=post_only) for post_only in (False, True))
    cancel = stage.venue.cancel(ANN, ["0xno"], stage.now)
    return tuple(
        getattr(answer, "status", 200) if isinstance(answer, Refusal) else 200 for answer in (plain, passive, cancel)
    )  # type: ignore[return-value]  # three of them


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        (Mode.NORMAL, (200, 200, 200)),
        (Mode.RESTARTING, (425, 425, 425)),
        (Mode.POST_ONLY, (503, 200, 200)),
        (Mode.CANCEL_ONLY, (503, 503, 200)),
        (Mode.DISABLED, (503, 503, 503)),
    ],
)
def test_every_mode_takes_what_it_takes(stage: Stage, mode: Mode, expected: tuple[int, int, int]) -> None:
    stage.venue.set_mode(mode, stage.now)
    assert answers(stage) == expected


def test_the_sentences_of_the_restricted_modes(stage: Stage) -> None:
    said = {}
    for mode in (Mode.POST_ONLY, Mode.CANCEL_ONLY, Mode.DISABLED):
        stage.venue.set_mode(mode, stage.now)
        answer = stage.ask(ANN, BUY, "0.3", 10)
        assert isinstance(answer, Refusal)
        said[mode] = (answer.text, answer.code)
    assert said == {
        Mode.POST_ONLY: ("post-only mode: only post-only orders and cancels are allowed", "post_only_mode"),
        Mode.CANCEL_ONLY: (
            "Trading is currently cancel-only. New orders are not accepted, but cancels are allowed.",
            None,
        ),
        Mode.DISABLED: ("Trading is currently disabled.", None),
    }


def test_a_restart_passes_through_post_only_and_says_how_long_each_takes(stage: Stage) -> None:
    kept = stage.order(ANN, BUY, "0.4", 10)
    stage.venue.restart(90, stage.now)
    stage.wait(30)
    answer = stage.ask(ANN, BUY, "0.4", 10)
    assert isinstance(answer, Refusal)
    assert (answer.status, answer.retry_after) == (425, 60)
    stage.wait(61)
    answer = stage.ask(ANN, BUY, "0.4", 10)
    assert isinstance(answer, Refusal)
    assert (answer.code, answer.retry_after) == ("post_only_mode", 119)
    assert isinstance(stage.ask(ANN, BUY, "0.4", 10, post_only=True), Placed)
    stage.wait(119)
    assert stage.venue.mode is Mode.NORMAL
    assert stage.status(kept) == "LIVE"


def test_a_restart_can_lose_every_order_without_a_word(stage: Stage) -> None:
    lost = stage.order(ANN, BUY, "0.4", 10)
    stage.events()
    stage.venue.restart(5, stage.now, wipe=True)
    assert stage.status(lost) == "CANCELED"
    assert stage.events() == []
    assert stage.touch() == (None, None)


def test_a_change_of_mode_ends_the_script_of_a_restart(stage: Stage) -> None:
    stage.venue.restart(5, stage.now)
    stage.venue.set_mode(Mode.DISABLED, stage.now)
    stage.wait(600)
    assert stage.venue.mode is Mode.DISABLED


def test_orders_wiped_by_an_operator_are_told_only_on_request(stage: Stage) -> None:
    first, second = (stage.order(ANN, BUY, "0.4", 10) for _ in range(2))
    stage.events()
    assert stage.venue.wipe(ANN, stage.now) == (first, second)
    assert stage.events() == []
    third = stage.order(ANN, BUY, "0.4", 10)
    stage.venue.wipe(ANN, stage.now, told=True)
    assert stage.story(ANN)[-1] == "CANCELLATION CANCELED 0"
    assert stage.venue.cancel(ANN, [third], stage.now) == Cancels((), {third: "Order already canceled"})


def test_an_order_taken_off_the_book_past_its_account_frees_what_it_reserved(stage: Stage) -> None:
    order_id = stage.order(ANN, BUY, "0.5", 2_000)
    stage.events()
    stage.venue.world.cancel(order_id)
    assert stage.status(order_id) == "CANCELED"
    assert stage.events() == []
    assert stage.order(ANN, BUY, "0.5", 2_000)


def test_an_order_of_another_key_of_the_account_is_among_its_orders(stage: Stage) -> None:
    foreign = stage.order(ANN, BUY, "0.4", 10, owner="another-key")
    assert [order.owner for order in stage.venue.orders(ANN)] == ["another-key"]
    stage.order(BOB, SELL, "0.4", 10)
    assert stage.venue.trades(ANN)[0].legs[0].owner == "another-key"
    assert stage.status(foreign) == "MATCHED"


def test_synthetic_traders_rest_while_nobody_may_trade_and_take_nothing_in_post_only_mode() -> None:
    venue = Venue([demo_listing()], VenueParams(), Random(3), START)
    market = demo_listing().market

    def volume(seconds: int) -> int:
        before, end = venue.volume(market.condition_id), venue.now + seconds * SECOND
        while (due := venue.next_at()) is not None and due < end:
            venue.step()
        venue.set_mode(venue.mode, end)
        return venue.volume(market.condition_id) - before

    assert volume(20) > 0
    for mode, trades in ((Mode.DISABLED, False), (Mode.POST_ONLY, False), (Mode.NORMAL, True)):
        venue.set_mode(mode, venue.now)
        assert (volume(20) > 0) == trades, mode
    venue.check()
