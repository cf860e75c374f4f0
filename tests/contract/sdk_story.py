"""What `polymarket-client` does at a local exchange; run by its own interpreter with the addresses as JSON.

It prints one JSON object of facts and leaves the judging to the test.  The package has no public setting for another
host, so its private environment is used: the version is pinned.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import sys
from typing import Any

from polymarket import AsyncSecureClient  # type: ignore[import-not-found]  # lives in an environment of its own
from polymarket._internal.environment import PRODUCTION_CONFIG, create_environment  # type: ignore[import-not-found]
from polymarket.errors import RequestRejectedError  # type: ignore[import-not-found]
from polymarket.streams import MarketSpec, UserSpec  # type: ignore[import-not-found]


async def story(told: dict[str, Any]) -> dict[str, Any]:
    urls = told["urls"]
    config = dataclasses.replace(
        PRODUCTION_CONFIG,
        clob_url=urls["clob_url"],
        clob_market_ws_url=urls["ws_market_url"],
        clob_user_ws_url=urls["ws_user_url"],
        gamma_url=urls["gamma_url"],
        data_url=urls["data_url"],
        relayer_url=urls["clob_url"],
        rpc_url=urls["clob_url"],
    )
    environment = create_environment(name="local", config=config)
    client = await AsyncSecureClient.create(private_key=told["key"], wallet=told["wallet"], environment=environment)
    async with client:
        return await _trade(client, told["token"], told["market"])


async def _trade(client: Any, token: str, market: str) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    users = await client.subscribe(UserSpec())
    markets = await client.subscribe(MarketSpec(asset_ids=[token]))
    book = await client.get_order_book(asset_id=token)
    facts["best_ask"] = str(book.asks[-1].price)
    facts["midpoint"] = str(await client.get_midpoint(asset_id=token))

    placed = await client.place_limit_order(asset_id=token, price="0.40", size="10", side="BUY", post_only=True)
    facts["placed"] = [placed.ok, placed.status]
    listed = [order async for page in client.list_open_orders() for order in page.items]
    facts["listed"] = [order.id for order in listed] == [placed.order_id]
    facts["order"] = str((await client.get_order(order_id=placed.order_id)).price)
    facts["canceled"] = list((await client.cancel_order(order_id=placed.order_id)).canceled) == [placed.order_id]

    orders = [
        await client.create_limit_order(asset_id=token, price=price, size="10", side="BUY", post_only=True)
        for price in ("0.31", "0.32")
    ]
    batch = await client.post_orders(orders)
    facts["batch"] = [one.status for one in batch]
    facts["cancel_market"] = len((await client.cancel_market_orders(market=market)).canceled)
    facts["cancel_all"] = len((await client.cancel_all()).canceled)

    taken = await client.place_market_order(asset_id=token, side="BUY", amount="5", order_type="FOK")
    facts["taken"] = [taken.status, str(taken.making_amount), str(taken.taking_amount)]
    facts["hashes"] = len(await client.wait_for_order_fill_settlement(taken))
    trades = [trade async for page in client.list_account_trades() for trade in page.items]
    facts["trades"] = [[str(trade.size), trade.trader_side] for trade in trades]

    facts["balance"] = (await client.get_balance_allowance(asset_type="COLLATERAL")).balance
    beat = await client.send_order_heartbeat()
    facts["heartbeat"] = (await client.send_order_heartbeat(heartbeat_id=beat.heartbeat_id)).heartbeat_id != ""
    facts["notifications"] = isinstance(await client.get_notifications(), tuple)
    facts["refused"] = await _refused(client, asset_id=token, price="0.55", size="10", side="BUY", post_only=True)
    facts["market"] = (await client.get_market(slug="demo")).condition_id == market
    positions = [one async for page in client.list_positions(user=client.wallet) for one in page.items]
    facts["positions"] = [[str(one.current_size), str(one.avg_price)] for one in positions]

    facts["user_events"] = await _kinds(users, {"order", "trade"})
    facts["market_events"] = await _kinds(markets, {"book", "price_change"})
    # The counters of malformed frames are kept where the package does not show them.
    facts["dropped"] = [client._user_manager.dropped_events, client._market_manager.dropped_events]
    return facts


async def _refused(client: Any, **order: Any) -> list[str]:
    """How a refusal surfaces: as an exception or as an answer, depending on the venue's style."""
    try:
        answer = await client.place_limit_order(**order)
    except RequestRejectedError as error:
        return ["raised", str(error)]
    return ["accepted"] if answer.ok else ["answered", answer.code]


async def _kinds(handle: Any, wanted: set[str]) -> list[str]:
    """The kinds of events that came, once the wanted ones are among them."""
    seen: set[str] = set()
    async with asyncio.timeout(10):
        async for event in handle:
            seen.add(event.type)
            if wanted <= seen:
                break
    return sorted(seen)


if __name__ == "__main__":
    print(json.dumps(asyncio.run(story(json.loads(sys.argv[1])))))
