"""How long the engine took, and the venue: histograms with bounded memory and about 3 % resolution."""

from __future__ import annotations

from dataclasses import dataclass, field

from pmm.commands import Cancel, Command, Place
from pmm.core.step import Step
from pmm.events import Accepted, Canceled, CancelRejected, Filled, Rejected, Unanswered
from pmm.model import Nanos, OrderId

# Each octave is cut into this many buckets.
BUCKETS = 32
# Requests that wait for an answer; those beyond are not measured.
WAITING_MAX = 10_000


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


@dataclass(slots=True)
class RoundTrips:
    """From the step that asks for an order or its cancel to the event that says what became of it."""

    places: StepTime = field(default_factory=StepTime)
    cancels: StepTime = field(default_factory=StepTime)
    _placed: dict[OrderId, Nanos] = field(default_factory=dict)
    _canceled: dict[OrderId, Nanos] = field(default_factory=dict)

    def on_step(self, step: Step) -> None:
        event = step.event
        match event:
            case Accepted() | Rejected() | Filled():
                self._answer(self.places, self._placed, event.order_id, event.at)
            case Canceled() | CancelRejected():
                self._answer(self.cancels, self._canceled, event.order_id, event.at)
                self._placed.pop(event.order_id, None)
            case Unanswered():
                self._placed.pop(event.order_id, None)
                self._canceled.pop(event.order_id, None)
        for command in step.commands:
            self._ask(command, event.at)

    def _ask(self, command: Command, at: Nanos) -> None:
        waiting = len(self._placed) + len(self._canceled)
        if isinstance(command, Place) and waiting < WAITING_MAX:
            self._placed[command.order_id] = at
        elif isinstance(command, Cancel) and waiting < WAITING_MAX:
            self._canceled[command.order_id] = at

    @staticmethod
    def _answer(times: StepTime, waiting: dict[OrderId, Nanos], order_id: OrderId, at: Nanos) -> None:
        asked = waiting.pop(order_id, None)
        if asked is not None:
            times.add(max(0, at - asked))
