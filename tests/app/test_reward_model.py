"""Rewards are quoted for exactly where the settings say so, and what was decided can be decided again."""

from __future__ import annotations

from dataclasses import replace

from pmm.app.engine import strategy_for
from pmm.app.explain import remade
from pmm.core.explanation import answer_again, difference, view_of
from pmm.core.plain import plain
from pmm.core.view import QuoteSide, Resting, View
from pmm.model import SHARE, USD, RewardTerms
from pmm.settings import load
from pmm.strategies.fixed_spread import FixedSpread
from pmm.strategies.rewarded import Rewarded
from tests.support.story import START, book_of, market, shares


def strategy(**said: object):
    said = {"mm__strategy": "fixed_spread", **said}
    return strategy_for(load({key.replace("__", "."): value for key, value in said.items()}, environ={}).settings)


def test_by_default_the_model_is_itself() -> None:
    assert isinstance(strategy(), FixedSpread)


def test_settings_say_by_what_quotes_are_weighed() -> None:
    made = strategy(rewards__enabled="true", rewards__fills_per_day="7", rewards__min_age="3", mm__position_limit="80")
    assert isinstance(made, Rewarded)
    assert isinstance(made.model, FixedSpread)
    weighed = made.params.rewards
    assert (weighed.arrival, weighed.age, weighed.position_limit) == (7.0, 3.0, shares(80))
    assert weighed.size_max == 50 * SHARE


def test_a_decision_for_rewards_is_made_again_to_the_byte() -> None:
    made = strategy(rewards__enabled="true")
    assert isinstance(made, Rewarded)
    book = book_of([("0.49", 30), ("0.48", 300)], [("0.51", 30), ("0.52", 300)])
    working = (Resting(QuoteSide.BID, 4_800, shares(20)), Resting(QuoteSide.ASK, 5_200, shares(20)))
    paying = replace(market(), rewards=RewardTerms(20 * SHARE, 300, 100 * USD))
    view = View(START, paying, book, 0, working=working)
    again = remade(made.name, plain(made.params))
    assert again is not None
    assert again.name == "rewarded_fixed_spread"
    answer = plain(made.decide(view))
    assert difference(answer, plain(answer_again(again, view_of({"view": plain(view)})))) is None
    assert made.decide(view).terms


def test_a_model_that_is_gone_cannot_be_asked_again() -> None:
    assert remade("rewarded_nobody", {"model": "nobody", "inner": None, "rewards": {}}) is None
