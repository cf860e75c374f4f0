"""The table of the kernel against its peers: python -m benchmarks [--frames N] [--save FILE] [--compare FILE]."""

from __future__ import annotations

import argparse
import json
import platform
import random
from array import array
from collections.abc import Callable
from dataclasses import asdict, dataclass
from hashlib import sha1
from pathlib import Path
from statistics import median
from typing import Any

from sortedcontainers import SortedDict

from benchmarks import memory, native, peers, timing
from benchmarks.stream import Stream, stream
from pmm._fast import ASK, BID, COMPILED, Book, Ladder


@dataclass(frozen=True)
class Line:
    """One row: `ratio` is how many times better than the peer, unless `lower` says that less is better."""

    name: str
    ratio: float
    must: float
    target: float
    ambition: float
    detail: str = ""
    lower: bool = False

    def verdict(self) -> str:
        reached = [
            word
            for word, goal in (("must", self.must), ("target", self.target), ("ambition", self.ambition))
            if (self.ratio <= goal if self.lower else self.ratio >= goal)
        ]
        return reached[-1] if reached else "MISSED"


def stacks(told: Stream) -> dict[str, Any]:
    made: dict[str, Any] = {"ours": peers.Ours(told)}
    made |= {name: peer(told) for name, peer in peers.PEERS.items()}
    try:
        from benchmarks.nautilus import Nautilus
    except ImportError:
        return made
    return made | {"nautilus, adapter steps": Nautilus(told)}


def fed(told: Stream, mode: str) -> dict[str, Any]:
    """Every stack after the snapshots."""
    made = stacks(told)
    for stack in made.values():
        for frame in told.snapshots:
            getattr(stack, mode)(frame)
    return made


def check(told: Stream, frames: list[bytes]) -> None:
    """All stacks end with the same books and the same number of requotes, or nothing below means anything."""
    made = fed(told, "quote")
    counts = {name: sum(stack.quote(frame) for frame in frames) for name, stack in made.items()}
    assert len(set(counts.values())) == 1, counts
    best = made["ours"].best()
    assert all(stack.best() == best for stack in made.values()), "books differ"
    assert made["ours"].quoter.books.mismatches == 0


def ns(times: list[float]) -> str:
    return f"{median(times):,.0f} ns"


def frame_lines(told: Stream) -> list[Line]:
    hand, nautilus, plain = "msgspec, hand-tuned closure", "nautilus, adapter steps", "json + SortedDict"
    lines = []
    timed = {}
    for mode in ("books", "quote"):
        made = {name: getattr(stack, mode) for name, stack in fed(told, mode).items()}
        if mode == "quote":
            made["decode"] = peers.decode_typed
        timed[mode] = timing.interleaved(made, told.frames)
    books, quote = timed["books"], timed["quote"]
    ours = quote["ours"]

    def against(name: str, times: dict[str, list[float]]) -> tuple[float, str]:
        return timing.ratio(times[name], times["ours"]), f"{ns(times['ours'])} against {ns(times[name])}"

    ratio, detail = against(hand, quote)
    lines.append(Line("frame -> quote, against hand-tuned msgspec", ratio, 12, 18, 25, detail))
    ratio, detail = against(hand, books)
    lines.append(Line("frame -> books, against hand-tuned msgspec", ratio, 10, 15, 20, detail))
    if nautilus in quote:
        ratio, detail = against(nautilus, quote)
        lines.append(Line("frame -> quote, against nautilus' adapter steps", ratio, 80, 120, 200, detail))
    ratio, detail = against(plain, quote)
    lines.append(Line("frame -> quote, against json + SortedDict", ratio, 50, 80, 120, detail))
    share = timing.ratio(ours, quote["decode"])
    lines.append(
        Line("frame -> quote, share of a bare msgspec decode", share, 0.33, 0.2, 0.12, ns(quote["decode"]), lower=True)
    )
    return lines


def native_lines(told: Stream) -> list[Line]:
    source = native.simdjson()
    if source is None:
        return []
    ratio, ours, theirs, kind = native.measure(told, source)
    detail = f"{ours:.0f} against {theirs:.0f} ns ({kind})"
    return [Line("in C: frame -> book, against simdjson On-Demand", ratio, 2, 2.5, 3.5, detail)]


def tail_line(told: Stream) -> Line:
    made = fed(told, "quote")
    ours = timing.percentiles(made["ours"].quote, told.frames)
    hand = timing.percentiles(made["msgspec, hand-tuned closure"].quote, told.frames)
    detail = "p50/p99/p99.9 {:.0f}/{:.0f}/{:.0f} against {:.0f}/{:.0f}/{:.0f} ns".format(*ours, *hand)
    return Line("p99.9 a frame, against hand-tuned msgspec", hand[2] / ours[2], 5, 8, 15, detail)


def snapshot_line(told: Stream) -> Line:
    made = fed(told, "books")
    levels = 62
    frames = [frame for frame in told.snapshots if frame.count(b'"price"') == levels][:100]
    times = timing.interleaved({name: stack.books for name, stack in made.items()}, frames * 10, segment=250)
    rest = {name: value for name, value in times.items() if name != "ours"}
    best = min(rest, key=lambda name: median(rest[name]))
    each = [median(values) / levels for values in (times["ours"], times[best])]
    detail = f"{each[0]:.1f} against {each[1]:.1f} ns a level ({best})"
    return Line(
        "snapshot, a level, against the best stack", timing.ratio(times[best], times["ours"]), 10, 15, 25, detail
    )


def operations(count: int, depth: int, tick: int) -> list[tuple[int, int, int]]:
    """(side, price, size) near the touch of a book with `depth` levels a side."""
    dice = random.Random(3)
    found = []
    for _ in range(count):
        side, step = dice.randrange(2), min(int(dice.expovariate(0.3)), depth - 1)
        price = 5_000 + step * tick if side else 5_000 - (step + 1) * tick
        found.append((side, price, dice.choice((0, 10**7, 2 * 10**7, 3 * 10**7))))
    return found


def filled(depth: int, tick: int) -> Book:
    book = Book(tick)
    book.load(
        [(5_000 - (step + 1) * tick, 10**7) for step in range(depth)],
        [(5_000 + step * tick, 10**7) for step in range(depth)],
    )
    return book


def calling(call: Callable[..., object], work: list[tuple[int, int, int]]) -> Callable[[], None]:
    def run() -> None:
        for side, price, size in work:
            call(side, price, size)

    return run


def list_update() -> Callable[[int, int, int], int]:
    """A pure Python list by tick with a cached best price per side."""
    sides = [[10**7 if 50 <= step < 81 else 0 for step in range(101)] for _ in range(2)]
    sides[0].reverse()
    best = [49, 50]

    def update(side: int, price: int, size: int) -> int:
        level, ladder = price // 100, sides[side]
        ladder[level] = size
        if size:
            best[side] = min(best[side], level) if side else max(best[side], level)
        elif level == best[side]:
            step = 1 if side else -1
            while 0 < level < 100 and not ladder[level]:
                level += step
            best[side] = level
        return best[side]

    return update


def update_lines() -> list[Line]:
    work = operations(20_000, 31, 100)
    ours = timing.per_call(calling(filled(31, 100).update, work), len(work))
    pure = timing.per_call(calling(list_update(), work), len(work))
    sides = [SortedDict({price: 1 for price, _ in filled(31, 100).levels(side)}) for side in (BID, ASK)]

    def sorted_update(side: int, price: int, size: int) -> int:
        ladder = sides[side]
        if size:
            ladder[price] = size
        else:
            ladder.pop(price, None)
        return ladder.peekitem(0 if side else -1)[0] if ladder else 0

    libraries = {"SortedDict": timing.per_call(calling(sorted_update, work), len(work))}
    library = min(libraries, key=lambda name: libraries[name])
    deep = operations(20_000, 1_000, 1)
    shallow = operations(20_000, 10, 1)
    thousand = timing.per_call(calling(filled(1_000, 1).update, deep), len(deep))
    ten = timing.per_call(calling(filled(10, 1).update, shallow), len(shallow))
    best = libraries[library]
    return [
        Line(f"update + best, against {library}", best / ours, 5, 7, 9, f"{ours:.0f} against {best:.0f} ns"),
        Line("update + best, against a pure list", pure / ours, 2, 2.5, 3, f"{ours:.0f} against {pure:.0f} ns"),
        Line(
            "cost at depth 1,000 over depth 10",
            thousand / ten,
            1.25,
            1.1,
            1.0,
            f"{thousand:.0f} and {ten:.0f} ns",
            lower=True,
        ),
    ]


def top_line() -> Line:
    book, ladder = filled(31, 100), Ladder(10)
    sides = [SortedDict(dict(book.levels(side))) for side in (BID, ASK)]
    owned = [array("q", bytes(80)) for _ in range(4)]

    def theirs() -> None:
        bids = sides[0].items()[-1:-11:-1]
        asks = sides[1].items()[:10]
        for at, rows in ((0, bids), (2, asks)):
            owned[at][:] = array("q", [price for price, _ in rows])
            owned[at + 1][:] = array("q", [size for _, size in rows])

    def repeat(call: Callable[[], object]) -> Callable[[], None]:
        def run() -> None:
            for _ in range(5_000):
                call()

        return run

    ours = timing.per_call(repeat(lambda: book.top(ladder)), 5_000)
    peer = timing.per_call(repeat(theirs), 5_000)
    return Line(
        "top 10 of both sides into owned arrays, against SortedDict",
        peer / ours,
        20,
        30,
        50,
        f"{ours:.0f} against {peer:.0f} ns",
    )


def memory_lines() -> list[Line]:
    lines = []
    for tick, goals in ((100, (1, 4, 5)), (10, (1, 3, 4)), (1, (1, 2, 3))):
        ours, peer = memory.measure("ours", tick), memory.measure("dict", tick)
        lines.append(
            Line(
                f"memory a book, tick {tick / 10_000:g}, against dict",
                peer / ours,
                *goals,
                f"{ours:,.0f} against {peer:,.0f} bytes",
            )
        )
    return lines


def hash_line() -> Line:
    book = filled(45, 100)
    arguments = ("0x" + "ab" * 32, "7" * 77, "1789156413830", "5", False, "0.500")
    text = b"x" * (45 * 2 * 31 + 300)

    def ours() -> None:
        for _ in range(2_000):
            book.hash(*arguments)

    def peer() -> None:
        for _ in range(2_000):
            sha1(text, usedforsecurity=False).hexdigest()

    cost, bare = timing.per_call(ours, 2_000), timing.per_call(peer, 2_000)
    return Line(
        "hash of a 45 + 45 level book, over bare sha1",
        cost / bare,
        2,
        1.5,
        1.2,
        f"{cost:,.0f} and {bare:,.0f} ns",
        lower=True,
    )


def processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


def table(lines: list[Line], before: dict[str, float]) -> str:
    rows = [f"{'line':58} {'here':>8} {'must':>6} {'target':>7} {'ambition':>9}  reached"]
    for line in lines:
        value = f"{line.ratio:.2f}" if line.lower or line.ratio < 10 else f"{line.ratio:.1f}"
        goals = f"{line.must:>6g} {line.target:>7g} {line.ambition:>9g}  {'<=' if line.lower else '>='}"
        saved = f"  (saved run: {before[line.name]:.2f})" if line.name in before else ""
        rows.append(f"{line.name:58} {value:>8} {goals} {line.verdict():9} {line.detail}{saved}")
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--frames", type=int, default=20_000)
    parser.add_argument("--save", type=Path)
    parser.add_argument("--compare", type=Path)
    chosen = parser.parse_args()
    told = stream(chosen.frames)
    check(told, told.frames[:3_000])
    kernel = "compiled" if COMPILED else "pure Python"
    changes = told.changes / len(told.frames)
    print(f"{processor()}, Python {platform.python_version()}, kernel {kernel}; {changes:.2f} changes a frame")
    lines = [
        *frame_lines(told),
        *native_lines(told),
        tail_line(told),
        snapshot_line(told),
        *update_lines(),
        top_line(),
        *memory_lines(),
        hash_line(),
    ]
    before = json.loads(chosen.compare.read_text()) if chosen.compare else {}
    print(table(lines, {row["name"]: row["ratio"] for row in before.get("lines", [])}))
    if chosen.save:
        chosen.save.write_text(
            json.dumps({"cpu": processor(), "lines": [asdict(line) for line in lines]}, indent=2) + "\n"
        )


if __name__ == "__main__":
    main()
