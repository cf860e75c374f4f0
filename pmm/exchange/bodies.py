"""What the bodies of the control port hold: every reader raises Refused with a sentence that says what is wrong."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import TypeAlias, TypeVar

import orjson
from aiohttp import web

from pmm.exchange.answers import BAD_SIDE, NO_MARKET, Refused, answer, token_id
from pmm.exchange.source import Source
from pmm.model import Side, TimeInForce, TokenId
from pmm.sim.catalog import Listing
from pmm.sim.matching import Outcome

Body: TypeAlias = dict[str, object]
Act: TypeAlias = Callable[[Body], Awaitable[object]]
Word = TypeVar("Word", bound=StrEnum)


def handler(act: Act) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """An act as the handler of a POST with a JSON object."""

    async def handle(request: web.Request) -> web.Response:
        raw = await request.read()
        try:
            body = orjson.loads(raw or b"{}")
        except orjson.JSONDecodeError:
            raise Refused(400, "the body must be a JSON object") from None
        if not isinstance(body, dict):
            raise Refused(400, "the body must be a JSON object")
        return answer(await act(body))

    return handle


def text(body: Body, key: str, default: str | None = None) -> str:
    value = body.get(key, default)
    if not isinstance(value, str):
        raise Refused(400, f"{key} must be a text")
    return value


def mapping(body: Body, key: str) -> Body:
    """An object; an empty one when it is absent."""
    value = body.get(key, {})
    if not isinstance(value, dict):
        raise Refused(400, f"{key} must be an object")
    return value


def flag(body: Body, key: str, *, default: bool | None = None) -> bool:
    value = body.get(key, default)
    if not isinstance(value, bool):
        raise Refused(400, f"{key} must be true or false")
    return value


def number(body: Body, key: str, default: float | None = None, *, low: float = 0.0, high: float = 1e9) -> float:
    value = body.get(key, default)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise Refused(400, f"{key} must be a number from {low:g} to {high:g}")
    return float(value)


def count(body: Body, key: str, default: int | None = None) -> int:
    value = body.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 1_000_000_000:
        raise Refused(400, f"{key} must be a whole number that is not negative")
    return value


def times(body: Body) -> int | None:
    """How often something happens: once unless it says otherwise, null without end."""
    return None if "times" in body and body["times"] is None else count(body, "times", 1)


def units(body: Body, key: str, parse: Callable[[str], int]) -> int:
    """A decimal, as text or as a JSON number, in the units of the house."""
    value = body.get(key)
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise Refused(400, f"{key} must be a decimal")
    try:
        return parse(str(value))
    except ValueError:
        raise Refused(400, f"{key} must be a decimal") from None


def word(body: Body, key: str, words: type[Word], default: Word | None = None) -> Word:
    """One of the words of an enumeration, in any case of letters."""
    value = body.get(key, default)
    for one in words:
        if isinstance(value, str) and value.lower() == one.value.lower():
            return one
    raise Refused(400, f"{key} must be one of {', '.join(one.value for one in words)}")


def side(body: Body) -> Side:
    try:
        return Side(text(body, "side").upper())
    except ValueError:
        raise Refused(400, BAD_SIDE) from None


def tif(body: Body) -> TimeInForce:
    try:
        return TimeInForce(text(body, "tif", "GTC").upper())
    except ValueError:
        raise Refused(400, "tif must be GTC, GTD, FOK or FAK") from None


def listing(body: Body, source: Source) -> Listing:
    """The listing that `market` names by slug or condition id; the first one when it is absent."""
    wanted = body.get("market")
    for one in source.listings:
        if wanted in {None, one.market.slug, one.market.condition_id}:
            return one
    raise Refused(404, NO_MARKET)


def token(body: Body, source: Source) -> TokenId:
    """The token by `token_id`, or by `market` and `outcome` (YES or NO)."""
    if "token_id" in body:
        return token_id(text(body, "token_id"))
    return listing(body, source).market.tokens[outcome(body)].token_id


def outcome(body: Body, key: str = "outcome") -> Outcome:
    name = text(body, key, "YES").upper()
    if name not in Outcome.__members__:
        raise Refused(400, f"{key} must be YES or NO")
    return Outcome[name]
