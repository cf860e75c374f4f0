"""The frames that a subscriber sends on the market socket (protocol reference, section 5.2)."""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from pmm.model import TokenId


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a subscriber asks for; `first` is the frame that opens a subscription, the rest change it."""

    tokens: list[TokenId]
    first: bool
    unsubscribe: bool
    dump: bool
    custom: bool | None


def parse_subscription(text: str | bytes) -> Subscription | None:
    """Read a frame of a subscriber; None for anything else."""
    try:
        frame = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(frame, dict):
        return None
    tokens = frame.get("assets_ids")
    operation = frame.get("operation")
    if not isinstance(tokens, list) or not all(isinstance(token, str) for token in tokens):
        return None
    if operation not in {None, "subscribe", "unsubscribe"}:
        return None
    if operation is None and str(frame.get("type", "market")).lower() != "market":
        return None
    custom = frame.get("custom_feature_enabled")
    return Subscription(
        tokens,
        first=operation is None,
        unsubscribe=operation == "unsubscribe",
        dump=frame.get("initial_dump") is not False,
        custom=custom if isinstance(custom, bool) else None,
    )
