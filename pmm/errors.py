"""Every failure that pmm reports on purpose: whose fault it is, its code, its exit status and the next step.

`LocalError` is ours or the user's (a flag, a file, a broken promise inside); `VenueError` is the other side of
the wire.  Codes are stable: `pmm explain CODE` prints the page of one.
"""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """Exit statuses of the command line; the table in docs/cli.md is the contract."""

    OK = 0
    UNEXPECTED = 1
    USAGE = 2
    CONFIG = 3
    AUTH = 4
    NOT_FOUND = 5
    UNREACHABLE = 6
    REFUSED = 7
    CHECK_FAILED = 8
    ORDERS_MAY_REMAIN = 9
    HALTED = 10
    TIMEOUT = 124


class PmmError(Exception):
    """A failure with a stable code, an exit status and a hint; facts are kept as attributes."""

    code = "PMM-E001"
    exit = Exit.UNEXPECTED
    hint = ""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if hint is not None:
            self.hint = hint


class LocalError(PmmError):
    """Ours: the user's input, the machine, or a promise broken inside pmm."""


class VenueError(PmmError):
    """Theirs: the venue cannot be reached, refuses, or answers what it should not."""


class UsageError(LocalError):
    """The command line says something that cannot be done."""

    code = "PMM-E101"
    exit = Exit.USAGE
    hint = "See `pmm --help`."


class ConfigError(LocalError):
    """One or more settings are invalid; `problems` holds every one of them."""

    code = "PMM-E201"
    exit = Exit.CONFIG
    hint = "`pmm config env` prints every setting with its default and what it is for."

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class LiveForbidden(LocalError):
    """Live trading is forbidden on this machine, or was not agreed to; nothing was sent."""

    code = "PMM-E204"
    exit = Exit.CONFIG
    hint = "A dry run is what one gets without --live."


class ImpossibleMove(LocalError):
    """A state machine was asked for a move that its table does not hold."""

    code = "PMM-E301"
    hint = "This is a defect: please report it with the log of the run."

    def __init__(self, machine: str, state: str, trigger: str) -> None:
        super().__init__(f"{machine}: no row for {trigger!r} in state {state}")
        self.machine = machine
        self.state = state
        self.trigger = trigger


class DiskError(LocalError):
    """A file or the output cannot be written or read."""

    code = "PMM-E302"
    hint = "Choose a writable folder with --data-dir."


class PortTaken(LocalError):
    """The local exchange cannot have the port it was given."""

    code = "PMM-E303"
    exit = Exit.UNREACHABLE
    hint = "Choose another port with --port, or --port 0 for a free one."


class InboxFull(LocalError):
    """The engine fell behind its market data; the connection that notices is opened anew."""

    code = "PMM-E304"
    hint = "Quote fewer markets in one process."


class CheckFailed(LocalError):
    """Something that was to be verified is not as it should be; what it is was told."""

    code = "PMM-E340"
    exit = Exit.CHECK_FAILED


class WrongClock(LocalError):
    """Our clock and the venue's differ too much to trade: orders would end, and be judged, at the wrong time."""

    code = "PMM-E341"
    exit = Exit.CHECK_FAILED
    hint = "Let the system set its clock (NTP); nothing was sent."


class MarketNotFound(VenueError):
    """No market, or none that is open, goes by that name."""

    code = "PMM-E401"
    exit = Exit.NOT_FOUND
    hint = "List markets with `pmm markets list`, or search with `pmm markets search WORD`."


class Unreachable(VenueError):
    """The venue does not answer: refused, timed out, or every attempt failed."""

    code = "PMM-E402"
    exit = Exit.UNREACHABLE
    hint = "Check the address with `pmm config show`, and the network."


class NoMarketData(VenueError):
    """The venue accepted the subscription and sent no usable book in time."""

    code = "PMM-E403"
    exit = Exit.UNREACHABLE
    hint = "Try again later; `pmm book MARKET` shows what the venue holds."


class BadAnswer(VenueError):
    """The venue answered something that is not of its own protocol."""

    code = "PMM-E404"
    exit = Exit.UNREACHABLE
    hint = "Check the address with `pmm config show`; if it is right, report the answer that --debug shows."


class AccountUnready(VenueError):
    """The account cannot place orders: it is restricted, empty, or the exchange may not move its money."""

    code = "PMM-E407"
    exit = Exit.REFUSED
    hint = "`pmm doctor --live` names what is wrong and its remedy; nothing was sent."


class Halted(LocalError):
    """The engine stopped itself; no order of ours remains."""

    code = "PMM-E501"
    exit = Exit.HALTED


class OrdersMayRemain(LocalError):
    """Cancels were not confirmed in time: orders of ours may still rest at the venue."""

    code = "PMM-E502"
    exit = Exit.ORDERS_MAY_REMAIN
    hint = "Cancel all orders at the venue by hand, now."
