"""nautilus_trader's own Polymarket adapter steps: its message types, its deltas, its order book."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
from nautilus_trader.adapters.polymarket.schemas.book import PolymarketBookSnapshot, PolymarketQuotes
from nautilus_trader.model.book import OrderBook
from nautilus_trader.model.currencies import USDC
from nautilus_trader.model.enums import AssetClass, BookType
from nautilus_trader.model.identifiers import InstrumentId, Symbol
from nautilus_trader.model.instruments import BinaryOption
from nautilus_trader.model.objects import Price, Quantity

from benchmarks.peers import Stack, Token
from benchmarks.stream import Stream


def instrument(token: str, tick: int) -> BinaryOption:
    places = 2 if tick == 100 else 3
    return BinaryOption(
        instrument_id=InstrumentId.from_str(f"{token[:20]}.POLYMARKET"),
        raw_symbol=Symbol(token),
        outcome="Yes",
        description="a binary market",
        asset_class=AssetClass.ALTERNATIVE,
        currency=USDC,
        price_precision=places,
        price_increment=Price(tick / 10_000, places),
        size_precision=6,
        size_increment=Quantity(0.000001, 6),
        activation_ns=0,
        expiration_ns=2**62,
        max_quantity=None,
        min_quantity=None,
        maker_fee=Decimal(0),
        taker_fee=Decimal(0),
        ts_event=0,
        ts_init=0,
    )


class Nautilus(Stack):
    """The steps of the adapter for one frame, without its message bus."""

    def __init__(self, stream: Stream) -> None:
        self.instruments = {token: instrument(token, tick) for token, tick in stream.ticks.items()}
        self.ladders = {token: OrderBook(item.id, BookType.L2_MBP) for token, item in self.instruments.items()}
        super().__init__(stream)

    def reader(self) -> Callable[[bytes], Any]:
        decode = msgspec.json.Decoder(PolymarketBookSnapshot | PolymarketQuotes).decode
        instruments, ladders, tokens = self.instruments, self.ladders, self.tokens

        def refreshed(name: str) -> Token:
            token, ladder = tokens[name], ladders[name]
            bid, ask = ladder.best_bid_price(), ladder.best_ask_price()
            token.bid = round(float(bid) * 10_000) if bid is not None else 0
            token.ask = round(float(ask) * 10_000) if ask is not None else 10_000
            return token

        def books(frame: bytes) -> Any:
            message = decode(frame)
            if isinstance(message, PolymarketBookSnapshot):
                name = message.asset_id
                ladders[name].apply_deltas(message.parse_to_snapshot(instruments[name], ts_init=0))
                return (refreshed(name),)
            names = dict.fromkeys(change.asset_id for change in message.price_changes)
            for name in names:
                mine = [change for change in message.price_changes if change.asset_id == name]
                quotes = PolymarketQuotes(message.market, mine, message.timestamp)
                ladders[name].apply_deltas(quotes.parse_to_deltas(instruments[name], ts_init=0))
            return [refreshed(name) for name in names]

        return books
