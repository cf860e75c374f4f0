"""What every campaign shares: how long it runs, what it reports, and how a finding is written down and made small."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha1
from pathlib import Path
from time import monotonic
from typing import TypeVar

T = TypeVar("T")

CORPUS = Path(__file__).parent / "corpus"
# Where findings of a run go; git ignores it.  One that is understood moves to the corpus.
FINDINGS = Path("build") / "fuzz"
# A campaign that found this much has something systematic to tell: it stops.
FINDINGS_MAX = 10


@dataclass(frozen=True)
class Budget:
    """Ends a campaign by count or by time, whichever comes first; the count is what tests use."""

    operations: int | None = None
    seconds: float | None = None

    def rounds(self, operations_each: int) -> Iterator[int]:
        """Numbers of rounds of `operations_each` operations, until the budget is used up."""
        start, number = monotonic(), 0
        while self.operations is None or number * operations_each < self.operations:
            if self.seconds is not None and monotonic() - start >= self.seconds:
                return
            yield number
            number += 1


@dataclass
class Report:
    """The figures of one campaign."""

    name: str
    seed: int
    operations: int = 0
    seconds: float = 0.0
    outcomes: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)

    @property
    def full(self) -> bool:
        return len(self.findings) >= FINDINGS_MAX

    def line(self) -> str:
        outcomes = ", ".join(f"{name} {count:,}" for name, count in sorted(self.outcomes.items()))
        found = f"{len(self.findings)} findings" if self.findings else "no finding"
        head = f"{self.name}: {self.operations:,} operations in {self.seconds:,.1f} s with seed {self.seed}: {found}"
        return "\n".join([f"{head} ({outcomes})", *self.findings])


def smallest(parts: Sequence[T], fails: Callable[[list[T]], bool]) -> list[T]:
    """The parts without those that the failure does not need: halves first, then ever smaller runs."""
    kept, run = list(parts), max(1, len(parts) // 2)
    while run:
        at = 0
        while at < len(kept):
            rest = kept[:at] + kept[at + run :]
            if fails(rest):
                kept = rest
            else:
                at += run
        run //= 2
    return kept


def save_frames(frames: Sequence[bytes], folder: Path) -> Path:
    """A stream of frames as a JSON list of texts, one character a byte."""
    text = json.dumps([frame.decode("latin-1") for frame in frames], indent=1)
    path = folder / f"frames-{sha1(text.encode(), usedforsecurity=False).hexdigest()[:10]}.json"
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(text + "\n")
    return path


def load_frames(path: Path) -> list[bytes]:
    return [text.encode("latin-1") for text in json.loads(path.read_text())]
