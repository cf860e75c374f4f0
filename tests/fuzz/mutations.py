"""Frames as the venue writes them, and everything that can happen to one on the way: out of seeded dice."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from random import Random
from typing import Any

from tests._fast import frames

# The orders in which the venue writes the keys of a book: on subscription, after a trade, in the answer of its API.
BOOK_ORDERS = (
    "market asset_id timestamp hash bids asks tick_size event_type last_trade_price",
    "market asset_id bids asks hash timestamp event_type",
    "market asset_id timestamp hash bids asks min_order_size tick_size neg_risk last_trade_price",
)
TICK_PLACES = {1000: 1, 100: 2, 50: 3, 25: 4, 10: 3, 1: 4}
NUMBERS = (
    *(b"1e-1", b"5E-1", b"NaN", b"-NaN", b"Infinity", b".48", b"0.480", b"-0.5", b"-0", b"00.48", b"0.", b".", b"+0.5"),
    *(b"0", b"1", b"0.0", b"1.0", b"1.0000", b"0.48005", b"0.4805", b"0.9999", b"0.0001", b"0.00001", b"2", b"10"),
    *(b"9223372036854.775807", b"9223372036854.775808", b"18446744073709.551616", b"9223372036854775808"),
    *(b"99999999.999999", b"100000000", b"123456789012.123456", b"1234567890123", b"0.0000001", b"0.1234560"),
    *(b"7" * 400, b"0." + b"3" * 400, b"0x1f", b"0,48", b"1_0", b"0.4 8", b"\\u0030.48", b"0.\\u0034", b""),
    *(b"\xd9\xa0.\xd9\xa4\xd9\xa8", b"0.4\x00", b"0/48", b"0:48", b"0.4:", b"0.4/", b":.48", b"0.;8"),
)
SIDES = (b"buy", b"Sell", b"BUY ", b"SELLS", b"BU", b"SEL", b"SELK", b"B\\u0055Y", b"HOLD", b"", b"BUY\\n")
TYPES = (b"book", b"price_change", b"last_trade_price", b"tick_size_change", b"best_bid_ask", b"new_market", b"")
VALUES = (
    *(b"null", b"true", b"false", b"0", b"1", b"0.48", b"-1", b"1e400", b"18446744073709551616", b"[]", b"{}", b'""'),
    *(b"[[]]", b'[{"price":"0.48","size":"1"}]', b'{"price":"0.48"}', b"tru", b"nul", b"NaN"),
)
BROKEN = (
    b"\xff",
    b"\xc0\x80",
    b"\xed\xa0\x80",
    b"\x80",
    b"\xf4\x90\x80\x80",
    b"\xe2\x82",
    b"\xef\xbb\xbf",
    "é€𝄞".encode(),
)
SPACES = (b" ", b"  ", b"\n", b"\r\n", b"\t", b"\x0b", b"\x0c", b"\xc2\xa0", b" " * 70)
MARKS = re.compile(rb"[{}\[\],:]")
MEMBER = re.compile(rb'"[a-z_]+" ?: ?(?:"[^"\\]*"|true|false|null|[0-9.]+|\[[^\[\]]*\])')
NUMBER = re.compile(rb'"[0-9]*\.?[0-9]+"')
TEXT = re.compile(rb'"[^"\\]+"')
VALUE = re.compile(rb'(?<=:)( ?)("[^"\\]*"|true|false|null|[0-9.]+)')

Mutation = Callable[[Random, bytes], bytes]


def on_tick(dice: Random, tick: int) -> str:
    """A price that a book of this tick can hold."""
    price = dice.randint(1, 10_000 // tick - 1) * tick
    return f"{price / 10_000:.{TICK_PLACES[tick]}f}" if dice.random() < 0.1 else f"{price / 10_000:g}"


def fitting(dice: Random, item: Any) -> Any:
    """The same event with prices that fit its token's first tick, so that most of what is fed is applied."""
    if isinstance(item, list):
        return [fitting(dice, part) for part in item]
    tick = frames.TOKENS.get(item.get("asset_id", ""), item.get("tick", 1000))
    fitted = {}
    for key, value in item.items():
        if isinstance(value, list):
            fitted[key] = [fitting(dice, {"tick": tick, **part}) for part in value]
        elif key != "tick":
            fitted[key] = on_tick(dice, tick) if key == "price" else value
    return fitted


def ordered(dice: Random, item: dict[str, Any]) -> dict[str, Any]:
    """A book in one of the venue's key orders; any other event as it is."""
    if item.get("event_type") != "book":
        return item
    more = {"min_order_size": "5", "neg_risk": dice.random() < 0.5, "tick_size": "0.01"}
    more["last_trade_price"] = dice.choice(("0.620", "0.62", ""))
    return {key: {**more, **item}[key] for key in dice.choice(BOOK_ORDERS).split()}


def whole(dice: Random) -> bytes:
    """A frame that the venue could have sent."""
    items = [dice.choice(frames.KINDS)(dice) for _ in range(1 if dice.random() < 0.8 else dice.randint(2, 5))]
    if dice.random() < 0.8:
        items = [ordered(dice, fitting(dice, item)) for item in items]
    separators = dice.choice(((", ", ":"), (", ", ":"), (",", ":")))
    told: Any = items[0] if len(items) == 1 else items
    return json.dumps(told, separators=separators, ensure_ascii=False).encode()


def honest(dice: Random, books: Any) -> bytes:
    """A change in the venue's usual shape that carries the best prices which these books will have after it."""
    token = dice.choice(list(frames.TOKENS)[:3])
    book = books.book(books.index(token)).copy()
    side, size = dice.getrandbits(1), dice.choice((0, 0, 1, 10**7, 123_456_789))
    near = [price for price, _ in book.levels(side, 3)] or [dice.randint(1, 10_000 // book.tick - 1) * book.tick]
    price = min(max(dice.choice(near) + dice.choice((0, 0, 1, -1)) * book.tick, book.tick), 10_000 - book.tick)
    book.set(side, price, size)
    best = book.best_bid or 0, 10_000 if book.best_ask is None else book.best_ask
    change = {
        "asset_id": token,
        "price": f"{price / 10_000:.4f}".rstrip("0"),
        "size": f"{size / 10**6:.6f}".rstrip("0").rstrip("."),
        "side": ("BUY", "SELL")[side],
        "hash": frames.digest(dice),
        "best_bid": f"{best[0] / 10_000:.4f}".rstrip("0").rstrip("."),
        "best_ask": f"{best[1] / 10_000:.4f}".rstrip("0").rstrip("."),
    }
    told = {"market": frames.MARKET, "price_changes": [change], "timestamp": frames.timestamp(dice)}
    return json.dumps({**told, "event_type": "price_change"}, separators=(", ", ":")).encode()


def _replaced(dice: Random, frame: bytes, pattern: re.Pattern[bytes], make: Callable[[bytes], bytes]) -> bytes:
    found = list(pattern.finditer(frame))
    if not found:
        return frame
    match = dice.choice(found)
    return frame[: match.start()] + make(match[0]) + frame[match.end() :]


def cut(dice: Random, frame: bytes) -> bytes:
    return frame[: dice.randint(0, len(frame))]


def flip(dice: Random, frame: bytes) -> bytes:
    at = dice.randrange(max(1, len(frame)))
    return frame[:at] + bytes(byte ^ (1 << dice.randrange(8)) for byte in frame[at : at + 1]) + frame[at + 1 :]


def swap(dice: Random, frame: bytes) -> bytes:
    at = dice.randrange(max(1, len(frame)))
    return frame[:at] + frame[at : at + 2][::-1] + frame[at + 2 :]


def drop(dice: Random, frame: bytes) -> bytes:
    at = dice.randrange(max(1, len(frame)))
    return frame[:at] + frame[at + dice.choice((1, 1, 2, 8, 40)) :]


def repeat(dice: Random, frame: bytes) -> bytes:
    at = dice.randrange(max(1, len(frame)))
    end = at + dice.choice((1, 2, 8, 40, 240))
    return frame[:end] + frame[at:end] + frame[end:]


def write_over(dice: Random, frame: bytes) -> bytes:
    at = dice.randrange(max(1, len(frame)))
    return frame[:at] + bytes([dice.randrange(256)]) + frame[at + 1 :]


def space(dice: Random, frame: bytes) -> bytes:
    more = dice.choice(SPACES)
    return _replaced(dice, frame, MARKS, lambda mark: mark + more if dice.random() < 0.5 else more + mark)


def odd_number(dice: Random, frame: bytes) -> bytes:
    number = dice.choice(NUMBERS)
    return _replaced(dice, frame, NUMBER, lambda _: b'"%s"' % number)


def bare_number(dice: Random, frame: bytes) -> bytes:
    return _replaced(dice, frame, NUMBER, lambda old: old[1:-1] if dice.random() < 0.5 else dice.choice(NUMBERS))


def near_number(dice: Random, frame: bytes) -> bytes:
    """A digit more, less or other; a point more, less or elsewhere."""

    def change(old: bytes) -> bytes:
        at = dice.randint(1, len(old) - 1)
        return old[:at] + dice.choice((b"", b"0", b"9", b".", b"00000", b"/", b":")) + old[at + dice.randint(0, 1) :]

    return _replaced(dice, frame, NUMBER, change)


def odd_side(dice: Random, frame: bytes) -> bytes:
    return _replaced(dice, frame, re.compile(rb"(?<=\")(?:BUY|SELL)(?=\")"), lambda _: dice.choice(SIDES))


def odd_type(dice: Random, frame: bytes) -> bytes:
    known = re.compile(rb"(?<=\")(?:" + b"|".join(TYPES[:-1]) + rb")(?=\")")
    return _replaced(dice, frame, known, lambda _: dice.choice(TYPES))


def odd_value(dice: Random, frame: bytes) -> bytes:
    return _replaced(dice, frame, VALUE, lambda _: dice.choice(VALUES))


def odd_token(dice: Random, frame: bytes) -> bytes:
    """Another token's id, or one that differs from a followed one in its length or in a single character."""
    token = dice.choice([text.encode() for text in frames.TOKENS])
    at = dice.randrange(len(token))
    other = dice.choice(
        (token, token[:-1], token + b"0", token[:at] + b"%d" % dice.randrange(10) + token[at + 1 :], b"4" * 400)
    )
    return _replaced(dice, frame, re.compile(rb"(?<=\"asset_id\":\")[^\"]*"), lambda _: other)


def key_again(dice: Random, frame: bytes) -> bytes:
    """A member twice in one object, with its own value or with another one's."""
    members = MEMBER.findall(frame)
    if not members:
        return frame
    again = dice.choice(members)
    return _replaced(dice, frame, MEMBER, lambda old: dice.choice((b"%s,%s", b"%s, %s")) % (old, again))


def key_gone(dice: Random, frame: bytes) -> bytes:
    return _replaced(dice, frame, re.compile(MEMBER.pattern + rb", ?"), lambda _: b"")


def keys_swapped(dice: Random, frame: bytes) -> bytes:
    members = list(MEMBER.finditer(frame))
    if len(members) < 2:
        return frame
    one, two = sorted(dice.sample(members, 2), key=lambda match: match.start())
    return frame[: one.start()] + two[0] + frame[one.end() : two.start()] + one[0] + frame[two.end() :]


def escaped(dice: Random, frame: bytes) -> bytes:
    """One character of a key or a text written as an escape, often the same text to a JSON reader."""

    def escape(old: bytes) -> bytes:
        at = dice.randint(1, len(old) - 2)
        code = b"\\u%04x" % old[at]
        odd = dice.choice(
            (code, code, code.upper(), b"\\n", b'\\"', b"\\/", b"\\ud834\\udd1e", b"\\ud834", b"\\x", b"\\")
        )
        return old[:at] + odd + old[at + 1 :]

    return _replaced(dice, frame, TEXT, escape)


def broken_text(dice: Random, frame: bytes) -> bytes:
    at = 0 if dice.random() < 0.1 else dice.randint(0, len(frame))
    return frame[:at] + dice.choice(BROKEN) + frame[at:]


def nested(dice: Random, frame: bytes) -> bytes:
    depth = dice.choice((1, 1, 2, 30, 1022, 1023, 1024, 1025, 3000))
    start, end = dice.choice(((b"[", b"]"), (b'{"a":', b"}")))
    if dice.random() < 0.4:
        return start * depth + frame + end * depth
    return _replaced(dice, frame, VALUE, lambda old: start * depth + old + end * depth)


def spliced(dice: Random, frame: bytes) -> bytes:
    other = whole(dice)
    match dice.randint(0, 3):
        case 0:
            return frame[: dice.randint(0, len(frame))] + other[dice.randint(0, len(other)) :]
        case 1:
            return frame + dice.choice((b"", b"\n", b",", b"\x00")) + other
        case 2:
            return b"[" + dice.choice((b", ", b",")).join(dice.sample((frame, other, b"{}"), 3)) + b"]"
        case _:
            return (
                b"[" + other + b"," + dice.choice((b"5", b"null", b"[]", b"{}", b"", b'{"event_type":"book"}')) + b"]"
            )


MUTATIONS: tuple[Mutation, ...] = (
    *(cut, flip, swap, drop, repeat, write_over, space, odd_number, odd_number, bare_number, near_number, near_number),
    *(
        odd_side,
        odd_type,
        odd_value,
        odd_token,
        key_again,
        key_gone,
        keys_swapped,
        escaped,
        broken_text,
        nested,
        spliced,
    ),
)


def frame(dice: Random, books: Any) -> bytes:
    """A frame for readers that hold these books: whole in one of three, otherwise with one to four things wrong."""
    told = honest(dice, books) if dice.random() < 0.4 else whole(dice)
    for _ in range(dice.choice((0, 0, 1, 1, 2, 4))):
        told = dice.choice(MUTATIONS)(dice, told)
    return told


def huge(dice: Random) -> bytes:
    """About ten megabytes in one frame: more changes or levels than a book has prices, text, space or brackets."""
    size = 10 * 2**20
    match dice.randint(0, 5):
        case 0:
            entry = json.dumps(fitting(dice, frames.change(dice)), separators=(", ", ":"))
            rows = ", ".join([entry] * (size // len(entry)))
            return f'{{"market":"{frames.MARKET}", "price_changes":[{rows}], "event_type":"price_change"}}'.encode()
        case 1:
            rows = ",".join(f'{{"price":"0.{dice.randint(1, 99):02}","size":"{row % 7}"}}' for row in range(size // 32))
            token = list(frames.TOKENS)[2]
            return f'{{"asset_id":"{token}","bids":[{rows}],"asks":[],"event_type":"book"}}'.encode()
        case 2:
            return whole(dice) + b" " * size
        case 3:
            return _replaced(dice, whole(dice), NUMBER, lambda _: b'"' + b"1" * size + b'"')
        case 4:
            return dice.choice((b"[", b'{"a":', b'"', b"[{},")) * size
        case _:
            return b"[" + whole(dice) + b" " * (16 * 2**20) + b"]"
