"""The one read of the Data API that a maker needs: what a wallet holds (protocol reference, section 1.1).

What shares cost is the average of what was paid in trades that did not fail; shares that came without a trade cost
nothing here.
"""

from __future__ import annotations

import re
from fractions import Fraction

from aiohttp import web

from pmm.exchange.answers import Refused, answer
from pmm.exchange.prices import catalogue_price
from pmm.model import GRID, Market, Side, Size, TokenId, size_text
from pmm.sim.venue import Settlement, Venue

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}", re.ASCII)
_DECIMALS = 6


class Positions:
    """The handler; everything comes on one page."""

    def __init__(self, venue: Venue) -> None:
        self._venue = venue

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/data-api/v2/positions", self._positions)]

    async def _positions(self, request: web.Request) -> web.Response:
        user = request.query.get("user", "").lower()
        if not _ADDRESS.fullmatch(user):
            raise Refused(400, "user must be an address")
        wanted = {name for text in request.query.getall("condition_id", []) for name in text.split(",") if name}
        rows = [
            self._row(user, market, token, size)
            for token, size in self._venue.positions(user).items()
            if size and (market := self._market(token)) and (not wanted or market.condition_id in wanted)
        ]
        return answer({"data": rows, "pagination": {"has_more": False, "next_cursor": None}})

    def _market(self, token: TokenId) -> Market | None:
        found = self._venue.wire(token)
        return None if found is None else found[0].market

    def _row(self, user: str, market: Market, token: TokenId, size: Size) -> dict[str, object]:
        index = 0 if token == market.yes else 1
        price = Fraction(catalogue_price(self._venue.wire(token)))
        average, realized = self._cost(user, token)
        shares = Fraction(size_text(size))
        cost, value = average * shares, price * shares
        both = all(self._venue.positions(user).get(one.token_id) for one in market.tokens)
        return {
            "proxy_wallet": user,
            "token_id": token,
            "condition_id": market.condition_id,
            "current_size": _text(shares),
            "avg_price": _text(average),
            "entry_cost_usdc": _text(cost),
            "entry_fees_usdc": "0",
            "total_cost_usdc": _text(cost),
            "current_price": _text(price),
            "current_value": _text(value),
            "total_size": _text(shares),
            "realized_pnl": _text(realized),
            "unrealized_pnl": _text(value - cost),
            "total_pnl": _text(value - cost + realized),
            "percent_pnl": _text((value - cost) / cost * 100 if cost else Fraction(0)),
            "percent_realized_pnl": "0",
            "status": "OPEN",
            "redeemable": self._venue.verdict(market.condition_id) is not None,
            "mergeable": both,
            "negative_risk": market.neg_risk,
            "archived": False,
            "verified": True,
            "title": market.question,
            "slug": market.slug,
            "event_slug": market.event_slug,
            "outcome": market.tokens[index].outcome,
            "outcome_index": index,
            "opposite_outcome": market.tokens[1 - index].outcome,
            "opposite_token_id": market.tokens[1 - index].token_id,
        }

    def _cost(self, user: str, token: TokenId) -> tuple[Fraction, Fraction]:
        """The average price of what is held, and what selling has earned, in dollars."""
        held, average, realized = Fraction(0), Fraction(0), Fraction(0)
        for side, price, size in reversed(list(self._fills(user, token))):
            if side is Side.BUY:
                average = (average * held + price * size) / (held + size)
                held += size
            else:
                realized += (price - average) * min(size, held)
                held = max(Fraction(0), held - size)
        return average, realized

    def _fills(self, user: str, token: TokenId) -> list[tuple[Side, Fraction, Fraction]]:
        """Newest first."""
        fills = []
        for trade in self._venue.trades(user, token=token):
            if trade.status is Settlement.FAILED:
                continue
            parts = [leg for leg in trade.legs if leg.account == user and leg.token == token]
            fills += [(part.side, Fraction(part.price, GRID), Fraction(size_text(part.size))) for part in parts]
            if trade.account == user and trade.token == token:
                fills.append((trade.side, Fraction(trade.price, GRID), Fraction(size_text(trade.size))))
        return fills


def _text(value: Fraction) -> str:
    return f"{float(value):.{_DECIMALS}f}".rstrip("0").rstrip(".") or "0"
