"""The faults of a session by their numbers in the fault table of the reliability reference, as acts on the exchange.

Some are rules that strike by chance for a while, the others happen once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeAlias

Body: TypeAlias = Mapping[str, object]

ORDERS = "POST /order*"
CANCELS = "DELETE /*"
BEATS = "POST /v1/heartbeats"
HTML = "<html><head><title>502 Bad Gateway</title></head></html>"
# Longer than any rule meets requests in a session.
OFTEN = 1_000


def _requests(on: str, harm: str, **more: object) -> tuple[str, Body]:
    return "/faults/requests", {"on": on, "harm": harm, "times": OFTEN, "chance": 0.3, **more}


def _frames(fault: str, chance: float) -> tuple[str, Body]:
    return "/faults/frames", {"fault": fault, "times": OFTEN, "chance": chance, "channel": "user"}


# What a fault may be; the seed chooses one of each row's ways.
WEATHER: dict[str, Sequence[tuple[str, Body]]] = {
    "F01": (_requests(ORDERS, "answer_late", seconds=0.4), _requests(ORDERS, "cut")),
    "F02": (_requests(ORDERS, "lose"),),
    "F03": (
        _requests(ORDERS, "park", seconds=0.2, chance=0.2),
        _requests(ORDERS, "park", seconds=0.7, chance=0.2),
        _requests(ORDERS, "park", seconds=1.5, chance=0.2),
    ),
    "F04": (
        _requests(ORDERS, "fail", status=500),
        _requests(ORDERS, "fail_done", status=500),
        _requests(ORDERS, "fail", status=502, text=HTML),
        _requests(ORDERS, "fail_done", status=503, text="service unavailable"),
        _requests(ORDERS, "fail_done", status=520, text=HTML),
    ),
    "F06": (
        _requests(CANCELS, "lose"),
        _requests(CANCELS, "lie_not_found"),
        _requests(CANCELS, "deny_canceled"),
        _requests(CANCELS, "delay", seconds=0.3),
        _requests(CANCELS, "cut"),
        _requests(CANCELS, "fail_done", status=500),
    ),
    "F07": (_requests(CANCELS, "delay", seconds=0.1, chance=0.8),),
    "F08": (_requests("POST /order", "alter", fields={"status": "delayed"}, chance=0.5),),
    "F09": (_frames("lose", 0.3), _frames("double", 0.3), _frames("swap", 0.3), _frames("truncate", 0.2)),
    "F37": (_frames("oversize", 0.6), _frames("dust", 0.6)),
    "F25": (_requests(BEATS, "lose"), _requests(BEATS, "cut"), _requests(BEATS, "answer_late", seconds=0.4)),
    "F36": (
        _requests("POST /orders", "shuffle", chance=0.9),
        _requests("POST /orders", "short", chance=0.7),
        _requests("POST /orders", "partial", entries=1, text="order could not be placed", chance=0.7),
    ),
}
# What happens at a moment; the session knows how.
MOMENTS = ("F05", "F10", "F11", "F26", "F32", "F33")
# Somebody else on the account: the bot has to halt, so that nothing else can happen after it.
LAST = ("F25 refused", "F30")
SETTLEMENTS = "F18"
EVERY = (*WEATHER, *MOMENTS, *LAST, SETTLEMENTS)


@dataclass(frozen=True)
class Strike:
    """`fault` at so many seconds after the first quotes."""

    at: float
    fault: str


def strikes(dice: Random, chosen: Sequence[str], seconds: float) -> list[Strike]:
    """When which of the chosen moments come."""
    found = [
        Strike(dice.uniform(0.1, seconds * 0.9), fault)
        for fault in chosen
        if fault in MOMENTS
        for _ in range(dice.choice((1, 1, 2)))
    ]
    found += [Strike(seconds * 0.95, fault) for fault in chosen if fault in LAST]
    return sorted(found, key=lambda one: one.at)


def chosen(dice: Random) -> tuple[str, ...]:
    """A few of all faults; two that end the run never come together."""
    some = [fault for fault in (*WEATHER, *MOMENTS, SETTLEMENTS) if dice.random() < 0.25]
    some = some or [dice.choice((*WEATHER, *MOMENTS))]
    if dice.random() < 0.08:
        some.append(dice.choice(LAST))
    return tuple(some)
