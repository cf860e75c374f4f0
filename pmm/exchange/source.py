"""What the shells need from whatever they serve: the pretend venue, or a recording."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from pmm.model import Money, Nanos, TokenId
from pmm.sim.catalog import Listing
from pmm.sim.frames import MarketWire, WireFrame
from pmm.sim.matching import Outcome


class Source(Protocol):
    """A venue in event time.  Whoever serves it owns the clock and calls `step` when `next_at` has come."""

    @property
    def listings(self) -> Sequence[Listing]:
        """The markets on the list."""

    @property
    def now(self) -> Nanos:
        """The time of the last step."""

    @property
    def waits(self) -> bool:
        """Whether its time stands still until somebody subscribes for the first time."""

    def next_at(self) -> Nanos | None:
        """When the next message is due; None when there is none in sight."""

    def step(self) -> list[WireFrame]:
        """Everything sent at `next_at`, in order."""

    def dump(self, tokens: Iterable[TokenId]) -> bytes:
        """What a subscription to `tokens` is answered with; empty when that is nothing."""

    def rest_book(self, token: TokenId) -> str | None:
        """The body of the order book endpoint; None for a token without a book."""

    def wire(self, token: TokenId) -> tuple[MarketWire, Outcome] | None:
        """The books that hold `token`, and which of the two it is."""

    def volume(self, condition_id: str) -> Money:
        """What has traded on a market, in micro-USD."""
