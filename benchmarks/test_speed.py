"""The kernel's hot calls under pytest-benchmark: pytest benchmarks --benchmark-enable [--benchmark-compare]."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from benchmarks.stream import Stream, stream
from pmm._fast import BID, Book, Ladder

peers = pytest.importorskip(
    "benchmarks.peers", reason="needs the peers: msgspec, orjson, sortedcontainers", exc_type=ImportError
)

Benchmark = Callable[..., Any]


@pytest.fixture(scope="module")
def told() -> Stream:
    return stream(2_000)


def through(feed: Callable[[bytes], object], told: Stream) -> Callable[[], None]:
    for frame in told.snapshots:
        feed(frame)

    def run() -> None:
        for frame in told.frames:
            feed(frame)

    return run


@pytest.mark.parametrize("stack", [peers.Ours, peers.MsgspecClosure])
@pytest.mark.parametrize("mode", ["books", "quote"])
def test_two_thousand_frames(benchmark: Benchmark, told: Stream, stack: Any, mode: str) -> None:
    benchmark(through(getattr(stack(told), mode), told))


def test_a_snapshot_of_62_levels(benchmark: Benchmark, told: Stream) -> None:
    assert benchmark(peers.Ours(told).books, told.snapshots[0]) == 1


def test_update_and_best(benchmark: Benchmark) -> None:
    book = Book()
    assert benchmark(book.update, BID, 4_800, 10**7) == 4_800


def test_top_10_into_a_ladder(benchmark: Benchmark) -> None:
    book, ladder = Book(), Ladder(10)
    book.load(
        [(price, 10**7) for price in range(100, 4_900, 100)], [(price, 10**7) for price in range(5_000, 9_900, 100)]
    )
    benchmark(book.top, ladder)
    assert list(ladder.view[:2]) == [4_800, 4_700]


def test_hash_of_48_and_49_levels(benchmark: Benchmark) -> None:
    book = Book()
    book.load(
        [(price, 10**7) for price in range(100, 4_900, 100)], [(price, 10**7) for price in range(5_000, 9_900, 100)]
    )
    texts = {"market": "0x" + "ab" * 32, "asset_id": "7" * 77, "timestamp": "1789156413830", "min_order_size": "5"}
    assert len(benchmark(book.hash, **texts, neg_risk=False, last_trade_price="0.500")) == 40
