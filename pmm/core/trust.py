"""How far a book is believed: one state machine per market and connection, and the limits that move it.

A book is believed because there is evidence for it, never because a socket is open or because nothing was heard.
What speaks against a book is an `Evidence`; what speaks for it is a snapshot, a hash that matches, or a REST read that
shows the same levels.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pmm.fsm import Row, Table
from pmm.model import MILLISECOND, SECOND, Nanos

TRUST = Table(
    "trust",
    "LOST",
    [
        Row("LOST", "snapshot", "TRUSTED", "a whole book has arrived"),
        Row("LOST", "doubt", "SUSPECT", "a snapshot came that is older than what was known before"),
        Row("LOST", "lose", "LOST", "the connection was lost again before any snapshot"),
        Row("TRUSTED", "snapshot", "TRUSTED", "the venue sends a whole book after a trade, or as asked"),
        Row("TRUSTED", "proof", "TRUSTED", "a hash or a REST read shows the same book"),
        Row("TRUSTED", "doubt", "SUSPECT", "something contradicts the book; fresh snapshots are asked for"),
        Row("TRUSTED", "lose", "LOST", "socket lost or frozen, or a frame refused: changes are missing"),
        Row("SUSPECT", "snapshot", "TRUSTED", "a fresh whole book has arrived"),
        Row("SUSPECT", "proof", "TRUSTED", "a hash or a REST read shows that the book is right after all"),
        Row("SUSPECT", "doubt", "SUSPECT", "more evidence against it"),
        Row("SUSPECT", "expire", "LOST", "no snapshot came in time; the connection is opened anew"),
        Row("SUSPECT", "lose", "LOST", "socket lost or frozen, or a frame refused: changes are missing"),
    ],
)


class Evidence(StrEnum):
    """What moved a book's trust."""

    SNAPSHOT = "snapshot"  # a whole book came
    HASH = "hash"  # the venue's hash of the book is, or is not, that of ours
    TOUCH = "touch"  # best prices that came with a change
    CROSSED = "crossed"  # a bid at or above an ask
    MIRROR = "mirror"  # the books of the two tokens are not each other's mirror
    COMPARE = "compare"  # a REST read
    OLDER = "older"  # a snapshot older than what was known
    TICK = "tick"  # other price steps than the facts of the market say
    REFUSED = "refused"  # a frame that makes no sense
    SOCKET = "socket"  # the connection was lost
    FROZEN = "frozen"  # the connection is open and dead
    UNVERIFIED = "unverified"  # silence, and nobody to ask
    EXPIRED = "expired"  # no snapshot came in time


class Verify(StrEnum):
    """How many of the hashes that messages carry are computed."""

    FULL = "full"
    SAMPLED = "sampled"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class TrustLimits:
    """All times in ns of event time; the reasons are in docs/adr/0011."""

    verify: Verify = Verify.FULL
    # In sampled mode: hashes a second and connection; the newest of a burst is computed whatever the budget says.
    checks_per_second: int = 50
    # A contradiction may be the middle of a batch: so long, or so many messages, it is only open.
    grace: Nanos = 100 * MILLISECOND
    grace_messages: int = 8
    # A REST read newer than our book: so long the socket may take to bring the same.
    catch_up: Nanos = 500 * MILLISECOND
    # A connection without data for so long is asked about over REST, once each period.
    quiet: Nanos = SECOND
    # A book without a proof for so long is compared.
    compare_interval: Nanos = 5 * SECOND
    # A read that failed is tried once more after so long where a doubted book waits for it.
    retry: Nanos = SECOND
    # Silence that REST cannot explain for so long is doubt.
    unverified: Nanos = 10 * SECOND
    # A snapshot that was asked for takes no longer.
    snapshot: Nanos = 2 * SECOND
    # So many doubts within the window, and the connection itself is to blame.
    doubts: int = 3
    doubts_window: Nanos = 60 * SECOND
    # Least time between two reconnects of one connection; doubles while they do not help.
    reconnect: Nanos = 5 * SECOND
    reconnect_max: Nanos = 60 * SECOND


@dataclass(frozen=True, slots=True)
class FallbackLimits:
    """When REST stands in for the socket, and when the socket is believed again."""

    after: Nanos = 5 * SECOND
    # A page is read each `period`; without one for `page_age` REST is no source either.
    period: Nanos = SECOND
    page_age: Nanos = 5 * SECOND
    recovery: Nanos = 30 * SECOND
    quote_on_rest: bool = False
