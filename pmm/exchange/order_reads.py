"""What an account may read about its orders and trades (protocol reference, sections 3.7 and 3.10)."""

from __future__ import annotations

import orjson
from aiohttp import web

from pmm.exchange.answers import BODY, NO_MARKET, Refused, answer
from pmm.exchange.auth import Auth
from pmm.exchange.pages import page
from pmm.exchange.papers import order_paper, trade_paper
from pmm.exchange.wallets import Wallets
from pmm.model import SECOND, Market, Nanos, TokenId
from pmm.sim.venue import OpenOrder, TradeRecord, Venue

PAGE = 500
SCORING_MAX = 1_000
BAD_ORDER_QUERY = "invalid order params payload"
BAD_TRADE_QUERY = "Invalid trade params payload"
NO_ORDER = "Order not found"


class OrderReads:
    """The handlers; they change nothing."""

    def __init__(self, venue: Venue, auth: Auth, wallets: Wallets) -> None:
        self._venue = venue
        self._auth = auth
        self._wallets = wallets

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/data/orders", self._orders),
            web.get("/data/order/{order_id}", self._order),
            web.get("/data/pre-migration-orders", self._none),
            web.get("/data/trades", self._trades),
            web.get("/order-scoring", self._scoring),
            web.post("/orders-scoring", self._scorings),
        ]

    async def _orders(self, request: web.Request) -> web.Response:
        wallets = self._wallets.of((await self._auth.key(request)).address)
        query = request.query
        if wanted := query.get("id"):
            found = self._venue.order(wanted.lower())
            orders = [found] if found is not None and found.account in wallets else []
        else:
            market, token = query.get("market") or None, query.get("asset_id") or None
            orders = [one for wallet in wallets for one in self._venue.orders(wallet, market=market, token=token)]
        return answer(page(orders, query.get("next_cursor"), PAGE, order_paper))

    async def _order(self, request: web.Request) -> web.Response:
        wallets = self._wallets.of((await self._auth.key(request)).address)
        order = self._own(request.match_info["order_id"], wallets)
        if order is None:
            raise Refused(404, NO_ORDER)
        return answer(order_paper(order))

    async def _none(self, request: web.Request) -> web.Response:
        """Nobody here has orders from before the venue's migration."""
        await self._auth.key(request)
        return answer(page([], request.query.get("next_cursor"), PAGE, order_paper))

    async def _trades(self, request: web.Request) -> web.Response:
        wallets = self._wallets.of((await self._auth.key(request)).address)
        query = request.query
        if (maker := query.get("maker_address", "").lower()) and maker not in wallets:
            wallets = []
        elif maker:
            wallets = [maker]
        trades = self._one_trade(query["id"], wallets) if query.get("id") else self._search(request, wallets)
        mine = set(wallets)
        return answer(
            page(
                trades,
                query.get("next_cursor"),
                PAGE,
                lambda trade: trade_paper(trade, mine.__contains__, self.market_of),
            )
        )

    def _one_trade(self, trade_id: str, wallets: list[str]) -> list[TradeRecord]:
        trade = self._venue.trade(trade_id)
        return [trade] if trade is not None and any(trade.names(wallet) for wallet in wallets) else []

    def _search(self, request: web.Request, wallets: list[str]) -> list[TradeRecord]:
        query = request.query
        after, before = _moment(query.get("after")), _moment(query.get("before"))
        found = {
            trade.trade_id: trade
            for wallet in wallets
            for trade in self._venue.trades(
                wallet,
                market=query.get("market") or None,
                token=query.get("asset_id") or None,
                after=after,
                before=before,
            )
        }
        return sorted(found.values(), key=lambda trade: trade.matched_at, reverse=True)

    async def _scoring(self, request: web.Request) -> web.Response:
        wallets = self._wallets.of((await self._auth.key(request)).address)
        return answer({"scoring": self._scores(request.query.get("order_id", ""), wallets)})

    async def _scorings(self, request: web.Request) -> web.Response:
        wallets = self._wallets.of((await self._auth.key(request)).address)
        try:
            ids = orjson.loads(request[BODY])
        except orjson.JSONDecodeError:
            raise Refused(400, BAD_ORDER_QUERY) from None
        if not isinstance(ids, list) or len(ids) > SCORING_MAX or not all(isinstance(one, str) for one in ids):
            raise Refused(400, BAD_ORDER_QUERY)
        return answer({one: self._scores(one, wallets) for one in ids})

    def _scores(self, order_id: str, wallets: list[str]) -> bool:
        return self._own(order_id, wallets) is not None and self._venue.scoring(order_id.lower())

    def _own(self, order_id: str, wallets: list[str]) -> OpenOrder | None:
        order = self._venue.order(order_id.lower())
        return order if order is not None and order.account in wallets else None

    def market_of(self, token: TokenId) -> Market:
        """The market that lists a token.  Raises Refused."""
        found = self._venue.wire(token)
        if found is None:
            raise Refused(404, NO_MARKET)
        return found[0].market


def _moment(text: str | None) -> Nanos | None:
    """Unix seconds of a query.  Raises Refused."""
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 12:
        raise Refused(400, BAD_TRADE_QUERY)
    return int(text) * SECOND
