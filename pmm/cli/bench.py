"""`pmm bench`: how fast the kernel and the engine are on this machine, beside a plain reading of the same frames.

Believe the ratios: every line and its peer take turns on the same bytes within one run.  The table against the best
stacks there are needs their packages and is in `benchmarks/` of the source tree.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import orjson
import typer

from pmm.cli.context import Cli

SCHEMA = "pmm.bench/1"
PEER = "orjson + dicts"
SIMULATED_S = 120
SEED = 7
ROUNDS = 5
# How much worse than in the saved run a ratio may be before `--compare` calls it a regression.
TOLERANCE = 0.25

Reader = Callable[[bytes], object]


@dataclass(frozen=True, slots=True)
class Timing:
    """Percentiles of single calls in ns, and how many times faster than the peer the median is."""

    p50: int
    p99: int
    p999: int
    ratio: float

    def record(self) -> dict[str, object]:
        return {"p50_ns": self.p50, "p99_ns": self.p99, "p999_ns": self.p999, "ratio": f"{self.ratio:.2f}"}


def bench(
    save: Annotated[Path | None, typer.Option(metavar="FILE", help="Keep this run for later comparisons.")] = None,
    compare: Annotated[
        Path | None, typer.Option(metavar="FILE", exists=True, dir_okay=False, help="Compare with a saved run.")
    ] = None,
) -> int:
    """Measure the kernel and the engine on simulated market data, beside orjson and dicts in the same run."""
    from pmm._fast import COMPILED
    from pmm.errors import Exit

    cli = Cli.current()
    before = _saved(compare) if compare is not None else {}
    frames, tokens = _frames()
    timings = _measure(frames, tokens)
    ratios = {name: timing.ratio for name, timing in timings.items()}
    worse = {name: before[name] for name in before if ratios.get(name, 0) < before[name] * (1 - TOLERANCE)}
    kernel = "compiled" if COMPILED else "pure"
    data = {
        "kernel": kernel,
        "peer": PEER,
        "frames": len(frames),
        "lines": {name: timing.record() for name, timing in timings.items()},
        "regressions": {name: {"was": f"{was:.2f}", "is": f"{ratios.get(name, 0):.2f}"} for name, was in worse.items()},
    }
    if save is not None:
        _save(save, ratios)
    cli.emit(SCHEMA, data, human=lambda: _text(cli, kernel, len(frames), timings, before))
    for name, was in worse.items():
        cli.note(f"regression: {name} was {was:.2f} times as fast as {PEER} and is {ratios.get(name, 0):.2f}")
    return Exit.CHECK_FAILED if worse else Exit.OK


def _text(cli: Cli, kernel: str, frames: int, timings: Mapping[str, Timing], before: Mapping[str, float]) -> str:
    rows = [
        (name, t.p50, t.p99, t.p999, f"{t.ratio:.2f}", f"{before[name]:.2f}" if name in before else "-")
        for name, t in timings.items()
    ]
    head = f"kernel {kernel}, {frames} frames of the demo market; ns a call, ratio: times as fast as {PEER}"
    return f"{head}\n{cli.table(('line', 'p50', 'p99', 'p99.9', 'ratio', 'saved'), rows)}"


def _frames() -> tuple[list[bytes], list[str]]:
    """The demo market's frames, its first dump in front."""
    from pmm.app import demo_world

    world = demo_world(SEED)
    tokens = [token.token_id for token in world.listings[0].market.tokens]
    frames = [world.subscribe(tokens)]
    end = world.now + SIMULATED_S * 1_000_000_000
    while (at := world.next_at()) is not None and at < end:
        world.advance(lambda frame: frames.append(frame.data))
    return frames, tokens


def _measure(frames: Sequence[bytes], tokens: Sequence[str]) -> dict[str, Timing]:
    """Every line and the peer by turns; percentiles over all rounds, ratios as the median of the rounds'."""
    makers: dict[str, Callable[[Sequence[str]], Reader]] = {
        PEER: Plain,
        "frame -> books": _books,
        "frame -> quote decision": _quoter,
        "frame -> engine step": _engine,
    }
    samples: dict[str, list[list[int]]] = {name: [] for name in makers}
    for _ in range(ROUNDS):
        for name, make in makers.items():
            samples[name].append(_times(make(tokens), frames))
    peer = [_quantile(times, 0.5) for times in samples.pop(PEER)]
    found = {}
    for name, rounds in samples.items():
        ratios = sorted(slow / _quantile(times, 0.5) for slow, times in zip(peer, rounds, strict=True))
        every = sorted(time for times in rounds for time in times)
        found[name] = Timing(
            _quantile(every, 0.5), _quantile(every, 0.99), _quantile(every, 0.999), ratios[len(ratios) // 2]
        )
    return found


def _times(read: Reader, frames: Sequence[bytes]) -> list[int]:
    clock = time.perf_counter_ns
    times = []
    gc.collect()
    gc.disable()
    try:
        for frame in frames:
            began = clock()
            read(frame)
            times.append(clock() - began)
    finally:
        gc.enable()
    return sorted(times)


def _quantile(times: Sequence[int], share: float) -> int:
    return max(1, times[min(len(times) - 1, int(share * len(times)))])


def _books(tokens: Sequence[str]) -> Reader:
    from pmm._fast import Books

    books = Books()
    for token in tokens:
        books.add(token)
    return books.feed


def _quoter(tokens: Sequence[str]) -> Reader:
    from pmm._fast import Books, Quoter

    books = Books()
    quoter = Quoter(books, settle=True)
    quoter.plan(books.add(tokens[0]), 20_000, 10_000_000)
    books.add(tokens[1])
    return quoter.feed


def _engine(tokens: Sequence[str]) -> Reader:
    from pmm.core.engine import Engine
    from pmm.events import FeedNews, FeedSignal, Frame, MarketListed
    from pmm.sim.catalog import demo_listing
    from pmm.strategies.fixed_spread import FixedSpread

    engine = Engine(FixedSpread())
    assert [token.token_id for token in demo_listing().market.tokens] == list(tokens)
    engine.step(MarketListed(0, demo_listing().market))
    for news in (FeedNews.CONNECTING, FeedNews.OPENED):
        engine.step(FeedSignal(0, 0, news))
    return lambda data: engine.step(Frame(0, 0, data))


class Plain:
    """The peer, what a short bot does: decode, two dicts a token, look up the best prices of what changed."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self.sides: dict[tuple[str, str], dict[str, float]] = {
            (token, side): {} for token in tokens for side in ("BUY", "SELL")
        }

    def __call__(self, data: bytes) -> None:
        message = orjson.loads(data)
        for event in message if isinstance(message, list) else [message]:
            if "bids" in event:
                for side, name in (("BUY", "bids"), ("SELL", "asks")):
                    levels = {level["price"]: float(level["size"]) for level in event[name]}
                    self.sides[event["asset_id"], side] = levels
            for change in event.get("price_changes", ()):
                self._change(change)

    def _change(self, change: Mapping[str, str]) -> None:
        token = change["asset_id"]
        levels = self.sides[token, change["side"]]
        if change["size"] == "0":
            levels.pop(change["price"], None)
        else:
            levels[change["price"]] = float(change["size"])
        max(map(float, self.sides[token, "BUY"]), default=None)
        min(map(float, self.sides[token, "SELL"]), default=None)


def _saved(path: Path) -> dict[str, float]:
    """The ratios of a saved run.  Raises UsageError."""
    from pmm.errors import UsageError

    try:
        ratios = orjson.loads(path.read_bytes())["ratios"]
        return {str(name): float(ratio) for name, ratio in ratios.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"{path} is not a run saved by `pmm bench --save`") from error


def _save(path: Path, ratios: Mapping[str, float]) -> None:
    from pmm.errors import DiskError

    try:
        path.write_bytes(orjson.dumps({"schema": SCHEMA, "ratios": ratios}, option=orjson.OPT_INDENT_2) + b"\n")
    except OSError as error:
        raise DiskError(f"{path} cannot be written: {error.strerror}") from error
