"""What a trade moves, and when: into escrow at the match, out of it when it is mined, and back when that is undone.

The chain can take back what it has paid (protocol reference, section 4.7).  Whoever has spent it by then owes it: the
ledger shows less than nothing, the venue shows nothing, and orders that are no longer covered are taken away.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import TypeAlias

from pmm.model import ConditionId, Nanos
from pmm.sim.accounts import Account, Accounts
from pmm.sim.agenda import Agenda
from pmm.sim.ledger import ESCROW, FEES, Asset, Ledger
from pmm.sim.sheet import Part, Sheet
from pmm.sim.trades import TradeRecord

# Who is told that a payment was taken back: the market, and the accounts from outside.
Undone: TypeAlias = Callable[[ConditionId, tuple[Account, ...], Nanos], None]


class Stage(Enum):
    """Where the money and shares of a trade are."""

    ESCROW = auto()
    PAID = auto()  # and not shown yet
    SHOWN = auto()
    GIVEN_BACK = auto()


@dataclass(slots=True)
class Deal:
    """A trade, the movements behind it, who from outside takes part, and how often it was paid.

    `void` is called once when the trade has failed.
    """

    record: TradeRecord
    sheet: Sheet
    parties: tuple[Account, ...]
    void: Callable[[], None]
    stage: Stage = Stage.ESCROW
    payments: int = 0


class Payments:
    """Every step is done once, however often it is asked for."""

    def __init__(self, ledger: Ledger, accounts: Accounts, agenda: Agenda, lag: Nanos, undone: Undone) -> None:
        self._ledger = ledger
        self._accounts = accounts
        self._agenda = agenda
        self._lag = lag
        self._undone = undone

    def hold(self, deal: Deal) -> None:
        """The match: what is given goes into escrow."""
        for part in deal.sheet.gives:
            self._ledger.move(part.asset, part.account.name, ESCROW, part.amount, deal.record.matched_at, _why(deal))
            _note(part.account.in_flight, part, 1)

    def direct(self, market: ConditionId, sheet: Sheet, at: Nanos) -> None:
        """Settle at once and for good."""
        for account, asset, amount in sheet.gives:
            self._ledger.move(asset, account.name, ESCROW, amount, at, "trade")
        self._pay(market, sheet, at, "trade")

    def pay(self, deal: Deal, at: Nanos) -> None:
        """The chain has it; the venue shows it a little later."""
        if deal.stage is not Stage.ESCROW:
            return
        self._pay(deal.record.market, deal.sheet, at, _why(deal))
        for part in deal.sheet.gets:
            _note(part.account.hidden, part, 1)
        deal.stage = Stage.PAID
        deal.payments += 1
        payment = deal.payments
        if self._lag:
            self._agenda.enter(at + self._lag, lambda _: _show(deal, payment))
        else:
            _show(deal, payment)

    def undo(self, deal: Deal, at: Nanos) -> None:
        """The chain has it no longer: everything is in escrow again, and whoever gave sees it as before the payment."""
        if self._revert(deal, at):
            self._undone(deal.record.market, deal.parties, at)

    def give_back(self, deal: Deal, at: Nanos) -> None:
        """The trade is void: everybody has again what was given."""
        reverted = self._revert(deal, at)
        if deal.stage is not Stage.ESCROW:
            return
        deal.stage = Stage.GIVEN_BACK
        deal.void()
        for part in deal.sheet.gives:
            self._ledger.move(part.asset, ESCROW, part.account.name, part.amount, at, _why(deal))
            _note(part.account.in_flight, part, -1)
        if reverted:
            self._undone(deal.record.market, deal.parties, at)

    def _revert(self, deal: Deal, at: Nanos) -> bool:
        """From paid back to escrow; whether it was paid at all."""
        if deal.stage is Stage.PAID:
            for part in deal.sheet.gets:
                _note(part.account.hidden, part, -1)
        elif deal.stage is Stage.SHOWN:
            for part in deal.sheet.gives:
                _note(part.account.in_flight, part, 1)
        else:
            return False
        deal.stage = Stage.ESCROW
        self._take_back(deal.record.market, deal.sheet, at, _why(deal))
        return True

    def _pay(self, market: ConditionId, sheet: Sheet, at: Nanos, why: str) -> None:
        ledger = self._ledger
        if sheet.minted > 0:
            ledger.mint(market, sheet.tokens, ESCROW, sheet.minted, at)
        elif sheet.minted < 0:
            ledger.burn(market, sheet.tokens, ESCROW, -sheet.minted, at)
        for account, asset, amount in sheet.gets:
            ledger.move(asset, ESCROW, account.name, amount, at, why)

    def _take_back(self, market: ConditionId, sheet: Sheet, at: Nanos, why: str) -> None:
        """The movements of `_pay` the other way round.  Synthetic traders never owe: they are given what is missing."""
        ledger = self._ledger
        for account, asset, amount in sheet.gets:
            if account.house and account.name != FEES:
                self._accounts.provide(account, asset, amount, market, sheet.tokens, at)
            ledger.take_back(asset, account.name, ESCROW, amount, at, why)
        if sheet.minted > 0:
            ledger.burn(market, sheet.tokens, ESCROW, sheet.minted, at)
        elif sheet.minted < 0:
            ledger.mint(market, sheet.tokens, ESCROW, -sheet.minted, at)


def _why(deal: Deal) -> str:
    return deal.record.trade_id


def _show(deal: Deal, payment: int) -> None:
    """Unless it was undone meanwhile."""
    if deal.stage is not Stage.PAID or deal.payments != payment:
        return
    deal.stage = Stage.SHOWN
    for part in deal.sheet.gives:
        _note(part.account.in_flight, part, -1)
    for part in deal.sheet.gets:
        _note(part.account.hidden, part, -1)


def _note(amounts: dict[Asset, int], part: Part, sign: int) -> None:
    """Keep account of what is on its way to or from somebody outside."""
    if part.account.house:
        return
    left = amounts.get(part.asset, 0) + sign * part.amount
    if left:
        amounts[part.asset] = left
    else:
        amounts.pop(part.asset, None)
