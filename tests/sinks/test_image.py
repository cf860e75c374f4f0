"""A run and its state file agree on what is held, what rests and what may still fail."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pmm.account import Balances, TradeStatus
from pmm.core.account_watch import AccountLimits
from pmm.core.config import EngineConfig
from pmm.core.state_image import HeldImage, StateImage, image_of
from pmm.events import AccountRead, FeedNews, Filled, Settled, UserSignal
from pmm.sinks.history import History
from pmm.sinks.image import image
from pmm.sinks.store import Intents, LatchName, Store
from tests.sinks.conftest import intent
from tests.support.story import NO, YES, Story, shares


class Life(Story):
    """A live run with a history beside it."""

    def __init__(self, store: Store) -> None:
        super().__init__(config=EngineConfig(account=AccountLimits(heartbeat_interval=None), order_prefix="live-1-"))
        self.store, self.account = store, store.account("0xa", "venue")
        self.kept = History(store, self.account, simulated=False, latch_halts=True, clock=lambda: self.at)
        self.tell(UserSignal(self.at, FeedNews.OPENED))
        self.open_market()
        self.tell(AccountRead(self.at, self.at - 1, balances=Balances(10**12, {YES: shares(30), NO: 0}, {})))
        self.wait(0.1)

    def tell(self, event):
        step = super().tell(event)
        if hasattr(self, "kept"):
            self.kept.on_step(step, 0)
        return step

    @property
    def on_file(self) -> StateImage:
        return image(self.store, self.account)


@pytest.fixture
def life(store: Store) -> Life:
    return Life(store)


def test_the_file_and_the_run_agree_after_everything_that_happens(life: Life) -> None:
    assert life.working(), "it quotes"
    for seconds in (0.1, 0.1):
        life.accept()
        life.wait(seconds)
        assert life.on_file == image_of(life.engine)
    fill = life.fill("bid", 4).fills[0]
    life.fill("ask", 2, "t2")
    life.wait(1)
    assert life.on_file == image_of(life.engine)
    assert len(life.on_file.trades) == 2
    life.tell(Settled(life.at, fill.order_id, "t1", TradeStatus.CONFIRMED))
    life.tell(Filled(life.at, fill.order_id, "t3", fill.price, shares(1)))
    life.tell(Filled(life.at, fill.order_id, "t3", fill.price, shares(2)))
    life.wait(1)
    assert life.on_file == image_of(life.engine)
    life.tell(Settled(life.at, fill.order_id, "t3", TradeStatus.FAILED))
    life.wait(1)
    assert life.on_file.hexdigest() == image_of(life.engine).hexdigest()
    assert [one for one in life.on_file.held if one.token == YES] == [
        HeldImage(YES, shares(34), 0, next(iter(life.on_file.trades)).size)
    ]


def test_an_order_that_was_sent_and_not_yet_written_down_counts(store: Store) -> None:
    account = store.account("0xa", "venue")
    Intents(store, account).intend([intent(1)])
    assert [one.order_id for one in image(store, account).orders] == ["live-1-1"]
    Intents(store, account).close(["live-1-1"])
    assert image(store, account) == StateImage()


def test_every_fact_changes_the_number(life: Life) -> None:
    life.accept()
    life.fill("bid", 4)
    life.wait(1)
    whole = image_of(life.engine)
    others = [
        replace(whole, held=()),
        replace(whole, orders=whole.orders[1:]),
        replace(whole, trades=()),
        replace(whole, day=(1, 1)),
        replace(whole, latches=("halt",)),
    ]
    assert len({one.hexdigest() for one in (whole, *others)}) == len(others) + 1


def test_a_latch_is_part_of_it(life: Life) -> None:
    life.store.latch(LatchName.KILL, "enough", life.at)
    assert life.on_file.latches == ("kill",)
