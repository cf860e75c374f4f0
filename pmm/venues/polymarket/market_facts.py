"""The facts of markets that orders are signed by: as discovery told them, with the price step of the latest frame.

A step changes in the middle of trading and is told on the socket at once, by discovery minutes later; an order that is
checked against the old one would be refused by ourselves (protocol reference, section 4.2).
"""

from __future__ import annotations

from dataclasses import replace

import orjson

from pmm.errors import BadAnswer
from pmm.events import Event, Frame, MarketListed
from pmm.model import TICKS, ConditionId, Market, TokenId
from pmm.venues.polymarket import fields

_TICK_CHANGE = b"tick_size_change"


class MarketFacts:
    """Every market that was listed.  It is told of every event."""

    def __init__(self) -> None:
        self._markets: dict[ConditionId, Market] = {}
        self._quoted: dict[ConditionId, None] = {}

    def get(self, condition_id: ConditionId) -> Market | None:
        return self._markets.get(condition_id)

    def tokens(self) -> list[TokenId]:
        """The tokens of the markets that are quoted."""
        return [token.token_id for name in self._quoted for token in self._markets[name].tokens]

    def observe(self, event: Event) -> None:
        if isinstance(event, MarketListed):
            self._markets[event.market.condition_id] = event.market
            if event.quoted:
                self._quoted[event.market.condition_id] = None
        elif isinstance(event, Frame) and _TICK_CHANGE in event.data:
            self._change(event.data)

    def _change(self, data: bytes) -> None:
        """Take what can be read; a frame is judged elsewhere."""
        try:
            told = orjson.loads(data)
        except orjson.JSONDecodeError:
            return
        for record in told if isinstance(told, list) else [told]:
            if isinstance(record, dict) and record.get("event_type") == _TICK_CHANGE.decode():
                self._take(record)

    def _take(self, record: fields.Record) -> None:
        try:
            tick = fields.price(record.get("new_tick_size"), "new_tick_size")
        except BadAnswer:
            return
        market = self._markets.get(str(record.get("market")))
        if market is not None and tick in TICKS and tick is not None:
            self._markets[market.condition_id] = replace(market, tick=tick)
