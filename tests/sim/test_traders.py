from __future__ import annotations

from collections.abc import Callable

import pytest

from pmm.model import SECOND, SHARE, Nanos
from pmm.sim.desk import Desk
from pmm.sim.dice import Stream
from pmm.sim.matching import ASK, BID, MatchingMarket, Report, Status
from pmm.sim.traders import Trader, TraderParams, traders
from pmm.sim.truth import Truth, TruthParams

STILL = TruthParams(drift_per_minute=0.0, jump_every_s=1e12)


class Scene:
    """A market, its people and what they reported."""

    def __init__(self, probability: float = 0.5, pace: float = 1.0, **params: object) -> None:
        self.market = MatchingMarket(100, 5 * SHARE)
        self.reports: list[Report] = []
        self.truth = Truth(STILL, probability, pace, Stream(1))
        self.desk = Desk(self.market, Stream(2), self.reports.append)
        self.people = traders(self.desk, self.truth, TraderParams(**params), pace)  # type: ignore[arg-type]  # by name

    def wake(self, wanted: Callable[[Trader], bool] = lambda _: True, *, now: Nanos = 0) -> None:
        for trader in self.people:
            if wanted(trader):
                trader.wake(now)


def named(*names: str) -> Callable[[Trader], bool]:
    return lambda trader: type(trader).__name__ in names


def test_makers_open_a_market_with_a_narrow_spread_and_depth() -> None:
    scene = Scene()
    scene.wake(named("Ladder"))
    bid, ask = scene.market.best_bid, scene.market.best_ask
    assert bid is not None
    assert ask is not None
    assert ask - bid in {100, 200}
    assert bid <= 5_000 <= ask
    assert all(len(list(scene.market.levels(side))) >= 5 for side in (BID, ASK))


def test_makers_follow_the_truth() -> None:
    scene = Scene(0.3)
    scene.wake(named("Ladder"))
    scene.truth.probability = 0.4
    for _ in range(8):
        scene.wake(named("Ladder", "Informed"))
    assert scene.market.best_bid is not None
    assert abs(scene.market.best_bid - 4_000) <= 200


def test_makers_replace_what_was_taken_from_them() -> None:
    scene = Scene()
    scene.wake(named("Ladder"))
    bid = scene.market.best_bid
    assert bid is not None
    scene.desk.take("test", ASK, bid, scene.market.size_at(BID, bid))
    assert scene.market.size_at(BID, bid) == 0
    scene.wake(named("Ladder"))
    assert scene.market.best_bid is not None
    assert scene.market.best_bid >= bid - 100


@pytest.mark.parametrize("probability", [0.08, 0.92])
def test_makers_never_leave_the_grid_or_cross_each_other(probability: float) -> None:
    scene = Scene(probability, maker_opinion=3.0)
    for _ in range(20):
        scene.wake(named("Ladder"))
    assert scene.market.best_bid is not None
    assert scene.market.best_ask is not None
    assert 100 <= scene.market.best_bid < scene.market.best_ask <= 9_900


def test_noise_trades_and_sometimes_sweeps_several_prices() -> None:
    scene = Scene()
    reached: set[int] = set()
    for _ in range(60):
        scene.wake(named("Ladder"))
        scene.reports.clear()
        scene.wake(named("Noise"))
        reached |= {len({fill.price_yes for fill in report.fills}) for report in scene.reports}
    assert {1, 2, 3} <= reached


def test_the_informed_trader_takes_stale_prices_and_leaves_fair_ones() -> None:
    scene = Scene()
    scene.wake(named("Ladder"))
    scene.reports.clear()
    scene.wake(named("Informed"))
    assert scene.reports == []
    scene.truth.probability = 0.6
    scene.wake(named("Informed"))
    assert any(report.fills for report in scene.reports)
    assert all(fill.price_yes < 6_000 for report in scene.reports for fill in report.fills)


def test_the_crowd_loses_patience() -> None:
    scene = Scene()
    scene.wake(named("Ladder"))
    for second in range(10):
        scene.wake(named("Crowd"), now=second * SECOND)
    scene.reports.clear()
    scene.wake(named("Crowd"), now=1_000 * SECOND)
    assert any(report.status is Status.CANCELED for report in scene.reports)


def test_at_pace_zero_only_resting_orders_exist() -> None:
    scene = Scene(pace=0.0)
    scene.wake()
    assert {type(trader).__name__ for trader in scene.people} == {"Ladder"}
    assert scene.market.best_bid is not None


def test_everybody_uses_both_tokens_and_sizes_the_venue_accepts() -> None:
    scene = Scene()
    for now in range(30):
        scene.wake(now=now * SECOND)
    placed = [report for report in scene.reports if report.status is not Status.CANCELED]
    assert len({report.outcome for report in placed}) == 2
    assert all(order.size >= 5 * SHARE and order.size % 10_000 == 0 for order in scene.market.orders())
