"""What many runs show together: one row for each kind of fault."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from pmm.model import MILLISECOND, Nanos
from tests.chaos.faults import KINDS, NONE, STORM
from tests.chaos.gaps import HASH
from tests.chaos.run import Result

HEADER = (
    f"{'':16}{'':49} |{'noticed after, ms':>21} |{'quoted so, ms':>14} |{'trusted, ms':>14}\n"
    f"{'kind of fault':16} runs faults wrong lasting noticed healed at once |"
    f"{'p50':>7}{'p99':>7}{'max':>7} |{'p99':>7}{'max':>7} |{'p50':>7}{'max':>7}"
)


@dataclass
class Row:
    """Counts and times of one kind.

    faults      that came true, of whatever effect
    wrong       differences of a book that was quoted on; `lasting` the noticed ones and those that lasted over 100 ms
    healed      differences that the venue's next messages ended before they were noticed
    at_once     doubts that came before any difference
    """

    kind: str
    runs: int = 0
    faults: int = 0
    lasting: int = 0
    healed: int = 0
    at_once: int = 0
    noticed: list[Nanos] = field(default_factory=list)
    exposures: list[Nanos] = field(default_factory=list)
    recoveries: list[Nanos] = field(default_factory=list)

    def add(self, result: Result) -> None:
        verdict = result.verdict
        self.runs += 1
        self.faults += len(verdict.faults)
        self.at_once += sum(alarm.evidence != "socket" for alarm in verdict.alarms)
        self.exposures += verdict.exposures
        self.recoveries += verdict.recoveries
        for gap in verdict.gaps:
            over = gap.over
            if gap.noticed is not None:
                self.noticed.append(gap.noticed - gap.began)
            elif over is not None and over > gap.began:
                self.healed += 1
            self.lasting += gap.noticed is not None or over is None or over - gap.began > HASH

    def line(self) -> str:
        wrong, noticed = len(self.noticed) + self.healed, len(self.noticed)
        counts = f"{self.runs:5}{self.faults:7}{wrong:6}{self.lasting:8}{noticed:8}{self.healed:7}{self.at_once:8}"
        times = (
            _columns(self.noticed, (0.5, 0.99, 1.0)),
            _columns(self.exposures, (0.99, 1.0)),
            _columns(self.recoveries, (0.5, 1.0)),
        )
        return " |".join((f"{self.kind:16}{counts}", *times))


def quantile(times: Sequence[Nanos], share: float) -> str:
    """In milliseconds, by the nearest rank; a dash of nothing."""
    if not times:
        return "-"
    ranked = sorted(times)
    return str(ranked[min(len(ranked) - 1, int(share * len(ranked)))] // MILLISECOND)


def table(results: Iterable[Result]) -> str:
    """Every kind in its row, and what concerns all of them."""
    rows = {kind: Row(kind) for kind in (*KINDS, STORM, NONE)}
    freezes: list[Nanos] = []
    hindered: list[Nanos] = []
    pulls: list[Nanos] = []
    on_gap: list[Nanos] = []
    placed = 0
    for result in results:
        rows[result.plan.kind].add(result)
        verdict = result.verdict
        for took, bad_reads in verdict.freezes:
            (hindered if bad_reads else freezes).append(took)
        pulls += verdict.pulls
        placed += verdict.placed
        on_gap += verdict.placed_on_gap
    return "\n".join(
        (
            HEADER,
            *(row.line() for row in rows.values() if row.runs),
            f"freezes noticed after, ms: {_times(freezes)}",
            f"    where a REST read failed or was old meanwhile: {_times(hindered)}",
            f"last order gone at the gateway after the doubt, ms: {_times(pulls)}",
            f"quotes sent: {placed}; on a wrong book, its age in ms: {_times(on_gap)}",
        )
    )


def _times(times: Sequence[Nanos]) -> str:
    return f"{len(times)} times, p50 {quantile(times, 0.5)}, p99 {quantile(times, 0.99)}, max {quantile(times, 1.0)}"


def _columns(times: Sequence[Nanos], shares: Sequence[float]) -> str:
    return "".join(f"{quantile(times, share):>7}" for share in shares)
