"""One recorded message, whoever recorded it, and what is said about files that hold none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import orjson

from pmm.errors import Exit, LocalError
from pmm.model import Nanos, TokenId

Event = dict[str, object]


class BadRecording(LocalError):
    """A recording that cannot be read, or holds no market data."""

    code = "PMM-E305"
    exit = Exit.CHECK_FAILED
    hint = "Readable are our own recordings and the shapes named at the end of docs/cli.md."


@dataclass(frozen=True, slots=True)
class Recorded:
    """One message: when it was received, its exact bytes, what is in it, and whether a socket carried it.

    `events` is empty where the message is no data of the venue: keep-alives, and what cannot be read.
    """

    at: Nanos
    data: bytes
    events: tuple[Event, ...]
    on_socket: bool = True
    connection: int = 0


def parsed(data: bytes) -> tuple[Event, ...]:
    """What is in a message of a socket; nothing where it is no message of the venue."""
    if data[:1] not in (b"{", b"["):
        return ()
    try:
        whole = orjson.loads(data)
    except orjson.JSONDecodeError:
        return ()
    events = whole if isinstance(whole, list) else [whole]
    return tuple(events) if all(isinstance(event, dict) and "event_type" in event for event in events) else ()


def changes_of(event: Event) -> list[Event]:
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


def named(events: Iterable[Event]) -> Iterator[TokenId]:
    """Every token that a message names, as often as it does."""
    for event in events:
        for entry in (event, *changes_of(event)):
            token = entry.get("asset_id")
            if isinstance(token, str):
                yield token
        others = event.get("assets_ids")
        if isinstance(others, list):
            yield from (token for token in others if isinstance(token, str))
