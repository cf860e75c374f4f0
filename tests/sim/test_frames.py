from __future__ import annotations

import json
import re
from hashlib import sha1
from pathlib import Path

import orjson
import pytest
import zstandard

from pmm._fast import ASK, BID, Books
from pmm.model import GRID, SHARE, Side
from pmm.sim.catalog import default_listings, demo_listing
from pmm.sim.frames import MarketWire, WireFrame, array
from pmm.sim.matching import LevelChange, Outcome

AT = 1_790_000_000_000
MARKET = demo_listing().market


@pytest.fixture
def wire() -> MarketWire:
    """Three levels a side, one of them with a fraction, after a trade at 0.52."""
    wire = MarketWire(MARKET, AT)
    for side, price, shares in ((BID, 4_900, 10), (BID, 4_800, 20), (BID, 100, 3), (ASK, 5_100, 7), (ASK, 5_200, 8)):
        wire.apply(LevelChange(side, price, shares * SHARE + 500_000), AT)
    wire.note_trade(Outcome.YES, Side.BUY, 5_200)
    return wire


def only(frames: list[WireFrame], kind: str) -> list[dict[str, object]]:
    found = [orjson.loads(frame.data) for frame in frames]
    return [event for event in found if event["event_type"] == kind]


def shape(data: bytes) -> str:
    """A frame with every string value blanked and its lists cut to one element: key order and separators remain."""
    text = re.sub(r'(?<=:)"[^"]*"', '""', data.decode())
    return re.sub(r"(\{[^{}\[\]]*\})(?:,\s?\{[^{}\[\]]*\})+", r"\1", text)


def recorded(folder: Path, name: str, kind: str) -> bytes:
    """The first exact frame of a kind in a recording."""
    raw = (folder / name).read_bytes()
    if name.endswith(".zst"):
        raw = zstandard.ZstdDecompressor(max_window_size=1 << 31).stream_reader(raw).read()
    for line in raw.splitlines():
        text = orjson.loads(line)["payload"] if b'"payload":' in line[:300] else line.decode()
        if f'"event_type":"{kind}"' in text and text.lstrip().startswith("[" if kind == "book" else "{"):
            return str(text).strip().encode()
    raise AssertionError(f"no {kind} in {name}")


def test_a_subscription_is_answered_in_the_shape_of_the_recordings(wire: MarketWire, recordings: Path) -> None:
    real = recorded(recordings, "jg-20260429T021025Z-raw_messages.jsonl.zst", "book")
    assert shape(array([wire.dump(Outcome.YES)] * 6)) == shape(real)


def test_a_price_change_has_the_shape_of_the_recordings(wire: MarketWire, recordings: Path) -> None:
    real = recorded(recordings, "jg-20260429T021025Z-raw_messages.jsonl.zst", "price_change")
    ours = wire.price_change(LevelChange(BID, 4_700, SHARE), AT, Outcome.YES)[-1]
    assert shape(ours.data) == shape(real)


def test_the_best_prices_have_the_shape_of_the_recordings(wire: MarketWire, recordings: Path) -> None:
    real = recorded(recordings, "frames-20260911-best_bid_ask.jsonl", "best_bid_ask")
    ours = wire.price_change(LevelChange(BID, 5_000, SHARE), AT, Outcome.YES)[0]
    assert shape(ours.data) == shape(real)


def test_the_book_after_a_trade_has_the_shape_of_the_recordings(wire: MarketWire, recordings: Path) -> None:
    real = (recordings / "frames-20251223-btc15m.jsonl").read_bytes().splitlines()[-1]
    assert shape(wire.snapshot(Outcome.NO).data) == shape(real)


def test_a_print_has_the_keys_of_the_recordings_in_their_order(wire: MarketWire, recordings: Path) -> None:
    real = orjson.loads((recordings / "byronxlg-ws_market_last_trade_price.json").read_bytes())[0]
    ours = wire.print_(Outcome.YES, Side.BUY, 5_200, SHARE, AT).data
    assert list(orjson.loads(ours)) == list(real)
    assert ours.decode() == json.dumps(orjson.loads(ours), separators=(", ", ":"))


def test_the_endpoint_answers_the_keys_of_the_recordings_in_their_order(wire: MarketWire, recordings: Path) -> None:
    real = orjson.loads((recordings.parent / "rest" / "funkekaiser-clob_book_binary.json").read_bytes())
    assert list(orjson.loads(wire.rest_book(Outcome.YES))) == list(real)


def test_the_best_level_is_the_last_on_both_sides(wire: MarketWire) -> None:
    book = orjson.loads(wire.dump(Outcome.YES))
    assert [level["price"] for level in book["bids"]] == ["0.01", "0.48", "0.49"]
    assert [level["price"] for level in book["asks"]] == ["0.52", "0.51"]
    assert book["asks"][-1] == {"price": "0.51", "size": "7.5"}


def test_the_other_token_sees_the_mirror_image(wire: MarketWire) -> None:
    book = orjson.loads(wire.dump(Outcome.NO))
    assert [level["price"] for level in book["bids"]] == ["0.48", "0.49"]
    assert [level["price"] for level in book["asks"]] == ["0.99", "0.52", "0.51"]


def test_a_price_change_names_both_tokens_with_the_touch_after_it(wire: MarketWire) -> None:
    frames = wire.price_change(LevelChange(ASK, 5_000, 2 * SHARE), AT + 5, Outcome.NO)
    (event,) = only(frames, "price_change")
    no, yes = event["price_changes"]  # type: ignore[misc]  # a list of two
    assert (no["asset_id"], no["side"], no["price"], no["best_bid"]) == (MARKET.no, "BUY", "0.5", "0.5")
    assert (yes["asset_id"], yes["side"], yes["price"], yes["best_ask"]) == (MARKET.yes, "SELL", "0.5", "0.5")
    assert frames[-1].tokens == (MARKET.yes, MARKET.no)


def test_best_prices_are_announced_only_when_they_moved_and_only_on_request(wire: MarketWire) -> None:
    assert only(wire.price_change(LevelChange(BID, 4_700, SHARE), AT, Outcome.YES), "best_bid_ask") == []
    moved = wire.price_change(LevelChange(BID, 5_000, SHARE), AT, Outcome.YES)
    assert [event["spread"] for event in only(moved, "best_bid_ask")] == ["0.01", "0.01"]
    assert [frame.custom for frame in moved] == [True, True, False]


def test_an_empty_side_is_written_as_nought_and_one() -> None:
    wire = MarketWire(MARKET, AT)
    assert wire.touches(Outcome.YES) == ("0", "1")
    (event,) = only(wire.price_change(LevelChange(BID, 4_700, SHARE), AT, Outcome.YES), "price_change")
    assert [entry["best_ask"] for entry in event["price_changes"]] == ["1", "0.53"]  # type: ignore[attr-defined]  # a list


@pytest.mark.parametrize(("price", "text"), [(6_200, "0.620"), (55, "0.0055"), (10, "0.001"), (9_990, "0.999")])
def test_the_last_trade_in_a_book_has_three_decimals_at_least(wire: MarketWire, price: int, text: str) -> None:
    wire.note_trade(Outcome.NO, Side.SELL, price)
    assert orjson.loads(wire.dump(Outcome.YES))["last_trade_price"] == text


def test_before_any_trade_the_last_one_is_an_empty_text() -> None:
    assert orjson.loads(MarketWire(MARKET, AT).dump(Outcome.YES))["last_trade_price"] == ""


@pytest.mark.parametrize("listing", [default_listings()[0], default_listings()[-1]], ids=["binary", "neg-risk"])
def test_every_hash_is_that_of_the_whole_book_by_the_rule_of_the_venue(listing: object) -> None:
    market = listing.market  # type: ignore[attr-defined]  # a listing
    wire = MarketWire(market, AT)
    wire.price_change(LevelChange(BID, 4_900, 10 * SHARE), AT, Outcome.YES)
    (event,) = only(wire.price_change(LevelChange(ASK, 5_100, 20 * SHARE), AT + 1, Outcome.YES), "price_change")
    for outcome in Outcome:
        body = orjson.loads(wire.rest_book(outcome))
        text = json.dumps({**body, "hash": ""}, separators=(",", ":"))
        expected = sha1(text.encode()).hexdigest()
        assert body["hash"] == expected == event["price_changes"][outcome]["hash"]  # type: ignore[index]  # a list


def test_the_frames_alone_rebuild_the_books(wire: MarketWire) -> None:
    books = Books()
    indexes = [books.add(token, 100) for token in wire.tokens]
    assert books.feed(array(wire.dump(outcome) for outcome in Outcome)) == 2
    for step, price in enumerate(range(100, GRID, 300)):
        side = ASK if price > 5_000 else BID
        for frame in wire.price_change(LevelChange(side, price, step * SHARE), AT + step, Outcome(step % 2)):
            assert books.feed(frame.data) >= 0
    assert all(books.book(index) == wire.books[outcome] for outcome, index in enumerate(indexes))
    assert books.mismatches == 0
