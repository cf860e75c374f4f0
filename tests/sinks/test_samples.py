"""How a market stood every few seconds can be read again, and old samples go."""

from __future__ import annotations

from dataclasses import replace

from pmm.core.step import Step
from pmm.metrics.sample import Sample
from pmm.model import SECOND, SHARE, FeeSchedule
from pmm.sinks.history import History
from pmm.sinks.records import Records
from pmm.sinks.samples import SAMPLE_LIFE
from pmm.sinks.store import Store
from tests.support.story import CONDITION, START, Story

QUOTED = Sample(
    market=CONDITION,
    at=0,
    mid2=10_000,
    yes=4 * SHARE,
    no=0,
    cash=-1_920_000,
    bid=4_800,
    bid_size=6 * SHARE,
    ask=5_200,
    ask_size=10 * SHARE,
    best_bid=4_900,
    best_ask=5_100,
    own_score=None,
    others_score=None,
    reward_per_day=None,
)


def test_a_market_is_sampled_every_few_seconds_as_it_stands(store: Store) -> None:
    story, account = Story(), store.account("shadow", "venue")
    history = History(store, account, simulated=True, latch_halts=False)
    sink = history.samples(story.engine)
    story.open_market()
    story.accept()
    story.fill("bid", 4)
    for _ in range(11):
        sink.on_step(story.wait(1), 0)
    found = Records(store, account, epoch=history.epoch).samples()
    begin = story.history[-11].event.at
    assert found == {CONDITION: [replace(QUOTED, at=begin + n * 5 * SECOND) for n in range(3)]}


def test_a_market_without_a_price_says_so(store: Store) -> None:
    story, account = Story(), store.account("shadow", "venue")
    history = History(store, account, simulated=True, latch_halts=False)
    sink = history.samples(story.engine)
    story.open_market()
    story.tell(replace(story.wait(1).event))
    story.engine.markets[CONDITION].dropped = True
    sink.on_step(story.wait(1), 0)
    ((one,),) = Records(store, account).samples().values()
    assert (one.mid2, one.best_bid) == (None, 4_900)


def test_old_samples_go_and_a_span_can_be_asked_for(store: Store) -> None:
    story, account = Story(), store.account("0xa", "venue")
    history = History(store, account, simulated=False, latch_halts=False)
    sink, records = history.samples(story.engine), Records(store, account, epoch=0)
    sink.write([replace(QUOTED, at=START + n * SECOND, mid2=None if n else 1) for n in range(4)], START)
    (within,) = records.samples(since=START + SECOND, until=START + 3 * SECOND).values()
    assert [one.at for one in within] == [START + SECOND, START + 2 * SECOND]
    sink.write([], START + 2 * SECOND + SAMPLE_LIFE)
    (left,) = records.samples().values()
    assert [one.at for one in left] == [START + 2 * SECOND, START + 3 * SECOND]


def test_where_the_mid_was_after_each_trade_can_be_read_again(store: Store) -> None:
    story, account = Story(), store.account("shadow", "venue")
    history = History(store, account, simulated=True, latch_halts=False)
    sink = history.samples(story.engine)
    story.open_market()
    story.accept()
    story.fill("bid", 4)
    story.touch("0.47", "0.49")
    story.wait(7)
    story.wait(7)
    for step in story.history:
        sink.on_step(step, 0)
    sink.write([], story.at)
    ((_, after),) = Records(store, account, epoch=history.epoch).markouts().items()
    assert after == {1 * SECOND: 9_600, 5 * SECOND: 9_600}


def test_what_fills_earn_of_fees_is_kept_and_goes_with_a_fill_that_failed(store: Store) -> None:
    story, account = Story(), store.account("shadow", "venue")
    history = History(store, account, simulated=True, latch_halts=False)
    sink, records = history.samples(story.engine), Records(store, account, epoch=history.epoch)
    story.open_market()
    quoted = story.engine.markets[CONDITION]
    quoted.market = replace(quoted.market, fees=FeeSchedule(40_000, 1, taker_only=True, rebate=250_000))
    story.accept()
    told = story.fill("bid", 4)
    sink.on_step(told, 0)
    sink.write([], story.at)
    assert records.rebates() == {CONDITION: [(told.fills[0].at, 4 * 2_496)]}
    sink.on_step(Step(told.event, reversals=told.fills), 0)
    sink.write([], story.at)
    assert records.rebates() == {}
