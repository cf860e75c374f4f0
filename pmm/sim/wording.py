"""The two ways in which the venue writes JSON (data reference, section 2)."""

from __future__ import annotations

import json

import orjson


def compact(message: object) -> bytes:
    """Without blanks: snapshots that answer a subscription, and everything over HTTP."""
    return orjson.dumps(message)


def spaced(message: object) -> bytes:
    """A blank after every comma and none after a colon: everything else on the socket."""
    return json.dumps(message, separators=(", ", ":"), ensure_ascii=False).encode()
