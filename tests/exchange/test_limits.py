from __future__ import annotations

from pmm.exchange.limits import Limits
from pmm.model import SECOND
from pmm.rate_tiers import STANDARD, TIERS


def test_a_batch_is_taken_whole_or_not_at_all() -> None:
    limits = Limits(enforced=True)
    assert limits.spend("a", 55, 0, cancels=False).allowed
    refused = limits.spend("a", 15, 0, cancels=False)
    assert (refused.allowed, dict(refused.headers)["Poly-RateLimit-Remaining"]) == (False, "5")
    assert limits.spend("a", 5, 0, cancels=False).allowed
    assert limits.spend("b", 60, 0, cancels=False).allowed


def test_a_bucket_fills_by_itself_up_to_its_burst() -> None:
    limits = Limits(enforced=True)
    limits.spend("a", 60, 0, cancels=False)
    assert limits.spend("a", 40, SECOND, cancels=False).allowed
    assert dict(limits.spend("a", 60, 100 * SECOND, cancels=False).headers)["Poly-RateLimit-Remaining"] == "0"


def test_cancels_may_go_into_debt_but_only_once() -> None:
    limits = Limits(enforced=True)
    assert limits.spend("a", 119, 0, cancels=True).allowed
    assert dict(limits.spend("a", 500, 0, cancels=True).headers)["Poly-RateLimit-Remaining"] == "-499"
    assert not limits.spend("a", 1, 0, cancels=True).allowed
    assert limits.spend("a", 1, 7 * SECOND, cancels=True).allowed


def test_the_highest_tiers_have_no_debt() -> None:
    limits = Limits(tier=TIERS["elite"], enforced=True)
    assert not limits.spend("a", 1_801, 0, cancels=True).allowed


def test_without_enforcement_it_only_warns() -> None:
    limits = Limits()
    limits.spend("a", 60, 0, cancels=False)
    late = limits.spend("a", 1, 0, cancels=False)
    assert (late.allowed, dict(late.headers)["Poly-RateLimit-Warning"]) == (True, "true")
    assert "Retry-After" not in dict(late.headers)
    assert limits.tier is STANDARD
