"""How trades get from the match to the chain: by a script, by chance, or on the usual way.

A trade is paid when it is mined, taken back when it is tried again, and given back when it fails.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Sequence
from typing import TypeAlias

from pmm.model import MILLISECOND, ConditionId, Nanos, TokenId
from pmm.sim.accounts import Account
from pmm.sim.agenda import Agenda
from pmm.sim.dice import Dice
from pmm.sim.params import SettlementParams, SettlementStep
from pmm.sim.payment import Deal, Payments
from pmm.sim.trades import Settlement, TradeRecord

# Older trades are forgotten; their settlement goes on.
TRADES_KEPT_MAX = 200_000

Tell: TypeAlias = Callable[[Nanos, TradeRecord, tuple[Account, ...]], None]


class Settlements:
    """Every trade that names somebody from outside, and its way."""

    def __init__(self, payments: Payments, agenda: Agenda, params: SettlementParams, dice: Dice, tell: Tell) -> None:
        self._payments = payments
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

    def of(
        self,
        account: str,
        market: ConditionId | None = None,
        token: TokenId | None = None,
        after: Nanos | None = None,
        before: Nanos | None = None,
    ) -> list[TradeRecord]:
        """The trades that name an account from outside, newest first; a token is the taker's or that of its leg."""
        ids = reversed(self._of.get(account, ()))
        trades = (self._trades[trade_id] for trade_id in ids if trade_id in self._trades)
        return [
            trade
            for trade in trades
            if market in {None, trade.market}
            and (token is None or token in trade.tokens_of(account))
            and (after is None or trade.matched_at > after)
            and (before is None or trade.matched_at < before)
        ]

    def script(self, steps: Sequence[SettlementStep]) -> None:
        """The next trade goes this way; a script without an end leaves it where it is.  Raises ValueError."""
        order = [step.after_ms for step in steps]
        if not steps or order != sorted(order) or min(order) < 0 or any(step.status.final for step in steps[:-1]):
            raise ValueError("a settlement script needs steps in order of time, and its end last")
        self._scripts.append(tuple(steps))

    def begin(self, deal: Deal) -> None:
        """A trade is matched."""
        at = deal.record.matched_at
        self._payments.hold(deal)
        self._keep(deal)
        self._publish(deal, at)
        for step in self._scripts.popleft() if self._scripts else self._usual():
            self._agenda.enter(at + step.after_ms * MILLISECOND, self._reach(deal, step.status))

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

    def _reach(self, deal: Deal, status: Settlement) -> Callable[[Nanos], None]:
        def reach(at: Nanos) -> None:
            mined = status is Settlement.MINED or status is Settlement.CONFIRMED
            transaction = deal.record.transaction or (_transaction(deal.record.trade_id) if mined else "")
            deal.record = deal.record._replace(status=status, updated_at=at, transaction=transaction)
            self._publish(deal, at)
            if mined:
                self._payments.pay(deal, at)
            elif status is Settlement.RETRYING:
                self._payments.undo(deal, at)
            elif status is Settlement.FAILED:
                self._payments.give_back(deal, at)

        return reach

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


def _transaction(trade_id: str) -> str:
    return "0x" + hashlib.sha256(trade_id.encode()).hexdigest()
