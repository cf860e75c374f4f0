"""What every HTTP shell shares: JSON answers, refusals with the venue's own texts, and checked parameters."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

import orjson
from aiohttp import web

from pmm.model import Price, TokenId, price_text

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]

# What the log is told about a request: its body where it was signed, and the fault that it met.
BODY = web.RequestKey("body", bytes)
HARM = web.RequestKey("harm", str)
# The entries of a batch with which nothing is done, and what is said about each.
SPOILED: web.RequestKey[dict[int, str]] = web.RequestKey("spoiled", dict)

BAD_TOKEN = "Invalid token id"  # noqa: S105 - a text of the venue
BAD_SIDE = "Invalid side"
BAD_PAYLOAD = "Invalid payload"
TOO_MANY = "Payload exceeds the limit"
NO_BOOK = "No orderbook exists for the requested token id"
NO_MARKET = "market not found"

# Ids have 75 to 78 digits (data reference, section 5); 2**256 has 78.
_TOKEN_DIGITS_MAX = 78


class Refused(Exception):
    """A request that is answered with `body`: `{"error": text}` and whatever `more` there is to say."""

    def __init__(self, status: int, text: str, headers: Mapping[str, str] | None = None, **more: object) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.headers = headers
        self.body: dict[str, object] = {"error": text, **more}

    def answer(self) -> web.Response:
        return answer(self.body, self.status, self.headers)


def answer(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """A JSON answer."""
    return web.Response(body=orjson.dumps(body), status=status, headers=headers, content_type="application/json")


def json_text(text: str) -> web.Response:
    """An answer that is JSON already."""
    return web.Response(text=text, content_type="application/json")


def token_id(text: str | None) -> TokenId:
    """A decimal token id; refused with the venue's text when it is none."""
    if not text or not text.isascii() or not text.isdigit() or len(text) > _TOKEN_DIGITS_MAX:
        raise Refused(400, BAD_TOKEN)
    return text


def number(price: Price) -> float:
    """A price where the venue writes a JSON number; the nearest float prints as the same decimal."""
    return float(price_text(price))
