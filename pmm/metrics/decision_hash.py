"""One number for everything a run decided: two runs agree exactly when their hashes do."""

from __future__ import annotations

from hashlib import sha256

from pmm.core.step import Step


class DecisionHash:
    """SHA-256 over every command and decision in order, with their times."""

    def __init__(self) -> None:
        self._sha = sha256()

    def on_step(self, step: Step) -> None:
        for effect in (*step.commands, *step.decisions, *step.fills, *step.reversals):
            self._sha.update(repr(effect).encode())
            self._sha.update(b"\n")

    def hexdigest(self) -> str:
        return self._sha.hexdigest()
