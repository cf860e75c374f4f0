"""What the venue's sentences mean, and what they do not."""

import pytest

from pmm.events import VenueStatus
from pmm.venues.polymarket import words

A, B = "0x" + "a" * 64, "0x" + "B" * 64


@pytest.mark.parametrize("text", ["Invalid order payload", "NOT ENOUGH BALANCE / ALLOWANCE", "MARKET_NOT_READY"])
def test_refusals_are_known_in_any_case(text):
    assert words.refuse(text)
    assert not words.doubt(text)


@pytest.mark.parametrize("text", ["Internal server error", "invalid: context canceled", "ORDER_DELAYED"])
def test_words_that_prove_nothing_are_no_refusal_whatever_else_is_said(text):
    assert words.doubt(text)
    assert not words.refuse(text)


def test_words_that_nobody_knows_are_neither():
    assert not words.refuse("the moon is full")
    assert not words.doubt("the moon is full")


def test_a_mode_is_told_by_its_code_or_its_sentence():
    assert words.mode("", "post_only_mode") is VenueStatus.POST_ONLY
    assert words.mode("Trading is currently cancel-only.", None) is VenueStatus.CANCEL_ONLY
    assert words.mode("trading is disabled", None) is VenueStatus.DISABLED
    assert words.mode("order crosses book", None) is None


def test_a_sentence_names_an_order_when_it_names_one():
    assert words.named_in(f"order {B} is invalid") == B.lower()
    assert words.named_in(f"order {A} is {A}") == A
    assert words.named_in(f"orders {A} and {B}") is None
    assert words.named_in("order is invalid") is None


def test_words_come_on_one_line_from_whichever_field_has_them():
    assert words.said({"errorMsg": "", "error": "two\n lines"}) == "two lines"
    assert words.said({"error_msg": "Invalid Heartbeat ID"}) == "Invalid Heartbeat ID"
    assert words.said({"error": 7}) == ""
    assert len(words.said({"error": "x" * 10_000})) == words.TEXT_MAX
