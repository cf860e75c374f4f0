"""What many sessions show together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from pmm.core.orders import ORDER
from pmm.core.settlement import SETTLEMENT
from pmm.model import SECOND
from tests.chaos.orders.faults import EVERY
from tests.chaos.orders.session import Result


def table(results: Sequence[Result]) -> str:
    """Faults, moves of the machines and totals."""
    return "\n".join((*_faults(results), *_edges(results), *_totals(results)))


def missing_edges(results: Sequence[Result]) -> list[str]:
    """Rows of the two tables that change a state and that no session took."""
    seen = _sum(result.edges for result in results)
    return [
        f"{name} {row.source} -{row.trigger}-> {row.dest}"
        for name, tabled in ((ORDER.name, ORDER), (SETTLEMENT.name, SETTLEMENT))
        for row in tabled.rows
        if row.source != row.dest and not seen[name, row.source, row.trigger]
    ]


def violations(results: Sequence[Result]) -> Iterator[str]:
    for result in sorted(results, key=lambda one: one.plan.seed):
        for violation in result.violations:
            yield f"seed {result.plan.seed} ({' '.join(result.plan.chosen)}): {violation}"


def _faults(results: Sequence[Result]) -> Iterator[str]:
    fired = _sum(result.fired for result in results)
    chosen = Counter(fault for result in results for fault in result.plan.chosen)
    yield f"{'fault':12}{'sessions':>9}{'struck':>9}"
    for fault in EVERY:
        yield f"{fault:12}{chosen[fault]:9}{fired[fault]:9}"


def _edges(results: Sequence[Result]) -> Iterator[str]:
    seen = _sum(result.edges for result in results)
    yield "moves: " + ", ".join(f"{old} -{trigger}-> {n}" for (_, old, trigger), n in sorted(seen.items()))
    yield f"moves that never happened: {', '.join(missing_edges(results)) or 'none'}"


def _totals(results: Sequence[Result]) -> Iterator[str]:
    took = sorted(result.converged_s for result in results)
    commands = _sum(result.commands for result in results)
    yield "commands: " + ", ".join(f"{name} {count}" for name, count in sorted(commands.items()))
    refused = _sum(result.rejections for result in results)
    yield "refusals: " + ", ".join(f"{count} {str(reason)[:60]!r}" for reason, count in refused.most_common(12))
    yield (
        f"{sum(one.orders for one in results)} orders at the venue, {sum(one.trades for one in results)} trades,"
        f" {sum(one.failed for one in results)} of them failed, {sum(one.restarts for one in results)} restarts,"
        f" {sum(one.uncounted_ns for one in results) / SECOND:.6f} order-seconds uncounted"
    )
    if took:
        p50, p99 = took[len(took) // 2], took[min(len(took) - 1, len(took) * 99 // 100)]
        yield f"same as the venue after the faults ended: p50 {p50:.2f} s, p99 {p99:.2f} s, max {took[-1]:.2f} s"


def _sum(counters: object) -> Counter[object]:
    total: Counter[object] = Counter()
    for one in counters:  # type: ignore[attr-defined]  # an iterable of counters of any key
        total.update(one)
    return total
