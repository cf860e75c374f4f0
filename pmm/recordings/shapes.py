"""Recordings of the venue's messages, in the shapes that recorders write them; compressed ones end in `.zst`.

- JSON Lines of envelopes whose `payload` is the exact text of a message; of its sources only `polymarket_clob` is
  ours, and among those are bodies of the order book endpoint
- a journal of `{"ts", "kind", "data"}` whose `data` was parsed and has to be written again in the venue's style
- JSON Lines of `{"ts_wall_ns", "fonte", "payload"}` of PulseArb, whose source `poly_ws` is ours and was parsed, too; or
  a document that quotes one such line as its `linha_jsonl`
- one message per line
- one JSON file with a message or a list of messages
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import orjson
import zstandard

from pmm.model import MILLISECOND, SECOND, Nanos
from pmm.recordings.recorded import BadRecording, Recorded
from pmm.sim.wording import compact, spaced

# A recording of others is held in memory.
TEXT_BYTES_MAX = 1 << 30
_ZSTD_WINDOW_MAX = 1 << 31


def read(path: Path) -> list[Recorded]:
    """Every message of the venue in a recording, in order of time.

    A last line that was cut off is left out.  Raises BadRecording for anything else that cannot be read.
    """
    text = _text(path)
    try:
        recorded = list(_messages(text))
    except (ValueError, KeyError, TypeError) as error:
        raise BadRecording(f"{path} is not a recording of the market socket: {error}") from error
    if not recorded:
        raise BadRecording(f"{path} holds no message of the venue")
    return _in_order(recorded)


def _text(path: Path) -> bytes:
    try:
        if path.suffix != ".zst":
            return path.read_bytes()
        with (
            path.open("rb") as file,
            zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW_MAX).stream_reader(file) as reader,
        ):
            text: bytes = io.BufferedReader(reader).read(TEXT_BYTES_MAX + 1)
    except OSError as error:
        raise BadRecording(f"cannot read {path}: {error.strerror}") from error
    except zstandard.ZstdError as error:
        raise BadRecording(f"{path} is damaged: {error}") from error
    if len(text) > TEXT_BYTES_MAX:
        raise BadRecording(f"{path} is larger than {TEXT_BYTES_MAX >> 20} MiB of text")
    return text


def _messages(text: bytes) -> Iterator[Recorded]:
    try:
        whole = orjson.loads(text)
    except orjson.JSONDecodeError:
        yield from _lines(text)
    else:
        yield from _line(text, whole) if _wrapped(whole) else _document(whole)


def _wrapped(found: object) -> bool:
    """Whether this is a recorder's line about a message, not a message."""
    return isinstance(found, dict) and bool(
        found.keys() & {"payload", "linha_jsonl"} or {"ts", "kind", "data"} <= found.keys()
    )


def _lines(text: bytes) -> Iterator[Recorded]:
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            found = orjson.loads(line)
        except orjson.JSONDecodeError:
            if number == len(lines) and number > 1:
                return
            raise ValueError(f"line {number} is not JSON") from None
        yield from _line(line, found)


def _line(line: bytes, found: object) -> Iterator[Recorded]:
    if isinstance(found, dict) and "linha_jsonl" in found:
        found = found["linha_jsonl"]
    if isinstance(found, dict) and "ts_wall_ns" in found:
        if found["fonte"] == "poly_ws":
            yield from _rewritten(found["payload"], found["ts_wall_ns"])
    elif isinstance(found, dict) and "payload" in found:
        if found.get("source") == "polymarket_clob" and str(found["payload"]).strip():
            yield from _exact(found["payload"].encode(), found["recv_wall_ts"] * MILLISECOND)
    elif isinstance(found, dict) and {"ts", "kind", "data"} <= found.keys():
        if found["kind"] in {"book", "price_change", "last_trade_price", "tick_size_change", "best_bid_ask"}:
            yield from _rewritten(found["data"], round(found["ts"] * 1_000_000) * (SECOND // 1_000_000))
    else:
        yield from _exact(line, None)


def _document(whole: object) -> Iterator[Recorded]:
    """A list is a list of messages, unless it is the array of books that answers a subscription."""
    if isinstance(whole, dict) or (isinstance(whole, list) and all(_is_book(one) for one in whole)):
        yield from _rewritten(whole, None)
    elif isinstance(whole, list):
        for message in whole:
            yield from _rewritten(message, None)
    else:
        raise ValueError("neither a message nor a list of messages")


def _rewritten(message: object, at: Nanos | None) -> Iterator[Recorded]:
    """A message that was parsed before: snapshots after a subscription are an array and compact, the rest is spaced."""
    events = _events(message)
    data = compact(list(events)) if _opening(events) else spaced(message)
    yield Recorded(_time(events) if at is None else at, data, events)


def _exact(data: bytes, at: Nanos | None) -> Iterator[Recorded]:
    events = _events(orjson.loads(data))
    on_socket = not events or any("event_type" in event for event in events)
    yield Recorded(_time(events) if at is None else at, data, events, on_socket)


def _events(message: object) -> tuple[dict[str, object], ...]:
    events = tuple(message) if isinstance(message, list) else (message,)
    for event in events:
        if not isinstance(event, dict) or not ("event_type" in event or "bids" in event):
            raise TypeError("something in it is no message of the venue")
    return events


def _opening(events: tuple[dict[str, object], ...]) -> bool:
    return bool(events) and all(_is_book(event) and "tick_size" in event for event in events)


def _is_book(event: object) -> bool:
    return isinstance(event, dict) and event.get("event_type") == "book"


def _time(events: tuple[dict[str, object], ...]) -> Nanos:
    """The newest of the venue's own timestamps, where the recorder kept none."""
    return max((int(str(event.get("timestamp", "0"))) for event in events), default=0) * MILLISECOND


def _in_order(recorded: list[Recorded]) -> list[Recorded]:
    """Times never go backwards: a message that claims to be older came right after the one before it."""
    latest = recorded[0].at
    ordered = []
    for one in recorded:
        latest = max(latest, one.at)
        ordered.append(one if one.at == latest else Recorded(latest, one.data, one.events, one.on_socket))
    return ordered
