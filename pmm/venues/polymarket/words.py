"""What the venue's sentences mean: refusals, words that prove nothing, and the mode it says it is in.

The same failure may come as a sentence or as one of the symbolic codes of older pages, with a status of its own or
inside of an answer (protocol reference, sections 3.11 and 9).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from pmm.events import VenueStatus

# What the venue was seen to say of orders that it does not take; parts of sentences and of symbolic codes.
REFUSALS = (
    "invalid",
    "not enough balance",
    "allowance",
    "crosses",
    "post-only",
    "post_only",
    "tick size",
    "lower than the minimum",
    "min size",
    "banned",
    "closed only mode",
    "too many orders",
    "too many requests",
    "rate limit",
    "has to be the owner",
    "has to be the address",
    "fully filled or killed",
    "fok_order_not_filled",
    "no orders found to match",
    "not yet ready",
    "market_not_ready",
    "order_version_mismatch",
    "canceled in the ctf exchange",
    "market not found",
    "no orderbook exists",
    "cancel-only",
    "trading is disabled",
    "trading is currently disabled",
    "unauthorized",
    "trading restricted",
)
# Words that come with a refusal's status and prove nothing: the order may have been taken (section 3.11).
DOUBTS = (
    "internal server error",
    "could not insert order",
    "could not run the execution",
    "context canceled",
    "order match delayed",
    "order_delayed",
    "delaying_order_error",
    "execution_error",
)
DUPLICATED = "duplicated"
BALANCE = "not enough balance"
TEXT_MAX = 200

_ORDER_ID = re.compile(r"0x[0-9a-f]{64}")


def refuse(text: str) -> bool:
    """Whether a sentence says for certain that an order was not taken."""
    lower = text.lower()
    return not doubt(text) and any(word in lower for word in REFUSALS)


def doubt(text: str) -> bool:
    """Whether a sentence proves nothing, whatever status came with it."""
    lower = text.lower()
    return any(word in lower for word in DOUBTS)


def mode(text: str, code: object) -> VenueStatus | None:
    """The mode that a sentence or a code tells; the newest sentence means two modes, so the worse is assumed."""
    lower = text.lower()
    if code == "post_only_mode" or "post-only mode" in lower:
        return VenueStatus.POST_ONLY
    if "cancel-only" in lower:
        return VenueStatus.CANCEL_ONLY
    if "trading is currently disabled" in lower or "trading is disabled" in lower:
        return VenueStatus.DISABLED
    return None


def named_in(text: str) -> str | None:
    """The one order that a sentence names, by its hash; None when it names none or several."""
    found = set(_ORDER_ID.findall(text.lower()))
    return found.pop() if len(found) == 1 else None


def said(record: Mapping[str, object]) -> str:
    """The venue's words in an answer, on one line and not too long; "" when there are none."""
    return short(record.get("errorMsg")) or short(record.get("error")) or short(record.get("error_msg"))


def short(text: object) -> str:
    return " ".join(text.split())[:TEXT_MAX] if isinstance(text, str) else ""
