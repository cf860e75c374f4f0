"""Messages that are well formed and wrong: what corrupts a book that believes them, and a fill that says too much.

Every function gives the message with one thing wrong in it, or None when the message is not of the kind that can be
wrong in this way.  Hashes and best prices stay the true ones, for they are what a reader can find the fault by.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import orjson

from pmm.model import GRID, Price, parse_price, parse_size, price_text, size_text
from pmm.sim.dice import Dice
from pmm.sim.wording import compact, spaced

# JSON of the venue; what is in it depends on its `event_type`.
Message: TypeAlias = dict[str, Any]
Spoil: TypeAlias = Callable[[bytes, Dice], bytes | None]

# A hundredth of a share: the most by which rounding makes a fill larger than its order (reliability reference, F37).
ROUNDING = 10_000


def delta(data: bytes, _: Dice) -> bytes | None:
    """A change of a book as it is; None for every other message."""
    return data if _parsed(data, "price_changes") else None


def wrong_side(data: bytes, dice: Dice) -> bytes | None:
    """A change for one of the tokens is written on the other side of its book."""
    return _entry(data, dice, lambda entry: entry.update(side="BUY" if entry["side"] == "SELL" else "SELL"))


def negative(data: bytes, dice: Dice) -> bytes | None:
    """A change for one of the tokens has a size below nothing."""
    return _entry(data, dice, lambda entry: entry.update(size=f"-{entry['size'] if entry['size'] != '0' else '1'}"))


def zero(data: bytes, dice: Dice) -> bytes | None:
    """A change for one of the tokens says that its level is gone, which it is not."""
    return _entry(data, dice, lambda entry: entry.update(size="0"), lambda entry: entry["size"] != "0")


def crossed(data: bytes, dice: Dice) -> bytes | None:
    """A snapshot of one token has a bid at its best ask."""

    def cross(book: Message) -> None:
        ask = book["asks"][-1]
        book["bids"].append({"price": ask["price"], "size": ask["size"]})

    return _book(data, dice, cross)


def disagreeing(data: bytes, dice: Dice) -> bytes | None:
    """A snapshot of one token lies so low that its best ask and that of its twin cost less than a dollar."""
    return _book(data, dice, _lower)


def oversized(data: bytes, _: Dice) -> bytes | None:
    """A trade on the user channel is a hundredth of a share larger than it was."""
    return _fill(data, ROUNDING)


def dusty(data: bytes, _: Dice) -> bytes | None:
    """A trade on the user channel is a hundredth of a share smaller than it was, which leaves dust of its order."""
    return _fill(data, -ROUNDING)


def _entry(
    data: bytes, dice: Dice, spoil: Callable[[Message], None], fits: Callable[[Message], bool] = lambda _: True
) -> bytes | None:
    message = _parsed(data, "price_changes")
    entries = [entry for entry in message["price_changes"] if fits(entry)] if message else []
    if not message or not entries:
        return None
    spoil(_one(entries, dice))
    return spaced(message)


def _book(data: bytes, dice: Dice, spoil: Callable[[Message], None]) -> bytes | None:
    """A snapshot after a trade is one object, the answer to a subscription an array of them."""
    message = _read(data) if b'"bids"' in data else None
    books = message if isinstance(message, list) else [message]
    full = [book for book in books if book and book.get("bids") and book.get("asks")]
    if not full:
        return None
    spoil(_one(full, dice))
    return compact(message) if isinstance(message, list) else spaced(message)


def _lower(book: Message) -> None:
    bids, asks = ([parse_price(level["price"]) for level in book[side]] for side in ("bids", "asks"))
    step: Price = math.gcd(GRID, *bids, *asks)
    fall = asks[-1] - bids[-1] + step
    for side in ("bids", "asks"):
        moved = [(parse_price(level["price"]) - fall, level["size"]) for level in book[side]]
        book[side] = [{"price": price_text(price), "size": size} for price, size in moved if price > 0]


def _fill(data: bytes, more: int) -> bytes | None:
    message = _parsed(data, "maker_orders")
    if not message or parse_size(message["size"]) + more <= 0:
        return None
    message["size"] = size_text(parse_size(message["size"]) + more)
    for leg in message["maker_orders"][:1]:
        leg["matched_amount"] = size_text(parse_size(leg["matched_amount"]) + more)
    return compact(message)


def _parsed(data: bytes, key: str) -> Message | None:
    if f'"{key}"'.encode() not in data:
        return None
    message = _read(data)
    return message if isinstance(message, dict) and message.get(key) is not None else None


def _read(data: bytes) -> Any:  # JSON is what it is
    """None for what is no JSON: a recording may hold anything."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return None


def _one(rows: list[Message], dice: Dice) -> Message:
    return rows[int(dice.random() * len(rows))]
