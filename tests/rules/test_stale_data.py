"""A book that nothing has proven for too long is not quoted on."""

import pytest

from pmm.core.rule import ALLOW, Stage, Trip
from pmm.model import SECOND
from pmm.rules.stale_data import StaleData, StaleDataLimits
from tests.support.risk import later, one_market


def judge(age, limit=30, **more):
    return StaleData(StaleDataLimits(limit * SECOND)).judge(one_market(age, **more))


@pytest.mark.parametrize("age", [0, 5, 30])
def test_a_book_of_exactly_the_limit_is_young_enough(age):
    assert judge(age) == ALLOW


def test_an_older_one_is_not():
    assert judge(30.001) == Trip(Stage.CANCEL, "nothing has proven the book for 30 s, 30 s are allowed")
    assert judge(95) == Trip(Stage.CANCEL, "nothing has proven the book for 95 s, 30 s are allowed")


def test_a_proof_makes_it_young_again_although_nothing_moved():
    rule = StaleData(StaleDataLimits())
    assert isinstance(rule.judge(one_market(40)), Trip)
    assert rule.judge(one_market(41, data_at=later(40.5))) == ALLOW


def test_where_there_never_was_a_book_trust_has_the_word():
    assert judge(100, data_at=None) == ALLOW


def test_the_account_as_a_whole_is_none_of_its_matters():
    assert StaleData.per_market
