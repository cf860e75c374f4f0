from __future__ import annotations

from io import BytesIO

import pytest

from pmm.model import SECOND
from tests.exchange.conftest import DEMO, START, Visitor


async def quoted(visitor: Visitor) -> None:
    """A book of two levels a side, and a trade at 0.52."""
    for side, price in (("BUY", "0.48"), ("BUY", "0.47"), ("SELL", "0.52"), ("SELL", "0.53")):
        await visitor.place(side, price, "20")
    await visitor.place("BUY", "0.52", "5", tif="FAK")


async def test_the_service_says_that_it_is_there_what_time_it_is_and_which_version(visitor: Visitor) -> None:
    assert await visitor.get("/") == await visitor.get("/ok") == "OK"
    assert 0 <= await visitor.get("/time") - START // SECOND < 60
    assert await visitor.get("/version") == {"version": 2}


async def test_a_book_has_its_ten_keys_and_the_best_level_last(visitor: Visitor) -> None:
    await quoted(visitor)
    book = await visitor.get(f"/book?token_id={DEMO.yes}")
    assert list(book)[-4:] == ["min_order_size", "tick_size", "neg_risk", "last_trade_price"]
    assert book["bids"] == [{"price": "0.47", "size": "20"}, {"price": "0.48", "size": "20"}]
    assert book["asks"] == [{"price": "0.53", "size": "20"}, {"price": "0.52", "size": "15"}]
    assert book["last_trade_price"] == "0.520"
    assert book["neg_risk"] is False


async def test_several_books_come_in_one_answer_and_unknown_tokens_are_left_out(visitor: Visitor) -> None:
    wanted = [{"token_id": DEMO.no}, {"token_id": "123"}, {"token_id": DEMO.yes}]
    posted = await visitor.post("/books", wanted)
    assert [book["asset_id"] for book in posted] == [DEMO.no, DEMO.yes]
    assert await visitor.get(f"/books?token_ids={DEMO.no},{DEMO.yes}") == posted


async def test_prices_are_texts(visitor: Visitor) -> None:
    await quoted(visitor)
    yes, no = f"token_id={DEMO.yes}", f"token_id={DEMO.no}"
    assert await visitor.get(f"/price?{yes}&side=BUY") == {"price": "0.48"}
    assert await visitor.get(f"/price?{yes}&side=sell") == {"price": "0.52"}
    assert await visitor.get(f"/midpoint?{yes}") == {"mid": "0.5", "mid_price": "0.5"}
    assert await visitor.get(f"/spread?{yes}") == {"spread": "0.04"}
    assert await visitor.get(f"/last-trade-price?{yes}") == {"price": "0.52", "side": "BUY"}
    assert await visitor.get(f"/last-trade-price?{no}") == {"price": "0.48", "side": "SELL"}


async def test_a_midpoint_between_two_ticks_is_exact(visitor: Visitor) -> None:
    await visitor.place("BUY", "0.48")
    await visitor.place("SELL", "0.49")
    assert (await visitor.get(f"/midpoint?token_id={DEMO.yes}"))["mid"] == "0.485"


async def test_batches_of_prices_are_keyed_by_token(visitor: Visitor) -> None:
    await quoted(visitor)
    tokens = [{"token_id": DEMO.yes}, {"token_id": DEMO.no}]
    sides = [{"token_id": DEMO.yes, "side": "BUY"}, {"token_id": DEMO.yes, "side": "SELL"}]
    assert await visitor.post("/prices", sides) == {DEMO.yes: {"BUY": "0.48", "SELL": "0.52"}}
    assert await visitor.get(f"/prices?token_ids={DEMO.yes},{DEMO.no}&sides=BUY,SELL") == {
        DEMO.yes: {"BUY": "0.48"},
        DEMO.no: {"SELL": "0.52"},
    }
    assert await visitor.post("/midpoints", tokens) == {DEMO.yes: "0.5", DEMO.no: "0.5"}
    assert await visitor.post("/spreads", tokens) == {DEMO.yes: "0.04", DEMO.no: "0.04"}
    trades = await visitor.post("/last-trades-prices", tokens)
    assert [(trade["token_id"], trade["price"]) for trade in trades] == [(DEMO.yes, "0.52"), (DEMO.no, "0.48")]


async def test_an_empty_book_has_no_midpoint_and_no_spread(visitor: Visitor) -> None:
    assert await visitor.get(f"/price?token_id={DEMO.yes}&side=BUY") == {"price": "0"}
    for path in ("/midpoint", "/spread"):
        assert "error" in await visitor.get(f"{path}?token_id={DEMO.yes}", 404)
    assert await visitor.post("/midpoints", [{"token_id": DEMO.yes}]) == {}


async def test_parameters_of_a_token_are_numbers_and_flags(visitor: Visitor) -> None:
    assert await visitor.get(f"/tick-size?token_id={DEMO.yes}") == {"minimum_tick_size": 0.01}
    assert await visitor.get(f"/neg-risk?token_id={DEMO.yes}") == {"neg_risk": False}
    assert await visitor.get(f"/fee-rate?token_id={DEMO.yes}") == {"base_fee": 0}


@pytest.mark.parametrize(
    ("path", "status", "error"),
    [
        ("/book", 400, "Invalid token id"),
        ("/book?token_id=0x12", 400, "Invalid token id"),
        ("/book?token_id=" + "9" * 79, 400, "Invalid token id"),
        ("/book?token_id=123", 404, "No orderbook exists for the requested token id"),
        ("/midpoint?token_id=123", 404, "No orderbook exists for the requested token id"),
        (f"/price?token_id={DEMO.yes}", 400, "Invalid side"),
        (f"/price?token_id={DEMO.yes}&side=UP", 400, "Invalid side"),
        ("/nothing-here", 404, "Not Found"),
    ],
)
async def test_bad_questions_get_the_texts_of_the_venue(visitor: Visitor, path: str, status: int, error: str) -> None:
    assert await visitor.get(path, status) == {"error": error}


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"{not json", "Invalid payload"),
        ({"token_id": "1"}, "Invalid payload"),
        ([{"token": "1"}], "Invalid payload"),
        ([{"token_id": 1}], "Invalid payload"),
        ([{"token_id": "yes"}], "Invalid token id"),
        ([{"token_id": "1"}] * 501, "Payload exceeds the limit"),
    ],
)
async def test_bad_batches_get_the_texts_of_the_venue(visitor: Visitor, body: object, error: str) -> None:
    assert await visitor.post("/books", body, 400) == {"error": error}


async def test_a_body_beyond_the_limit_is_refused_as_a_value(visitor: Visitor) -> None:
    assert "error" in await visitor.post("/books", BytesIO(b" " * (2 << 20)), 413)


async def test_a_wrong_method_is_refused_as_a_value(visitor: Visitor) -> None:
    assert "error" in await visitor.post("/book", {}, 405)
