"""The dead-man switch of an account (protocol reference, section 3.9).

The first accepted beat arms it and nothing disarms it: after ten seconds without another one, every sweep (they come
five seconds apart) takes the account's orders away, those placed since then included.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from pmm.model import SECOND, Nanos
from pmm.sim.agenda import Agenda


@dataclass(frozen=True, slots=True)
class Beat:
    """The answer to a heartbeat: whether it was accepted, and the id to send next (the expected one when not)."""

    accepted: bool
    heartbeat_id: str


@dataclass(slots=True)
class _Pulse:
    expected: str
    last: Nanos


class Heartbeats:
    """The switches of all accounts.  `lapse` is called at every sweep that takes an account's orders."""

    def __init__(self, silence_s: int, sweep_s: int, agenda: Agenda, lapse: Callable[[str, Nanos], None]) -> None:
        self._agenda = agenda
        self._lapse = lapse
        self._silence = silence_s * SECOND
        self._every = sweep_s * SECOND
        self._pulses: dict[str, _Pulse] = {}
        self._beats = 0

    def beat(self, account: str, heartbeat_id: str | None, at: Nanos) -> Beat:
        """A refused beat does not extend the deadline."""
        pulse = self._pulses.get(account)
        if pulse is not None and (heartbeat_id or "") != pulse.expected:
            return Beat(accepted=False, heartbeat_id=pulse.expected)
        self._beats += 1
        digest = hashlib.blake2b(f"{account}:{self._beats}".encode(), digest_size=16).digest()
        expected = str(UUID(bytes=digest, version=4))
        self._pulses[account] = _Pulse(expected, at)
        self._watch(account, at)
        return Beat(accepted=True, heartbeat_id=expected)

    def legacy(self, account: str, at: Nanos) -> None:
        """A beat of the old endpoint, which carries no id: the next id expected is empty."""
        self._pulses[account] = _Pulse("", at)
        self._watch(account, at)

    def on_order(self, account: str, at: Nanos) -> None:
        """An order came to rest: where the switch has fallen already, the next sweep takes it too."""
        if self._lapsed(account, at):
            self._watch(account, at)

    def _lapsed(self, account: str, at: Nanos) -> bool:
        pulse = self._pulses.get(account)
        return pulse is not None and at - pulse.last > self._silence

    def _watch(self, account: str, at: Nanos) -> None:
        """Look again at the first sweep that would take orders if no more beats came."""
        earliest = max(self._pulses[account].last + self._silence, at)
        self._agenda.enter((earliest // self._every + 1) * self._every, lambda now: self._sweep(account, now))

    def _sweep(self, account: str, at: Nanos) -> None:
        if self._lapsed(account, at):
            self._lapse(account, at)
