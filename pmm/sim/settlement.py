"""How trades get from the match to the chain: by a script, by chance, or on the usual way.

At the match everything that is given goes into escrow.  It is paid out when the trade is mined, shown a little later,
and given back when the trade fails.  A trade that is going to fail is never paid out, whatever it claims before.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from pmm.model import MILLISECOND, ConditionId, Nanos
from pmm.sim.accounts import Account
from pmm.sim.agenda import Agenda
from pmm.sim.dice import Dice
from pmm.sim.ledger import ESCROW, Asset, Ledger
from pmm.sim.params import SettlementParams, SettlementStep
from pmm.sim.sheet import Sheet
from pmm.sim.trades import Settlement, TradeRecord

# Older trades are forgotten; their settlement goes on.
TRADES_KEPT_MAX = 200_000

Tell: TypeAlias = Callable[[Nanos, TradeRecord, tuple[Account, ...]], None]


@dataclass(slots=True)
class Deal:
    """A trade, the movements behind it, and who from outside takes part."""

    record: TradeRecord
    sheet: Sheet
    parties: tuple[Account, ...]


class Settlements:
    """Every trade that names somebody from outside, and its way."""

    def __init__(self, ledger: Ledger, agenda: Agenda, params: SettlementParams, dice: Dice, tell: Tell) -> None:
        self._ledger = ledger
        self._agenda = agenda
        self._params = params
        self._dice = dice
        self._tell = tell
        self._scripts: deque[tuple[SettlementStep, ...]] = deque()
        self._trades: dict[str, TradeRecord] = {}
        self._of: dict[str, deque[str]] = {}

    def find(self, trade_id: str) -> TradeRecord | None:
        """A trade in its present state."""
        return self._trades.get(trade_id)

    def of(self, account: str) -> list[TradeRecord]:
        """The trades that name an account from outside, newest first."""
        ids = reversed(self._of.get(account, ()))
        return [self._trades[trade_id] for trade_id in ids if trade_id in self._trades]

    def script(self, steps: Sequence[SettlementStep]) -> None:
        """The next trade goes this way; a script without an end leaves it where it is.  Raises ValueError."""
        order = [step.after_ms for step in steps]
        if not steps or order != sorted(order) or min(order) < 0 or any(step.status.final for step in steps[:-1]):
            raise ValueError("a settlement script needs steps in order of time, and its end last")
        self._scripts.append(tuple(steps))

    def begin(self, deal: Deal) -> None:
        """A trade is matched: what is given goes into escrow."""
        at = deal.record.matched_at
        for account, asset, amount in deal.sheet.gives:
            self._ledger.move(asset, account.name, ESCROW, amount, at, deal.record.trade_id)
            if not account.house:
                _add(account.in_flight, asset, amount)
        self._keep(deal)
        self._publish(deal, at)
        steps = self._scripts.popleft() if self._scripts else self._usual()
        fails = any(step.status is Settlement.FAILED for step in steps)
        pays = False
        for step in steps:
            paid_now = not fails and not pays and step.status in {Settlement.MINED, Settlement.CONFIRMED}
            pays |= paid_now
            self._agenda.enter(at + step.after_ms * MILLISECOND, self._reach(deal, step.status, pays=paid_now))

    def direct(self, market: ConditionId, sheet: Sheet, at: Nanos) -> None:
        """Settle at once and without a record."""
        for account, asset, amount in sheet.gives:
            self._ledger.move(asset, account.name, ESCROW, amount, at, "trade")
        self._pay(market, sheet, at, "trade")

    def _usual(self) -> list[SettlementStep]:
        params = self._params
        steps, delay = [], 0
        if params.retry_chance and self._dice.random() < params.retry_chance:
            steps.append(SettlementStep(Settlement.RETRYING, params.mined_ms))
            delay = params.retry_ms
        if params.fail_chance and self._dice.random() < params.fail_chance:
            return [*steps, SettlementStep(Settlement.FAILED, params.mined_ms + delay)]
        mined = SettlementStep(Settlement.MINED, params.mined_ms + delay)
        return [*steps, mined, SettlementStep(Settlement.CONFIRMED, params.confirmed_ms + delay)]

    def _reach(self, deal: Deal, status: Settlement, *, pays: bool) -> Callable[[Nanos], None]:
        def reach(at: Nanos) -> None:
            if pays:
                self._pay(deal.record.market, deal.sheet, at, deal.record.trade_id)
                self._hide(deal, at)
            elif status is Settlement.FAILED:
                self._give_back(deal, at)
            mined = status is Settlement.MINED or status is Settlement.CONFIRMED
            transaction = deal.record.transaction or (_transaction(deal.record.trade_id) if mined else "")
            deal.record = deal.record._replace(status=status, updated_at=at, transaction=transaction)
            self._publish(deal, at)

        return reach

    def _pay(self, market: ConditionId, sheet: Sheet, at: Nanos, why: str) -> None:
        ledger = self._ledger
        if sheet.minted > 0:
            ledger.mint(market, sheet.tokens, ESCROW, sheet.minted, at)
        elif sheet.minted < 0:
            ledger.burn(market, sheet.tokens, ESCROW, -sheet.minted, at)
        for account, asset, amount in sheet.gets:
            ledger.move(asset, ESCROW, account.name, amount, at, why)

    def _hide(self, deal: Deal, at: Nanos) -> None:
        """The chain has it, the venue shows it later."""
        for account, asset, amount in deal.sheet.gets:
            if not account.house:
                _add(account.hidden, asset, amount)
        lag = self._params.balance_lag_ms * MILLISECOND
        if lag:
            self._agenda.enter(at + lag, lambda _: _show(deal))
        else:
            _show(deal)

    def _give_back(self, deal: Deal, at: Nanos) -> None:
        for account, asset, amount in deal.sheet.gives:
            self._ledger.move(asset, ESCROW, account.name, amount, at, deal.record.trade_id)
            if not account.house:
                _add(account.in_flight, asset, -amount)

    def _publish(self, deal: Deal, at: Nanos) -> None:
        if deal.record.trade_id in self._trades:
            self._trades[deal.record.trade_id] = deal.record
        self._tell(at, deal.record, deal.parties)

    def _keep(self, deal: Deal) -> None:
        trade_id = deal.record.trade_id
        self._trades[trade_id] = deal.record
        for party in deal.parties:
            self._of.setdefault(party.name, deque(maxlen=TRADES_KEPT_MAX)).append(trade_id)
        if len(self._trades) > TRADES_KEPT_MAX:
            del self._trades[next(iter(self._trades))]


def _show(deal: Deal) -> None:
    for account, asset, amount in deal.sheet.gives:
        if not account.house:
            _add(account.in_flight, asset, -amount)
    for account, asset, amount in deal.sheet.gets:
        if not account.house:
            _add(account.hidden, asset, -amount)


def _add(amounts: dict[Asset, int], asset: Asset, amount: int) -> None:
    left = amounts.get(asset, 0) + amount
    if left:
        amounts[asset] = left
    else:
        amounts.pop(asset, None)


def _transaction(trade_id: str) -> str:
    return "0x" + hashlib.sha256(trade_id.encode()).hexdigest()
