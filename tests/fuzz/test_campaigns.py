"""Every campaign runs for a moment, from fixed seeds, and finds what was planted for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pmm._fast.pure import quote as pure_quote
from tests._fast.oracle import Oracle

from . import books, campaign, frames, mutations, quotes
from .campaign import Budget, load_frames, smallest


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(frames, "FINDINGS", tmp_path)


def test_readers_agree_about_random_frames() -> None:
    report = frames.run(7, Budget(operations=2_500))
    assert not report.findings, report.line()
    assert {"applied", "nothing", "MALFORMED", "OFF_GRID", "BAD_PRICE", "BAD_SIZE", "BAD_SIDE"} <= set(report.outcomes)


def test_readers_agree_about_huge_frames() -> None:
    report = frames.run(8, Budget(operations=6 * frames.STREAM), huge_every=1)
    assert not report.findings, report.line()


@pytest.mark.parametrize("path", sorted(campaign.CORPUS.glob("*.json")), ids=lambda path: path.stem)
def test_readers_agree_about_what_was_found_before(path: Path) -> None:
    assert not frames.differs(load_frames(path))


def test_books_agree_with_two_dicts() -> None:
    report = books.run(7, Budget(operations=60_000))
    assert not report.findings, report.line()
    assert set(report.outcomes) == {"update", "set", *books.ASKED}


def test_quoters_agree_with_fractions() -> None:
    report = quotes.run(7, Budget(operations=10_000))
    assert not report.findings, report.line()


def test_a_reader_that_forgives_one_form_of_a_number_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    feed = Oracle.feed
    monkeypatch.setattr(Oracle, "feed", lambda self, data: feed(self, data.replace(b'"1e-1"', b'"0.1"')))
    report = frames.run(1, Budget(operations=5_000))
    assert report.findings
    assert all(b'"1e-1"' in load_frames(path)[-1] for path in tmp_path.glob("*.json"))


def test_a_book_that_loses_the_largest_size_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    lose = books.Plain.set
    monkeypatch.setattr(books.Plain, "set", lambda self, side, price, size: lose(self, side, price, size % (2**63 - 1)))
    report = books.run(1, Budget(operations=4_000))
    assert report.findings
    assert str(2**63 - 1) in report.findings[0]


def test_a_quoter_that_rounds_the_other_way_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def inner(plan: Any, book: Any, centre: int) -> tuple[int, int]:
        bid, ask = right(plan, book, centre)
        return bid, ask + book.tick if centre % 7 == 0 else ask

    right = pure_quote._inner
    monkeypatch.setattr(pure_quote, "_inner", inner)
    assert quotes.run(1, Budget(operations=2_000)).findings


def test_a_failure_is_made_as_small_as_it_gets() -> None:
    assert smallest(range(100), lambda rest: {17, 93} <= set(rest)) == [17, 93]


def test_a_budget_ends_by_count_or_by_time() -> None:
    assert list(Budget(operations=100).rounds(30)) == [0, 1, 2, 3]
    assert list(Budget(seconds=0).rounds(30)) == []


@pytest.mark.parametrize("mutation", sorted(set(mutations.MUTATIONS), key=lambda one: one.__name__))
def test_every_mutation_changes_frames(mutation: mutations.Mutation) -> None:
    dice = mutations.Random(3)
    changed = [mutation(dice, told) != told for told in [mutations.whole(dice) for _ in range(60)]]
    assert sum(changed) >= 10
    assert isinstance(mutation(dice, b""), bytes)
