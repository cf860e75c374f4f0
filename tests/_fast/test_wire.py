"""Feeding frames: what is applied, counted, reported and refused, on both implementations."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pmm._fast.refusal import Refusal

from .conftest import Kernel

YES = "89103662922399853582210727094555628545682161257465140653230183411405552444242"
NO = "81991637217769173167120472548201162753479510171986166836308777400146642216229"
STRANGER = "11111112222222333333344444445555555666666677777778888888999999900000001111111"


@pytest.fixture
def books(kernel: Kernel) -> Any:
    books = kernel.Books()
    books.add(YES)
    books.add(NO)
    return books


def entry(token: str = YES, price: str = "0.48", size: str = "10", side: str = "BUY", **more: Any) -> dict[str, Any]:
    return {"asset_id": token, "price": price, "size": size, "side": side, "hash": "ab" * 20, **more}


def change(*entries: dict[str, Any], at: str = "1000") -> bytes:
    item = {"market": "0x1", "price_changes": list(entries), "timestamp": at, "event_type": "price_change"}
    return json.dumps(item, separators=(", ", ":")).encode()


def book(bids: list[tuple[str, str]], asks: list[tuple[str, str]], at: str = "1000", **more: Any) -> bytes:
    sides = {"bids": [{"price": p, "size": s} for p, s in bids], "asks": [{"price": p, "size": s} for p, s in asks]}
    return json.dumps(
        {"asset_id": YES, "timestamp": at, "hash": "cd" * 20, **sides, "event_type": "book", **more}
    ).encode()


def test_a_change_is_applied_and_reported(books: Any) -> None:
    assert books.feed(change(entry(), entry(NO, "0.52", "10", "SELL"))) == 2
    assert books.touched == [0, 1]
    assert books.changes == [(0, 0, 4800, 10_000_000), (1, 1, 5200, 10_000_000)]
    assert (books.book(0).levels(0), books.book(1).levels(1)) == ([(4800, 10_000_000)], [(5200, 10_000_000)])
    assert (books.timestamp_ms(0), books.reported_hash(1)) == (1000, "ab" * 20)


@pytest.mark.parametrize(
    "form", [bytes, bytearray, memoryview, bytes.decode, lambda frame: memoryview(frame + b" ")[::1]]
)
def test_a_frame_may_be_any_text_or_bytes(books: Any, form: Any) -> None:
    assert books.feed(form(change(entry()))) == 1


def test_a_memoryview_with_steps_is_read_as_what_it_shows(books: Any) -> None:
    frame = change(entry())
    assert books.feed(memoryview(bytes(byte for pair in zip(frame, frame, strict=True) for byte in pair))[::2]) == 1


@pytest.mark.parametrize("thing", [None, 5, 0.5, [b"{}"], {}])
def test_what_is_neither_text_nor_bytes_is_a_type_error(books: Any, thing: Any) -> None:
    with pytest.raises(TypeError):
        books.feed(thing)
    assert books.frames == 0


def test_half_a_surrogate_pair_is_malformed(books: Any) -> None:
    assert books.feed("\ud800") == Refusal.MALFORMED


def test_a_book_replaces_everything_and_ends_disagreement(books: Any) -> None:
    books.feed(change(entry(best_bid="0.47", best_ask="1")))
    assert (books.agrees(0), books.mismatches) == (False, 1)
    assert books.feed(book([("0.4", "5")], [("0.6", "7.5")])) == 1
    assert books.book(0).levels(1) == [(6000, 7_500_000)]
    assert (books.agrees(0), books.snapshots(0), books.reported_hash(0)) == (True, 1, "cd" * 20)


def test_a_book_without_a_tick_keeps_the_known_one(books: Any) -> None:
    books.feed(book([], [], tick_size="0.001"))
    assert books.ticks == [(0, 10)]
    books.feed(book([("0.481", "1")], []))
    assert (books.book(0).tick, books.ticks) == (10, [])


def test_the_answer_of_the_rest_api_is_a_book(books: Any) -> None:
    body = json.loads(book([("0.4", "5")], [], tick_size="0.01", neg_risk=False, min_order_size="5"))
    del body["event_type"]
    assert books.feed(json.dumps(body)) == 1


def test_a_change_older_than_its_snapshot_is_dropped_and_counted(books: Any) -> None:
    books.feed(book([("0.4", "5")], [], at="1034"))
    assert books.feed(change(entry(), at="1033")) == 0
    assert (books.changes, books.stale, books.book(0).best_bid) == ([], 1, 4000)
    assert books.feed(change(entry(), at="1034")) == 1


def test_the_best_prices_of_the_newest_change_are_compared_after_the_frame(books: Any) -> None:
    frame = change(entry(best_bid="0.1", best_ask="0.2"), entry(price="0.49", best_bid="0.49", best_ask="1"))
    books.feed(frame)
    assert (books.agrees(0), books.mismatches) == (True, 0)
    books.feed(change(entry(price="0.49", size="0", best_bid="0.49", best_ask="1")))
    assert (books.agrees(0), books.mismatches) == (False, 1)


def test_zero_and_one_as_best_prices_mean_an_empty_side(books: Any) -> None:
    books.feed(change(entry(size="0", best_bid="0", best_ask="1")))
    assert books.agrees(0)


def test_unknown_tokens_are_counted_and_the_rest_is_applied(books: Any) -> None:
    assert books.feed(change(entry(STRANGER, "nonsense"), entry())) == 1
    assert (books.unknown, books.touched) == (1, [0])


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (entry(price="0.485"), Refusal.OFF_GRID),
        (entry(price="1"), Refusal.OFF_GRID),
        (entry(price="-0.5"), Refusal.BAD_PRICE),
        (entry(price=None), Refusal.BAD_PRICE),
        (entry(size="1e3"), Refusal.BAD_SIZE),
        (entry(size="9223372036854.775808"), Refusal.BAD_SIZE),
        (entry(side="buy"), Refusal.BAD_SIDE),
        (entry(best_bid="1.5"), Refusal.OFF_GRID),
        ({"asset_id": YES}, Refusal.MALFORMED),
    ],
)
def test_a_frame_with_one_bad_change_is_refused_whole(books: Any, bad: dict[str, Any], reason: Refusal) -> None:
    books.feed(change(entry(size="3")))
    assert books.feed(change(entry(price="0.4"), bad)) == reason
    assert (books.refused, books.touched, books.changes) == (1, [], [])
    assert books.book(0).levels(0) == [(4800, 3_000_000)]


def test_an_array_with_one_bad_event_is_refused_whole(books: Any) -> None:
    good, bad = book([("0.4", "5")], [], tick_size="0.001"), book([("0.4", "5")], [], tick_size="0.02")
    assert books.feed(b"[" + good + b"," + bad + b"]") == Refusal.BAD_TICK
    off = book([("0.4005", "5")], [])
    assert books.feed(b"[" + good + b"," + off + b"]") == Refusal.OFF_GRID
    assert (books.book(0).tick, books.book(0).depth(0), books.snapshots(0)) == (100, 0, 0)


def test_a_new_tick_keeps_the_book_unless_a_level_would_be_lost(books: Any) -> None:
    def new_tick(text: str) -> str:
        return json.dumps({"asset_id": YES, "new_tick_size": text, "event_type": "tick_size_change"})

    books.feed(change(entry()))
    assert (books.feed(new_tick("0.001")), books.ticks, books.touched) == (1, [(0, 10)], [0])
    books.feed(change(entry(price="0.485")))
    assert books.feed(new_tick("0.01")) == Refusal.OFF_GRID
    assert books.book(0).levels(0) == [(4850, 10_000_000), (4800, 10_000_000)]
    assert books.feed(new_tick("0.02")) == Refusal.BAD_TICK


def test_a_trade_is_reported_and_touches_no_book(books: Any) -> None:
    print_ = {**entry(NO, "0.4805", "7.555554", "SELL"), "timestamp": "1001", "event_type": "last_trade_price"}
    assert books.feed(json.dumps(print_)) == 0
    assert books.trades == [(1, 1, 4805, 7_555_554, 1001)]


@pytest.mark.parametrize("nothing", ["", " \n", "PONG", "[]", "{}", '{"event_type":"new_market","fee":{"rate":1e-2}}'])
def test_what_is_no_market_data_is_ignored(books: Any, nothing: str) -> None:
    assert books.feed(nothing) == 0
    assert books.refused == 0


def test_the_limit_on_a_frame_holds(kernel: Kernel) -> None:
    books = kernel.Books(max_frame=100)
    assert books.feed(b" " * 100) == 0
    assert books.feed(b" " * 101) == Refusal.TOO_LARGE
    with pytest.raises(ValueError):
        kernel.Books(max_frame=0)


def test_a_huge_frame_is_read_or_refused_and_its_memory_given_back(books: Any) -> None:
    many = ",".join('{"price":"0.48","size":"1"}' for _ in range(300_000))
    frame = f'{{"asset_id":"{YES}","bids":[{many}],"asks":[],"event_type":"book"}}'
    assert books.feed(frame) == 1
    assert books.book(0).levels(0) == [(4800, 1_000_000)]
    assert books.feed("[" * 10_000_000) == Refusal.MALFORMED
    assert books.feed(frame[:-1] + " " * 20 * 2**20) == Refusal.TOO_LARGE


def test_a_token_added_twice_keeps_its_index_and_book(books: Any) -> None:
    books.feed(change(entry()))
    assert books.add(YES, 10) == 0
    assert (books.book(0).tick, books.book(0).depth(0), books.index(NO), books.index("x")) == (100, 1, 1, None)


@pytest.mark.parametrize(("token", "tick"), [("", 100), ("x" * 257, 100), ("ä" * 129, 100), ("new", 3)])
def test_a_token_or_tick_that_cannot_be_is_refused(books: Any, token: str, tick: int) -> None:
    with pytest.raises(ValueError):
        books.add(token, tick)
    assert books.index(token) is None
    assert books.add("next") == 2


def test_a_removed_token_is_unknown_and_its_last_report_stays(books: Any) -> None:
    held = books.book(0)
    books.feed(change(entry()))
    books.remove(YES)
    assert (books.touched, books.changes) == ([0], [(0, 0, 4800, 10_000_000)])
    assert (books.feed(change(entry(), entry(NO))), books.unknown, held.best_bid) == (1, 1, 4800)
    assert (books.add(YES), books.feed(change(entry()))) == (2, 1)
    with pytest.raises(KeyError):
        books.remove("never")


@pytest.mark.parametrize("index", [-1, 2, 2**40])
def test_an_index_without_a_book_is_an_index_error(books: Any, index: int) -> None:
    for ask in (books.book, books.snapshots, books.timestamp_ms, books.reported_hash, books.agrees, books.last_trade):
        with pytest.raises(IndexError):
            ask(index)
    with pytest.raises(IndexError):
        books.verify(index, *FACTS)


@pytest.mark.parametrize(("text", "price"), [("0.620", 6200), ("0.62", 6200), ("0.9999", 9999), (".5", 5000)])
def test_a_snapshot_tells_the_price_of_the_last_trade(books: Any, text: str, price: int) -> None:
    assert books.last_trade(0) is None
    books.feed(book([], [], last_trade_price=text))
    assert (books.last_trade(0), books.last_trade(1)) == (price, None)


@pytest.mark.parametrize(
    "junk", ["x", "0", "0.000", "1", "1.000", "0.62005", "-0.5", "1e-1", " ", 0.5, 5, None, True, []]
)
def test_a_last_trade_that_is_no_price_leaves_the_known_one_and_the_book_is_taken(books: Any, junk: Any) -> None:
    books.feed(book([], [], last_trade_price="0.620"))
    assert books.feed(book([("0.4", "5")], [], last_trade_price=junk)) == 1
    assert (books.last_trade(0), books.book(0).best_bid) == (6200, 4000)


def test_a_book_that_was_never_traded_says_so_and_one_that_is_silent_does_not(books: Any) -> None:
    books.feed(book([], [], last_trade_price="0.620"))
    books.feed(book([], []))
    books.feed(change(entry()))
    assert books.last_trade(0) == 6200
    books.feed(book([], [], last_trade_price=""))
    assert books.last_trade(0) is None


def test_a_refused_frame_leaves_the_last_trade(books: Any) -> None:
    good, off = book([], [], last_trade_price="0.5", tick_size="0.001"), book([("0.4005", "5")], [])
    assert books.feed(b"[" + good + b"," + off + b"]") == Refusal.OFF_GRID
    assert (books.last_trade(0), books.differences) == (None, [])


def test_levels_that_a_later_snapshot_changes_are_counted(books: Any) -> None:
    books.feed(book([("0.4", "5"), ("0.3", "1")], [("0.6", "7")]))
    assert books.differences == []
    books.feed(book([("0.4", "5"), ("0.2", "1")], [("0.6", "8"), ("0.4", "0")]))
    assert books.differences == [(0, 3)]
    books.feed(change(entry(price="0.2", size="0")))
    assert books.differences == []
    books.feed(book([("0.4", "5"), ("0.2", "1")], [("0.6", "8")]))
    assert books.differences == [(0, 1)]


def test_a_price_that_a_snapshot_names_twice_is_one_level(books: Any) -> None:
    books.feed(book([("0.4", "5")], []))
    books.feed(book([("0.4", "7"), ("0.3", "2"), ("0.4", "5"), ("0.3", "0")], []))
    assert books.differences == [(0, 0)]
    books.feed(book([("0.4", "5"), ("0.4", "0")], [("0.5", "1"), ("0.5", "2")]))
    assert books.differences == [(0, 2)]


def test_two_snapshots_of_a_frame_are_each_compared_with_the_book_before(books: Any) -> None:
    first, second = book([("0.4", "5")], []), book([("0.4", "6"), ("0.3", "1")], [])
    books.feed(b"[" + first + b"," + second + b"]")
    assert books.differences == [(0, 2)]
    books.feed(b"[" + first + b"," + second + b"]")
    assert books.differences == [(0, 2), (0, 2)]


def test_a_snapshot_with_another_tick_is_compared_by_price(books: Any) -> None:
    books.feed(book([("0.4", "5")], [("0.6", "7")]))
    books.feed(book([("0.4", "5"), ("0.399", "1")], [("0.601", "7")], tick_size="0.001"))
    assert (books.differences, books.ticks) == ([(0, 3)], [(0, 10)])
    books.feed(book([("0.4", "5")], [], tick_size="0.01"))
    assert books.differences == [(0, 2)]


def test_a_books_first_snapshot_after_changes_is_no_difference(books: Any) -> None:
    books.feed(change(entry()))
    books.feed(book([], []))
    assert books.differences == []


FACTS = ("0x1", "5", False, "0.620")


def proving(books: Any, at: str = "1000", price: str = "0.48", size: str = "10", **more: Any) -> bytes:
    """A change with the hash that the book has after it."""
    after = books.book(0).copy()
    after.set(0, round(float(price) * 10_000), round(float(size) * 1_000_000))
    digest = after.hash("0x1", YES, at, "5", False, "0.620")
    return change(entry(price=price, size=size, **{"hash": digest, **more}), at=at)


def test_the_hash_of_the_newest_message_is_checked_against_the_book(books: Any) -> None:
    books.feed(book([("0.4", "5")], [("0.6", "7.5")]))
    assert books.verify(0, *FACTS) is False
    books.feed(proving(books))
    assert books.verify(0, *FACTS) is True
    assert [books.verify(0, *FACTS[:3], text) for text in ("0.62", "")] == [False, False]
    assert books.verify(0, "0x2", "5", False, "0.620") is books.verify(0, "0x1", "5", True, "0.620") is False
    books.book(0).set(0, 4800, 1)
    assert books.verify(0, *FACTS) is False


def test_a_message_without_a_hash_or_a_time_proves_nothing(books: Any) -> None:
    assert books.verify(0, *FACTS) is None
    books.feed(proving(books))
    books.feed(change(entry(hash="")))
    assert books.verify(0, *FACTS) is None
    books.feed(proving(books).replace(b', "timestamp":"1000"', b""))
    assert (books.verify(0, *FACTS), books.timestamp_ms(0)) == (None, 1000)
    books.feed(proving(books, at="1001"))
    assert books.verify(0, *FACTS) is True
    books.feed(book([], []).replace(b'"timestamp": "1000", ', b""))
    assert (books.verify(0, *FACTS), books.timestamp_ms(0)) == (None, 1001)


def test_a_change_of_the_usual_shape_brings_its_time(books: Any) -> None:
    books.feed(book([], []).replace(b'"timestamp": "1000", ', b""))
    usual = {"hash": "ab" * 20, "best_bid": "0.48", "best_ask": "1"}
    frame = change(entry(**usual), entry(NO, "0.52", side="SELL", **usual), at="1789156413830")
    assert books.feed(frame.replace(b"0x1", b"0x" + b"ab" * 32)) == 2
    assert [books.verify(index, *FACTS) for index in (0, 1)] == [False, False]


@pytest.mark.parametrize("other", [str.upper, lambda text: text[:39], lambda text: text + "0", lambda text: "é" + text])
def test_a_hash_that_is_written_otherwise_is_another_one(books: Any, other: Any) -> None:
    digest = json.loads(proving(books))["price_changes"][0]["hash"]
    books.feed(proving(books, hash=other(digest)))
    assert books.verify(0, *FACTS) is False


def test_a_token_that_json_must_escape_is_hashed_escaped(kernel: Kernel) -> None:
    books = kernel.Books()
    books.add('say "ä\\"')
    digest = kernel.Book().hash("0x1", 'say "ä\\"', "1", "5", False, "")
    books.feed(change(entry('say "ä\\"', size="0", hash=digest), at="1"))
    assert books.verify(0, "0x1", "5", False, "") is True


def test_a_view_stays_live_through_snapshots_and_ticks(books: Any) -> None:
    view = books.book(0)
    books.feed(book([("0.481", "5")], [], tick_size="0.001"))
    assert (view is books.book(0), view.best_bid, view.tick) == (True, 4810, 10)


def test_thousands_of_tokens_are_found_and_removed(kernel: Kernel) -> None:
    books = kernel.Books()
    tokens = [str(7**90 + at) for at in range(3000)]
    assert [books.add(token) for token in tokens] == list(range(3000))
    for token in tokens[::100]:
        books.remove(token)
    answers = [books.feed(change(entry(token))) for token in tokens]
    assert (answers.count(1), books.unknown) == (2970, 30)
