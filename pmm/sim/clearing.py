"""From a report of the book to trades, movements of money and shares, and what the accounts are told.

A taker's order makes one trade per price.  Complementary orders change hands, two buyers have a set minted, two
sellers have one burned; the taker bears fractions of a micro-dollar and pays the fee (protocol reference, 4.5, 7.1).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from itertools import groupby
from typing import NamedTuple
from uuid import UUID

from pmm.model import GRID, Money, Nanos, Side, Size
from pmm.sim.accounts import Account, Accounts
from pmm.sim.blotter import Blotter, VenueOrder
from pmm.sim.fees import Rebates, taker_fee
from pmm.sim.floor import Floor
from pmm.sim.ledger import COLLATERAL, FEES, Asset
from pmm.sim.matching import Fill, Outcome, Report, Status, maker_cash, taker_cash
from pmm.sim.notices import Notices
from pmm.sim.orders import Change, OrderStatus
from pmm.sim.settlement import Deal, Part, Settlements
from pmm.sim.trades import Leg, Settlement, TradeRecord


class _Maker(NamedTuple):
    """Who stands behind a fill; `order` is None for a synthetic trader."""

    account: Account
    order: VenueOrder | None


class _Sheet:
    """What everybody gives and gets in one trade."""

    def __init__(self, tokens: tuple[Asset, Asset]) -> None:
        self.tokens = tokens
        self.gives: list[Part] = []
        self.gets: list[Part] = []
        self.size: Size = 0
        self.cash: Money = 0
        self.minted = 0

    def meet(self, fill: Fill, maker: Account, side: Side) -> None:
        """Enter a maker's part, and remember the taker's, who is on `side`."""
        part = maker_cash(fill)
        self._enter(maker, fill.side, self.tokens[fill.outcome], fill.size, part, 0)
        self.size += fill.size
        self.cash += taker_cash(fill, side, part)
        if fill.side is side:
            self.minted += fill.size * side.sign

    def close(self, taker: Account, report: Report, fee: Money, fees: Account) -> None:
        """Enter the taker's part and the fee."""
        self._enter(taker, report.side, self.tokens[report.outcome], self.size, self.cash, fee)
        if fee:
            self.gets.append(Part(fees, COLLATERAL, fee))

    def _enter(self, account: Account, side: Side, token: Asset, size: Size, cash: Money, fee: Money) -> None:
        shares, money = Part(account, token, size), Part(account, COLLATERAL, cash + side.sign * fee)
        self.gives.append(money if side is Side.BUY else shares)
        self.gets.append(shares if side is Side.BUY else money)


class Clearing:
    """`cover` is called for every account from outside whose means have shrunk."""

    def __init__(
        self,
        accounts: Accounts,
        blotter: Blotter,
        settlements: Settlements,
        rebates: Rebates,
        notices: Notices,
        cover: Callable[[Account, Nanos], None],
    ) -> None:
        self._accounts = accounts
        self._blotter = blotter
        self._settlements = settlements
        self._rebates = rebates
        self._notices = notices
        self._cover = cover
        self._fees = accounts.open(FEES, house=True)

    def __call__(self, floor: Floor, report: Report) -> None:
        """Clear what a request has changed."""
        if report.status is Status.CANCELED:
            self._withdrawn(report, floor.now)
            return
        order = self._blotter.find(report.order_id)
        taker = order.account if order is not None else self._house(floor, report.owner)
        parties: dict[str, Account] = {}
        for number, (_, fills) in enumerate(groupby(report.fills, key=lambda fill: fill.price_yes)):
            for party in self._trade(floor, report, order, taker, list(fills), number):
                parties[party.name] = party
        for party in parties.values():
            self._cover(party, floor.now)

    def _withdrawn(self, report: Report, at: Nanos) -> None:
        """Somebody took an order off the book past its account, who is not told."""
        order = self._blotter.find(report.order_id)
        if order is not None and order.status is OrderStatus.LIVE:
            self._blotter.close(order, OrderStatus.CANCELED, at, told=False)

    def _house(self, floor: Floor, owner: str) -> Account:
        return self._accounts.open(f"{floor.listing.market.slug}/{owner}", house=True)

    def _trade(
        self, floor: Floor, report: Report, order: VenueOrder | None, taker: Account, fills: list[Fill], number: int
    ) -> tuple[Account, ...]:
        """One price of a taker's order; who from outside took part."""
        market, at = floor.listing.market, floor.now
        trade_id = _trade_id(report.order_id, number)
        makers = [self._maker(floor, fill) for fill in fills]
        sheet = _Sheet((market.yes, market.no))
        for fill, maker in zip(fills, makers, strict=True):
            sheet.meet(fill, maker.account, report.side)
            if maker.order is not None:
                self._filled(maker.order, fill, trade_id, at)
        price = fills[0].price_yes if report.outcome is Outcome.YES else GRID - fills[0].price_yes
        fee = taker_fee(floor.listing.fees, price, sheet.size)
        if report.side is Side.SELL:
            fee = min(fee, sheet.cash)
        sheet.close(taker, report, fee, self._fees)
        record = TradeRecord(
            trade_id,
            report.order_id,
            taker.name,
            order.terms.owner if order is not None else "",
            market.condition_id,
            sheet.tokens[report.outcome],
            report.outcome,
            report.side,
            price,
            sheet.size,
            fee,
            tuple(_leg(fill, maker, sheet.tokens) for fill, maker in zip(fills, makers, strict=True)),
            Settlement.MATCHED,
            at,
            at,
            number,
        )
        if order is not None:
            order.trade(sheet.size, sheet.cash, trade_id)
        self._earn(floor, fee, fills, makers)
        return self._settle(record, sheet, [taker, *(maker.account for maker in makers)])

    def _settle(self, record: TradeRecord, sheet: _Sheet, everybody: list[Account]) -> tuple[Account, ...]:
        """Send a trade on its way; the synthetic traders among themselves settle at once."""
        parties = tuple({one.name: one for one in everybody if not one.house}.values())
        deal = Deal(record, sheet.gives, sheet.gets, sheet.minted, sheet.tokens, parties)
        self._provide(deal, record.matched_at)
        if not parties:
            self._settlements.direct(deal, record.matched_at)
            return parties
        self._settlements.begin(deal)
        for party in parties:
            facts = {"trade_id": record.trade_id, "market": record.market}
            self._notices.add(party.name, 2, record.matched_at, facts)
        return parties

    def _maker(self, floor: Floor, fill: Fill) -> _Maker:
        order = self._blotter.find(fill.order_id)
        return _Maker(order.account if order is not None else self._house(floor, fill.owner), order)

    def _earn(self, floor: Floor, fee: Money, fills: list[Fill], makers: list[_Maker]) -> None:
        """Makers share in the fee by what they would have paid themselves."""
        schedule = floor.listing.fees
        if fee:
            earned = [
                (maker.account.name, taker_fee(schedule, fill.price_yes, fill.size))
                for fill, maker in zip(fills, makers, strict=True)
            ]
            self._rebates.note(floor.listing.market.condition_id, schedule, fee, earned)

    def _filled(self, order: VenueOrder, fill: Fill, trade_id: str, at: Nanos) -> None:
        order.trade(fill.size, maker_cash(fill), trade_id)
        if fill.left == 0:
            self._blotter.close(order, OrderStatus.MATCHED, at)
        self._blotter.note(order, Change.UPDATE, at)

    def _provide(self, deal: Deal, at: Nanos) -> None:
        for account, asset, amount in deal.gives:
            if account.house:
                self._accounts.provide(account, asset, amount, deal.market, deal.tokens, at)


def _leg(fill: Fill, maker: _Maker, tokens: tuple[str, str]) -> Leg:
    price = fill.price_yes if fill.outcome is Outcome.YES else GRID - fill.price_yes
    owner = maker.order.terms.owner if maker.order is not None else ""
    token = tokens[fill.outcome]
    return Leg(fill.order_id, maker.account.name, owner, token, fill.outcome, fill.side, price, fill.size)


def _trade_id(order_id: str, number: int) -> str:
    digest = hashlib.blake2b(f"{order_id}:{number}".encode(), digest_size=16).digest()
    return str(UUID(bytes=digest, version=4))
