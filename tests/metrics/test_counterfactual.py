"""What limits that were only told would have stopped, computed by hand."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmm.commands import Place
from pmm.core.position import cost_of
from pmm.core.rule import RiskEvent, Stage
from pmm.core.step import Change, Decision, Fill, Opening, Step
from pmm.core.view import Targets
from pmm.events import MarketListed, Timer
from pmm.metrics.counterfactual import CLOSED_MAX, Counterfactual, limit_text
from pmm.metrics.pnl import UNIT
from pmm.model import GRID, Side, parse_price
from tests.support.story import CONDITION, NO, START, YES, market, shares

OTHER = "0x" + "cd" * 32


class Run:
    """Steps as an engine would tell them; prices are of the token, the mid is 0.50 until it moves."""

    def __init__(self, limit="drawdown"):
        self.metric, self.limit, self.mid2, self.trades = Counterfactual(), limit, GRID, 0
        self.places, self.told = {}, []
        self.step(event=MarketListed(START, market()))

    def step(self, event=None, **effects):
        self.metric.on_step(Step(event or Timer(START), **effects))

    def say(self, verdict, subject="account", stage=Stage.NONE, size=None, *, enforced=False):
        """A rule speaks in the next step."""
        self.told.append(RiskEvent(START, self.limit, verdict, subject, "so", enforced, stage, size))
        return self

    def trip(self, stage=Stage.CANCEL, scope="account", **more):
        self.say("trip", scope, stage, **more).speak()

    def speak(self):
        told, self.told = tuple(self.told), []
        self.step(risk=told)

    def place(self, name, side=Side.BUY, price="0.48", size=10, token=YES, condition=CONDITION):
        place = self.places[name] = Place(name, condition, token, side, parse_price(price), shares(size))
        told, self.told = tuple(self.told), []
        self.step(commands=(place,), risk=told)

    def fill(self, name, size):
        """Some of an order trades."""
        place, self.trades = self.places[name], self.trades + 1
        paid = cost_of(place.side, place.price, shares(size))
        is_yes, trade = place.token == YES, f"t{self.trades}"
        known = (START, name, trade, place.market, place.token, is_yes, place.side, place.price)
        fill = Fill(*known, shares(size), paid, self.mid2)
        self.step(fills=(fill,))
        return fill

    def mid(self, price):
        self.mid2 = 2 * parse_price(price)
        self.step(decisions=(Decision(START, CONDITION, None, None, self.mid2, 0, Targets()),))

    def end(self, name, state="CANCELED"):
        self.step(changes=(Change(START, "order", name, "LIVE", state, "gone", ""),))

    @property
    def stopped(self):
        """Orders, fills, shares and USD of what the limit would have stopped."""
        one = self.metric.limits[self.limit]
        return one.orders, one.fills, one.volume / shares(1), one.brought / UNIT


# --- orders that a rule would have refused or made smaller ------------------


def test_an_order_that_would_have_been_refused_is_prevented_as_a_whole():
    run = Run("order_size")
    run.say("refuse", "o1").place("o1")
    run.fill("o1", 4)
    run.fill("o1", 6)
    run.mid("0.45")  # ten shares at 0.48 are worth 0.45
    assert run.stopped == (1, 2, 10, -0.3)


def test_of_an_order_that_would_have_been_smaller_only_what_trades_beyond_that():
    run = Run("order_size")
    run.say("clip", "o1", size=shares(6)).place("o1")
    run.fill("o1", 5)
    assert run.stopped == (1, 0, 0, 0)
    run.fill("o1", 3)  # one share more is allowed, two are not
    run.mid("0.60")
    assert run.stopped == (1, 1, 2, 0.24)


def test_other_orders_are_not_touched():
    run = Run("order_size")
    run.say("refuse", "o1").place("o1")
    run.place("o2")
    run.fill("o2", 10)
    assert run.stopped == (1, 0, 0, 0)


def test_an_enforced_rule_has_nothing_to_be_asked_about():
    run = Run("order_size")
    run.say("clip", "o1", size=shares(1), enforced=True).place("o1", size=1)
    run.fill("o1", 1)
    assert run.stopped == (0, 0, 0, 0)
    assert run.metric.limits["order_size"].acted == 1


# --- trips --------------------------------------------------------------


def test_while_a_trip_stands_what_is_placed_is_prevented_and_what_was_filled_before_is_not():
    run = Run()
    run.place("before")
    run.fill("before", 10)
    run.end("before", "FILLED")
    run.trip()
    run.place("during", Side.SELL, "0.52")
    run.fill("during", 10)
    run.say("clear").speak()
    run.place("after")
    run.fill("after", 10)
    run.mid("0.55")
    assert run.stopped == (1, 1, 10, -0.3)


def test_an_order_that_rests_would_have_been_taken_away():
    run = Run()
    run.place("o1")
    run.fill("o1", 4)
    run.trip()
    run.fill("o1", 6)
    assert run.stopped == (1, 1, 6, 0.12)


def test_what_is_prevented_stays_so_after_the_trip():
    run = Run()
    run.place("o1")
    run.trip()
    run.say("clear").speak()
    run.fill("o1", 10)
    assert run.stopped == (1, 1, 10, 0.2)


def test_an_order_that_was_over_before_the_trip_is_not_prevented_and_one_that_comes_back_is():
    run = Run()
    for name in ("o1", "o2"):
        run.place(name)
        run.end(name)
    run.end("o2", "LIVE")
    run.trip()
    assert run.stopped == (1, 0, 0, 0)


def test_the_order_whose_last_fill_trips_the_limit_is_over_already():
    run = Run()
    run.place("o1")
    over = Change(START, "order", "o1", "LIVE", "FILLED", "fill", "")
    run.step(changes=(over,), risk=(RiskEvent(START, "drawdown", "trip", "account", "so", False, Stage.CANCEL),))
    assert run.stopped[0] == 0


def test_a_late_fill_of_a_prevented_order_counts():
    run = Run()
    run.place("o1")
    run.trip()
    run.end("o1")
    run.fill("o1", 10)
    assert run.stopped == (1, 1, 10, 0.2)


@pytest.mark.parametrize(("scope", "stopped"), [("account", 2), (CONDITION, 1), (OTHER, 1), ("0x" + "ef" * 32, 0)])
def test_a_trip_reaches_as_far_as_its_scope(scope, stopped):
    run = Run()
    run.place("o1")
    run.trip(scope=scope)
    run.place("o2", token="333", condition=OTHER)
    assert run.stopped[0] == stopped


@pytest.mark.parametrize(
    ("stage", "bid", "ask"),
    [(Stage.WIDEN, 0, 0), (Stage.REDUCE, 1, 0), (Stage.FLATTEN, 1, 0), (Stage.CANCEL, 1, 1), (Stage.HALT, 1, 1)],
)
@pytest.mark.parametrize("resting", [True, False])
def test_who_is_long_may_still_sell_where_a_stage_brings_home(stage, bid, ask, resting):
    run = Run()
    run.place("o1")
    run.fill("o1", 10)
    run.end("o1", "FILLED")
    if resting:
        run.place("bid")
        run.place("ask", Side.SELL, "0.52")
    run.trip(stage)
    if not resting:
        run.place("bid")
        run.place("ask", Side.SELL, "0.52")
    assert run.stopped[0] == bid + ask
    run.fill("ask", 10)
    assert run.stopped[1] == ask


def test_who_is_flat_may_do_nothing_and_buying_no_brings_a_long_position_home():
    run = Run()
    run.trip(Stage.REDUCE)
    run.place("o1")
    assert run.stopped[0] == 1
    run.fill("o1", 10)
    run.place("o2", Side.BUY, "0.48", token=NO)
    run.place("o3", Side.SELL, "0.52", token=NO)
    assert run.stopped[0] == 2  # the sale of NO


def test_shares_of_before_the_run_are_part_of_the_position():
    run = Run()
    run.step(openings=(Opening(START, CONDITION, NO, False, shares(5), shares(5), GRID),))
    run.trip(Stage.REDUCE)
    run.place("bid")
    run.place("ask", Side.SELL, "0.52")
    assert run.stopped[0] == 1


def test_a_stage_that_rises_prevents_more_and_one_that_falls_gives_nothing_back():
    run = Run()
    run.place("o1")
    run.trip(Stage.WIDEN)
    assert run.stopped[0] == 0
    run.trip(Stage.CANCEL)
    run.trip(Stage.WIDEN)
    run.place("o2")
    assert run.stopped[0] == 1
    assert run.metric.limits["drawdown"].told["trip"] == 3


def test_a_halt_lasts_until_the_end_of_the_run():
    run = Run("daily_loss")
    run.trip(Stage.HALT)
    run.say("clear").speak()
    run.place("o1")
    assert run.stopped[0] == 1


def test_a_warning_stops_nothing():
    run = Run("daily_loss")
    run.say("warn").speak()
    run.place("o1")
    assert run.metric.limits == {}


# --- results ------------------------------------------------------------


def test_a_fill_whose_trade_failed_is_no_fill():
    run = Run()
    run.trip()
    run.place("o1")
    fill = run.fill("o1", 10)
    run.mid("0.40")
    run.step(reversals=(fill,))
    assert run.stopped == (1, 0, 0, 0)
    run.fill("o1", 10)
    assert run.stopped == (1, 1, 10, -0.8)


@pytest.mark.parametrize(("size", "over"), [(8, (1, 2, 0.04)), (5, (0, 0, 0)), (12, (1, 6, 0.12))])
def test_a_fill_that_is_told_with_another_size_counts_with_that(size, over):
    run = Run("order_size")
    run.say("clip", "o1", size=shares(6)).place("o1", size=12)
    old = run.fill("o1", 10)
    new = replace(old, size=shares(size), paid=cost_of(old.side, old.price, shares(size)))
    run.step(fills=(new,), reversals=(old,))
    assert run.stopped[1:] == over


def test_of_several_fills_any_may_be_told_anew():
    run = Run("order_size")
    run.say("clip", "o1", size=shares(6)).place("o1", size=12)
    old, _ = run.fill("o1", 4), run.fill("o1", 4)
    new = replace(old, size=shares(5), paid=cost_of(old.side, old.price, shares(5)))
    run.step(fills=(new,), reversals=(old,))
    assert run.stopped[2] == 3  # nine traded, six are allowed


def test_a_fill_of_a_failed_trade_that_is_told_anew_is_none():
    run = Run()
    run.trip()
    run.place("o1")
    old = run.fill("o1", 10)
    run.step(reversals=(old,))
    new = replace(old, size=shares(8), paid=cost_of(old.side, old.price, shares(8)))
    run.step(fills=(new,), reversals=(new,))
    assert run.stopped == (1, 0, 0, 0)


def test_each_limit_is_judged_for_itself():
    run = Run("drawdown")
    run.trip()
    run.limit = "stale_data"
    run.trip(scope=CONDITION)
    run.place("o1")
    run.fill("o1", 10)
    assert run.stopped == (1, 1, 10, 0.2)
    assert list(run.metric.record()) == ["drawdown", "stale_data"]
    assert run.metric.record()["drawdown"] == {
        "refused": 0,
        "clipped": 0,
        "tripped": 1,
        "acted": 0,
        "orders": 1,
        "fills": 1,
        "volume": "10",
        "brought": "0.2",
    }


def test_the_sentence_says_whether_the_limit_would_have_saved_or_cost():
    run, said = Run(), []
    run.trip()
    said.append(limit_text(run.metric.record()["drawdown"]))
    run.place("o1")
    said.append(limit_text(run.metric.record()["drawdown"]))
    run.fill("o1", 10)
    said.append(limit_text(run.metric.record()["drawdown"]))
    run.place("o2")
    run.fill("o2", 10)
    run.mid("0.40")
    said.append(limit_text(run.metric.record()["drawdown"]))
    assert said == [
        "",
        "would have stopped 1 order, none of which traded",
        "would have stopped 1 order and 1 fill, and cost 0.2 USD",
        "would have stopped 2 orders and 2 fills, and saved 1.6 USD",
    ]


def test_orders_that_are_over_are_forgotten_from_the_oldest_on():
    run = Run()
    for number in range(CLOSED_MAX + 2):
        run.place(f"o{number}")
        run.end(f"o{number}")
    assert len(run.metric._orders) == CLOSED_MAX


PIECES = st.lists(st.tuples(st.integers(1, 10**7), st.integers(1, GRID - 1)), min_size=1, max_size=8)


@given(PIECES, st.integers(0, 4 * 10**7), st.sampled_from(Side))
def test_what_is_allowed_and_what_is_prevented_sum_to_what_was_traded(pieces, allowed, side):
    whole, part = Run("whole"), Run("part")
    for run, size in ((whole, None), (part, allowed)):
        run.say("refuse" if size is None else "clip", "o1", size=size).place("o1", side, "0.4321")
        for count, mid in pieces:
            run.mid2 = 2 * mid
            run.fill("o1", count / shares(1))
    total = sum(count for count, _ in pieces)
    over = max(0, total - allowed)
    assert round(whole.stopped[2] * shares(1)) == total
    assert round(part.stopped[2] * shares(1)) == over
    if not allowed:
        assert whole.stopped == part.stopped
