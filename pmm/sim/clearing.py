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

from pmm.model import GRID, ConditionId, Market, Money, Nanos, OrderId, Side
from pmm.sim.accounts import Account, Accounts
from pmm.sim.blotter import Blotter, VenueOrder
from pmm.sim.faces import Face
from pmm.sim.fees import Rebates, taker_fee
from pmm.sim.floor import Floor
from pmm.sim.ledger import FEES, Asset
from pmm.sim.matching import Fill, Outcome, Report, Status, maker_cash
from pmm.sim.notices import Notices
from pmm.sim.orders import Change, OrderStatus
from pmm.sim.payment import Deal, Payments
from pmm.sim.settlement import Settlements
from pmm.sim.sheet import Sheet
from pmm.sim.trades import Leg, Settlement, TradeRecord


class _Maker(NamedTuple):
    """Who stands behind a fill; `order` is None for a synthetic trader."""

    account: Account
    order: VenueOrder | None


class Clearing:
    """`cover` is called for every account from outside whose means have shrunk."""

    def __init__(
        self,
        accounts: Accounts,
        blotter: Blotter,
        settlements: Settlements,
        payments: Payments,
        rebates: Rebates,
        notices: Notices,
        cover: Callable[[Account, Nanos], None],
    ) -> None:
        self._accounts = accounts
        self._blotter = blotter
        self._settlements = settlements
        self._payments = payments
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
        trade_id = _trade_id(market.condition_id, report.order_id, number)
        makers = [self._maker(floor, fill) for fill in fills]
        sheet = Sheet((market.yes, market.no))
        for fill, maker in zip(fills, makers, strict=True):
            sheet.meet(fill, maker.account, report.side)
            if maker.order is not None:
                self._filled(maker.order, fill, trade_id, at)
        price = fills[0].price_yes if report.outcome is Outcome.YES else GRID - fills[0].price_yes
        fee = taker_fee(floor.listing.fees, price, sheet.size)
        if report.side is Side.SELL:
            fee = min(fee, sheet.cash)
        sheet.close(taker, report, fee, self._fees)
        earned = self._earn(floor, fee, fills, makers)
        parties = tuple({one.name: one for one in (taker, *(one.account for one in makers)) if not one.house}.values())
        if not parties:
            self._among_themselves(floor, sheet, at)
            return ()
        face = Face.of(market.slug, order, report.order_id, report.owner)
        record = TradeRecord(
            trade_id,
            face.order_id,
            face.account,
            face.owner,
            market.condition_id,
            sheet.tokens[report.outcome],
            report.outcome,
            report.side,
            price,
            sheet.size,
            fee,
            tuple(_leg(market, fill, maker) for fill, maker in zip(fills, makers, strict=True)),
            Settlement.MATCHED,
            at,
            at,
            number,
        )
        if order is not None:
            order.trade(sheet.size, sheet.cash, trade_id)
        schedule = floor.listing.fees
        self._begin(Deal(record, sheet, parties, lambda: self._rebates.void(record.market, schedule, fee, earned)))
        return parties

    def _among_themselves(self, floor: Floor, sheet: Sheet, at: Nanos) -> None:
        """Nobody looks: the synthetic traders settle at once and keep no record."""
        market = floor.listing.market.condition_id
        self._provide(sheet, market, at)
        self._payments.direct(market, sheet, at)

    def _begin(self, deal: Deal) -> None:
        """Send a trade on its way."""
        record = deal.record
        self._provide(deal.sheet, record.market, record.matched_at)
        self._settlements.begin(deal)
        for party in deal.parties:
            facts = {"trade_id": record.trade_id, "market": record.market}
            self._notices.add(party.name, 2, record.matched_at, facts)

    def _maker(self, floor: Floor, fill: Fill) -> _Maker:
        order = self._blotter.find(fill.order_id)
        return _Maker(order.account if order is not None else self._house(floor, fill.owner), order)

    def _earn(self, floor: Floor, fee: Money, fills: list[Fill], makers: list[_Maker]) -> list[tuple[str, Money]]:
        """Makers share in the fee by what they would have paid themselves: who by how much."""
        if not fee:
            return []
        schedule = floor.listing.fees
        earned = [
            (maker.account.name, taker_fee(schedule, fill.price_yes, fill.size))
            for fill, maker in zip(fills, makers, strict=True)
        ]
        self._rebates.note(floor.condition_id, schedule, fee, earned)
        return earned

    def _filled(self, order: VenueOrder, fill: Fill, trade_id: str, at: Nanos) -> None:
        order.trade(fill.size, maker_cash(fill), trade_id)
        if fill.left == 0:
            self._blotter.close(order, OrderStatus.MATCHED, at)
        self._blotter.note(order, Change.UPDATE, at)

    def _provide(self, sheet: Sheet, market: ConditionId, at: Nanos) -> None:
        """See to it that the synthetic traders can give what they must, however many orders of theirs traded."""
        needs: dict[tuple[Account, Asset], int] = {}
        for account, asset, amount in sheet.gives:
            if account.house:
                needs[account, asset] = needs.get((account, asset), 0) + amount
        for (account, asset), amount in needs.items():
            self._accounts.provide(account, asset, amount, market, sheet.tokens, at)


def _leg(market: Market, fill: Fill, maker: _Maker) -> Leg:
    face = Face.of(market.slug, maker.order, fill.order_id, fill.owner)
    price = fill.price_yes if fill.outcome is Outcome.YES else GRID - fill.price_yes
    token = market.tokens[fill.outcome].token_id
    return Leg(face.order_id, face.account, face.owner, token, fill.outcome, fill.side, price, fill.size)


def _trade_id(market: ConditionId, order_id: OrderId, number: int) -> str:
    digest = hashlib.blake2b(f"{market}:{order_id}:{number}".encode(), digest_size=16).digest()
    return str(UUID(bytes=digest, version=4))
