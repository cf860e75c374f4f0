"""The unmodified `py-clob-client-v2` trades at the local exchange and cannot tell."""

from __future__ import annotations

from typing import Any

import pytest
from py_clob_client_v2.client import ClobClient
from py_clob_client_v2.clob_types import (
    AssetType,
    BalanceAllowanceParams,
    MarketOrderArgs,
    OpenOrderParams,
    OrderArgs,
    OrderMarketCancelParams,
    OrderPayload,
    OrderScoringParams,
    OrderType,
    PartialCreateOrderOptions,
    PostOrdersV2Args,
    TradeParams,
)
from py_clob_client_v2.exceptions import PolyApiException
from py_clob_client_v2.order_utils.exchange_order_builder_v2 import ExchangeOrderBuilderV2

from pmm.model import Market
from tests.contract.conftest import NEG_RISK, PROTOCOL_V2, Running

EXCHANGE = "0xE111180000d2663C0091e4f400237545B87B996B"


def client_of(running: Running, number: int = 1) -> ClobClient:
    client = ClobClient(running.url, 137, key="0x" + f"{number:02x}" * 32)
    client.set_api_creds(client.create_or_derive_api_key())
    return client


@pytest.fixture(scope="module")
def client(running: Running) -> ClobClient:
    return client_of(running)


def bid(market: Market, price: float = 0.40, size: float = 10.0) -> OrderArgs:
    return OrderArgs(token_id=market.yes, price=price, size=size, side="BUY")


def ids(rows: list[dict[str, Any]]) -> set[str]:
    return {row["id"] for row in rows}


def test_keys_are_made_once_and_derived_afterwards(running: Running, client: ClobClient) -> None:
    again = client_of(running)
    assert again.creds == client.creds
    assert client.get_api_keys()["apiKeys"] == [client.creds.api_key]
    assert client.get_closed_only_mode() == {"closed_only": False}
    assert (client.get_ok(), client.get_version()) == ("OK", 2)


def test_books_and_market_facts_are_read(running: Running, market: Market, client: ClobClient) -> None:
    running.rest("BUY", "0.40")
    running.rest("SELL", "0.50")
    assert client.get_order_book(market.yes)["bids"] == [{"price": "0.4", "size": "50"}]
    assert client.get_midpoint(market.yes)["mid"] == "0.45"
    assert (client.get_tick_size(market.yes), client.get_neg_risk(market.yes)) == ("0.01", False)
    assert client.get_clob_market_info(market.condition_id)["c"] == market.condition_id
    assert any(row["condition_id"] == market.condition_id for row in client.get_current_rewards())


def test_a_post_only_order_rests_is_shown_and_is_canceled(market: Market, client: ClobClient) -> None:
    answer = client.create_and_post_order(bid(market), order_type=OrderType.GTC, post_only=True)
    order_id = answer["orderID"]
    assert (answer["success"], answer["status"], answer["errorMsg"]) == (True, "live", "")
    assert order_id in ids(client.get_open_orders())
    shown = client.get_order(order_id)
    assert (shown["price"], shown["original_size"], shown["status"]) == ("0.4", "10", "LIVE")
    assert client.is_order_scoring(OrderScoringParams(orderId=order_id))["scoring"] in {True, False}
    assert client.cancel_order(OrderPayload(orderID=order_id)) == {"canceled": [order_id], "not_canceled": {}}
    assert list(client.cancel_order(OrderPayload(orderID=order_id))["not_canceled"]) == [order_id]
    assert client.get_order(order_id)["status"] == "CANCELED"
    assert client.get_open_orders(OpenOrderParams(market=market.condition_id)) == []


def test_the_id_is_the_hash_that_the_client_knows_beforehand(market: Market, client: ClobClient) -> None:
    order = client.create_order(bid(market, 0.39))
    signing = ExchangeOrderBuilderV2(EXCHANGE, 137, client.signer)
    known = signing.build_order_hash(signing.build_order_typed_data(order))
    assert client.post_order(order, OrderType.GTC, True)["orderID"] == known
    with pytest.raises(PolyApiException, match=f"order {known} is invalid. Duplicated."):
        client.post_order(order, OrderType.GTC, True)
    client.cancel_all()


def test_a_batch_is_posted_and_canceled_in_one_go(market: Market, client: ClobClient) -> None:
    orders = [PostOrdersV2Args(client.create_order(bid(market, price)), OrderType.GTC) for price in (0.31, 0.32, 0.33)]
    answers = client.post_orders(orders, post_only=True)
    posted = [answer["orderID"] for answer in answers]
    assert [answer["status"] for answer in answers] == ["live"] * 3
    assert set(client.cancel_orders(posted[:2])["canceled"]) == set(posted[:2])
    assert client.cancel_all()["canceled"] == posted[2:]


def test_the_orders_of_one_market_are_canceled_together(market: Market, client: ClobClient) -> None:
    order_id = client.create_and_post_order(bid(market), post_only=True)["orderID"]
    other = OrderMarketCancelParams(market=NEG_RISK.condition_id)
    assert client.cancel_market_orders(other)["canceled"] == []
    assert client.cancel_market_orders(OrderMarketCancelParams(asset_id=market.yes))["canceled"] == [order_id]


def test_a_neg_risk_order_is_signed_for_the_other_contract(client: ClobClient) -> None:
    args = OrderArgs(token_id=NEG_RISK.yes, price=0.05, size=20, side="BUY")
    assert client.create_and_post_order(args, post_only=True)["status"] == "live"
    wrong = client.create_order(args, PartialCreateOrderOptions(neg_risk=False))
    with pytest.raises(PolyApiException, match="invalid signature"):
        client.post_order(wrong)
    client.cancel_all()


@pytest.mark.parametrize("kind", [1, 2, 3])
def test_a_contract_wallet_trades_under_its_own_address(running: Running, market: Market, kind: int) -> None:
    wallet = "0x" + f"{0xA0 + kind:02x}" * 20
    client = ClobClient(running.url, 137, key="0x" + "04" * 32, signature_type=kind, funder=wallet)
    client.set_api_creds(client.create_or_derive_api_key())
    order_id = client.create_and_post_order(bid(market), post_only=True)["orderID"]
    assert client.get_order(order_id)["maker_address"].lower() == wallet
    assert client.get_balance_allowance(BalanceAllowanceParams(AssetType.COLLATERAL))["balance"] == "10000000000"
    assert client.cancel_all()["canceled"] == [order_id]


def test_a_wallet_obeys_only_its_first_owner(running: Running, market: Market) -> None:
    def of(number: int) -> ClobClient:
        client = ClobClient(
            running.url, 137, key=f"0x{number:02x}" + "05" * 31, signature_type=2, funder="0x" + "b0" * 20
        )
        client.set_api_creds(client.create_or_derive_api_key())
        return client

    of(1).create_and_post_order(bid(market), post_only=True)
    with pytest.raises(PolyApiException, match="the order signer address has to be the address of the API KEY"):
        of(2).create_and_post_order(bid(market), post_only=True)


def test_an_id_of_protocol_v2_is_settled_by_exchange_v3(client: ClobClient) -> None:
    args = OrderArgs(position_id=PROTOCOL_V2.market.yes, price=0.05, size=20, side="BUY")
    assert client.create_and_post_order(args, post_only=True)["status"] == "live"
    with pytest.raises(PolyApiException, match="order_version_mismatch"):
        client.create_and_post_order(OrderArgs(token_id=PROTOCOL_V2.market.yes, price=0.05, size=20, side="BUY"))
    client.cancel_all()


def test_a_market_order_matches_and_its_hash_is_waited_for(
    running: Running, market: Market, client: ClobClient
) -> None:
    running.rest("SELL", "0.50")
    args = MarketOrderArgs(token_id=market.yes, amount=5.0, side="BUY", order_type=OrderType.FOK)
    answer = client.create_and_post_market_order(args, order_type=OrderType.FOK)
    assert (answer["status"], answer["makingAmount"], answer["takingAmount"]) == ("matched", "5", "10")
    assert len(answer["transactionsHashes"]) == 1
    (trade,) = client.get_trades(TradeParams(id=answer["tradeIDs"][0]))
    assert (trade["size"], trade["price"], trade["trader_side"]) == ("10", "0.5", "TAKER")


def test_what_was_bought_can_be_sold_once_it_is_shown(running: Running, market: Market, client: ClobClient) -> None:
    running.act("/accounts/give", account=client.get_address(), size="20")
    held = BalanceAllowanceParams(asset_type=AssetType.CONDITIONAL, token_id=market.yes)
    assert int(client.get_balance_allowance(held)["balance"]) >= 20_000_000
    running.rest("BUY", "0.30")
    args = MarketOrderArgs(token_id=market.yes, amount=7.0, side="SELL", order_type=OrderType.FAK)
    answer = client.create_and_post_market_order(args, order_type=OrderType.FAK)
    assert (answer["status"], answer["makingAmount"], answer["takingAmount"]) == ("matched", "7", "2.1")


def test_balances_are_read_and_refreshed(client: ClobClient) -> None:
    money = BalanceAllowanceParams(asset_type=AssetType.COLLATERAL)
    told = client.get_balance_allowance(money)
    assert 0 < int(told["balance"]) < 11_000_000_000  # what earlier tests traded is in it
    assert all(int(allowance) > 10**30 for allowance in told["allowances"].values())
    client.update_balance_allowance(money)


def test_heartbeats_are_chained(running: Running) -> None:
    client = client_of(running, 3)
    first = client.post_heartbeat("")["heartbeat_id"]
    second = client.post_heartbeat(first)["heartbeat_id"]
    with pytest.raises(PolyApiException, match="Invalid Heartbeat ID") as refused:
        client.post_heartbeat("nonsense")
    assert refused.value.error_msg["heartbeat_id"] == second


def test_a_gtd_order_needs_time_to_live(running: Running, market: Market, client: ClobClient) -> None:
    args = OrderArgs(market.yes, 0.4, 10, "BUY", expiration=running.now_s() + 600)
    assert client.create_and_post_order(args, order_type=OrderType.GTD)["status"] == "live"
    soon = OrderArgs(market.yes, 0.4, 10, "BUY", expiration=running.now_s() + 5)
    with pytest.raises(PolyApiException, match="invalid expiration"):
        client.create_and_post_order(soon, order_type=OrderType.GTD)
    client.cancel_all()


def test_orders_are_refused_in_the_words_of_the_venue(running: Running, market: Market, client: ClobClient) -> None:
    running.rest("SELL", "0.50")

    def refused(args: OrderArgs, text: str, kind: str = OrderType.GTC, *, post_only: bool = False) -> None:
        with pytest.raises(PolyApiException) as error:
            client.create_and_post_order(args, order_type=kind, post_only=post_only)
        assert error.value.status_code == 400
        assert text in error.value.error_msg["error"]

    refused(bid(market, 0.55), "invalid post-only order: order crosses book", post_only=True)
    refused(bid(market, size=1), "lower than the minimum: 5")
    refused(bid(market, size=1_000_000), "not enough balance / allowance")
    refused(OrderArgs(market.no, 0.9, 50_000, "SELL"), "not enough balance / allowance")
    refused(bid(market, 0.55, 900), "order couldn't be fully filled.", OrderType.FOK)
    refused(bid(market, 0.40), "no orders found to match with FAK order.", OrderType.FAK)
