"""`pmm orders`, `pmm trades`, `pmm positions`, `pmm pnl`: what the account has, the same in a dry run and live."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from pmm.account import OrderStatus, Origin, OwnTrade, TradeStatus
from pmm.cli.context import LIVE, Cli
from pmm.model import Side, money_text, parse_price, parse_size, price_text, size_text, unix_time, utc_text

if TYPE_CHECKING:
    from pmm.account import OwnOrder
    from pmm.app.account import Account
    from pmm.app.exits import Exit
    from pmm.metrics.pnl import MarketPnl
    from pmm.sinks.records import Held

T = TypeVar("T")

LIMIT = 100
Live = Annotated[
    bool | None,
    typer.Option("--live/--dry-run", help="Of the real account, or of the last dry run.", show_default=False),
]
TokenOption = Annotated[str | None, typer.Option("--token", metavar="ID", help="Of one token only.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=100_000, help="At most so many, the newest first.")]


def orders(live: Live = None, token: TokenOption = None, limit: Limit = LIMIT) -> None:
    """Open orders, those of others on the account too."""
    cli = Cli.current()
    found = _read(cli, live, lambda account: account.orders(token, limit))
    if cli.mode == LIVE:
        # In a dry run it is an order on its way.
        _warn_of_strange(cli, "order", [one.order_id for one in found if one.status is OrderStatus.UNKNOWN])
    cli.emit_list("pmm.orders/1", "orders", [order_record(one) for one in found], human=lambda: _orders(cli, found))


def trades(
    live: Live = None,
    token: TokenOption = None,
    limit: Limit = LIMIT,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="From then on: 2026-11-24 or 2026-11-24T12:00.")
    ] = None,
) -> None:
    """Trades of the account, the newest first."""
    cli = Cli.current()
    begin = moment(since)
    found = _read(cli, live, lambda account: account.trades(token, limit, begin))
    _warn_of_strange(cli, "trade", [one.trade_id for one in found if one.status is TradeStatus.UNKNOWN])
    cli.emit_list("pmm.trades/1", "trades", [trade_record(one) for one in found], human=lambda: _trades(cli, found))


def positions(live: Live = None, token: TokenOption = None) -> None:
    """Shares held, token by token: what could be merged into money, and what may still be lost at worst."""
    from pmm.app.exits import exits

    cli = Cli.current()
    everything = _read(cli, live, lambda account: account.positions())
    ways, found = exits(everything), [one for one in everything if token in (None, one.token)]
    records = [held_record(one, ways[one.market]) for one in found]
    cli.emit_list("pmm.positions/1", "positions", records, human=lambda: _positions(cli, found, ways))


def pnl(live: Live = None) -> None:
    """Profit and loss by market, as this instance booked it: spread captured + inventory move."""
    cli = Cli.current()
    found = _read(cli, live, lambda account: account.pnl())
    markets = {market: pnl_record(one) for market, one in found.items()}
    cli.emit("pmm.pnl/1", {"markets": markets}, human=lambda: _pnl(cli, markets))


def order_record(order: OwnOrder) -> dict[str, object]:
    """An order for programs; sizes and prices are text."""
    return {
        "order_id": order.order_id,
        "venue_id": order.venue_id,
        "market": order.market,
        "token_id": order.token,
        "outcome": order.outcome,
        "side": order.side,
        "price": price_text(order.price),
        "size": size_text(order.size),
        "matched": size_text(order.matched),
        "remaining": size_text(order.remaining),
        "filled_share": round(order.filled_share, 6),
        "status": order.status,
        "is_live": order.is_live,
        "is_filled": order.is_filled,
        "origin": order.origin,
        "created_at": utc_text(order.created_at),
        "expires_at": None if order.expires_at is None else utc_text(order.expires_at),
    }


def trade_record(trade: OwnTrade) -> dict[str, object]:
    return {
        "trade_id": trade.trade_id,
        "order_id": trade.order_id,
        "venue_id": trade.venue_id,
        "market": trade.market,
        "token_id": trade.token,
        "outcome": trade.outcome,
        "side": trade.side,
        "price": price_text(trade.price),
        "size": size_text(trade.size),
        "status": trade.status,
        "maker": trade.maker,
        "transaction": trade.transaction,
        "origin": trade.origin,
        "matched_at": utc_text(trade.matched_at),
    }


def trade_of(record: Mapping[str, Any]) -> OwnTrade:
    """The trade that a record was written from, to the millisecond.  Raises KeyError and ValueError for another."""
    at = unix_time(record["matched_at"])
    if at is None:
        raise ValueError(f"not a time: {record['matched_at']!r}")
    return OwnTrade(
        trade_id=record["trade_id"],
        order_id=record["order_id"],
        venue_id=record["venue_id"],
        market=record["market"],
        token=record["token_id"],
        outcome=record["outcome"],
        side=Side(record["side"]),
        price=parse_price(record["price"]),
        size=parse_size(record["size"]),
        status=TradeStatus(record["status"]),
        maker=record["maker"],
        transaction=record["transaction"],
        origin=Origin(record["origin"]),
        matched_at=at,
    )


def held_record(held: Held, way: Exit) -> dict[str, object]:
    """A position for programs; `way` is that of its market."""
    return {
        "market": held.market,
        "token_id": held.token,
        "outcome": held.outcome,
        "size": size_text(held.size),
        "cost": money_text(held.cost),
        "event": held.event or None,
        "mergeable": size_text(way.mergeable),
        "convertible": money_text(way.convertible),
        "worst_case": money_text(way.worst),
    }


def pnl_record(one: MarketPnl) -> dict[str, str]:
    from pmm.metrics.pnl import pnl_text

    return {
        "total": pnl_text(one.total),
        "spread_captured": pnl_text(one.spread),
        "inventory_move": pnl_text(one.inventory),
        "residual": pnl_text(one.residual),
        "yes": size_text(one.yes),
        "no": size_text(one.no),
        "cash": money_text(one.cash),
    }


def _read(cli: Cli, live: bool | None, ask: Callable[[Account], Awaitable[T]]) -> T:
    import asyncio

    from pmm.app.account import account_for

    loaded = cli.load({"dry_run": None if live is None else not live})

    async def read() -> T:
        async with account_for(loaded, cli.instance, cli.asker) as account:
            return await ask(account)

    return asyncio.run(read())


def _warn_of_strange(cli: Cli, what: str, ids: Sequence[str]) -> None:
    """Alarm for statuses that are none of those that we know."""
    for one in ids:
        cli.warn(f"the venue shows {what} {one} with a status that this version does not know")


def moment(text: str | None) -> int:
    """A time that a user wrote, in nanoseconds; 0 for none.  Raises UsageError."""
    from pmm.errors import UsageError

    if text is None:
        return 0
    moment = unix_time(text)
    if moment is None:
        raise UsageError(f"{text!r} is no date", hint="Write 2026-11-24 or 2026-11-24T12:00.")
    return moment


def _orders(cli: Cli, found: Sequence[OwnOrder]) -> str:
    rows = [
        (
            one.order_id[:24],
            one.outcome,
            one.side,
            price_text(one.price),
            f"{size_text(one.remaining)} of {size_text(one.size)}",
            one.status,
            one.origin,
        )
        for one in found
    ]
    return _titled(cli, ("order", "outcome", "side", "price", "left", "status", "whose"), rows, "no open orders")


def _trades(cli: Cli, found: Sequence[OwnTrade]) -> str:
    rows = [
        (
            utc_text(one.matched_at),
            one.outcome,
            one.side,
            price_text(one.price),
            size_text(one.size),
            one.status,
            one.order_id[:24],
        )
        for one in found
    ]
    return _titled(cli, ("time", "outcome", "side", "price", "size", "status", "order"), rows, "no trades")


def _positions(cli: Cli, found: Sequence[Held], ways: Mapping[str, Exit]) -> str:
    rows = [
        (
            one.market[:14],
            one.outcome,
            size_text(one.size),
            money_text(one.cost),
            size_text(ways[one.market].mergeable),
            one.token,
        )
        for one in found
    ]
    table = _titled(cli, ("market", "outcome", "shares", "cost", "mergeable", "token"), rows, "nothing is held")
    return "\n".join([table, *_ways_out(cli, found, ways)])


def _ways_out(cli: Cli, found: Sequence[Held], ways: Mapping[str, Exit]) -> Iterator[str]:
    """What could be lost at worst, event by event, and the commands that would free money; nothing is sent."""
    for event, way in {one.event: ways[one.market] for one in found if one.event}.items():
        freed = f"; {money_text(way.convertible)} USD are free once its NO shares are converted" * bool(way.convertible)
        yield f"event {event}: at most {money_text(way.worst)} USD are lost by its shares, whoever wins{freed}"
    for market in {one.market: None for one in found if ways[one.market].mergeable}:
        size = size_text(ways[market].mergeable)
        step = f"; pmm wallet merge --market {market} --size {size}" if cli.mode == LIVE else ""
        yield f"{size} pairs of {market[:14]} can be merged into as many USD{step}"


def _pnl(cli: Cli, markets: dict[str, dict[str, str]]) -> str:
    rows = [
        (market[:14], one["total"], one["spread_captured"], one["inventory_move"], one["residual"])
        for market, one in markets.items()
    ]
    return _titled(cli, ("market", "total", "spread captured", "inventory move", "residual"), rows, "no trades")


def _titled(cli: Cli, columns: Sequence[str], rows: Sequence[Sequence[object]], nothing: str) -> str:
    return f"{cli.banner}  {nothing}" if not rows else f"{cli.banner}\n{cli.table(columns, rows)}"
