"""How many orders and cancels a signer may send: token buckets as the venue keeps them (protocol reference, 8.2).

Pure: time is an argument.  Orders and cancels are counted apart, so cancels never wait for orders.  An order costs 1, a
batch its length, all or nothing; a cancel costs 1 for each id, and a cancel of everything 1 and 1 for each order that
went.  What answers say about the buckets is believed where it is less than we counted.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from enum import StrEnum

from pmm.model import SECOND, Nanos
from pmm.rate_tiers import STANDARD, TIERS, Rate, Tier

# Longer waits than this are asked for by nobody sane; after it we ask again.
RETRY_AFTER_MAX: Nanos = 120 * SECOND
TOO_MANY_REQUESTS = 429


class Kind(StrEnum):
    """Which of the two buckets of a signer a request draws on."""

    ORDERS = "orders"
    CANCELS = "cancels"


class _Bucket:
    """Fills by itself up to its burst; counted in billionths of a token, which makes a nanosecond's gain whole."""

    def __init__(self, rate: Rate, at: Nanos) -> None:
        self.rate = rate
        self.left = rate.burst * SECOND
        self.closed_until: Nanos = 0
        self._at = at

    def refill(self, at: Nanos) -> None:
        gained = max(0, at - self._at) * self.rate.per_second
        self.left = min(self.rate.burst * SECOND, self.left + gained)
        self._at = max(self._at, at)

    def wait(self, least: int) -> Nanos:
        """How long until so many billionths are there, if nothing is spent."""
        return max(0, -(-(least - self.left) // self.rate.per_second))


class Budget:
    """The two buckets of one signer, both full at first."""

    def __init__(self, tier: Tier = STANDARD, at: Nanos = 0) -> None:
        self.tier = tier
        self.warnings = 0  # answers that said we were over a limit which is not enforced yet
        self._buckets = {Kind.ORDERS: _Bucket(tier.orders, at), Kind.CANCELS: _Bucket(tier.cancels, at)}

    def wait_until(self, at: Nanos, cost: int, kind: Kind) -> Nanos:
        """The first moment from `at` on at which `cost` may be spent, if nothing else is spent before.

        Raises ValueError for orders that no full bucket holds: such a batch never goes.
        """
        bucket = self._buckets[kind]
        bucket.refill(at)
        return max(at + bucket.wait(self._least(cost, kind)), bucket.closed_until)

    def spend(self, at: Nanos, cost: int, kind: Kind) -> bool:
        """Take `cost`, all of it or nothing; whether it was taken."""
        if self.wait_until(at, cost, kind) > at:
            return False
        self._buckets[kind].left -= cost * SECOND
        return True

    def charge(self, cost: int, kind: Kind) -> None:
        """Take what a request turned out to cost; the bucket may go below zero."""
        self._buckets[kind].left -= cost * SECOND

    def refund(self, cost: int, kind: Kind) -> None:
        """Give back what a request cost that was proven not to be sent."""
        bucket = self._buckets[kind]
        bucket.left = min(bucket.rate.burst * SECOND, bucket.left + cost * SECOND)

    def learn(self, at: Nanos, kind: Kind, status: int, headers: Mapping[str, str]) -> None:
        """Take from an answer what it says about its bucket; `headers` answer to any case.  Odd values say nothing."""
        self._change_tier(at, headers.get("Poly-RateLimit-Tier", ""))
        bucket = self._buckets[kind]
        bucket.refill(at)
        remaining = _integer(headers.get("Poly-RateLimit-Remaining", ""))
        if remaining is not None:
            bucket.left = min(bucket.left, remaining * SECOND)
        self.warnings += headers.get("Poly-RateLimit-Warning", "").lower() == "true"
        if status == TOO_MANY_REQUESTS:
            bucket.closed_until = max(bucket.closed_until, self._reopens(at, headers))

    def _least(self, cost: int, kind: Kind) -> int:
        """What must be in the bucket before `cost` goes, in billionths."""
        if kind is Kind.CANCELS and self.tier.debt:
            return min(cost * SECOND, 1)
        burst = self._buckets[kind].rate.burst
        if cost > burst and kind is Kind.ORDERS:
            raise ValueError(f"{cost} orders at once, and the bucket holds {burst}")
        return min(cost, burst) * SECOND

    def _reopens(self, at: Nanos, headers: Mapping[str, str]) -> Nanos:
        """When a refused kind of request may be tried again: as told, or after the bucket's own second."""
        told = retry_at(at, headers)
        if told is None:
            reset = _integer(headers.get("Poly-RateLimit-Reset", ""))
            told = at + SECOND if reset is None else max(at, reset * SECOND)
        return min(told, at + RETRY_AFTER_MAX)

    def _change_tier(self, at: Nanos, name: str) -> None:
        tier = TIERS.get(name.lower(), self.tier)
        if tier is self.tier:
            return
        self.tier = tier
        for kind, rate in ((Kind.ORDERS, tier.orders), (Kind.CANCELS, tier.cancels)):
            bucket = self._buckets[kind]
            bucket.refill(at)
            bucket.rate = rate
            bucket.left = min(bucket.left, rate.burst * SECOND)


def retry_at(at: Nanos, headers: Mapping[str, str]) -> Nanos | None:
    """When `Retry-After` asks to be tried again, as seconds or as a date; None when it says nothing sound."""
    text = headers.get("Retry-After", "").strip()
    seconds = _integer(text)
    if seconds is not None:
        return at + seconds * SECOND if seconds >= 0 else None
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(at, math.ceil(date.replace(tzinfo=date.tzinfo or UTC).timestamp()) * SECOND)


def _integer(text: str) -> int | None:
    """A whole number of at most twelve digits."""
    digits = text.strip().removeprefix("-")
    return int(text) if digits.isascii() and digits.isdigit() and len(digits) <= 12 else None
