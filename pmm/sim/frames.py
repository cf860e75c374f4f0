"""The exact bytes that the venue's market socket and its order book endpoint would send about one market.

One book in YES terms becomes two books on the wire, one per token.  Key order, separators, key sets and the hash rule
are those of the recordings (data reference, sections 2 and 3): snapshots after a subscription are compact and carry
nine keys, everything later is written with a blank after every comma.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache

from pmm._fast import ASK, BID, Book
from pmm.model import GRID, Market, Price, Side, Size, TokenId, last_trade_text, price_text, size_text
from pmm.sim.matching import LevelChange, Outcome
from pmm.sim.verdict import Verdict

_price = cache(price_text)
# What stands for the price of an empty side in a price change.
_NO_BID = "0"
_NO_ASK = "1"


@dataclass(frozen=True, slots=True)
class WireFrame:
    """One message and the tokens it names; `custom` ones go only to those who asked for custom features."""

    data: bytes
    tokens: tuple[TokenId, ...]
    custom: bool = False


class MarketWire:
    """The two wire books of one market and every message about them.

    Feed it level changes and prints in the order in which they happened; `at_ms` is the venue's clock in unix ms.
    """

    def __init__(self, market: Market, at_ms: int) -> None:
        self.market = market
        self.books = (Book(market.tick), Book(market.tick))
        self.tokens: tuple[TokenId, TokenId] = (market.yes, market.no)
        self.at_ms = at_ms
        self.last_price: Price | None = None
        self.last_outcome = Outcome.YES
        self.last_side = Side.BUY
        self.verdict: Verdict | None = None
        self._prints = 0

    def touches(self, outcome: int) -> tuple[str, str]:
        """Best bid and ask of a token as text, "0" and "1" where a side is empty."""
        book = self.books[outcome]
        bid, ask = book.best_bid, book.best_ask
        return (_NO_BID if bid is None else _price(bid), _NO_ASK if ask is None else _price(ask))

    @property
    def last_trade_text(self) -> str:
        """The last trade as books carry it: the raw price of the token that traded, three decimals, "" before any."""
        return last_trade_text(self.last_price)

    def note_trade(self, outcome: Outcome, side: Side, price: Price) -> None:
        """The last trade price changes before the frames of that trade are hashed, long before its own event."""
        self.last_outcome, self.last_side, self.last_price = outcome, side, price

    def apply(self, change: LevelChange, at_ms: int) -> None:
        """Write one level into both books without a message."""
        side, price, size = change
        self.at_ms = at_ms
        self.books[Outcome.YES].set(side, price, size)
        self.books[Outcome.NO].set(1 - side, GRID - price, size)

    def price_change(self, change: LevelChange, at_ms: int, first: Outcome) -> list[WireFrame]:
        """Apply one level; the message names both tokens, `first` first.  A moved touch is announced before it."""
        before = self.touches(Outcome.YES)
        self.apply(change, at_ms)
        moved = self.touches(Outcome.YES) != before
        entries = ", ".join(self._entry(outcome, change) for outcome in (first, Outcome(1 - first)))
        text = (
            f'{{"market":"{self.market.condition_id}", "price_changes":[{entries}], '
            f'"timestamp":"{at_ms}", "event_type":"price_change"}}'
        )
        frame = WireFrame(text.encode(), self.tokens)
        return [*(self._best(outcome) for outcome in (Outcome.YES, Outcome.NO)), frame] if moved else [frame]

    def snapshot(self, outcome: Outcome) -> WireFrame:
        """The whole book of one token as it is sent after a trade: no tick, no last trade price."""
        bids, asks = (_levels(self._side(outcome, side), ", ") for side in (BID, ASK))
        token = self.tokens[outcome]
        text = (
            f'{{"market":"{self.market.condition_id}", "asset_id":"{token}", "bids":{bids}, "asks":{asks}, '
            f'"hash":"{self.hash(outcome)}", "timestamp":"{self.at_ms}", "event_type":"book"}}'
        )
        return WireFrame(text.encode(), (token,))

    def print_(self, outcome: Outcome, side: Side, price: Price, size: Size, at_ms: int) -> WireFrame:
        """A trade on the public tape, in the terms of the taker's token; `side` is the taker's."""
        self._prints += 1
        receipt = hashlib.sha256(f"{self.market.condition_id}:{self._prints}".encode()).hexdigest()
        token = self.tokens[outcome]
        text = (
            f'{{"market":"{self.market.condition_id}", "asset_id":"{token}", "price":"{_price(price)}", '
            f'"size":"{size_text(size)}", "fee_rate_bps":"0", "side":"{side.value}", "timestamp":"{at_ms}", '
            f'"event_type":"last_trade_price", "transaction_hash":"0x{receipt}"}}'
        )
        return WireFrame(text.encode(), (token,))

    def change_tick(self, tick: Price, at_ms: int) -> list[WireFrame]:
        """Take the new grid into both books and tell it token by token."""
        old, self.market = self.market.tick, replace(self.market, tick=tick)
        self.at_ms = at_ms
        for book in self.books:
            book.change_tick(tick)
        return [
            WireFrame(
                f'{{"market":"{self.market.condition_id}", "asset_id":"{token}", "old_tick_size":"{_price(old)}", '
                f'"new_tick_size":"{_price(tick)}", "timestamp":"{at_ms}", '
                f'"event_type":"tick_size_change"}}'.encode(),
                (token,),
            )
            for token in self.tokens
        ]

    def resolve(self, verdict: Verdict, market_id: str, at_ms: int) -> WireFrame:
        """The end of a market, for those who asked for custom features; nobody wins where both outcomes pay half."""
        self.verdict = verdict
        winner = verdict.winner
        token, name = ("", "") if winner is None else (self.tokens[winner], self.market.tokens[winner].outcome)
        tokens = ",".join(f'"{token}"' for token in self.tokens)
        text = (
            f'{{"id":"{market_id}", "market":"{self.market.condition_id}", "assets_ids":[{tokens}], '
            f'"winning_asset_id":"{token}", "winning_outcome":"{name}", '
            f'"timestamp":"{at_ms}", "event_type":"market_resolved"}}'
        )
        return WireFrame(text.encode(), self.tokens, custom=True)

    def dump(self, outcome: Outcome) -> str:
        """The book of one token as it answers a subscription, compact; an element of the array that is sent."""
        return self._head(outcome) + (
            f',"tick_size":"{_price(self.market.tick)}","event_type":"book","last_trade_price":"{self.last_trade_text}"}}'
        )

    def rest_book(self, outcome: Outcome) -> str:
        """The answer of the order book endpoint."""
        return self._head(outcome) + (
            f',"min_order_size":"{size_text(self.market.min_size)}","tick_size":"{_price(self.market.tick)}",'
            f'"neg_risk":{_bool(self.market.neg_risk)},"last_trade_price":"{self.last_trade_text}"}}'
        )

    def hash(self, outcome: Outcome) -> str:
        """The venue's hash of the whole book of one token (protocol reference, section 5.6)."""
        return self.books[outcome].hash(
            self.market.condition_id,
            self.tokens[outcome],
            str(self.at_ms),
            size_text(self.market.min_size),
            self.market.neg_risk,
            self.last_trade_text,
        )

    def _head(self, outcome: Outcome) -> str:
        bids, asks = (_levels(self._side(outcome, side), ",") for side in (BID, ASK))
        return (
            f'{{"market":"{self.market.condition_id}","asset_id":"{self.tokens[outcome]}","timestamp":"{self.at_ms}",'
            f'"hash":"{self.hash(outcome)}","bids":{bids},"asks":{asks}'
        )

    def _side(self, outcome: Outcome, side: int) -> Iterable[tuple[Price, Size]]:
        """Levels in wire order: the best one last on both sides."""
        return reversed(self.books[outcome].levels(side))

    def _entry(self, outcome: Outcome, change: LevelChange) -> str:
        side, price, size = change
        if outcome is Outcome.NO:
            side, price = 1 - side, GRID - price
        bid, ask = self.touches(outcome)
        return (
            f'{{"asset_id":"{self.tokens[outcome]}", "price":"{_price(price)}", "size":"{size_text(size)}", '
            f'"side":"{"BUY" if side == BID else "SELL"}", "hash":"{self.hash(outcome)}", '
            f'"best_bid":"{bid}", "best_ask":"{ask}"}}'
        )

    def _best(self, outcome: Outcome) -> WireFrame:
        book = self.books[outcome]
        bid, ask = self.touches(outcome)
        spread = (GRID if book.best_ask is None else book.best_ask) - (book.best_bid or 0)
        text = (
            f'{{"market":"{self.market.condition_id}", "asset_id":"{self.tokens[outcome]}", "best_bid":"{bid}", '
            f'"best_ask":"{ask}", "spread":"{_price(spread)}", "timestamp":"{self.at_ms}", '
            f'"event_type":"best_bid_ask"}}'
        )
        return WireFrame(text.encode(), (self.tokens[outcome],), custom=True)


def array(dumps: Iterable[str]) -> bytes:
    """The answer to a subscription: the dumps of all its tokens in one array."""
    return f"[{','.join(dumps)}]".encode()


def _levels(levels: Iterable[tuple[Price, Size]], comma: str) -> str:
    inner = comma.join([f'{{"price":"{_price(price)}"{comma}"size":"{size_text(size)}"}}' for price, size in levels])
    return f"[{inner}]"


def _bool(value: bool) -> str:  # noqa: FBT001 - a JSON literal
    return "true" if value else "false"
