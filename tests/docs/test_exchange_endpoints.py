"""Whatever the reference or an official client knows of is served, or the page says that it is not offered."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from pmm.sim.catalog import default_listings
from tests.exchange.conftest import Trading, quiet_venue, trading

PAGE = (Path(__file__).parents[2] / "docs" / "exchange.md").read_text(encoding="utf-8")
METHODS = ("GET", "POST", "DELETE", "PUT")

# The protocol reference, sections 2.3, 3.1 to 3.10 and 6.1.
REFERENCE = """
POST /auth/api-key|GET /auth/derive-api-key|GET /auth/api-keys|DELETE /auth/api-key
GET /auth/ban-status/closed-only|POST /auth/readonly-api-key|GET /auth/readonly-api-keys|DELETE /auth/readonly-api-key
POST /auth/builder-api-key|GET /auth/builder-api-key|DELETE /auth/builder-api-key
GET /|GET /ok|GET /time|GET /version
GET /book|GET /books|POST /books|GET /price|GET /prices|POST /prices|GET /midpoint|POST /midpoints|GET /spread
POST /spreads|GET /last-trade-price|POST /last-trades-prices|GET /tick-size|GET /neg-risk|GET /fee-rate
GET /prices-history|POST /batch-prices-history
GET /markets|GET /sampling-markets|GET /simplified-markets|GET /sampling-simplified-markets|GET /markets/{id}
GET /clob-markets/{id}|GET /markets-by-token/{id}|GET /markets/live-activity/{id}|POST /markets/live-activity
GET /ohlc|GET /orderbook-history
POST /order|POST /orders|DELETE /order|DELETE /orders|DELETE /cancel-all|DELETE /cancel-market-orders
GET /data/orders|GET /data/order/{id}|GET /data/trades|GET /data/pre-migration-orders
GET /balance-allowance|PUT /balance-allowance|GET /balance-allowance/update|GET /notifications|DELETE /notifications
POST /v1/heartbeats|POST /heartbeats|GET /order-scoring|POST /orders-scoring
GET /rewards/markets/current|GET /rewards/markets/{id}|GET /rewards/markets/multi|GET /rewards/user
GET /rewards/user/total|GET /rewards/user/percentages|GET /rewards/user/markets|GET /rebates/current
GET /fees/builder-fees/{id}|GET /v1/user/rate-limit-tier
GET /gamma/markets/{id}|GET /gamma/markets/slug/{id}|GET /gamma/events/{id}|GET /gamma/events/slug/{id}
GET /gamma/markets/keyset|GET /gamma/events/keyset|GET /gamma/markets|GET /gamma/events|GET /gamma/public-search
GET /gamma/tags|GET /gamma/tags/slug/{id}|GET /gamma/series|GET /gamma/sports|GET /gamma/teams
GET /data-api/v2/positions
"""
# polymarket-client 0.14.0, which needs an environment of its own: what it asks beside the above.
CLIENT = """
GET /builder/trades|GET /deployed|POST /submit|GET /relay-payload
GET /v1/account/balances|POST /v1/account/withdraw|GET /v1/info/book|POST /v1/trade/chases|GET /v1/builder/rfq/requests
GET /v1/rfq/combo-markets|GET /v1/user/session-signers|POST /v1/session-signers/authorizations
GET /v1/accounting/snapshot|POST /v1/collateral-return/plan
GET /gamma/comments|GET /gamma/comments/keyset|GET /gamma/comments/{id}|GET /gamma/public-profile
GET /gamma/sports/market-types|GET /gamma/markets/{id}/tags|GET /gamma/events/{id}/tags|GET /gamma/series/{id}
GET /data-api/v2/activity|GET /data-api/v2/activity/combos|GET /data-api/v2/approvals|GET /data-api/v2/holders
GET /data-api/v2/leaderboard|GET /data-api/v2/live-volume|GET /data-api/v2/oi|GET /data-api/v2/positions/combos
GET /data-api/v2/prices-history|GET /data-api/v2/resolutions|GET /data-api/v2/tokens|GET /data-api/v2/trades
GET /data-api/v2/user-pnl|GET /data-api/v2/user-stats|GET /data-api/v2/user-volume|GET /data-api/v2/value
"""


def listed(text: str) -> list[str]:
    return [name for line in text.strip().splitlines() for name in line.split("|")]


def not_offered() -> list[str]:
    """Methods and paths of the page; `*` is any method, and any rest of a path."""
    table = PAGE.split("## What is not offered")[1].split("\n## ")[0]
    return re.findall(r"`((?:\*|[A-Z]+) /[^`]*)`", "\n".join(re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)))


def told(endpoint: str, rows: Iterable[str]) -> bool:
    """Whether a row names an endpoint; every part in braces is the same."""
    plain = re.sub(r"\{\w+\}", "x", endpoint)
    return any(fnmatchcase(plain, re.sub(r"\{\w+\}", "x", row)) for row in rows)


async def served(floor: Trading, endpoint: str) -> bool:
    """Whether there is a handler: it may refuse what it is asked, but in its own words."""
    method, _, path = endpoint.partition(" ")
    path = path.replace("{id}", default_listings()[0].market.condition_id)
    async with floor.http.request(method, floor.exchange.urls["clob_url"] + path) as response:
        answer = await response.json()
        return response.status != 405 and not (response.status == 404 and answer == {"error": "Not Found"})


async def missing(floor: Trading, endpoints: Iterable[str]) -> list[str]:
    return [one for one in endpoints if not await served(floor, one) and not told(one, not_offered())]


async def test_everything_of_the_reference_and_of_the_newest_client_is_served_or_on_the_page() -> None:
    async with trading(quiet_venue()) as floor:
        assert await missing(floor, listed(REFERENCE) + listed(CLIENT)) == []
        assert await missing(floor, ["GET /order", "GET /no-such-thing"]) == ["GET /order", "GET /no-such-thing"]


@pytest.mark.parametrize("module", ["py_clob_client.endpoints", "py_clob_client_v2.endpoints"])
async def test_every_endpoint_of_a_client_is_served_or_on_the_page(module: str) -> None:
    constants = vars(pytest.importorskip(module))
    paths = {path for name, path in constants.items() if name.isupper() and isinstance(path, str)}
    assert len(paths) > 40
    async with trading(quiet_venue()) as floor:
        for path in sorted(paths):
            ways = [f"{method} {path}{'{id}' * path.endswith('/')}" for method in METHODS]
            assert any([await served(floor, way) for way in ways]) or any(told(way, not_offered()) for way in ways), (
                path
            )


async def test_nothing_is_said_to_be_missing_that_is_there() -> None:
    rows = not_offered()
    assert len(rows) > 20
    async with trading(quiet_venue()) as floor:
        assert [row for row in rows if "*" not in row and await served(floor, row)] == []
