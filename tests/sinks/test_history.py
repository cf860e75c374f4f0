"""What a run told its sinks can be read afterwards, in the words of the venue."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pmm.account import OrderStatus, TradeStatus
from pmm.commands import Place
from pmm.core.rule import RiskEvent, Stage
from pmm.core.step import Change, DayResult, Decision, Fill, Opening, Step
from pmm.core.view import Targets
from pmm.errors import DiskError
from pmm.events import Adopted, Event, Filled, MarketListed, Operator, OperatorAction, Settled, Timer, Wake
from pmm.model import SECOND, SHARE, USD, Side
from pmm.sim.catalog import default_listings
from pmm.sinks import history, risk_events
from pmm.sinks.history import History
from pmm.sinks.records import Held, Records
from pmm.sinks.store import CLOSED_LIFE, Intents, Latch, LatchName, Store
from tests.sinks.conftest import START, intent
from tests.support.story import Story

DEMO = default_listings()[0].market
PLACE = Place("o1", DEMO.condition_id, DEMO.yes, Side.BUY, 4_800, 10 * SHARE)
TIMER = Timer(START + SECOND)


def place(order_id: str = "o1", *, at: int = START, **more: object) -> Step:
    place = replace(PLACE, order_id=order_id, **more)  # type: ignore[arg-type]  # the facts of a test
    return Step(Wake(at), commands=(place,), changes=(change(order_id, "INTENT", "SENT"),))


def change(order_id: str, old: str, new: str) -> Change:
    return Change(START, "order", order_id, old, new, "t", "because")


def moved(order_id: str, old: str, new: str) -> Step:
    return Step(TIMER, changes=(change(order_id, old, new),))


def fill(trade_id: str = "t1", order_id: str = "o1", *, side: Side = Side.BUY, yes: bool = True, **more: int) -> Fill:
    facts = {"at": START + 2, "price": 4_800, "size": 4 * SHARE, "paid": side.sign * 1_920_000, "mid2": 10_000, **more}
    token = DEMO.yes if yes else DEMO.no
    return Fill(
        order_id=order_id, trade_id=trade_id, market=DEMO.condition_id, token=token, is_yes=yes, side=side, **facts
    )


def filled(*fills: Fill) -> Step:
    return Step(Operator(START, OperatorAction.PAUSE), fills=fills)


def settled(status: TradeStatus, trade_id: str = "t1") -> Step:
    return Step(Settled(START + 9, "o1", trade_id, status))


class Run:
    """A history, and what can be read of it."""

    def __init__(self, store: Store, *, simulated: bool = True, latch_halts: bool = False) -> None:
        self.account = store.account("dry-run", "venue")
        self.store = store
        self.now = START + SECOND
        self.history = History(
            store, self.account, simulated=simulated, latch_halts=latch_halts, clock=lambda: self.now
        )
        self.tell(MarketListed(START, DEMO))

    def later(self) -> None:
        """So much time passes that no news of an order is expected any more."""
        self.now += history.CLOSE_AFTER
        self.tell(moved("o9", "LIVE", "PARTIAL"))

    def tell(self, *steps: Step | Event) -> Records:
        for step in steps:
            self.history.on_step(step if isinstance(step, Step) else Step(step), 0)
        return self.records

    @property
    def records(self) -> Records:
        return Records(self.store, self.account, epoch=self.history.epoch)


@pytest.fixture
def run(store: Store) -> Run:
    return Run(store)


def test_an_order_is_told_as_the_venue_would(run: Run) -> None:
    (order,) = run.tell(place(), moved("o1", "SENT", "LIVE")).orders()
    assert (order.status, order.outcome, order.remaining, order.side) == (OrderStatus.LIVE, "Yes", 10 * SHARE, Side.BUY)
    assert run.tell(moved("o1", "LIVE", "CANCELED")).orders() == []
    (order,) = run.records.orders(only_open=False)
    assert (order.status, order.is_live) == (OrderStatus.CANCELED, False)


def test_an_order_in_doubt_counts_as_live(run: Run) -> None:
    (order,) = run.tell(place(), moved("o1", "SENT", "UNKNOWN")).orders()
    assert (order.status, order.is_live) == (OrderStatus.UNKNOWN, True)


def test_a_fill_is_written_at_once_and_counts_once(run: Run) -> None:
    records = run.tell(place(), filled(fill()), filled(fill()))
    (trade,) = records.trades()
    assert (trade.size, trade.price, trade.status, trade.outcome) == (4 * SHARE, 4_800, TradeStatus.MATCHED, "Yes")
    (order,) = records.orders()
    assert (order.matched, order.remaining) == (4 * SHARE, 6 * SHARE)
    assert records.positions() == [Held(DEMO.condition_id, DEMO.yes, "Yes", 4 * SHARE, 1_920_000)]


def test_shares_are_settled_when_their_trade_is_confirmed_and_given_away_when_they_are_sold(run: Run) -> None:
    (held,) = run.tell(place(), filled(fill()), settled(TradeStatus.MINED)).positions()
    assert (held.size, held.settled, held.is_yes) == (4 * SHARE, 0, True)
    (held,) = run.tell(settled(TradeStatus.CONFIRMED)).positions()
    assert held.settled == 4 * SHARE
    (held,) = run.tell(filled(fill("t2", side=Side.SELL, size=SHARE, paid=-USD))).positions()
    assert (held.size, held.settled) == (3 * SHARE, 3 * SHARE)


def test_a_position_knows_its_neg_risk_event_and_which_token_it_is_of(run: Run) -> None:
    run.tell(MarketListed(START, replace(DEMO, neg_risk=True)), place(), filled(fill("t1", yes=False)))
    (held,) = run.records.positions()
    assert (held.is_yes, held.event) == (False, DEMO.event_slug)


def test_a_trade_that_failed_leaves_no_position_and_no_profit(run: Run) -> None:
    records = run.tell(place(), filled(fill()), settled(TradeStatus.FAILED), settled(TradeStatus.CONFIRMED))
    assert [trade.status for trade in records.trades()] == [TradeStatus.FAILED]
    assert records.positions() == []
    assert records.pnl() == {}


def test_what_was_bought_and_sold_again_is_no_position(run: Run) -> None:
    records = run.tell(place(), filled(fill()), filled(fill("t2", side=Side.SELL, paid=-2_000_000)))
    assert records.positions() == []
    assert records.pnl()[DEMO.condition_id].cash == 80_000


def test_profit_is_that_of_the_last_mid(run: Run) -> None:
    decision = Decision(START + 5, DEMO.condition_id, 4_900, 5_300, 10_200, 4 * SHARE, Targets())
    records = run.tell(place(), filled(fill()), Step(TIMER, decisions=(decision,)))
    pnl = records.pnl()[DEMO.condition_id]
    # Four shares at 0.48 are worth 0.51 each now; two of those three cents were there when they were bought.
    assert (pnl.total * 100, pnl.spread * 100) == (12 * 20_000 * USD, 8 * 20_000 * USD)
    assert pnl.residual == 0


def test_a_filter_comes_before_the_limit(run: Run) -> None:
    run.tell(place(), filled(*(fill(f"t{n}", at=START + n, yes=n % 2 == 0) for n in range(6))))
    assert [trade.trade_id for trade in run.records.trades(DEMO.yes, limit=2)] == ["t4", "t2"]
    assert [trade.trade_id for trade in run.records.trades(since=START + 4)] == ["t5", "t4"]


def test_a_dry_run_begins_with_nothing(store: Store) -> None:
    first = Run(store)
    first.tell(place(), filled(fill()), TIMER)
    second = Run(store)
    second.tell(place("o1"), TIMER)
    assert second.records.positions() == []
    (left,) = first.records.orders(only_open=False)
    assert left.status is OrderStatus.CANCELED
    assert Records(store, second.account).orders() == second.records.orders()


def test_a_live_account_has_one_history(store: Store) -> None:
    first = Run(store, simulated=False)
    first.tell(place(), filled(fill()), TIMER)
    second = Run(store, simulated=False)
    second.tell(filled(fill()), filled(fill("t2")))
    assert [trade.trade_id for trade in second.records.trades()] == ["t2", "t1"]
    assert len(second.records.orders()) == 1


def test_an_adopted_order_is_there_with_its_id_of_the_venue(store: Store) -> None:
    run = Run(store, simulated=False)
    Intents(store, run.account).intend([intent(1, order_id="o1")])
    adopted = Adopted(TIMER.at, "o1", DEMO.condition_id, DEMO.yes, Side.BUY, 4_800, 10 * SHARE, START * 2, START)
    (order,) = run.tell(adopted).orders()
    assert (order.venue_id, order.status, order.created_at) == (f"0x{1:064x}", OrderStatus.UNKNOWN, START)


def test_orders_that_are_over_for_long_are_forgotten_and_open_ones_are_not(store: Store) -> None:
    run, old = Run(store, simulated=False), START - CLOSED_LIFE - SECOND
    log = Intents(store, run.account)
    log.intend([intent(n, created_at=old) for n in (1, 2)])
    log.close(["live-1-1"])
    run.tell(place("old", at=old), place("open", at=old), moved("old", "LIVE", "FILLED"), filled(fill()), TIMER, TIMER)
    assert [order.order_id for order in run.records.orders(only_open=False)] == ["open"]
    assert list(log.known([f"0x{n:064x}" for n in (1, 2)]).values()) == ["live-1-2"]
    assert len(run.records.trades()) == 1


def test_a_halt_is_latched_where_that_is_wanted(store: Store) -> None:
    halt = Step(TIMER, changes=(Change(START, "risk", "risk", "NORMAL", "HALTED", "halt", "lost too much"),))
    Run(store).tell(halt)
    assert store.latched() == []
    Run(store, latch_halts=True).tell(halt)
    assert store.latched() == [Latch(LatchName.HALT, "lost too much", START)]


def test_nothing_is_lost_while_the_disk_is_full(run: Run) -> None:
    ((pages,),) = run.store.rows("PRAGMA page_count")
    run.store.rows(f"PRAGMA max_page_count = {pages}")
    many = [place(f"o{n}") for n in range(200)]
    with pytest.raises(DiskError, match="full"):
        run.tell(*many, filled(fill(order_id="o1")))
    run.store.rows("PRAGMA max_page_count = 1000000")
    run.history.flush()
    assert len(run.records.orders()) == 200
    assert len(run.records.trades()) == 1


def test_an_intent_is_closed_when_its_order_is_over_and_every_trade_of_it_final(store: Store) -> None:
    run = Run(store, simulated=False)
    log = Intents(store, run.account)
    log.intend([intent(n, order_id=f"o{n}") for n in (1, 2, 3)])
    run.tell(place("o1"), place("o2"), place("o3"))
    run.tell(filled(fill("t1", "o1"), fill("t2", "o2")), moved("o1", "LIVE", "FILLED"), moved("o2", "LIVE", "PARTIAL"))
    run.tell(settled(TradeStatus.MINED), moved("o3", "LIVE", "CANCELED"), TIMER)
    run.later()
    assert [one.order_id for one in log.open_intents()] == ["o1", "o2"]
    run.tell(settled(TradeStatus.CONFIRMED), TIMER)
    run.later()
    assert [one.order_id for one in log.open_intents()] == ["o2"]


def test_an_intent_stays_open_for_late_news_of_a_fill_that_a_cancel_overtook(store: Store) -> None:
    run = Run(store, simulated=False)
    log = Intents(store, run.account)
    log.intend([intent(1, order_id="o1")])
    run.tell(place("o1"), moved("o1", "LIVE", "CANCELED"), TIMER)
    assert [one.order_id for one in log.open_intents()] == ["o1"]
    assert store.open_intents() == 0  # nothing of it rests
    run.tell(filled(fill("t1", "o1")))
    run.later()
    assert [one.order_id for one in log.open_intents()] == ["o1"]
    run.tell(settled(TradeStatus.FAILED))
    run.later()
    assert log.open_intents() == []


def test_a_trade_that_is_told_again_with_another_size_is_kept_as_it_is_told_last(store: Store) -> None:
    run = Run(store, simulated=False)
    run.tell(place("o1"), filled(fill()), settled(TradeStatus.MINED))
    records = run.tell(filled(fill(size=3 * SHARE, paid=1_440_000)))
    (trade,) = records.trades()
    assert (trade.size, trade.status) == (3 * SHARE, TradeStatus.MINED)
    assert [(held.size, held.cost) for held in records.positions()] == [(3 * SHARE, 1_440_000)]


def test_no_write_of_a_run_looks_through_a_whole_table(store: Store) -> None:
    statements = (history._MATCHED, history._SETTLED, history._STATE, history._CLOSE, *history._FORGET)
    for statement in statements:
        plan = store.rows(f"EXPLAIN QUERY PLAN {statement}", [1] * statement.count("?"))
        for *_, step in plan:
            assert "SCAN" not in str(step), (statement, step)
            assert not str(step).endswith("(account=? AND epoch=?)"), (statement, step)


def opened(held: int, *, mid2: int = 10_000, at: int = START + 1) -> Step:
    """The account is found to hold so many YES shares."""
    one = Opening(at, DEMO.condition_id, DEMO.yes, True, held * SHARE, held * SHARE, mid2)
    return Step(Timer(at), openings=(one,))


def test_shares_of_before_are_a_line_of_their_own_and_no_profit(store: Store) -> None:
    run = Run(store, simulated=False)
    records = run.tell(opened(30), filled(fill()))
    (held,) = records.positions()
    assert (held.size, held.cost) == (34 * SHARE, 15 * USD + 1_920_000)
    assert len(records.trades()) == 1
    (pnl,) = records.pnl().values()
    assert (pnl.yes, pnl.residual, pnl.inventory) == (34 * SHARE, 0, 0)


def test_what_trades_explain_is_not_opened_again_after_a_restart(store: Store) -> None:
    Run(store, simulated=False).tell(opened(30), filled(fill()))
    records = Run(store, simulated=False).tell(opened(34, mid2=12_000, at=START + 50))
    assert [held.size for held in records.positions()] == [34 * SHARE]
    records = Run(store, simulated=False).tell(opened(20, mid2=12_000, at=START + 90))
    assert [held.size for held in records.positions()] == [20 * SHARE]  # 14 went elsewhere, at what they were worth
    (pnl,) = records.pnl().values()
    assert (pnl.residual, pnl.yes) == (0, 20 * SHARE)


def test_the_result_of_the_day_is_there_for_the_next_run(store: Store) -> None:
    run = Run(store, simulated=False)
    assert run.history.day() is None
    for money in (-5, -7):
        run.tell(Step(TIMER, day=DayResult(20_000, money)))
    run.tell(Step(TIMER, day=DayResult(20_001, 3)))
    assert Run(store, simulated=False).history.day() == DayResult(20_001, 3)


def test_a_dry_run_leaves_no_day_to_the_next(run: Run) -> None:
    run.tell(Step(TIMER, day=DayResult(20_000, -5)))
    assert run.history.day() is None


def test_fills_that_are_told_again_after_a_restart_are_not_lost_twice(store: Store) -> None:
    run = Run(store, simulated=False)
    Intents(store, run.account).intend([intent(1, order_id="o1"), intent(2, order_id="o2")])
    run.tell(place("o1"), place("o2"), filled(fill("t1", "o1"), fill("t2", "o2")))
    decision = Decision(START + 5, DEMO.condition_id, 4_400, 4_600, 9_000, 8 * SHARE, Targets())
    run.tell(Step(TIMER, decisions=(decision,), day=DayResult(20_000, -2 * USD)))
    part = 4 * SHARE * 9_000 // 20_000 - 1_920_000
    assert Run(store, simulated=False).history.day() == DayResult(20_000, -2 * USD - 2 * part)
    Intents(store, run.account).close(["o1"])
    assert Run(store, simulated=False).history.day() == DayResult(20_000, -2 * USD - part)


def test_a_later_look_at_the_price_does_not_part_the_day_from_its_marks(store: Store) -> None:
    run = Run(store, simulated=False)
    Intents(store, run.account).intend([intent(1, order_id="o1")])
    run.tell(place("o1"), filled(fill("t1", "o1")))
    marks = ((DEMO.condition_id, 9_000),)
    later = Decision(START + 5, DEMO.condition_id, 4_700, 4_900, 9_600, 4 * SHARE, Targets())
    run.tell(Step(TIMER, decisions=(later,), day=DayResult(20_000, -2 * USD, marks)))
    part = 4 * SHARE * 9_000 // 20_000 - 1_920_000
    assert Run(store, simulated=False).history.day() == DayResult(20_000, -2 * USD - part)


def test_a_fill_told_as_ten_and_then_as_six_is_six_once(store: Store) -> None:
    run, story = Run(store, simulated=False), Story()
    run.tell(*bought(story, 10))
    first = next(step.fills[0] for step in story.history if step.fills)
    step = story.tell(Filled(story.at, first.order_id, first.trade_id, first.price, 6 * SHARE))
    records = run.tell(step)
    assert [one.size for one in step.reversals] == [10 * SHARE]
    assert [(trade.size, trade.status) for trade in records.trades()] == [(6 * SHARE, TradeStatus.MATCHED)]
    (pnl,) = records.pnl().values()
    assert (pnl.yes, pnl.cash, pnl.residual) == (6 * SHARE, -6 * 480_000, 0)
    records = run.tell(story.tell(Settled(story.at, first.order_id, first.trade_id, TradeStatus.FAILED)))
    assert [(trade.size, trade.status) for trade in records.trades()] == [(6 * SHARE, TradeStatus.FAILED)]
    assert (records.positions(), records.pnl()) == ([], {})
    records = run.tell(story.tell(Filled(story.at, first.order_id, first.trade_id, first.price, 5 * SHARE)))
    assert [(trade.size, trade.status) for trade in records.trades()] == [(5 * SHARE, TradeStatus.FAILED)]
    assert (records.positions(), records.pnl()) == ([], {})


def test_a_failure_that_overtook_its_fill_is_written_with_it(store: Store) -> None:
    run, story = Run(store, simulated=False), Story()
    story.open_market()
    story.accept()
    order = next(order for order in story.engine.orders.open() if order.quote == "bid")
    story.tell(Settled(story.at, order.order_id, "t1", TradeStatus.FAILED))
    story.fill("bid", 10)
    records = run.tell(*story.history)
    assert [(trade.size, trade.status) for trade in records.trades()] == [(10 * SHARE, TradeStatus.FAILED)]
    assert (records.positions(), records.pnl()) == ([], {})


def test_late_news_of_a_trade_take_nothing_back(store: Store) -> None:
    run, story = Run(store, simulated=False), Story()
    run.tell(*bought(story, 10))
    first = next(step.fills[0] for step in story.history if step.fills)
    for status in (TradeStatus.MINED, TradeStatus.MATCHED):
        records = run.tell(story.tell(Settled(story.at, first.order_id, first.trade_id, status)))
    assert [trade.status for trade in records.trades()] == [TradeStatus.MINED]
    records = run.tell(story.tell(Settled(story.at, first.order_id, first.trade_id, TradeStatus.RETRYING)))
    records = run.tell(story.tell(Settled(story.at, first.order_id, first.trade_id, TradeStatus.MATCHED)))
    assert [trade.status for trade in records.trades()] == [TradeStatus.MATCHED]


def bought(story: Story, size: float) -> list[Step]:
    """So many shares are bought at 0.48."""
    story.open_market()
    story.accept()
    story.fill("bid", size)
    return story.history


def test_what_rules_said_is_kept_and_only_the_newest_of_it(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(risk_events, "EVENTS_MAX", 2)
    said = [
        RiskEvent(START + n, "drawdown", "trip", "account", f"no {n}", n % 2 == 0, Stage.CANCEL, n or None)
        for n in range(3)
    ]
    records = run.tell(*(Step(TIMER, risk=(one,)) for one in said))
    assert records.risk_events() == [said[2], said[1]]
    assert records.risk_events(since=START + 2) == [said[2]]
    assert records.risk_events(limit=1) == [said[2]]
