"""Compiled, twin and an independent reading with orjson and dicts say the same about any frame."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from . import frames
from .conftest import Kernel, implementations, load
from .oracle import Oracle

FACTS = (frames.MARKET, "5", True, "0.620")  # what goes into a hash beside the book
COUNTERS = ("frames", "refused", "unknown", "stale", "mismatches")


def start(kernel: Kernel) -> Any:
    books = kernel.Books()
    for token, tick in frames.TOKENS.items():
        books.add(token, tick)
    return books


def of_books(books: Any) -> list[Any]:
    seen: list[Any] = [[getattr(books, name) for name in COUNTERS]]
    last = (books.touched, books.changes, books.trades, books.ticks, books.differences)
    seen.append(tuple(list(part) for part in last))
    for index in range(len(frames.TOKENS)):
        book = books.book(index)
        seen.append((book.tick, book.levels(0), book.levels(1), book.best_bid, book.best_ask))
        seen.append(
            (books.timestamp_ms(index), books.reported_hash(index), books.agrees(index), books.snapshots(index))
        )
        seen.append((books.last_trade(index), books.verify(index, *FACTS)))
    return seen


def of_oracle(oracle: Oracle) -> list[Any]:
    seen: list[Any] = [[oracle.counts[name] for name in COUNTERS]]
    seen.append((oracle.touched, oracle.changes, oracle.trades, oracle.ticks, oracle.differences))
    for at, state in enumerate(oracle.state):
        sides: list[list[tuple[int, int]]] = [[], []]
        for (side, price), size in state["book"].items():
            sides[side].append((int(price * 10_000), size))
        bids, asks = sorted(sides[0], reverse=True), sorted(sides[1])
        seen.append(
            (int(state["tick"] * 10_000), bids, asks, bids[0][0] if bids else None, asks[0][0] if asks else None)
        )
        seen.append((state["ms"], state["hash"], state["ok"], state["snapshots"]))
        seen.append((state["traded"], oracle.verify(at, *FACTS)))
    return seen


def proof(oracle: Oracle, at: int) -> bytes:
    """A change that changes nothing and carries the hash of the book."""
    price, when = int(oracle.state[at]["tick"] * 10_000), "9" * 18  # as late as a time can be
    size = oracle.state[at]["book"].get((0, oracle.state[at]["tick"]), 0)
    row = {"asset_id": oracle.state[at]["token"], "price": f"{price / 10_000:.4f}", "size": f"{size / 10**6:.6f}"}
    row |= {"side": "BUY", "hash": oracle.digest(at, when, *FACTS)}
    item = {"market": frames.MARKET, "price_changes": [row], "timestamp": when, "event_type": "price_change"}
    return frames.json.dumps(item).encode()


def tell(given_frames: list[bytes]) -> None:
    readers = [start(load(name)) for name in implementations()]
    oracle = Oracle(frames.TOKENS)
    for frame in given_frames:
        expected = oracle.feed(frame)
        for books in readers:
            assert books.feed(frame) == expected, frame
            assert of_books(books) == of_oracle(oracle), frame
    for at in range(len(frames.TOKENS)):
        last = proof(oracle, at)
        assert [books.feed(last) for books in readers] == [1] * len(readers)
        assert [books.verify(at, *FACTS) for books in readers] == [True] * len(readers)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**64 - 1))
def test_any_stream_of_frames_means_the_same_to_all(seed: int) -> None:
    dice = Random(seed)
    tell([frames.frame(dice) for _ in range(12)])


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_mean_the_same_to_all(data: bytes) -> None:
    tell([data])


@pytest.mark.parametrize("kind", sorted(set(frames.KINDS), key=lambda kind: kind.__name__))
def test_a_frame_cut_at_any_byte_means_the_same_to_all(kind: Any) -> None:
    dice = Random(5)
    whole = frames.json.dumps(kind(dice), separators=(", ", ":"), ensure_ascii=False).encode()
    tell([whole[:length] for length in range(len(whole) + 1)])


@pytest.mark.parametrize("odd", frames.ODD_NUMBERS, ids=repr)
@pytest.mark.parametrize("field", ["price", "size", "best_bid", "best_ask"])
def test_an_odd_number_means_the_same_to_all(field: str, odd: Any) -> None:
    dice = Random(3)
    message = frames.price_change(dice)
    entry = {**frames.change(dice), "asset_id": next(iter(frames.TOKENS)), "price": "0.5", field: odd}
    tell([frames.json.dumps({**message, "price_changes": [entry]}, separators=(", ", ":")).encode()])
