"""Token buckets per signer, with the headers that tell about them (protocol reference, section 8.2)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from pmm.exchange.answers import Headers
from pmm.model import SECOND, Nanos

TOO_MANY_REQUESTS = "Too Many Requests"


@dataclass(frozen=True, slots=True)
class Rate:
    """So many per second, and so many at once."""

    per_second: int
    burst: int


@dataclass(frozen=True, slots=True)
class Tier:
    """What a signer may do; `debt` lets cancels take their bucket below zero."""

    name: str
    orders: Rate
    cancels: Rate
    debt: bool = True


STANDARD = Tier("standard", Rate(40, 60), Rate(80, 120))
TIERS = {
    tier.name: tier
    for tier in (
        STANDARD,
        Tier("copper", Rate(60, 90), Rate(120, 180)),
        Tier("bronze", Rate(80, 120), Rate(160, 240)),
        Tier("silver", Rate(200, 300), Rate(400, 600)),
        Tier("gold", Rate(400, 600), Rate(800, 1_200)),
        Tier("platinum", Rate(450, 675), Rate(900, 1_350), debt=False),
        Tier("diamond", Rate(525, 787), Rate(1_050, 1_575), debt=False),
        Tier("elite", Rate(600, 900), Rate(1_200, 1_800), debt=False),
    )
}


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
        wait = None if fits else -((at - ready) // SECOND)
        headers = _headers(bucket.left // SECOND, -(-ready // SECOND), tier.name, wait, enforced=self.enforced)
        return Verdict(fits or not self.enforced, headers)

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


@lru_cache(maxsize=1024)
def _headers(remaining: int, reset_s: int, tier: str, wait_s: int | None, *, enforced: bool) -> Headers:
    """`wait_s` is set where the request did not fit.  The second, and what is left of a bucket, often stay the same."""
    headers = (
        ("Poly-RateLimit-Remaining", str(remaining)),
        ("Poly-RateLimit-Reset", str(reset_s)),
        ("Poly-RateLimit-Tier", tier),
    )
    if wait_s is None:
        return headers
    return (*headers, ("Retry-After", str(max(1, wait_s))) if enforced else ("Poly-RateLimit-Warning", "true"))
