"""What the venue's books really were, moment by moment: the only thing that the judge measures against."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import deque
from dataclasses import dataclass

from pmm._fast import ASK, BID, Book
from pmm.model import SECOND, BookPage, Level, Market, Nanos, price_text, size_text
from pmm.sim.frames import MarketWire
from pmm.sim.matching import Outcome

# Old books are needed for caches (a second) and for snapshots that come late (seconds).
KEPT: Nanos = 12 * SECOND


@dataclass(frozen=True, slots=True)
class State:
    """Both books of a market from the venue's moment `sent_at` on; `changed_ms` is the time that they carry."""

    sent_at: Nanos
    books: tuple[Book, Book]
    changed_ms: int
    hashes: tuple[str, str]


class Truth:
    """The history of one market's books; copies, so that nothing that happens later changes them."""

    def __init__(self, wire: MarketWire, at: Nanos) -> None:
        self.market: Market = wire.market
        self._wire = wire
        self._history: deque[State] = deque()
        self.note(at)

    def note(self, at: Nanos) -> State:
        """Keep the venue's present books."""
        wire = self._wire
        books = wire.books[0].copy(), wire.books[1].copy()
        state = State(at, books, wire.at_ms, (wire.hash(Outcome.YES), wire.hash(Outcome.NO)))
        self._history.append(state)
        while len(self._history) > 1 and self._history[1].sent_at < at - KEPT:
            self._history.popleft()
        return state

    def at(self, moment: Nanos) -> State:
        """The books as they were then, or as long ago as is known."""
        place = bisect_right(self._history, moment, key=lambda state: state.sent_at)
        return self._history[max(place - 1, 0)]

    def page(self, token: int, moment: Nanos) -> BookPage:
        """The REST form of a token's book of a moment."""
        state, market = self.at(moment), self.market
        bids, asks = (tuple(Level(*level) for level in state.books[token].levels(side)) for side in (BID, ASK))
        name = market.tokens[token].token_id
        condition, tick = market.condition_id, market.tick
        return BookPage(
            name,
            condition,
            state.changed_ms,
            bids,
            asks,
            tick,
            market.min_size,
            market.neg_risk,
            None,
            state.hashes[token],
        )

    def snapshot(self, token: int, moment: Nanos) -> dict[str, object]:
        """The message that would have told a token's whole book then."""
        state = self.at(moment)
        sides = (reversed(state.books[token].levels(side)) for side in (BID, ASK))
        bids, asks = ([{"price": price_text(p), "size": size_text(s)} for p, s in side] for side in sides)
        return {
            "market": self.market.condition_id,
            "asset_id": self.market.tokens[token].token_id,
            "bids": bids,
            "asks": asks,
            "hash": state.hashes[token],
            "timestamp": str(state.changed_ms),
            "event_type": "book",
        }


def text(body: object) -> bytes:
    """A message as the venue writes it."""
    return json.dumps(body, separators=(", ", ":")).encode()
