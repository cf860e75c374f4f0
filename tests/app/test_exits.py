"""What is held could be merged or converted, and may lose so much at worst."""

import pytest

from pmm.app.exits import Exit, exits
from pmm.model import SHARE, USD
from pmm.sinks.records import Held


def held(market, size, cost, *, is_yes=True, settled=None, event=""):
    settled = size if settled is None else settled
    token = f"{market}-{'yes' if is_yes else 'no'}"
    return Held(market, token, "", round(size * SHARE), round(cost * USD), round(settled * SHARE), is_yes, event)


def test_pairs_merge_as_far_as_they_are_settled():
    found = exits([held("rain", 10, 4.8), held("rain", 6, 3, is_yes=False, settled=4)])
    assert found == {"rain": Exit(4 * SHARE, 0, 1_800_000)}


def test_a_market_that_stands_alone_loses_what_its_worse_outcome_does_not_pay():
    assert exits([held("rain", 10, 4.8)])["rain"].worst == 4_800_000
    assert exits([held("rain", 10, -1)])["rain"].worst == 0


def test_outcomes_of_an_event_are_counted_together_and_those_of_others_are_not():
    both = [held(name, 10, 6, is_yes=False, event="mayor") for name in ("quimby", "bob")]
    found = exits([*both, held("rain", 10, 4.8)])
    assert found["quimby"] == found["bob"] == Exit(0, 10 * USD, 2 * USD)
    assert found["rain"] == Exit(0, 0, 4_800_000)


def test_what_is_merged_is_not_converted_as_well():
    pair = [held("quimby", 4, 2, event="mayor"), held("quimby", 10, 6, is_yes=False, event="mayor")]
    found = exits([*pair, held("bob", 10, 6, is_yes=False, event="mayor")])
    assert (found["quimby"].mergeable, found["quimby"].convertible) == (4 * SHARE, 6 * USD)


@pytest.mark.parametrize("settled", [0, 10])
def test_only_settled_shares_are_converted(settled):
    both = [held(name, 10, 6, is_yes=False, settled=settled, event="mayor") for name in ("quimby", "bob")]
    assert exits(both)["bob"].convertible == settled * USD
