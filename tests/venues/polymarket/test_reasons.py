"""Whatever the venue is known to say about an order is explained, and proves what answers take it to prove."""

from __future__ import annotations

import pytest

from pmm.sim import refusals
from pmm.sim.orders import Refusal
from pmm.venues.polymarket import words
from pmm.venues.polymarket.reasons import REASONS, names, reason_of

SAID = [
    refusals.CROSSES,
    refusals.NOT_READY,
    refusals.BAD_EXPIRATION,
    refusals.BAD_PAYLOAD,
    refusals.NOT_FILLED,
    refusals.NO_MATCH,
    refusals.DISABLED,
    refusals.CANCEL_ONLY,
    refusals.UNKNOWN_TOKEN,
    refusals.banned("0xa"),
    refusals.closed_only("0xa"),
    refusals.off_tick("o1", "0.001", 100),
    refusals.too_small("o1", 1, 5),
    refusals.no_balance(1, 2, 3),
    refusals.no_allowance(1, 2, 3),
    refusals.post_only_mode(5),
]


@pytest.mark.parametrize("refusal", SAID, ids=lambda refusal: refusal.text[:30])
def test_every_sentence_of_the_venue_has_its_reason(refusal: Refusal) -> None:
    reason = reason_of(refusal.text)
    assert reason is not None
    assert (reason.proves == "the order was not taken") == words.refuse(refusal.text)


def test_a_balance_and_an_allowance_are_told_apart() -> None:
    balance, allowance = (reason_of(one(1, 2, 3).text) for one in (refusals.no_balance, refusals.no_allowance))
    assert balance is not None
    assert allowance is not None
    assert "doctor" in allowance.remedy
    assert balance != allowance


def test_what_proves_nothing_says_so_and_a_repeated_order_is_there() -> None:
    for doubtful in ("EXECUTION_ERROR", "Internal server error", "order_delayed", "could not insert order"):
        reason = reason_of(doubtful)
        assert reason is not None
        assert reason.proves.startswith("nothing")
    again = reason_of(refusals.duplicated("o1").text)
    assert again is not None
    assert again.proves == "the venue has the order already"


def test_every_name_leads_to_its_reason_and_none_is_given_twice() -> None:
    assert len(set(names())) == len(list(names())) - sum(reason.text in reason.codes for reason in REASONS)
    for reason in REASONS:
        for name in (reason.text, *reason.codes):
            assert reason_of(name) == reason, name
    assert reason_of("hello") is None
