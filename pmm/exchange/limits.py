"""Token buckets per signer, with the headers that tell about them (protocol reference, section 8.2)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

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
    headers: dict[str, str]


class Bucket:
    """Fills by itself up to its burst."""

    def __init__(self, rate: Rate, at: Nanos) -> None:
        self.rate = rate
        self.left = float(rate.burst)
        self._at = at

    def refill(self, at: Nanos) -> None:
        gained = max(0, at - self._at) * self.rate.per_second / SECOND
        self.left = min(float(self.rate.burst), self.left + gained)
        self._at = max(self._at, at)

    def wait_s(self, cost: int) -> float:
        """Seconds until `cost` fits."""
        return max(0.0, (cost - self.left) / self.rate.per_second)


class Limits:
    """The buckets of every signer.  `enforced` False only warns, as the venue did when it introduced them."""

    def __init__(self, *, tier: Tier = STANDARD, enforced: bool = False) -> None:
        self.tier = tier
        self.enforced = enforced
        self._buckets: dict[tuple[str, bool], Bucket] = {}

    def spend(self, signer: str, cost: int, at: Nanos, *, cancels: bool) -> Verdict:
        """Take `cost` from a bucket, all of it or nothing."""
        bucket = self._bucket(signer, at, cancels=cancels)
        enough = bucket.left >= cost
        owes = cancels and self.tier.debt and bucket.left > 0
        allowed = enough or owes or not self.enforced
        if enough or owes:
            bucket.left -= cost
        return Verdict(allowed, self._headers(bucket, cost, at, fits=enough or owes))

    def charge(self, signer: str, cost: int, at: Nanos) -> None:
        """What a cancel of everything costs beyond its request: one for each order that went."""
        self._bucket(signer, at, cancels=True).left -= cost

    def _bucket(self, signer: str, at: Nanos, *, cancels: bool) -> Bucket:
        rate = self.tier.cancels if cancels else self.tier.orders
        bucket = self._buckets.get((signer, cancels))
        if bucket is None or bucket.rate is not rate:
            bucket = self._buckets[signer, cancels] = Bucket(rate, at)
        bucket.refill(at)
        return bucket

    def _headers(self, bucket: Bucket, cost: int, at: Nanos, *, fits: bool) -> dict[str, str]:
        wait = bucket.wait_s(cost if not fits else 1)
        headers = {
            "Poly-RateLimit-Remaining": str(math.floor(bucket.left)),
            "Poly-RateLimit-Reset": str(math.ceil(at / SECOND + wait)),
            "Poly-RateLimit-Tier": self.tier.name,
        }
        if not fits and self.enforced:
            headers["Retry-After"] = str(max(1, math.ceil(wait)))
        elif not fits:
            headers["Poly-RateLimit-Warning"] = "true"
        return headers
