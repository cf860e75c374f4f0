"""A recording as a venue: the exact messages at their original distances, to whoever subscribed to what they name.

Time stands still until the first subscription.  Markets are those that the recorder wrote down; others are
inferred from the messages themselves, and so are the books: they answer HTTP reads, and late subscribers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from pmm._fast import ASK, BID
from pmm.model import MILLISECOND, Market, Money, Nanos, Price, Side, TokenId, parse_price, parse_size
from pmm.recordings.facts import inferred, levels_of, market_of
from pmm.recordings.recorded import Event, Recorded, changes_of, named
from pmm.sim.catalog import Listing
from pmm.sim.frames import MarketWire, WireFrame, array
from pmm.sim.matching import Outcome


class Replay:
    """A venue that says what a recording says, from its first message to its last."""

    waits = True

    def __init__(self, recorded: Sequence[Recorded], markets: Sequence[Market] = ()) -> None:
        self._recorded = [one for one in recorded if one.events]
        self._next = 0
        self.now: Nanos = self._recorded[0].at if self._recorded else 0
        self.listings: list[Listing] = [_listing(market) for market in self._markets(markets)]
        self._tokens: dict[TokenId, tuple[MarketWire, Outcome]] = {}
        for listing in self.listings:
            wire = MarketWire(listing.market, self.now // MILLISECOND)
            for outcome in Outcome:
                self._tokens[listing.market.tokens[outcome].token_id] = (wire, outcome)
        self._snapshot_ms: dict[TokenId, int] = {}
        self._latest_ms: dict[TokenId, int] = {}
        self._bodies: dict[TokenId, str] = {}
        self.refused = 0

    @property
    def messages(self) -> int:
        """How many messages of the socket there are."""
        return sum(one.on_socket for one in self._recorded)

    def _markets(self, told: Sequence[Market]) -> Iterator[Market]:
        """Those that the recorder wrote down, and what the messages tell of others."""
        known = {market.condition_id: market for market in told}
        facts = inferred(event for one in self._recorded for event in one.events)
        unknown = (market_of(condition, fact) for condition, fact in facts.items() if condition not in known)
        yield from (market for market in (*known.values(), *unknown) if len(market.tokens) == 2)

    # --- time -----------------------------------------------------------------------------------------------------

    def next_at(self) -> Nanos | None:
        return self._recorded[self._next].at if self._next < len(self._recorded) else None

    def step(self) -> list[WireFrame]:
        due = self.next_at()
        if due is None:
            return []
        self.now = due
        frames: list[WireFrame] = []
        while self.next_at() == due:
            one = self._recorded[self._next]
            self._next += 1
            for event in one.events:
                self._apply(event, one.data if not one.on_socket else None)
            if one.on_socket:
                frames.append(WireFrame(one.data, tuple(named(one.events)), _custom(one.events)))
        return frames

    # --- reads ----------------------------------------------------------------------------------------------------

    def dump(self, tokens: Iterable[TokenId]) -> bytes:
        """The present books; before its first recorded book a token has none, and no answer is sent for it."""
        dumps = []
        for token in tokens:
            if token in self._snapshot_ms:
                wire, outcome = self._tokens[token]
                dumps.append(wire.dump(outcome))
        return array(dumps) if dumps else b""

    def rest_book(self, token: TokenId) -> str | None:
        """The recorded body while nothing newer is known, otherwise the present book."""
        if token in self._bodies:
            return self._bodies[token]
        found = self._tokens.get(token) if token in self._snapshot_ms else None
        return None if found is None else found[0].rest_book(found[1])

    def wire(self, token: TokenId) -> tuple[MarketWire, Outcome] | None:
        return self._tokens.get(token)

    def volume(self, condition_id: str) -> Money:  # noqa: ARG002 - a recording does not tell
        return 0

    # --- books ----------------------------------------------------------------------------------------------------

    def _apply(self, event: Event, body: bytes | None) -> None:
        """Follow a message.  What makes no sense is counted and sent on as it is: that is what clients have to bear."""
        try:
            self._follow(event, body)
        except (ValueError, KeyError, TypeError, AttributeError):
            self.refused += 1

    def _follow(self, event: Event, body: bytes | None) -> None:
        kind = event.get("event_type", "book" if "bids" in event else None)
        if kind == "book":
            self._load(event, body)
        elif kind == "price_change":
            for change in changes_of(event):
                self._set(change, _at_ms(event))
        elif kind == "last_trade_price":
            found = self._tokens.get(str(event["asset_id"]))
            if found is not None:
                side = Side(str(event.get("side") or "BUY"))
                found[0].note_trade(found[1], side, parse_price(str(event["price"])))
        elif kind == "tick_size_change":
            self._change_tick(str(event["asset_id"]), parse_price(str(event["new_tick_size"])))

    def _load(self, event: Event, body: bytes | None) -> None:
        token = str(event["asset_id"])
        found = self._tokens.get(token)
        if found is None:
            return
        wire, outcome = found
        at_ms = _at_ms(event)
        if body is not None and at_ms < self._latest_ms.get(token, 0):
            return
        if event.get("tick_size"):
            self._change_tick(token, parse_price(str(event["tick_size"])))
        wire.books[outcome].load(levels_of(event, "bids"), levels_of(event, "asks"))
        wire.at_ms = self._snapshot_ms[token] = self._latest_ms[token] = at_ms
        if event.get("last_trade_price"):
            wire.last_price = parse_price(str(event["last_trade_price"]))
        if body is not None:
            self._bodies[token] = body.decode().strip()
        else:
            self._bodies.pop(token, None)

    def _set(self, change: Event, at_ms: int) -> None:
        token = str(change["asset_id"])
        found = self._tokens.get(token)
        if found is None or at_ms < self._snapshot_ms.get(token, at_ms + 1):
            return  # no book yet, or a change that its snapshot already holds
        wire, outcome = found
        side = BID if change["side"] == "BUY" else ASK
        wire.books[outcome].set(side, parse_price(str(change["price"])), parse_size(str(change["size"])))
        wire.at_ms = self._latest_ms[token] = at_ms
        self._bodies.pop(token, None)

    def _change_tick(self, token: TokenId, tick: Price) -> None:
        found = self._tokens.get(token)
        if found is None or found[0].market.tick == tick:
            return
        wire = found[0]
        for book in wire.books:
            book.change_tick(tick)
        wire.market = replace(wire.market, tick=tick)


def _listing(market: Market) -> Listing:
    return Listing(market, market.question, "A market of a recording.", "Recording", probability=0.5, pace=0.0)


def _at_ms(event: Event) -> int:
    return int(str(event["timestamp"]))


def _custom(events: Iterable[Event]) -> bool:
    return any(event.get("event_type") in {"best_bid_ask", "new_market", "market_resolved"} for event in events)
