"""What an answer proves about orders and cancels, and what it leaves open."""

import orjson
import pytest
from multidict import CIMultiDict

from pmm.events import Accepted, Canceled, CancelRejected, Rejected, Unanswered, VenueStatus
from pmm.model import SECOND
from pmm.venues.polymarket import order_answers, words
from pmm.venues.polymarket.order_answers import Sent
from pmm.venues.polymarket.private import Answer

NOW = 1_790_000_000 * SECOND
A, B, C = ("0x" + letter * 64 for letter in "abc")
DUPLICATED = f"order {A} is invalid. Duplicated."
BALANCE = "not enough balance / allowance: the balance is not enough -> balance: 0"
POST_ONLY = "post-only mode: only post-only orders and cancels are allowed"


def answer(body, status=200, **headers):
    data = body if isinstance(body, bytes) else orjson.dumps(body)
    fields = CIMultiDict({name.replace("_", "-"): value for name, value in headers.items()})
    return Answer(status, fields, data, NOW - SECOND, NOW)


def taken(venue_id, status="live", **more):
    told = {"success": True, "errorMsg": "", "orderID": venue_id, "status": status}
    return {**told, "makingAmount": "", "takingAmount": "", **more}


def refused(text, **more):
    return {"success": False, "errorMsg": text, "orderID": "", "status": "", **more}


def one(body, status=200, again=False):
    """What became of a single order."""
    [outcome] = order_answers.posted(answer(body, status), [Sent("a", A, again)], NOW)
    return outcome


def many(bodies, status=200):
    """What became of three orders of a batch, by their names."""
    sent = [Sent("a", A), Sent("b", B), Sent("c", C)]
    outcomes = order_answers.posted(answer(bodies, status), sent, NOW)
    assert [outcome.order_id for outcome in outcomes] == ["a", "b", "c"]
    return {outcome.order_id: outcome for outcome in outcomes}


@pytest.mark.parametrize("status", ["live", "matched", "delayed", "LIVE"])
def test_success_without_an_error_and_with_our_id_is_accepted(status):
    assert one(taken(A, status)) == Accepted(NOW, "a")


def test_the_id_may_be_written_in_capitals():
    assert one(taken("0x" + "A" * 64)) == Accepted(NOW, "a")


@pytest.mark.parametrize(
    "body",
    [
        taken(A, "unmatched"),
        taken(A, "new-word"),
        taken(A, None),
        taken(""),
        taken(B),
        refused("Rate limit exceeded", orderID=A),
        refused(""),
        refused("Internal server error"),
        refused("could not insert order"),
        {"success": True, "errorMsg": "something new", "orderID": A, "status": "live"},
        {},
        [],
        7,
        "ok",
        None,
        {"error": "something new"},
        b"<html>hello</html>",
        b"",
        b'{"success": tr',
    ],
)
def test_what_says_nothing_or_two_things_leaves_the_order_in_doubt(body):
    assert isinstance(one(body), Unanswered)


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (400, f"order {A} is invalid. Price (0.015) breaks minimum tick size rule: 0.01"),
        (400, BALANCE),
        (400, "invalid post-only order: order crosses book"),
        (400, f"order {A} crosses the book"),
        (400, "the market is not yet ready to process new orders"),
        (400, "INVALID_ORDER_MIN_SIZE"),
        (400, "order_version_mismatch"),
        (200, "order_version_mismatch"),
        (404, "market not found"),
        (401, "Unauthorized/Invalid api key"),
        (429, "Too Many Requests"),
    ],
)
def test_an_explicit_refusal_keeps_the_words_of_the_venue(status, text):
    assert one({"error": text}, status) == Rejected(NOW, "a", text)


def test_a_refusal_may_come_as_an_answer():
    assert one(refused(BALANCE)) == Rejected(NOW, "a", BALANCE)
    assert one(refused("words that nobody has seen before")) == Rejected(NOW, "a", "words that nobody has seen before")


def test_a_page_that_says_429_was_written_before_anybody_saw_the_order():
    assert isinstance(one(b"<html>error 1015</html>", 429), Rejected)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (425, {"error": "service not ready"}),
        (500, {"error": "invalid something"}),
        (502, b"<html>bad gateway</html>"),
        (503, {"error": "Trading is currently cancel-only. New orders are not accepted, but cancels are allowed."}),
        (520, b""),
        (400, {"error": "context canceled: invalid order"}),
        (400, {"error": "words that nobody has seen before"}),
        (400, b"<html>invalid</html>"),
        (403, b"<html>invalid</html>"),
        (302, b""),
        (201, taken(A)),
    ],
)
def test_other_statuses_prove_nothing(status, body):
    assert isinstance(one(body, status), Unanswered)


@pytest.mark.parametrize("status", [400, 200])
@pytest.mark.parametrize("again", [False, True])
def test_a_duplicate_is_an_order_that_the_venue_has(status, again):
    body = {"error": DUPLICATED} if status == 400 else refused(DUPLICATED)
    assert one(body, status, again) == Accepted(NOW, "a")


def test_a_duplicate_of_another_order_is_none_of_ours():
    assert isinstance(one({"error": DUPLICATED.replace(A, B)}, 400), Unanswered)


@pytest.mark.parametrize("body", [refused(BALANCE), refused("invalid expiration")])
def test_a_refusal_of_the_same_bytes_does_not_undo_their_first_sending(body):
    assert isinstance(one(body, again=True), Unanswered)
    assert isinstance(one({"error": "Too Many Requests"}, 429, again=True), Unanswered)


def test_what_was_not_sent_never_rested_unless_it_was_sent_before():
    assert order_answers.unsent([Sent("a", A)], NOW, "refused") == [Rejected(NOW, "a", "not sent: refused")]
    assert order_answers.unsent([Sent("a", A, again=True)], NOW, "refused") == [
        Unanswered(NOW, "a", "not sent: refused")
    ]


def test_long_words_are_cut():
    assert len(one({"error": "invalid " + "x" * 10_000}, 400).reason) == words.TEXT_MAX


def test_entries_belong_to_orders_by_their_hash():
    outcomes = many([taken(C), taken(A, "unmatched"), taken(B)])
    assert outcomes["b"] == Accepted(NOW, "b")
    assert outcomes["c"] == Accepted(NOW, "c")
    assert isinstance(outcomes["a"], Unanswered)


def test_one_entry_without_an_id_belongs_to_the_one_order_that_is_left():
    outcomes = many([taken(C), refused(BALANCE), taken(A)])
    assert outcomes["b"] == Rejected(NOW, "b", BALANCE)


def test_a_refusal_that_names_its_order_belongs_to_it():
    outcomes = many([refused(f"order {B} is invalid. Duplicated."), refused("crosses"), taken(A)])
    assert outcomes["b"] == Accepted(NOW, "b")
    assert outcomes["c"] == Rejected(NOW, "c", "crosses")


def test_when_all_that_is_left_was_refused_it_does_not_matter_which_is_which():
    outcomes = many([refused("invalid expiration"), taken(B), refused(BALANCE)])
    assert isinstance(outcomes["a"], Rejected)
    assert isinstance(outcomes["c"], Rejected)
    assert outcomes["a"].reason == f"one of: invalid expiration | {BALANCE}"


def test_two_entries_without_an_id_that_differ_leave_both_orders_in_doubt():
    outcomes = many([refused("Internal server error"), taken(B), refused(BALANCE)])
    assert isinstance(outcomes["a"], Unanswered)
    assert isinstance(outcomes["c"], Unanswered)
    assert outcomes["b"] == Accepted(NOW, "b")


@pytest.mark.parametrize(
    "bodies",
    [
        [taken(B), refused(BALANCE)],
        [taken(B)],
        [taken(B), refused(BALANCE), refused(BALANCE), refused(BALANCE)],
        [taken(B), taken(B), refused(BALANCE)],
        [taken(B), taken("0x" + "f" * 64), refused(BALANCE)],
        [],
    ],
)
def test_an_answer_with_too_few_or_foreign_entries_proves_nothing_about_the_others(bodies):
    outcomes = many(bodies)
    assert isinstance(outcomes["a"], Unanswered)
    assert isinstance(outcomes["c"], Unanswered)
    if taken(B) in bodies:
        assert outcomes["b"] == Accepted(NOW, "b")


def test_an_order_that_was_taken_and_refused_in_one_answer_is_in_doubt():
    assert isinstance(many([taken(A), refused(f"invalid {A}"), taken(B)])["a"], Unanswered)


def test_a_batch_that_is_refused_as_a_whole_is_refused_for_every_order():
    outcomes = many({"error": "Too many orders in payload: 16, max allowed: 15"}, 400)
    assert all(isinstance(outcome, Rejected) for outcome in outcomes.values())


def test_a_batch_that_is_refused_for_one_of_its_orders_says_nothing_about_the_others():
    outcomes = many({"error": f"order {B} is invalid. Size (1) lower than the minimum: 5"}, 400)
    assert isinstance(outcomes["b"], Rejected)
    assert isinstance(outcomes["a"], Unanswered)


def test_an_object_in_place_of_a_batch_proves_nothing():
    assert all(isinstance(outcome, Unanswered) for outcome in many(taken(A)).values())


def cancel(body, status=200):
    return order_answers.canceled(answer(body, status), [Sent("a", A), Sent("b", B)], NOW)


def test_a_cancel_is_told_order_by_order():
    body = {"canceled": [A], "not_canceled": {B: "Order already matched"}}
    assert cancel(body) == [Canceled(NOW, "a"), CancelRejected(NOW, "b", "Order already matched")]


def test_an_order_that_a_cancel_does_not_name_is_in_doubt():
    assert isinstance(cancel({"canceled": [A], "not_canceled": {}})[1], Unanswered)


def test_an_order_that_is_canceled_and_not_canceled_is_kept():
    assert isinstance(cancel({"canceled": [A], "not_canceled": {A: "no"}})[0], CancelRejected)


@pytest.mark.parametrize("body", [None, [], {"canceled": A}, b"<html>", {"canceled": [7], "not_canceled": [B]}])
def test_an_odd_answer_to_a_cancel_proves_nothing(body):
    assert all(isinstance(outcome, Unanswered) for outcome in cancel(body))


def test_a_refused_cancel_leaves_the_order_as_it_was():
    assert cancel({"error": "Invalid orderID"}, 400)[0] == CancelRejected(NOW, "a", "Invalid orderID")
    assert isinstance(cancel({"error": "no"}, 500)[0], Unanswered)
    assert isinstance(cancel({"error": "restarting"}, 425)[0], Unanswered)


def test_a_cancel_of_everything_names_what_went():
    assert order_answers.gone_ids(answer({"canceled": [A.upper().replace("X", "x")], "not_canceled": {}})) == {A}
    assert order_answers.gone_ids(answer({"error": "no"}, 500)) == frozenset()


def news(body, status=200, **headers):
    return order_answers.venue_news(answer(body, status, **headers), NOW)


@pytest.mark.parametrize(
    ("status", "text", "code", "mode"),
    [
        (425, "service not ready", None, VenueStatus.RESTARTING),
        (503, POST_ONLY, "post_only_mode", VenueStatus.POST_ONLY),
        (503, POST_ONLY, None, VenueStatus.POST_ONLY),
        (503, "Trading is currently cancel-only. New orders are not accepted.", None, VenueStatus.CANCEL_ONLY),
        (503, "Trading is currently disabled. Nothing is accepted.", None, VenueStatus.DISABLED),
        (503, "trading is disabled", None, VenueStatus.DISABLED),
        (503, "words that nobody has seen before", None, VenueStatus.DISABLED),
    ],
)
def test_a_mode_is_told_by_status_code_and_words(status, text, code, mode):
    told = news({"error": text, "code": code}, status)
    assert (told.status, told.retry_at, told.cause) == (mode, None, text)


def test_when_to_come_back_is_read_from_the_header_or_the_body():
    assert news({"error": "wait"}, 425, Retry_After="3").retry_at == NOW + 3 * SECOND
    assert news({"error": POST_ONLY, "retry_after_seconds": 79}, 503).retry_at == NOW + 79 * SECOND
    assert news({"error": POST_ONLY, "retry_after_seconds": True}, 503).retry_at is None
    assert news({"error": POST_ONLY, "retry_after_seconds": -1}, 503).retry_at is None


def test_a_mode_may_be_told_inside_of_an_answered_batch():
    entry = {"success": True, "errorMsg": POST_ONLY, "orderID": "", "status": ""}
    assert news([taken(A), entry]).status is VenueStatus.POST_ONLY
    assert isinstance(one(entry), Rejected)


@pytest.mark.parametrize(("status", "body"), [(200, taken(A)), (200, []), (200, b"<html>"), (400, {"error": "x"})])
def test_other_answers_tell_no_mode(status, body):
    assert news(body, status) is None


def test_a_page_in_place_of_an_answer_is_told_without_its_text():
    assert news(b"<html>secret</html>", 503).cause == "the venue answered 503 without an object"
