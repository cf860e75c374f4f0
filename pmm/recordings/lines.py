"""The lines of our own recordings: JSON objects, told apart by `kind`.

| kind | fields |
| --- | --- |
| `header` | `schema`, `created` (ns), `session`, `part`, `markets` with the facts that hashes need; the first line |
| `message` | `at` (receive time, ns), `connection`, `text`, the exact message (`base64` where it is not UTF-8) |
| `signal` | `at`, `connection`, `news`, `cause`: a socket was opened, closed, given up |
| `gap` | `at` of the first message that was lost, `lost` messages, `bytes` of theirs, `cause` |
| `trailer` | counts, the times of the first and last message, `sha256` of all bytes before it; the last line |

A file is a chain of independent zstd frames with checksums, each with whole lines; `zstd -dc FILE` prints it.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TypeAlias, assert_never

import orjson

from pmm.events import FeedNews, FeedSignal, Frame
from pmm.model import Market, Nanos, Token, parse_price, parse_size, price_text, size_text

SCHEMA = "pmm.recording/1"
SUFFIX = ".pmmrec.zst"

Record = dict[str, object]


@dataclass(frozen=True, slots=True)
class Header:
    """The beginning of a file.  `session` names the run that wrote it, `part` counts its files from 1."""

    created: Nanos
    session: str
    part: int
    markets: tuple[Market, ...] = ()


@dataclass(frozen=True, slots=True)
class Gap:
    """Messages that were received and could not be kept."""

    at: Nanos
    lost: int
    bytes: int
    cause: str


@dataclass(frozen=True, slots=True)
class Trailer:
    """The end of a finished file: what is in it.  `text_bytes` are those of the messages."""

    messages: int
    signals: int
    gaps: int
    lost: int
    text_bytes: int
    first: Nanos | None
    last: Nanos | None
    sha256: str
    recovered: bool = False


Entry: TypeAlias = Frame | FeedSignal | Gap
Line: TypeAlias = Header | Entry | Trailer


class BadLine(ValueError):
    """A line that is none of a recording."""


def encode(line: Line) -> bytes:
    """A line with its newline."""
    return orjson.dumps(_record(line)) + b"\n"


def decode_all(text: bytes) -> Iterator[Line]:
    """The lines of one block.  Raises BadLine."""
    if text and not text.endswith(b"\n"):
        raise BadLine("a line does not end")
    for line in text.splitlines():
        yield decode(line)


def decode(text: bytes) -> Line:
    """One line.  Raises BadLine."""
    try:
        record = orjson.loads(text)
        return _line(record)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadLine(f"not a line of a recording: {error}") from error


def _record(line: Line) -> Record:
    match line:
        case Frame():
            return {"kind": "message", "at": line.at, "connection": line.connection, **_message(line.data)}
        case FeedSignal():
            return {"kind": "signal", "at": line.at, "connection": line.connection, "news": line.news} | (
                {"cause": _utf8(line.cause)} if line.cause else {}
            )
        case Gap():
            return {"kind": "gap", **asdict(line)}
        case Header():
            return {
                "kind": "header",
                "schema": SCHEMA,
                "created": line.created,
                "session": line.session,
                "part": line.part,
                "markets": [_market_record(market) for market in line.markets],
            }
        case Trailer():
            return {"kind": "trailer", **asdict(line)}
        case _:
            assert_never(line)


def _utf8(text: str) -> str:
    """Words of the system may hold bytes that are no text; they must not stop a recording."""
    return text.encode(errors="replace").decode()


def _message(data: bytes) -> Record:
    try:
        return {"text": data.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}


def _line(record: Record) -> Line:
    kind = record["kind"]
    if kind == "message":
        return Frame(_integer(record, "at"), _integer(record, "connection"), _data(record))
    if kind == "signal":
        news = FeedNews(_text(record, "news"))
        return FeedSignal(_integer(record, "at"), _integer(record, "connection"), news, str(record.get("cause", "")))
    if kind == "gap":
        return Gap(_integer(record, "at"), _integer(record, "lost"), _integer(record, "bytes"), _text(record, "cause"))
    if kind == "header":
        return _header(record)
    if kind == "trailer":
        return _trailer(record)
    raise BadLine(f"unknown kind {kind!r}")


def _header(record: Record) -> Header:
    if record["schema"] != SCHEMA:
        raise BadLine(f"schema {record['schema']!r} is not {SCHEMA!r}")
    markets = record["markets"]
    if not isinstance(markets, list):
        raise BadLine("markets are not a list")
    return Header(
        _integer(record, "created"),
        _text(record, "session"),
        _integer(record, "part"),
        tuple(_market(market) for market in markets),
    )


def _trailer(record: Record) -> Trailer:
    first, last = (None if record[key] is None else _integer(record, key) for key in ("first", "last"))
    return Trailer(
        messages=_integer(record, "messages"),
        signals=_integer(record, "signals"),
        gaps=_integer(record, "gaps"),
        lost=_integer(record, "lost"),
        text_bytes=_integer(record, "text_bytes"),
        first=first,
        last=last,
        sha256=_text(record, "sha256"),
        recovered=record["recovered"] is True,
    )


def _data(record: Record) -> bytes:
    if "text" in record:
        return _text(record, "text").encode()
    try:
        return base64.b64decode(_text(record, "base64"), validate=True)
    except binascii.Error as error:
        raise BadLine(f"base64: {error}") from error


def _integer(record: Record, key: str) -> int:
    value = record[key]
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise BadLine(f"{key} is no count")
    return value


def _text(record: Record, key: str) -> str:
    value = record[key]
    if not isinstance(value, str):
        raise BadLine(f"{key} is no text")
    return value


def _market_record(market: Market) -> Record:
    return {
        "condition_id": market.condition_id,
        "slug": market.slug,
        "question": market.question,
        "tokens": [{"token_id": token.token_id, "outcome": token.outcome} for token in market.tokens],
        "tick": price_text(market.tick),
        "min_size": size_text(market.min_size),
        "neg_risk": market.neg_risk,
        **({"neg_risk_id": market.neg_risk_id} if market.neg_risk_id else {}),
        **({"event_size": market.event_size} if market.event_size is not None else {}),
    }


def _market(record: Record) -> Market:
    tokens = record["tokens"]
    if not isinstance(tokens, list):
        raise BadLine("tokens are not a list")
    return Market(
        condition_id=_text(record, "condition_id"),
        slug=_text(record, "slug"),
        question=_text(record, "question"),
        tokens=tuple(Token(_text(token, "token_id"), _text(token, "outcome")) for token in tokens),
        tick=parse_price(_text(record, "tick")),
        min_size=parse_size(_text(record, "min_size")),
        neg_risk=record["neg_risk"] is True,
        neg_risk_id=_text(record, "neg_risk_id") if "neg_risk_id" in record else None,
        event_size=_event_size(record.get("event_size")),
    )


def _event_size(value: object) -> int | None:
    if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
        raise BadLine("event_size is no number")
    return value
