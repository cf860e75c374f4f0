"""Random frames: the compiled reader, its twin and the independent reading of tests/_fast must say the same.

Said is everything a caller can see: return code, counters, touched, changes, trades, ticks, differences, and each book
with what the venue last said about it.  After a refusal all of that but the counters must be what it was.  At the end
of a stream every book must know its own hash.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from time import monotonic
from typing import Any

from pmm._fast.pure.wire import FRAME_BYTES_MAX
from pmm._fast.refusal import Refusal
from tests._fast.conftest import implementations, load
from tests._fast.frames import TOKENS
from tests._fast.oracle import Oracle
from tests._fast.test_agreement import FACTS, of_books, of_oracle, proof, start

from .campaign import FINDINGS, Budget, Report, save_frames, smallest
from .mutations import frame, huge

STREAM = 25
HUGE_EVERY = 200  # streams; one such frame costs as much as a few hundred usual ones
FORMS: tuple[Callable[[bytes], Any], ...] = (bytes, bytes, bytearray, memoryview)


class Trial:
    """The readers side by side over one stream of frames."""

    def __init__(self) -> None:
        self.readers = {name: start(load(name)) for name in implementations()}
        self.oracle = Oracle(TOKENS)
        self.state = of_oracle(self.oracle)[2:]

    def feed(self, data: bytes, form: Callable[[bytes], Any] = bytes) -> tuple[int, str]:
        """What the independent reading answers, and what differs from it, "" for nothing."""
        answer = self.oracle.feed(data) if len(data) <= FRAME_BYTES_MAX else self._too_large()
        expected, before = of_oracle(self.oracle), self.state
        self.state = expected[2:]
        if answer < 0 and self.state != before:
            return answer, "a refused frame changed something in the independent reading"
        for name, books in self.readers.items():
            try:
                said = books.feed(form(data))
            except Exception as fault:  # noqa: BLE001  # whatever it raises is the finding
                return answer, f"{name} raised {fault!r}"
            if said != answer:
                return answer, f"{name} answered {said} and not {answer}"
            if (seen := of_books(books)) != expected:
                part = next(part for part in zip(seen, expected, strict=True) if part[0] != part[1])
                return answer, f"{name} shows {str(part[0])[:200]} and not {str(part[1])[:200]}"
        return answer, ""

    def prove(self) -> str:
        """What does not know the hash of its book, at the end of a stream."""
        for at in range(len(TOKENS)):
            last = proof(self.oracle, at)
            for name, books in self.readers.items():
                if books.feed(last) != 1 or not books.verify(at, *FACTS):
                    return f"{name} does not know the hash of book {at}"
        return ""

    def _too_large(self) -> int:
        self.oracle.feed(b"")  # the independent reading has no limit: to it the frame is one that says nothing
        self.oracle.counts["refused"] += 1
        return int(Refusal.TOO_LARGE)


def differs(stream: Sequence[bytes]) -> str:
    """The first difference in a stream, "" for none."""
    trial = Trial()
    return next((difference for data in stream if (difference := trial.feed(data)[1])), "") or trial.prove()


def shrunk(stream: Sequence[bytes]) -> list[bytes]:
    """The frames that a difference needs, and of the last one only the bytes that it needs."""
    few = smallest(stream, lambda rest: bool(differs(rest)))
    if len(few[-1]) > 20_000:
        return few
    last = smallest(list(few[-1]), lambda rest: bool(differs([*few[:-1], bytes(rest)])))
    return [*few[:-1], bytes(last)]


def run(seed: int, budget: Budget, *, huge_every: int = HUGE_EVERY) -> Report:
    """Streams of frames from seeds that follow from `seed`."""
    report, begun = Report("frames", seed), monotonic()
    for number in budget.rounds(STREAM):
        dice, trial = Random(f"{seed}/{number}"), Trial()
        stream: list[bytes] = []
        for _ in range(STREAM):
            is_huge = number % huge_every == huge_every - 1 and not stream
            stream.append(huge(dice) if is_huge else frame(dice, trial.readers["pure"]))
            answer, difference = trial.feed(stream[-1], dice.choice(FORMS))
            report.operations += 1
            report.outcomes[Refusal(answer).name if answer < 0 else "applied" if answer else "nothing"] += 1
            if difference := difference or (trial.prove() if len(stream) == STREAM else ""):
                path = save_frames(shrunk(stream) if differs(stream) else stream, FINDINGS)
                report.findings.append(f"  {difference}: {path}")
                break
        if report.full:
            break
    report.seconds = monotonic() - begun
    return report
