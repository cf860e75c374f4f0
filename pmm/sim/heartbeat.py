"""The dead-man switch of an account (protocol reference, section 3.9)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Beat:
    """The answer to a heartbeat: whether it was accepted, and the id to send next (the expected one when not)."""

    accepted: bool
    heartbeat_id: str
