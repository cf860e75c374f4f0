"""The example of a strategy of one's own runs, and its orders are as legal as ours."""

import runpy
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmm._fast import ASK, BID, Book
from pmm.core.view import View
from pmm.settings import Settings
from tests.support.legal import assert_legal
from tests.support.story import START, market, shares

EXAMPLE = Path(__file__).parents[2] / "examples" / "custom_strategy.py"


def test_the_example_shows_two_orders_and_why(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(EXAMPLE), run_name="__main__")
    assert capsys.readouterr().out.splitlines() == [
        "10 at 0.47",
        "10 at 0.53",
        "made from {'mid': 0.5, 'half spread': 0.03, 'shift': 0.0}",
    ]


@given(st.integers(1, 98), st.integers(1, 98), st.integers(-60, 60))
def test_its_orders_are_legal(low: int, width: int, position: int) -> None:
    book = Book(100)
    book.set(BID, low * 100, shares(10))
    book.set(ASK, min(low + width, 99) * 100, shares(10))
    view = View(START, market(), book, shares(position))
    assert_legal(view, MODEL.decide(view))


MODEL = runpy.run_path(str(EXAMPLE))["from_settings"](Settings())
