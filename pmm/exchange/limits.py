"""Token buckets per signer, with the headers that tell about them (protocol reference, section 8.2)."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple, TypeAlias

from pmm.exchange.answers import Headers
from pmm.model import SECOND, Nanos
from pmm.rate_tiers import STANDARD, Rate, Tier

TOO_MANY_REQUESTS = "Too Many Requests"

Header: TypeAlias = tuple[str, str]

# What a request that does not fit is told while limits are not enforced.
_WARNING: Header = ("Poly-RateLimit-Warning", "true")


class Verdict(NamedTuple):
    """Whether a request goes on, and what its answer says about the bucket."""

    allowed: bool
    headers: Headers


class Bucket:
    """Fills by itself up to its burst.  `left` is in billionths of a request, of which one comes in 1/rate ns."""

    def __init__(self, rate: Rate, at: Nanos) -> None:
        self.rate = rate
        self.left = rate.burst * SECOND
        self._at = at

    def refill(self, at: Nanos) -> None:
        if at > self._at:
            self.left = min(self.rate.burst * SECOND, self.left + (at - self._at) * self.rate.per_second)
            self._at = at


class Limits:
    """The buckets of every signer.  `enforced` False only warns, as the venue did when it introduced them."""

    def __init__(self, *, tier: Tier = STANDARD, enforced: bool = False) -> None:
        self.tier = tier
        self.enforced = enforced
        self._buckets: dict[tuple[str, bool], Bucket] = {}

    def spend(self, signer: str, cost: int, at: Nanos, *, cancels: bool) -> Verdict:
        """Take `cost` from a bucket, all of it or nothing."""
        bucket, tier, price = self._bucket(signer, at, cancels=cancels), self.tier, cost * SECOND
        fits = bucket.left >= price or (cancels and tier.debt and bucket.left > 0)
        if fits:
            bucket.left -= price
            price = SECOND
        ready = at + max(0, -(-(price - bucket.left) // bucket.rate.per_second))
        late = None if fits else _come_back(ready - at) if self.enforced else _WARNING
        return _verdict(bucket.left // SECOND, -(-ready // SECOND), tier.name, late)

    def charge(self, signer: str, cost: int, at: Nanos) -> None:
        """What a cancel of everything costs beyond its request: one for each order that went."""
        self._bucket(signer, at, cancels=True).left -= cost * SECOND

    def _bucket(self, signer: str, at: Nanos, *, cancels: bool) -> Bucket:
        rate = self.tier.cancels if cancels else self.tier.orders
        bucket = self._buckets.get((signer, cancels))
        if bucket is None or bucket.rate is not rate:
            bucket = self._buckets[signer, cancels] = Bucket(rate, at)
        bucket.refill(at)
        return bucket


def _come_back(wait: Nanos) -> Header:
    return "Retry-After", str(max(1, -(-wait // SECOND)))


@lru_cache(maxsize=1024)
def _verdict(remaining: int, reset_s: int, tier: str, late: Header | None) -> Verdict:
    """`late` is set where the request did not fit.  The second, and what is left of a bucket, often stay the same."""
    headers = (
        ("Poly-RateLimit-Remaining", str(remaining)),
        ("Poly-RateLimit-Reset", str(reset_s)),
        ("Poly-RateLimit-Tier", tier),
    )
    return Verdict(late is None or late is _WARNING, headers if late is None else (*headers, late))
