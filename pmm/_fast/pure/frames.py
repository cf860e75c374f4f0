"""The text of a market frame as a list of events with integer fields: the slow, complete way to read one.

Both implementations of `Books` come here, the compiled one only for frames that its single pass does not know.
What is refused, and in which order faults are found, is decided here and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple, TypeAlias, cast

from pmm._fast.pure.book import GRID, SIZE_MAX, TICK_TEXT
from pmm._fast.refusal import Refusal

HASH_BYTES_MAX = 64
BUY = 0
SELL = 1

Json: TypeAlias = dict[str, "Json"] | list["Json"] | str | int | float | bool | None
IndexOf: TypeAlias = Callable[[str], int | None]
Level: TypeAlias = tuple[int, int]

_SIDES: dict[Json, int] = {"BUY": BUY, "SELL": SELL}
_TICKS = set(TICK_TEXT)
# At most 13 whole digits: 2**63 micro-shares have 13; the length is bounded so that no text costs more than another.
_DECIMAL = re.compile(r"([0-9]{0,13})(?:\.([0-9]{1,18}))?", re.ASCII)
_TIMESTAMP = re.compile(r"[0-9]{1,18}", re.ASCII)


class Snapshot(NamedTuple):
    """A whole book; `tick` is None when the frame does not carry it.

    `last_trade` is the price of the last trade, 0 when there was none yet, None when the frame does not say.
    """

    book: int
    at_ms: int | None
    hash: str
    tick: int | None
    last_trade: int | None
    bids: list[Level]
    asks: list[Level]


class Change(NamedTuple):
    """A new size of one level; `best_bid` and `best_ask` (0 and GRID: empty side) are None when not carried."""

    book: int
    at_ms: int | None
    hash: str
    side: int
    price: int
    size: int
    best_bid: int | None
    best_ask: int | None


class Print(NamedTuple):
    """A trade of the tape; `side` is the taker's."""

    book: int
    side: int
    price: int
    size: int
    at_ms: int


class NewTick(NamedTuple):
    book: int
    tick: int


class Touch(NamedTuple):
    """A `best_bid_ask` event: what the venue says the touch is (0 and GRID: empty side)."""

    book: int
    best_bid: int
    best_ask: int


Event: TypeAlias = Snapshot | Change | Print | NewTick | Touch


class Refused(Exception):
    """Carries the reason out of the reader; `Books.feed` turns it into its return value."""

    def __init__(self, reason: Refusal) -> None:
        super().__init__(reason.name)
        self.reason = reason


def decode(frame: bytes, index_of: IndexOf) -> tuple[list[Event], int]:
    """The events of one frame for the tokens that `index_of` knows, and how many were for other tokens.

    Raises Refused.  Empty text, PONG, an empty array and unknown event types are no events.
    """
    text = frame.strip(b" \t\r\n")
    if text in (b"", b"PONG"):
        return [], 0
    whole = _parse(text)
    events: list[Event] = []
    unknown = 0
    for item in whole if isinstance(whole, list) else [whole]:
        if not isinstance(item, dict):
            raise Refused(Refusal.MALFORMED)
        unknown += _read(item, index_of, events)
    return events, unknown


def _parse(text: bytes) -> Json:
    import orjson  # only here: the kernel imports nothing but the standard library until a frame needs this

    try:
        return cast("Json", orjson.loads(text))
    except orjson.JSONDecodeError as fault:
        raise Refused(Refusal.MALFORMED) from fault


def _read(item: dict[str, Json], index_of: IndexOf, events: list[Event]) -> int:
    kind = item.get("event_type", "") if "event_type" in item else _rest_kind(item)
    if not isinstance(kind, str):
        raise Refused(Refusal.MALFORMED)
    if kind == "price_change" and "price_changes" in item:
        return _read_changes(item, index_of, events)
    reader = _READERS.get(kind)
    if reader is None:
        return 0
    index = index_of(_text(item, "asset_id"))
    if index is None:
        return 1
    reader(item, index, events)
    return 0


def _rest_kind(item: dict[str, Json]) -> str:
    # The answer of GET /book is a snapshot without an event type.
    return "book" if "bids" in item and "asks" in item and "asset_id" in item else ""


def _read_changes(item: dict[str, Json], index_of: IndexOf, events: list[Event]) -> int:
    at_ms = _timestamp(item)
    unknown = 0
    for entry in _objects(item, "price_changes"):
        index = index_of(_text(entry, "asset_id"))
        if index is None:
            unknown += 1
        else:
            events.append(_change(entry, index, at_ms, _hash(entry)))
    return unknown


def _read_legacy_changes(item: dict[str, Json], index: int, events: list[Event]) -> None:
    # Until 2025-09 a message named one token on top and its levels in `changes`; before that it was one flat level.
    at_ms = _timestamp(item)
    digest = _hash(item)
    entries = _objects(item, "changes") if "changes" in item else [item]
    events.extend(_change(entry, index, at_ms, digest) for entry in entries)


def _change(entry: dict[str, Json], index: int, at_ms: int | None, digest: str) -> Change:
    return Change(
        index,
        at_ms,
        digest,
        _side(entry),
        _price(entry, "price"),
        _size(entry),
        _best(entry, "best_bid"),
        _best(entry, "best_ask"),
    )


def _read_book(item: dict[str, Json], index: int, events: list[Event]) -> None:
    at_ms, digest, tick, last_trade = _timestamp(item), _hash(item), _tick(item, "tick_size"), _last_trade(item)
    events.append(Snapshot(index, at_ms, digest, tick, last_trade, _levels(item, "bids"), _levels(item, "asks")))


def _read_trade(item: dict[str, Json], index: int, events: list[Event]) -> None:
    events.append(Print(index, _side(item), _price(item, "price"), _size(item), _timestamp(item) or 0))


def _read_tick(item: dict[str, Json], index: int, events: list[Event]) -> None:
    tick = _tick(item, "new_tick_size")
    if tick is None:
        raise Refused(Refusal.MALFORMED)
    events.append(NewTick(index, tick))


def _read_touch(item: dict[str, Json], index: int, events: list[Event]) -> None:
    best_bid, best_ask = _best(item, "best_bid"), _best(item, "best_ask")
    if best_bid is None or best_ask is None:
        raise Refused(Refusal.MALFORMED)
    events.append(Touch(index, best_bid, best_ask))


_READERS: dict[str, Callable[[dict[str, Json], int, list[Event]], None]] = {
    "book": _read_book,
    "price_change": _read_legacy_changes,
    "last_trade_price": _read_trade,
    "tick_size_change": _read_tick,
    "best_bid_ask": _read_touch,
}


def _objects(item: dict[str, Json], key: str) -> list[dict[str, Json]]:
    entries = item[key]
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise Refused(Refusal.MALFORMED)
    return cast("list[dict[str, Json]]", entries)


def _levels(item: dict[str, Json], key: str) -> list[Level]:
    if key not in item:
        raise Refused(Refusal.MALFORMED)
    return [(_price(entry, "price"), _size(entry)) for entry in _objects(item, key)]


def _text(item: dict[str, Json], key: str) -> str:
    value = item.get(key)
    if not isinstance(value, str):
        raise Refused(Refusal.MALFORMED)
    return value


def _hash(item: dict[str, Json]) -> str:
    value = item.get("hash", "")
    if not isinstance(value, str) or len(value.encode()) > HASH_BYTES_MAX:
        raise Refused(Refusal.MALFORMED)
    return value


def _timestamp(item: dict[str, Json]) -> int | None:
    value = item.get("timestamp")
    if value is None:
        return None
    text = str(value) if type(value) is int else value
    if not isinstance(text, str) or not _TIMESTAMP.fullmatch(text):
        raise Refused(Refusal.MALFORMED)
    return int(text)


def _side(item: dict[str, Json]) -> int:
    side = _SIDES.get(_text(item, "side"))
    if side is None:
        raise Refused(Refusal.BAD_SIDE)
    return side


def _price(item: dict[str, Json], key: str) -> int:
    price = _grid_price(item[key], Refusal.BAD_PRICE) if key in item else None
    if price is None:
        raise Refused(Refusal.MALFORMED)
    if not 0 < price < GRID:
        raise Refused(Refusal.OFF_GRID)
    return price


def _best(item: dict[str, Json], key: str) -> int | None:
    value = item.get(key)
    if value is None or value == "":
        return None
    price = _grid_price(value, Refusal.BAD_PRICE)
    if price > GRID:
        raise Refused(Refusal.OFF_GRID)
    return price


def _tick(item: dict[str, Json], key: str) -> int | None:
    value = item.get(key)
    if value is None or value == "":
        return None
    tick = _scaled(value, 4, Refusal.BAD_TICK, Refusal.BAD_TICK)
    if tick not in _TICKS:
        raise Refused(Refusal.BAD_TICK)
    return tick


def _last_trade(item: dict[str, Json]) -> int | None:
    # It only helps to understand hashes, so no book is refused for it.
    value = item.get("last_trade_price")
    if not isinstance(value, str):
        return None
    if not value:
        return 0
    try:
        price = _grid_price(value, Refusal.BAD_PRICE)
    except Refused:
        return None
    return price if 0 < price < GRID else None


def _size(item: dict[str, Json]) -> int:
    if "size" not in item:
        raise Refused(Refusal.MALFORMED)
    size = _scaled(item["size"], 6, Refusal.BAD_SIZE, Refusal.BAD_SIZE)
    if size > SIZE_MAX:
        raise Refused(Refusal.BAD_SIZE)
    return size


def _grid_price(value: Json, otherwise: Refusal) -> int:
    return _scaled(value, 4, otherwise, Refusal.OFF_GRID)


def _scaled(value: Json, decimals: int, otherwise: Refusal, inexact: Refusal) -> int:
    # A number that came as a JSON number is read through its shortest text, so 0.48 means 0.48.
    text = repr(value) if type(value) in (int, float) else value
    match = _DECIMAL.fullmatch(text) if isinstance(text, str) else None
    if match is None or not text:
        raise Refused(otherwise)
    whole, part = match[1], match[2] or ""
    if part[decimals:].strip("0"):
        raise Refused(inexact)
    return int(whole + part[:decimals].ljust(decimals, "0"))
