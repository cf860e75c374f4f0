"""A recording as a venue: the exact messages at their original distances, to whoever subscribed to what they name.

Time stands still until the first subscription.  Markets, ticks and tokens are inferred from the messages themselves,
and so are the books: they answer HTTP reads, and late subscribers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from pmm._fast import ASK, BID, Book
from pmm.exchange.recording import Recorded
from pmm.model import (
    MILLISECOND,
    TICKS,
    Market,
    Money,
    Nanos,
    Price,
    Side,
    Size,
    Token,
    TokenId,
    parse_price,
    parse_size,
)
from pmm.sim.catalog import MIN_ORDER_SIZE, Listing
from pmm.sim.frames import MarketWire, WireFrame, array
from pmm.sim.matching import Outcome

Event = dict[str, object]


@dataclass
class _Facts:
    """What a recording tells about one condition."""

    tokens: dict[TokenId, None] = field(default_factory=dict)  # in order of appearance
    tick: Price = TICKS[0]
    stated: bool = False
    neg_risk: bool | None = None


class Replay:
    """A venue that says what a recording says, from its first message to its last."""

    waits = True

    def __init__(self, recorded: Sequence[Recorded]) -> None:
        self._recorded = [one for one in recorded if one.events]
        self._next = 0
        self.now: Nanos = self._recorded[0].at if self._recorded else 0
        facts = _facts(event for one in self._recorded for event in one.events)
        self.listings: list[Listing] = [
            _listing(condition_id, fact) for condition_id, fact in facts.items() if len(fact.tokens) == 2
        ]
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
                frames.append(WireFrame(one.data, tuple(_named(one.events)), _custom(one.events)))
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
            for change in _changes(event):
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
        wire.books[outcome].load(_levels(event, "bids"), _levels(event, "asks"))
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
        if found is None:
            return
        wire = found[0]
        for book in wire.books:
            book.change_tick(tick)
        wire.market = replace(wire.market, tick=tick)


def _facts(events: Iterable[Event]) -> dict[str, _Facts]:
    facts: dict[str, _Facts] = defaultdict(_Facts)
    for event in events:
        condition_id = event.get("market")
        if not isinstance(condition_id, str) or event.get("event_type") in {"new_market", "market_resolved"}:
            continue
        fact = facts[condition_id]
        for token in _named([event]):
            fact.tokens.setdefault(token)
        fact.tick = _tick(event, fact)
        if fact.neg_risk is None:
            fact.neg_risk = _neg_risk(event)
    return facts


def _tick(event: Event, fact: _Facts) -> Price:
    """The tick that a message states; where none ever does, the coarsest one that holds every price seen."""
    try:
        if "tick_size" in event:
            fact.stated = True
            return parse_price(str(event["tick_size"]))
        if fact.stated:
            return fact.tick
        seen = [price for price, _ in [*_levels(event, "bids"), *_levels(event, "asks")]]
        seen += [parse_price(str(change["price"])) for change in _changes(event)]
    except (ValueError, KeyError, TypeError):
        return fact.tick
    coarse_enough = [tick for tick in TICKS if tick <= fact.tick]
    return next(tick for tick in coarse_enough if all(price % tick == 0 for price in seen))


def _neg_risk(event: Event) -> bool | None:
    """A book of the endpoint says it; one of the socket proves it by its hash, which covers it."""
    if "neg_risk" in event:
        return event["neg_risk"] is True
    if event.get("event_type") != "book" or "tick_size" not in event:
        return None
    try:
        book = Book(parse_price(str(event["tick_size"])))
        book.load(_levels(event, "bids"), _levels(event, "asks"))
    except (ValueError, KeyError, TypeError):
        return None
    names = [str(event.get(key, "")) for key in ("market", "asset_id", "timestamp")]
    last = str(event.get("last_trade_price", ""))
    for neg_risk in (False, True):
        if book.hash(names[0], names[1], names[2], "5", neg_risk, last) == event.get("hash"):
            return neg_risk
    return None


def _listing(condition_id: str, fact: _Facts) -> Listing:
    yes, no = fact.tokens
    market = Market(
        condition_id=condition_id,
        slug=condition_id,
        question=f"Recorded market {condition_id[:10]}",
        tokens=(Token(yes, "Yes"), Token(no, "No")),
        tick=fact.tick,
        min_size=MIN_ORDER_SIZE,
        neg_risk=fact.neg_risk is True,
        event_slug=f"recorded-{condition_id}",
    )
    return Listing(market, market.question, "A market of a recording.", "Recording", probability=0.5, pace=0.0)


def _named(events: Iterable[Event]) -> Iterator[TokenId]:
    """Every token that a message names."""
    for event in events:
        for entry in (event, *_changes(event)):
            token = entry.get("asset_id")
            if isinstance(token, str):
                yield token
        others = event.get("assets_ids")
        if isinstance(others, list):
            yield from (token for token in others if isinstance(token, str))


def _changes(event: Event) -> list[Event]:
    """The entries of a price change, in the present shape or in the one before September 2025."""
    changes = event.get("price_changes")
    if isinstance(changes, list):
        return [change for change in changes if isinstance(change, dict)]
    old = event.get("changes")
    if isinstance(old, list):
        return [{"asset_id": event.get("asset_id"), **change} for change in old if isinstance(change, dict)]
    if event.get("event_type") == "price_change" and "price" in event:
        return [event]
    return []


def _levels(event: Event, key: str) -> list[tuple[Price, Size]]:
    levels = event.get(key, [])
    if not isinstance(levels, list):
        raise TypeError(f"{key} is not a list")
    return [(parse_price(level["price"]), parse_size(level["size"])) for level in levels]


def _at_ms(event: Event) -> int:
    return int(str(event["timestamp"]))


def _custom(events: Iterable[Event]) -> bool:
    return any(event.get("event_type") in {"best_bid_ask", "new_market", "market_resolved"} for event in events)
