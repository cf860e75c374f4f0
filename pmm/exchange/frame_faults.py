"""What may happen to a message on a socket: it is lost, doubled, cut off, overtaken by the next one, or wrong."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from pmm.exchange import spoiling
from pmm.sim.dice import Dice, Stream

if TYPE_CHECKING:
    from pmm.exchange.channel import Client

Parcel: TypeAlias = "tuple[frozenset[Client], bytes]"


class FrameFault(StrEnum):
    """The first four strike any message, the others only messages that can be wrong in their way."""

    LOSE = "lose"
    DOUBLE = "double"
    SWAP = "swap"
    TRUNCATE = "truncate"
    LOSE_DELTA = "lose_delta"
    WRONG_SIDE = "wrong_side"
    NEGATIVE = "negative"
    ZERO = "zero"
    CROSSED = "crossed"
    DISAGREE = "disagree"
    OVERSIZE = "oversize"
    DUST = "dust"


_SPOILED: dict[FrameFault, spoiling.Spoil] = {
    FrameFault.LOSE_DELTA: spoiling.delta,
    FrameFault.WRONG_SIDE: spoiling.wrong_side,
    FrameFault.NEGATIVE: spoiling.negative,
    FrameFault.ZERO: spoiling.zero,
    FrameFault.CROSSED: spoiling.crossed,
    FrameFault.DISAGREE: spoiling.disagreeing,
    FrameFault.OVERSIZE: spoiling.oversized,
    FrameFault.DUST: spoiling.dusty,
}
# What can be wrong with the books that answer a subscription, which are never lost or overtaken.
_OF_SNAPSHOTS = frozenset({FrameFault.CROSSED, FrameFault.DISAGREE})
_ANY = frozenset(FrameFault)


@dataclass(frozen=True, slots=True)
class FrameRule:
    """`times` is how often it still happens, None without end; `chance` decides each time."""

    fault: FrameFault
    times: int | None = 1
    chance: float = 1.0


class FrameFaults:
    """The rules in force, oldest first; each message meets the first one whose dice say so.

    `lost` counts the messages that nobody got.
    """

    def __init__(self, dice: Dice | None = None) -> None:
        self.rules: list[FrameRule] = []
        self.lost = 0
        self._dice = dice or Stream(0)
        self._held: Parcel | None = None

    def through(self, parcel: Parcel) -> list[Parcel]:
        """What is sent in place of one message, and when it is: none, one or several."""
        fault, data = self._strike(parcel[1], _ANY)
        self.lost += fault in {FrameFault.LOSE, FrameFault.LOSE_DELTA}
        sent = _struck((parcel[0], data), fault)
        held, self._held = self._held, None
        if fault is FrameFault.SWAP:
            self._held = parcel
            return [] if held is None else [held]
        return sent if held is None else [*sent, held]

    def set(self, rule: FrameRule) -> None:
        """Let `rule` take the place of every rule of its kind; zero times is an end to it."""
        self.rules = [one for one in self.rules if one.fault is not rule.fault]
        if rule.times != 0:
            self.rules.append(rule)

    def answer(self, data: bytes) -> bytes:
        """What is sent in place of the books that answer a subscription."""
        return self._strike(data, _OF_SNAPSHOTS)[1]

    def _strike(self, data: bytes, among: frozenset[FrameFault]) -> tuple[FrameFault | None, bytes]:
        """The fault that a message meets, and the message with what is wrong in it."""
        for number, rule in enumerate(self.rules):
            if rule.fault not in among or (rule.chance < 1.0 and self._dice.random() >= rule.chance):
                continue
            spoil = _SPOILED.get(rule.fault)
            spoiled = data if spoil is None else spoil(data, self._dice)
            if spoiled is not None:
                self._spend(number, rule)
                return rule.fault, spoiled
        return None, data

    def _spend(self, number: int, rule: FrameRule) -> None:
        if rule.times == 1:
            del self.rules[number]
        elif rule.times is not None:
            self.rules[number] = replace(rule, times=rule.times - 1)


def _struck(parcel: Parcel, fault: FrameFault | None) -> list[Parcel]:
    readers, data = parcel
    match fault:
        case FrameFault.LOSE | FrameFault.LOSE_DELTA | FrameFault.SWAP:
            return []
        case FrameFault.DOUBLE:
            return [parcel, parcel]
        case FrameFault.TRUNCATE:
            return [(readers, data[: len(data) // 2])]
        case _:
            return [parcel]
