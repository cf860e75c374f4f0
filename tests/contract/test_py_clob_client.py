"""The unmodified `py-clob-client` reads and cancels as it always did, and trades where `legacy_v1` is switched on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from py_clob_client.client import ClobClient
from py_clob_client.clob_types import (
    AssetType,
    BalanceAllowanceParams,
    MarketOrderArgs,
    OpenOrderParams,
    OrderArgs,
    OrderScoringParams,
    OrderType,
    PostOrdersArgs,
    TradeParams,
)
from py_clob_client.exceptions import PolyApiException

from pmm.model import Market
from tests.contract.conftest import NEG_RISK, Running


@pytest.fixture(scope="module")
def client(running: Running) -> ClobClient:
    client = ClobClient(running.url, key="0x" + "01" * 32, chain_id=137, signature_type=0)
    client.set_api_creds(client.create_or_derive_api_creds())
    return client


@pytest.fixture(autouse=True)
def legacy(running: Running) -> Iterator[None]:
    running.act("/switches", legacy_v1=True)
    yield
    running.act("/switches", legacy_v1=False)


def bid(market: Market, price: float = 0.40, size: float = 10.0) -> OrderArgs:
    return OrderArgs(token_id=market.yes, price=price, size=size, side="BUY")


def post(client: ClobClient, args: OrderArgs, kind: str = OrderType.GTC, *, post_only: bool = False) -> dict[str, str]:
    answer: dict[str, str] = client.post_order(client.create_order(args), kind, post_only)
    return answer


def test_books_are_read(running: Running, market: Market, client: ClobClient) -> None:
    running.rest("BUY", "0.40")
    running.rest("SELL", "0.50")
    book = client.get_order_book(market.yes)
    assert (book.bids[0].price, book.tick_size, book.neg_risk) == ("0.4", "0.01", False)
    assert client.get_order_book_hash(book) == book.hash
    assert client.get_ok() == "OK"


def test_without_the_switch_an_order_of_the_first_generation_is_refused(
    running: Running, market: Market, client: ClobClient
) -> None:
    running.act("/switches", legacy_v1=False)
    with pytest.raises(PolyApiException, match="order_version_mismatch"):
        post(client, bid(market))


def test_a_post_only_order_rests_is_shown_and_is_canceled(market: Market, client: ClobClient) -> None:
    answer = post(client, bid(market), post_only=True)
    order_id = answer["orderID"]
    assert (answer["success"], answer["status"]) == (True, "live")
    assert [row["id"] for row in client.get_orders(OpenOrderParams(market=market.condition_id))] == [order_id]
    assert client.get_order(order_id)["price"] == "0.4"
    assert client.is_order_scoring(OrderScoringParams(orderId=order_id))["scoring"] in {True, False}
    assert client.cancel(order_id) == {"canceled": [order_id], "not_canceled": {}}
    assert client.get_orders() == []


def test_a_neg_risk_order_is_signed_for_the_other_contract(client: ClobClient) -> None:
    args = OrderArgs(token_id=NEG_RISK.yes, price=0.05, size=20, side="BUY")
    assert client.cancel_orders([post(client, args)["orderID"]])["not_canceled"] == {}


def test_a_batch_is_posted_and_canceled_in_one_go(market: Market, client: ClobClient) -> None:
    orders = [
        PostOrdersArgs(client.create_order(bid(market, price)), OrderType.GTC, postOnly=True) for price in (0.31, 0.32)
    ]
    posted = [answer["orderID"] for answer in client.post_orders(orders)]
    assert client.cancel_market_orders(market=market.condition_id)["canceled"] == posted
    assert client.cancel_all() == {"canceled": [], "not_canceled": {}}


def test_a_market_order_matches(running: Running, market: Market, client: ClobClient) -> None:
    running.rest("SELL", "0.50")
    args = MarketOrderArgs(token_id=market.yes, amount=5.0, side="BUY", order_type=OrderType.FOK)
    answer = client.post_order(client.create_market_order(args), OrderType.FOK)
    assert (answer["status"], answer["makingAmount"], answer["takingAmount"]) == ("matched", "5", "10")
    (trade,) = client.get_trades(TradeParams(id=answer["tradeIDs"][0]))
    assert (trade["size"], trade["trader_side"]) == ("10", "TAKER")


def test_balances_and_notifications_are_read(client: ClobClient) -> None:
    told = client.get_balance_allowance(BalanceAllowanceParams(asset_type=AssetType.COLLATERAL))
    assert int(told["balance"]) > 0
    assert isinstance(client.get_notifications(), list)


def test_orders_are_refused_in_the_words_of_the_venue(running: Running, market: Market, client: ClobClient) -> None:
    running.rest("SELL", "0.50")
    with pytest.raises(PolyApiException, match="invalid post-only order: order crosses book"):
        post(client, bid(market, 0.55), post_only=True)
    with pytest.raises(PolyApiException, match="lower than the minimum: 5"):
        post(client, bid(market, size=1))
    with pytest.raises(PolyApiException, match="not enough balance / allowance"):
        post(client, bid(market, size=1_000_000))


def test_heartbeats_are_chained(client: ClobClient) -> None:
    first = client.post_heartbeat(None)["heartbeat_id"]
    assert client.post_heartbeat(first)["heartbeat_id"] != first
