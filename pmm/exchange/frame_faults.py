"""What may happen to a single message on a socket: it is lost, doubled, cut off, or overtaken by the next one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from pmm.sim.dice import Dice, Stream

if TYPE_CHECKING:
    from pmm.exchange.channel import Client

Parcel: TypeAlias = "tuple[frozenset[Client], bytes]"


class FrameFault(StrEnum):
    LOSE = "lose"
    DOUBLE = "double"
    SWAP = "swap"
    TRUNCATE = "truncate"


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
        fault = self._strike()
        self.lost += fault is FrameFault.LOSE
        sent = _struck(parcel, fault)
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

    def _strike(self) -> FrameFault | None:
        for number, rule in enumerate(self.rules):
            if rule.chance >= 1.0 or self._dice.random() < rule.chance:
                self._spend(number, rule)
                return rule.fault
        return None

    def _spend(self, number: int, rule: FrameRule) -> None:
        if rule.times == 1:
            del self.rules[number]
        elif rule.times is not None:
            self.rules[number] = replace(rule, times=rule.times - 1)


def _struck(parcel: Parcel, fault: FrameFault | None) -> list[Parcel]:
    readers, data = parcel
    match fault:
        case FrameFault.LOSE | FrameFault.SWAP:
            return []
        case FrameFault.DOUBLE:
            return [parcel, parcel]
        case FrameFault.TRUNCATE:
            return [(readers, data[: len(data) // 2])]
        case None:
            return [parcel]
