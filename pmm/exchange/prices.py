"""Prices read off the books of one token, as the text that the venue writes."""

from __future__ import annotations

from typing import TypeAlias

from pmm.exchange.answers import NO_BOOK, Refused
from pmm.model import GRID, Side, decimal_text, price_text
from pmm.sim.frames import MarketWire
from pmm.sim.matching import Outcome

Found: TypeAlias = tuple[MarketWire, Outcome]


def touch(found: Found, side: Side) -> str:
    """BUY is the best bid and SELL the best ask (protocol reference, section 3.2); "0" where there is none."""
    book = found[0].books[found[1]]
    price = book.best_bid if side is Side.BUY else book.best_ask
    return "0" if price is None else price_text(price)


def two_sided(found: Found) -> bool:
    return found[0].books[found[1]].mid2 is not None


def mid(found: Found) -> str:
    """The midpoint; refused when a side is empty, because half a book has none."""
    mid2 = found[0].books[found[1]].mid2
    if mid2 is None:
        raise Refused(404, NO_BOOK)
    return decimal_text(mid2 * 5, 5)  # half a grid step is 0.00005


def spread(found: Found) -> str:
    """Best ask minus best bid; refused when a side is empty."""
    width = found[0].books[found[1]].spread
    if width is None:
        raise Refused(404, NO_BOOK)
    return decimal_text(width, 4)


def last_trade(found: Found) -> dict[str, str]:
    """In the terms of the token asked for: a sale of the other one at q was a purchase of this one at 1 - q."""
    wire, outcome = found
    if wire.last_price is None:
        return {"price": "0.5", "side": ""}
    if wire.last_outcome is outcome:
        return {"price": price_text(wire.last_price), "side": wire.last_side.value}
    return {"price": price_text(GRID - wire.last_price), "side": wire.last_side.opposite.value}


def catalogue_price(found: Found | None) -> str:
    """What a list of markets shows: the payout of a resolved one, else the mid, else the last trade, else 0.5."""
    if found is None:
        return "0.5"
    if found[0].verdict is not None:
        return price_text(found[0].verdict.price(found[1]))
    return mid(found) if two_sided(found) else last_trade(found)["price"]
