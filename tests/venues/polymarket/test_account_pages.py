"""Orders, trades and balances of an account as the venue writes them, in all the ways it does."""

import pytest

from pmm.account import OrderStatus, Origin, TradeStatus
from pmm.errors import BadAnswer
from pmm.model import SECOND, SHARE, Side
from pmm.venues.polymarket import account_pages
from pmm.venues.polymarket.fields import moment
from pmm.venues.polymarket.rest import exact_json

KEY, STRANGER = "11111111-aaaa", "22222222-bbbb"
OURS, OTHER, TAKER = ("0x" + letter * 64 for letter in "abc")
MARKET = "0x" + "d" * 64
WALLET = "0x" + "1" * 40
OPTIONAL = {"owner", "maker_address", "outcome", "expiration", "order_type", "associate_trades", "created_at"}


def order(**more):
    return {
        "id": OURS,
        "status": "LIVE",
        "owner": KEY,
        "maker_address": WALLET,
        "market": MARKET,
        "asset_id": "71",
        "side": "BUY",
        "original_size": "10",
        "size_matched": "2.5",
        "price": "0.57",
        "outcome": "Yes",
        "expiration": "1790000360",
        "order_type": "GTD",
        "associate_trades": [],
        "created_at": 1_790_000_000,
        **more,
    }


def leg(order_id=OURS, owner=KEY, **more):
    return {
        "order_id": order_id,
        "owner": owner,
        "maker_address": WALLET,
        "matched_amount": "4",
        "price": "0.43",
        "fee_rate_bps": "0",
        "asset_id": "72",
        "outcome": "No",
        "outcome_index": 1,
        "side": "BUY",
        **more,
    }


def trade(*legs, **more):
    return {
        "id": "t-1",
        "taker_order_id": TAKER,
        "market": MARKET,
        "asset_id": "71",
        "side": "BUY",
        "size": "10",
        "fee_rate_bps": "0",
        "price": "0.57",
        "status": "MATCHED",
        "match_time": "1790000001",
        "last_update": "1790000002",
        "outcome": "Yes",
        "bucket_index": 0,
        "owner": KEY,
        "maker_address": WALLET,
        "transaction_hash": "",
        "trader_side": "MAKER",
        "maker_orders": list(legs),
        **more,
    }


def mine(venue_id, owner, wallet):
    return owner == KEY or venue_id == OURS


def test_an_order_is_read_into_integers():
    told = account_pages.order(order())
    assert (told.venue_id, told.order_id, told.origin) == (OURS, OURS, Origin.FOREIGN)
    assert (told.market, told.token, told.side, told.outcome) == (MARKET, "71", Side.BUY, "Yes")
    assert (told.price, told.size, told.matched) == (5_700, 10 * SHARE, 2_500_000)
    assert (told.created_at, told.expires_at) == (1_790_000_000 * SECOND, 1_790_000_360 * SECOND)


def test_an_order_without_an_end_says_zero():
    assert account_pages.order(order(expiration="0")).expires_at is None


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("LIVE", OrderStatus.LIVE),
        ("ORDER_STATUS_LIVE", OrderStatus.LIVE),
        ("order_status_matched", OrderStatus.MATCHED),
        ("CANCELED_MARKET_RESOLVED", OrderStatus.CANCELED),
        ("CANCELED_SOMETHING_NEW", OrderStatus.CANCELED),
        ("UNMATCHED_FOR_A_REASON", OrderStatus.UNMATCHED),
        ("A_NEW_WORD", OrderStatus.UNKNOWN),
    ],
)
def test_a_status_is_known_by_its_beginning_or_is_unknown(word, status):
    assert account_pages.order(order(status=word)).status is status


@pytest.mark.parametrize(
    "key", ["id", "status", "market", "asset_id", "side", "original_size", "size_matched", "price"]
)
@pytest.mark.parametrize("value", [None, "", [], {}])
def test_an_order_without_something_is_no_order(key, value):
    with pytest.raises(BadAnswer, match=key):
        account_pages.order(order(**{key: value}))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("price", "0"),
        ("price", "1"),
        ("price", "0.12345"),
        ("price", "NaN"),
        ("price", "1e400"),
        ("price", True),
        ("original_size", "-1"),
        ("original_size", "0.0000001"),
        ("size_matched", "Infinity"),
        ("side", "HOLD"),
        ("created_at", "soon"),
        ("expiration", "9" * 24),
    ],
)
def test_numbers_that_cannot_be_are_refused(key, value):
    with pytest.raises(BadAnswer):
        account_pages.order(order(**{key: value}))


@pytest.mark.parametrize("answer", [None, [], "order", 7])
def test_something_else_is_no_order_and_no_trade(answer):
    with pytest.raises(BadAnswer):
        account_pages.order(answer)
    with pytest.raises(BadAnswer):
        account_pages.trade(answer, mine)


def test_times_are_in_seconds_or_milliseconds():
    assert moment("1790000000", "x") == moment(1_790_000_000_000, "x") == 1_790_000_000 * SECOND
    assert moment("1790000000123", "x") == 1_790_000_000_123_000_000


def test_the_part_of_a_maker_has_its_own_side_token_and_price():
    [part] = account_pages.trade(trade(leg(OTHER, STRANGER), leg()), mine)
    assert (part.trade_id, part.venue_id, part.market) == ("t-1", OURS, MARKET)
    assert (part.token, part.side, part.price, part.size, part.outcome) == ("72", Side.BUY, 4_300, 4 * SHARE, "No")
    assert (part.maker, part.status, part.matched_at) == (True, TradeStatus.MATCHED, 1_790_000_001 * SECOND)


def test_an_order_is_ours_by_its_id_where_no_owner_is_named():
    [part] = account_pages.trade(trade(leg(owner=None)), mine)
    assert part.maker


def test_an_order_is_ours_by_its_wallet_when_another_key_placed_it():
    legs = leg(OTHER, STRANGER, maker_address="0x2"), leg(OTHER, STRANGER, maker_address=WALLET.upper())
    [part] = account_pages.trade(trade(*legs), lambda venue_id, owner, wallet: wallet == WALLET.lower())
    assert (part.venue_id, part.maker, part.size) == (OTHER, True, 4 * SHARE)


def test_the_part_of_a_taker_is_the_whole_trade():
    [part] = account_pages.trade(trade(leg(OTHER, STRANGER), trader_side="TAKER"), mine)
    assert (part.venue_id, part.token, part.side, part.price, part.size) == (TAKER, "71", Side.BUY, 5_700, 10 * SHARE)
    assert not part.maker


def test_a_taker_may_pay_between_two_steps():
    [part] = account_pages.trade(trade(leg(OTHER, STRANGER), trader_side="TAKER", price="0.57333333"), mine)
    assert part.price == 5_733


def test_who_trades_with_oneself_has_both_parts():
    parts = account_pages.trade(trade(leg(), trader_side="TAKER"), mine)
    assert [(part.venue_id, part.maker) for part in parts] == [(OURS, True), (TAKER, False)]


def test_a_trade_may_fill_several_of_our_orders_and_one_of_them_twice():
    parts = account_pages.trade(trade(leg(), leg(OTHER), leg(matched_amount="1.5")), mine)
    assert [(part.venue_id, part.size) for part in parts] == [(OURS, 5_500_000), (OTHER, 4 * SHARE)]


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("TRADE_STATUS_CONFIRMED", TradeStatus.CONFIRMED),
        ("MATCHED_NOT_BROADCASTED", TradeStatus.MATCHED),
        ("RETRYING", TradeStatus.RETRYING),
        ("A_NEW_WORD", TradeStatus.UNKNOWN),
    ],
)
def test_a_settlement_is_known_with_and_without_its_prefix(word, status):
    assert account_pages.trade(trade(leg(), status=word), mine)[0].status is status


def test_the_time_of_a_match_has_two_names():
    body = trade(leg(), matchtime="1790000001")
    del body["match_time"]
    assert account_pages.trade(body, mine)[0].matched_at == 1_790_000_001 * SECOND


@pytest.mark.parametrize("key", ["id", "market", "status", "match_time", "maker_orders", "taker_order_id"])
def test_a_trade_without_something_is_no_trade(key):
    body = trade(leg())
    for name in (key, *(["last_update"] if key == "match_time" else [])):
        del body[name]
    with pytest.raises(BadAnswer):
        account_pages.trade(body, mine)


@pytest.mark.parametrize(
    ("token", "taker", "ours"), [("72", "BUY", "BUY"), ("71", "BUY", "SELL"), ("71", "SELL", "BUY")]
)
def test_a_part_that_names_no_side_has_the_one_that_meets_the_takers(token, taker, ours):
    body = leg(asset_id=token)
    del body["side"]
    assert account_pages.trade(trade(body, side=taker), mine)[0].side is Side(ours)


@pytest.mark.parametrize("key", ["order_id", "matched_amount", "price", "asset_id"])
def test_a_part_without_something_is_no_part(key):
    body = leg()
    del body[key]
    with pytest.raises(BadAnswer):
        account_pages.trade(trade(body), mine)


def test_a_balance_is_in_micro_units_and_an_allowance_may_be_the_largest_there_is():
    held, allowances = account_pages.balance({"balance": "1234567", "allowances": {"0xE1": str(2**256 - 1)}})
    assert (held, allowances) == (1_234_567, {"0xE1": 2**256 - 1})


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"balance": "-1", "allowances": {}},
        {"balance": "0.5", "allowances": {}},
        {"balance": "1", "allowances": {"0xE1": "9" * 79}},
        {"balance": "1", "allowances": {"0xE1": 7}},
        {"balance": "1", "allowances": []},
    ],
)
def test_what_is_no_balance_is_refused(answer):
    with pytest.raises(BadAnswer):
        account_pages.balance(answer)


def test_positions_of_the_data_service_are_rounded_to_our_units():
    row = b'{"token_id":"71","condition_id":"0xd","current_size":10.5,"avg_price":0.47333333,"outcome":"Yes"}'
    body = b'{"data":[' + row + b'],"pagination":{"has_more":true,"next_cursor":"x"}}'
    [told], following = account_pages.holdings(exact_json(body))
    assert (told.token, told.market, told.size, told.cost) == ("71", "0xd", 10_500_000, 4_733)
    assert following == "x"


@pytest.mark.parametrize(
    ("more", "is_yes", "event"),
    [
        ({"outcome_index": 0, "negative_risk": True, "event_slug": "mayor"}, True, "mayor"),
        ({"outcome_index": 1, "negative_risk": False, "event_slug": "weather"}, False, ""),
        ({}, True, ""),
    ],
)
def test_a_position_knows_its_neg_risk_event_and_which_token_it_is_of(more, is_yes, event):
    row = {"token_id": "71", "condition_id": "0xd", "current_size": "1", **more}
    [told], _ = account_pages.holdings({"data": [row]})
    assert (told.is_yes, told.event) == (is_yes, event)


def test_the_last_page_of_positions_leads_nowhere():
    page = {"data": [], "pagination": {"has_more": False, "next_cursor": "x"}}
    assert account_pages.holdings(page) == ([], None)
