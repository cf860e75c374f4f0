"""What can go wrong with a message between the venue and the bot.

A fault takes one message and says what arrives instead: any number of texts, each with an own delay.  `HELD` means
that the message waits for the next one of its market and comes after it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any, TypeAlias

from pmm.model import GRID, MILLISECOND, SECOND, Nanos, price_text
from tests.chaos.truth import Truth, text

HELD: Nanos = -1
Arrivals: TypeAlias = list[tuple[Nanos, bytes]]
Body: TypeAlias = dict[str, Any]


@dataclass
class Fault:
    """One fault of a run: of which kind, on which connection, and when it struck."""

    kind: str
    connection: int
    market: str
    armed_at: Nanos
    hit_at: Nanos | None = None


@dataclass(frozen=True)
class Message:
    """What the venue sent: `body` is its text as JSON."""

    sent_at: Nanos
    market: str
    data: bytes
    body: Body

    @property
    def is_change(self) -> bool:
        return "price_changes" in self.body

    @property
    def is_book(self) -> bool:
        return bool(self.body.get("event_type") == "book")


def _altered(message: Message, alter: Callable[[Body], None], entries: int) -> Arrivals:
    """A change whose first `entries` entries are altered; both tokens are told of every change."""
    body = json.loads(message.data)
    for entry in body["price_changes"][:entries]:
        alter(entry)
    return [(0, text(body))]


def _other_size(message: Message, truth: Truth, dice: Random, entries: int = 2) -> Arrivals:
    size = str(dice.randint(1, 900)) if dice.random() < 0.8 else "0"

    def alter(entry: Body) -> None:
        entry["size"] = size if entry["size"] != size else "17.5"

    return _altered(message, alter, entries)


def _other_price(message: Message, truth: Truth, dice: Random) -> Arrivals:
    tick = truth.market.tick
    first = message.body["price_changes"][0]
    old = round(float(first["price"]) * GRID)
    new = old + tick * dice.choice((-3, -2, -1, 1, 2, 3))
    new = new if 0 < new < GRID else GRID - old if GRID - old != old else old + tick

    def alter(entry: Body) -> None:
        entry["price"] = price_text(new if entry is entries[0] else GRID - new)

    body = json.loads(message.data)
    entries = body["price_changes"]
    for entry in entries:
        alter(entry)
    return [(0, text(body))]


def _wrong_side(message: Message, truth: Truth, dice: Random) -> Arrivals:
    def alter(entry: Body) -> None:
        entry["side"] = "SELL" if entry["side"] == "BUY" else "BUY"

    return _altered(message, alter, 2)


def _one_token(message: Message, truth: Truth, dice: Random) -> Arrivals:
    """Only one of the two tokens is told the truth: the other entry is wrong or missing."""
    if dice.random() < 0.5:
        return _other_size(message, truth, dice, 1)
    body = json.loads(message.data)
    del body["price_changes"][dice.randrange(2)]
    return [(0, text(body))]


def _truncated(message: Message, truth: Truth, dice: Random) -> Arrivals:
    return [(0, message.data[: dice.randrange(1, len(message.data))])]


def _nonsense(message: Message, truth: Truth, dice: Random) -> Arrivals:
    name, value = dice.choice((("size", "-5"), ("price", "1.7"), ("price", "0.00001"), ("side", "HOLD")))
    return _altered(message, lambda entry: entry.update({name: value}), 2)


def _other_hash(message: Message, truth: Truth, dice: Random) -> Arrivals:
    return _altered(message, lambda entry: entry.update({"hash": f"{dice.getrandbits(160):040x}"}), 2)


def _doubled(message: Message, truth: Truth, dice: Random) -> Arrivals:
    again = dice.choice((0, 0, dice.randint(1, 30), dice.randint(30, 400)))
    return [(0, message.data), (again * MILLISECOND, message.data)]


def _reordered(message: Message, truth: Truth, dice: Random) -> Arrivals:
    delay = HELD if dice.random() < 0.5 else dice.randint(1, 200) * MILLISECOND
    return [(delay, message.data)]


def _lost(message: Message, truth: Truth, dice: Random) -> Arrivals:
    return []


def stale(truth: Truth, now: Nanos, dice: Random) -> list[Body]:
    """Old snapshots of one token or both."""
    age = round(dice.uniform(0.2, 5.0) * SECOND)
    tokens = dice.choice(((0,), (1,), (0, 1)))
    return [truth.snapshot(token, now - age) for token in tokens]


def _stale_snapshot(message: Message, truth: Truth, dice: Random) -> Arrivals:
    """An old snapshot comes out of nowhere, before a message."""
    return [*((0, text(body)) for body in stale(truth, message.sent_at, dice)), (0, message.data)]


# Faults of single changes, by kind.
STRIKES: dict[str, Callable[[Message, Truth, Random], Arrivals]] = {
    "lost": _lost,
    "doubled": _doubled,
    "reordered": _reordered,
    "size": _other_size,
    "price": _other_price,
    "wrong side": _wrong_side,
    "mirror": _one_token,
    "truncated": _truncated,
    "nonsense": _nonsense,
    "hash": _other_hash,
    "stale snapshot": _stale_snapshot,
}
# Faults of a connection, or of what it says about one market or token until somebody asks anew.
LASTING = ("stalled", "frozen", "frozen market", "frozen token")
# The socket closes, and the books that answer the next opening are old, or lack a level.
ANSWERS = ("stale answer", "spoiled answer")
KINDS = (*STRIKES, *LASTING, *ANSWERS)
# Runs without any fault, and runs where everything fails at once.
NONE, STORM = "none", "storm"


def without_token(message: Message, token: str) -> Arrivals:
    """A message as it arrives when nothing is said about one of the two tokens."""
    if message.is_book or "asset_id" in message.body:
        return [] if message.body["asset_id"] == token else [(0, message.data)]
    body = {**message.body}
    body["price_changes"] = [entry for entry in body["price_changes"] if entry["asset_id"] != token]
    return [(0, text(body))]


def spoiled_answer(data: bytes, dice: Random) -> bytes:
    """The answer to a subscription with one level too few in every book; of a market's two, often the same one."""
    books = json.loads(data)
    same, side, place = dice.random() < 0.5, dice.randrange(2), dice.random()
    for number, book in enumerate(books):
        if not same:
            side, place = dice.randrange(2), dice.random()
        levels = book[("bids", "asks")[(side + number) % 2]]
        if levels:
            del levels[int(place * len(levels))]
    return json.dumps(books, separators=(",", ":")).encode()
