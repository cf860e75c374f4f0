"""`pmm schema`: what the records of orders, trades and positions hold, the same in a dry run and live."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, TypeAlias

import orjson
import typer

from pmm.account import OrderStatus, Origin, TradeStatus
from pmm.cli.context import Cli
from pmm.errors import Exit, UsageError
from pmm.model import Side

Field: TypeAlias = dict[str, object]

DRAFT = "https://json-schema.org/draft/2020-12/schema"


class NoSuchSchema(UsageError):
    """No record has that name."""

    code = "PMM-E103"
    exit = Exit.NOT_FOUND


def _text(about: str) -> Field:
    return {"type": "string", "description": about}


def _decimal(about: str) -> Field:
    return {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$", "description": about}


def _moment(about: str) -> Field:
    return {"type": "string", "format": "date-time", "description": f"{about}; UTC."}


def _flag(about: str) -> Field:
    return {"type": "boolean", "description": about}


def _word(words: type[StrEnum], about: str) -> Field:
    return {"enum": [str(word) for word in words], "description": about}


_WHERE: Mapping[str, Field] = {
    "market": _text("Condition id."),
    "token_id": _text("Token that is bought or sold."),
    "outcome": _text("Its name, such as Yes; empty where it is not known."),
}
_IDS: Mapping[str, Field] = {
    "order_id": _text("Our id where we sent the order, otherwise the venue's; ids of dry runs begin with dry-."),
    "venue_id": _text("The venue's id, the hash of the order; empty in a dry run."),
}
_ORIGIN = _word(Origin, "Whose order it is: sent by this bot, or by somebody else on the account.")

RECORDS: Mapping[str, Mapping[str, Field]] = {
    "order": {
        **_IDS,
        **_WHERE,
        "side": _word(Side, "Of the token."),
        "price": _decimal("USD a share."),
        "size": _decimal("Shares ordered."),
        "matched": _decimal("Shares that traded."),
        "remaining": _decimal("Size less matched."),
        "filled_share": {"type": "number", "minimum": 0, "maximum": 1, "description": "Matched by size."},
        "status": _word(OrderStatus, "The venue's word; UNKNOWN for one that is new, and while an order is in doubt."),
        "is_live": _flag("Whether it may still trade, as far as anybody knows."),
        "is_filled": _flag("Whether all of it traded."),
        "origin": _ORIGIN,
        "created_at": _moment("When it was placed"),
        "expires_at": {
            "type": ["string", "null"],
            "format": "date-time",
            "description": "When it ends; null for an order without an end.",
        },
    },
    "trade": {
        "trade_id": _text("The venue's id of the trade."),
        **_IDS,
        **_WHERE,
        "side": _word(Side, "Ours, of our token."),
        "price": _decimal("USD a share."),
        "size": _decimal("Our shares of it."),
        "status": _word(TradeStatus, "How far it is settled; UNKNOWN for a word of the venue that is new."),
        "maker": _flag("Whether our order rested."),
        "transaction": _text("Hash of the transaction; empty before there is one."),
        "origin": _ORIGIN,
        "matched_at": _moment("When it traded"),
    },
    "position": {
        **_WHERE,
        "size": _decimal("Shares held."),
        "cost": _decimal("USD that left us for them; negative when more came in."),
        "event": {
            "type": ["string", "null"],
            "description": "Its neg-risk event; null for a market that stands alone.",
        },
        "mergeable": _decimal("Settled pairs of both outcomes of the market, each of which can be merged into 1 USD."),
        "convertible": _decimal("USD that converting settled NO shares of the event frees, once pairs are merged."),
        "worst_case": _decimal("USD that the shares of its event, or market, may still lose at worst."),
    },
}


def schema(
    name: Annotated[str | None, typer.Argument(help=f"{', '.join(RECORDS)}; all of them without.")] = None,
) -> None:
    """The JSON schemas of the records that `pmm orders`, `pmm trades` and `pmm positions` write."""
    cli = Cli.current()
    if name is not None and name not in RECORDS:
        near = difflib.get_close_matches(name, list(RECORDS), n=1)
        hint = f"Did you mean `pmm schema {near[0]}`?" if near else f"There are: {', '.join(RECORDS)}."
        raise NoSuchSchema(f"no record is called {name!r}", hint=hint)
    told: dict[str, object] = {key: json_schema(key) for key in RECORDS} if name is None else json_schema(name)
    cli.emit("pmm.schema/1", told, human=lambda: orjson.dumps(told, option=orjson.OPT_INDENT_2).decode())


def json_schema(name: str) -> dict[str, object]:
    """The schema of one record; every field is always there, and there are no others."""
    fields = RECORDS[name]
    return {
        "$schema": DRAFT,
        "title": name,
        "type": "object",
        "properties": dict(fields),
        "required": list(fields),
        "additionalProperties": False,
    }
