"""How long the engine took: a histogram with bounded memory and about 3 % resolution."""

from __future__ import annotations

from dataclasses import dataclass, field

from pmm.model import Nanos

# Each octave is cut into this many buckets.
BUCKETS = 32


def _bucket(nanos: Nanos) -> int:
    if nanos < BUCKETS:
        return max(0, nanos)
    shift = nanos.bit_length() - BUCKETS.bit_length()
    return (shift + 1) * BUCKETS + (nanos >> shift) - BUCKETS


def _middle(bucket: int) -> Nanos:
    if bucket < BUCKETS:
        return bucket
    shift, rest = bucket // BUCKETS - 1, bucket % BUCKETS
    return ((BUCKETS + rest) << shift) + ((1 << shift) >> 1)


@dataclass(slots=True)
class StepTime:
    """Quantiles of the time per step, in nanoseconds."""

    counts: dict[int, int] = field(default_factory=dict)
    total: int = 0

    def add(self, took: Nanos) -> None:
        bucket = _bucket(took)
        self.counts[bucket] = self.counts.get(bucket, 0) + 1
        self.total += 1

    def quantile(self, share: float) -> Nanos | None:
        """The time that `share` of all steps stayed within, or None before the first step."""
        wanted = share * self.total
        seen = 0
        for bucket in sorted(self.counts):
            seen += self.counts[bucket]
            if seen >= wanted:
                return _middle(bucket)
        return None
