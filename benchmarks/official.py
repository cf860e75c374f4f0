"""The peer of the order benchmarks: `py-clob-client-v2` with coincurve, unmodified except for what it sends through."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import NamedTuple

from py_clob_client_v2.client import ClobClient
from py_clob_client_v2.clob_types import ApiCreds, OrderArgs, OrderType, PartialCreateOrderOptions, PostOrdersV2Args
from py_clob_client_v2.http_helpers import helpers

from pmm.commands import Place
from pmm.model import GRID, SHARE, Market

KEY = bytes([1]) * 32
CREDENTIALS = ("01234567-89ab-4cde-8f01-23456789abcd", "A" * 43 + "=", "0f" * 32)
HOST = "https://clob.polymarket.com"
TICK_TEXTS = {1_000: "0.1", 100: "0.01", 50: "0.005", 25: "0.0025", 10: "0.001", 1: "0.0001"}
# It floors binary fractions, 1.15 to 1.14; a little more than the size is floored to the size.
NUDGE = 0.003


class Sent(NamedTuple):
    """A request as it was handed to the HTTP library."""

    body: bytes
    headers: dict[str, str]


class _Answer:
    """What the HTTP library would return for an order that rests, or for the step of a price."""

    status_code = 200

    def __init__(self, told: object) -> None:
        self._told = told

    def json(self) -> object:
        return self._told


class StubHttp:
    """Stands in for `httpx.Client` and costs nothing; `sent` is the last order."""

    def __init__(self, ticks: dict[str, str], host: str = HOST) -> None:
        self._host = host
        self.sent = Sent(b"", {})
        self._ticks = {token: _Answer({"minimum_tick_size": float(tick)}) for token, tick in ticks.items()}
        self._rests = _Answer({"success": True, "errorMsg": "", "orderID": "0x", "status": "live"})

    def request(
        self,
        *,
        method: str,
        url: str,
        headers: dict[str, str],
        content: bytes = b"",
        params: dict[str, str] | None = None,
        json: object = None,  # noqa: ARG002  # what a GET gives
    ) -> _Answer:
        if method == "GET":
            assert url == f"{self._host}/tick-size", f"nothing else is asked: {url}"
            assert params is not None
            return self._ticks[params["token_id"]]
        self.sent = Sent(content, headers)
        return self._rests


def client(host: str = HOST) -> ClobClient:
    """A client as its README makes one, for an EOA."""
    return ClobClient(host, 137, key="0x" + KEY.hex(), creds=ApiCreds(*CREDENTIALS))


def send_through(http: object) -> None:
    """What the client sends requests with from now on; the client's module holds one for the process."""
    helpers._http_client = http  # noqa: SLF001  # there is no other door


def poster(official: ClobClient) -> Callable[[Place, Market], object]:
    """Create and post an order from a decision."""

    def post(place: Place, market: Market) -> object:
        return official.post_order(official.create_order(*_asked(place, market)), OrderType.GTC, post_only=True)

    return post


def batch_poster(official: ClobClient) -> Callable[[Sequence[tuple[Place, Market]]], object]:
    """The same for several orders in one request."""

    def post(wanted: Sequence[tuple[Place, Market]]) -> object:
        orders = [PostOrdersV2Args(order=official.create_order(*_asked(place, market))) for place, market in wanted]
        return official.post_orders(orders, post_only=True)

    return post


def learn_tick(official: ClobClient, market: Market) -> None:
    """Let the client cache what it would ask for before its first order."""
    tick = TICK_TEXTS[market.tick]
    send_through(StubHttp({token.token_id: tick for token in market.tokens}, official.host))
    for token in market.tokens:
        official.get_tick_size(token.token_id)


def salt_and_time(body: bytes) -> tuple[int, int]:
    """What the client chose by itself: salt, and time in unix ms."""
    order = json.loads(body)["order"]
    return order["salt"], int(order["timestamp"])


def _asked(place: Place, market: Market) -> tuple[OrderArgs, PartialCreateOrderOptions]:
    """Market facts are given, so that the client asks for nothing."""
    args = OrderArgs(place.token, place.price / GRID, place.size / SHARE + NUDGE, place.side.value)
    return args, PartialCreateOrderOptions(TICK_TEXTS[market.tick], market.neg_risk, version=2)
