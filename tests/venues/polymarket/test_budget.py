"""Token buckets per signer: what may be sent now, what has to wait, and what answers say about it."""

from __future__ import annotations

from random import Random

import pytest
from multidict import CIMultiDict

from pmm.exchange.limits import Limits
from pmm.model import MILLISECOND, SECOND, Nanos
from pmm.rate_tiers import STANDARD, TIERS
from pmm.venues.polymarket.budget import RETRY_AFTER_MAX, Budget, Kind, retry_at

AT: Nanos = 1_790_000_000 * SECOND
ORDERS, CANCELS = Kind.ORDERS, Kind.CANCELS


def budget(tier: str = "standard") -> Budget:
    return Budget(TIERS[tier], AT)


def headers(**told: str) -> CIMultiDict[str]:
    return CIMultiDict({name.replace("_", "-"): value for name, value in told.items()})


def test_a_full_bucket_gives_its_burst_at_once_and_then_its_rate() -> None:
    mine = budget()
    assert [mine.spend(AT, 15, ORDERS) for _ in range(5)] == [True, True, True, True, False]
    assert mine.wait_until(AT, 15, ORDERS) == AT + 375 * MILLISECOND
    assert not mine.spend(AT + 375 * MILLISECOND - 1, 15, ORDERS)
    assert mine.spend(AT + 375 * MILLISECOND, 15, ORDERS)


def test_a_batch_is_taken_whole_or_not_at_all() -> None:
    mine = budget()
    assert mine.spend(AT, 50, ORDERS)
    assert not mine.spend(AT, 15, ORDERS)
    assert mine.spend(AT, 10, ORDERS)


def test_a_batch_that_no_bucket_holds_is_an_error() -> None:
    with pytest.raises(ValueError, match="61 orders at once"):
        budget().wait_until(AT, 61, ORDERS)


def test_cancels_do_not_wait_for_orders() -> None:
    mine = budget()
    mine.spend(AT, 60, ORDERS)
    assert mine.wait_until(AT, 1, ORDERS) > AT
    assert mine.wait_until(AT, 120, CANCELS) == AT


def test_cancels_go_into_debt_while_anything_is_left_and_pay_it_back() -> None:
    mine = budget()
    assert mine.spend(AT, 119, CANCELS)
    assert mine.spend(AT, 81, CANCELS)
    assert not mine.spend(AT + SECOND, 1, CANCELS)
    assert mine.wait_until(AT + SECOND, 500, CANCELS) == AT + SECOND + 1


def test_the_highest_tiers_have_no_debt() -> None:
    mine = budget("platinum")
    assert mine.spend(AT, 1_350, CANCELS)
    assert mine.wait_until(AT, 90, CANCELS) == AT + SECOND // 10
    assert mine.wait_until(AT, 5_000, CANCELS) == AT + 1_350 * SECOND // 900


def test_what_a_cancel_of_everything_took_is_charged_afterwards() -> None:
    mine = budget()
    assert mine.spend(AT, 1, CANCELS)
    mine.charge(400, CANCELS)
    assert mine.wait_until(AT, 1, CANCELS) == AT + 281 * SECOND // 80 + 1


def test_what_was_not_sent_is_given_back_and_no_more_than_the_bucket_holds() -> None:
    mine = budget()
    mine.spend(AT, 60, ORDERS)
    mine.refund(100, ORDERS)
    assert mine.spend(AT, 60, ORDERS)
    assert not mine.spend(AT, 1, ORDERS)


def test_a_clock_that_goes_back_gives_nothing_twice() -> None:
    mine = budget()
    mine.spend(AT + SECOND, 60, ORDERS)
    mine.wait_until(AT, 1, ORDERS)
    assert mine.wait_until(AT + SECOND, 1, ORDERS) == AT + SECOND + 25 * MILLISECOND


def test_the_venue_is_believed_when_it_says_that_less_is_left() -> None:
    mine = budget()
    mine.learn(AT, ORDERS, 200, headers(POLY_RATELIMIT_REMAINING="3"))
    assert mine.spend(AT, 3, ORDERS)
    assert not mine.spend(AT, 1, ORDERS)
    mine.learn(AT, ORDERS, 200, headers(POLY_RATELIMIT_REMAINING="50"))
    assert not mine.spend(AT, 1, ORDERS)
    assert mine.wait_until(AT, 1, CANCELS) == AT


def test_a_negative_rest_of_cancels_is_a_debt() -> None:
    mine = budget()
    mine.learn(AT, CANCELS, 200, headers(POLY_RATELIMIT_REMAINING="-80"))
    assert mine.wait_until(AT, 1, CANCELS) == AT + SECOND + 1


def test_a_refusal_closes_its_own_bucket_for_as_long_as_it_says() -> None:
    mine = budget()
    mine.learn(AT, ORDERS, 429, headers(Retry_After="7"))
    assert mine.wait_until(AT, 1, ORDERS) == AT + 7 * SECOND
    assert mine.wait_until(AT, 1, CANCELS) == AT
    assert mine.spend(AT + 7 * SECOND, 1, ORDERS)


def test_a_refusal_that_says_nothing_closes_it_for_a_second() -> None:
    mine = budget()
    mine.learn(AT, ORDERS, 429, headers())
    assert mine.wait_until(AT, 1, ORDERS) == AT + SECOND


def test_a_refusal_may_name_the_moment_instead() -> None:
    mine = budget()
    mine.learn(AT, ORDERS, 429, headers(Poly_RateLimit_Reset=str(AT // SECOND + 4)))
    assert mine.wait_until(AT, 1, ORDERS) == AT + 4 * SECOND


def test_nobody_waits_for_ever() -> None:
    mine = budget()
    mine.learn(AT, ORDERS, 429, headers(Retry_After="99999999"))
    assert mine.wait_until(AT, 1, ORDERS) == AT + RETRY_AFTER_MAX


@pytest.mark.parametrize("odd", ["", "x", "1.5", "\u0661", "9" * 40, "1e3", "--1"])
def test_odd_headers_say_nothing(odd: str) -> None:
    mine = budget()
    told = headers(Poly_RateLimit_Remaining=odd, Poly_RateLimit_Tier=odd, Poly_RateLimit_Warning=odd, Retry_After=odd)
    mine.learn(AT, ORDERS, 200, told)
    assert mine.spend(AT, 60, ORDERS)
    assert (mine.tier, mine.warnings, retry_at(AT, told)) == (STANDARD, 0, None)


def test_another_tier_changes_rate_and_burst_and_gives_nothing_away() -> None:
    mine = budget()
    mine.spend(AT, 60, ORDERS)
    mine.learn(AT, ORDERS, 200, headers(Poly_RateLimit_Tier="Gold"))
    assert mine.tier is TIERS["gold"]
    assert mine.wait_until(AT, 40, ORDERS) == AT + SECOND // 10
    mine.learn(AT + 10 * SECOND, ORDERS, 200, headers(Poly_RateLimit_Tier="standard"))
    assert mine.wait_until(AT + 10 * SECOND, 60, ORDERS) == AT + 10 * SECOND


def test_warnings_are_counted() -> None:
    mine = budget()
    mine.learn(AT, ORDERS, 200, headers(Poly_RateLimit_Warning="true", Poly_RateLimit_Remaining="0"))
    assert mine.warnings == 1


def test_a_date_says_when_to_try_again() -> None:
    assert retry_at(AT, headers(Retry_After="Mon, 21 Sep 2026 14:13:30 GMT")) == AT + 10 * SECOND
    assert retry_at(AT, headers(Retry_After="Mon, 21 Sep 2020 14:13:30 GMT")) == AT


@pytest.mark.parametrize("tier", TIERS)
def test_whatever_the_budget_lets_through_the_exchange_takes(tier: str) -> None:
    """A venue that receives everything a little later than it was sent refuses nothing, and tells no warning."""
    dice, mine = Random(3), budget(tier)
    venue = Limits(tier=TIERS[tier], enforced=True)
    at, delay = AT, 20 * MILLISECOND
    for kind in Kind:
        assert venue.spend("me", 0, AT, cancels=kind is CANCELS).allowed  # the bucket exists from now on
    taken = dict.fromkeys(Kind, 0)
    for _ in range(5_000):
        at += dice.randrange(30 * MILLISECOND)
        kind, cost = dice.choice(tuple(Kind)), dice.randrange(1, 16)
        if mine.spend(at, cost, kind):
            assert venue.spend("me", cost, at + delay, cancels=kind is CANCELS).allowed
            taken[kind] += cost
    elapsed = (at - AT) / SECOND
    assert taken[ORDERS] >= min(0.9 * TIERS[tier].orders.per_second * elapsed, 15_000)


def test_six_hundred_orders_in_one_burst_take_as_long_as_the_rate_says() -> None:
    mine, at = budget(), AT
    for _ in range(600 // 15):
        at = mine.wait_until(at, 15, ORDERS)
        assert mine.spend(at, 15, ORDERS)
    assert at == AT + (600 - 60) * SECOND // 40
