"""What the venue pays its makers once a day, at midnight UTC of its own clock: rewards for quoting, rebates of fees.

Liquidity is sampled once in every minute, at a moment that the dice choose.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

from pmm.model import SECOND, ConditionId, Money, Nanos, money_text
from pmm.sim.accounts import Accounts
from pmm.sim.agenda import Agenda
from pmm.sim.dice import Dice, fork
from pmm.sim.fees import Rebates
from pmm.sim.floor import Floor
from pmm.sim.ledger import COLLATERAL, FAUCET, FEES, Ledger
from pmm.sim.notices import Notices
from pmm.sim.rewards import PART_ONE, REWARD_MIN, Epoch, parts

MINUTE: Nanos = 60 * SECOND
DAY: Nanos = 24 * 60 * MINUTE
# Payments that a client can still ask for; older ones are forgotten.
PAYMENTS_KEPT_MAX = 10_000


class Paid(NamedTuple):
    """One payment for one market; the day it was earned on is that of `at`, a moment of that day."""

    at: Nanos
    market: ConditionId
    account: str
    money: Money


class Payday:
    """`rewards` and `rebates` are what was paid, oldest first."""

    def __init__(
        self,
        floors: Iterable[Floor],
        agenda: Agenda,
        ledger: Ledger,
        accounts: Accounts,
        notices: Notices,
        pools: Rebates,
        dice: Dice,
    ) -> None:
        self._floors = {floor.condition_id: floor for floor in floors}
        self._agenda = agenda
        self._ledger = ledger
        self._accounts = accounts
        self._notices = notices
        self._pools = pools
        self._dice = fork(dice.getrandbits(64), "reward samples")
        self._epochs = {market: Epoch() for market in self._floors}
        self.rewards: deque[Paid] = deque(maxlen=PAYMENTS_KEPT_MAX)
        self.rebates: deque[Paid] = deque(maxlen=PAYMENTS_KEPT_MAX)

    def begin(self, at: Nanos) -> None:
        """From now on there is a sample in every minute, and a payment at every midnight."""
        self._plan_sample(at - at % MINUTE + MINUTE)
        self._agenda.enter(at - at % DAY + DAY, self._midnight)

    def _plan_sample(self, minute: Nanos) -> None:
        moment = minute + int(self._dice.random() * MINUTE)
        self._agenda.enter(moment, lambda _: self._sample(minute))

    def _sample(self, minute: Nanos) -> None:
        for market, floor in self._floors.items():
            if floor.listing.rewards is not None and floor.open:
                self._epochs[market].take(parts(floor.book, floor.listing.rewards))
        self._plan_sample(minute + MINUTE)

    def _midnight(self, at: Nanos) -> None:
        """The day that has ended is paid for."""
        self.pay_rewards(at, at - 1)
        self.pay_rebates(at, at - 1)
        self._agenda.enter(at + DAY, self._midnight)

    # --- liquidity rewards ----------------------------------------------------------------------------------------

    def percentages(self, account: str) -> dict[ConditionId, float]:
        """The part of a maker in every market where it scores now, in percent: a sample taken at this moment."""
        shares = {}
        for market, floor in self._floors.items():
            if floor.listing.rewards is not None and floor.open:
                part = parts(floor.book, floor.listing.rewards).get(account, 0)
                if part:
                    shares[market] = 100 * part / PART_ONE
        return shares

    def earned(self, account: str) -> dict[ConditionId, Money]:
        """What a maker has earned by market since the last payment, and would be paid now (least sum aside)."""
        found = {market: self._earned(market, account) for market in self._floors}
        return {market: money for market, money in found.items() if money}

    def _earned(self, market: ConditionId, account: str) -> Money:
        terms = self._floors[market].listing.rewards
        return self._epochs[market].earned(account, terms.usd_a_day) if terms is not None else 0

    def pay_rewards(self, at: Nanos, day: Nanos | None = None) -> list[Paid]:
        """Close the epoch: pay everybody from outside, and say whom.  Less than a dollar in all is lost."""
        paid = []
        for account in self._accounts:
            earned = {} if account.house else self.earned(account.name)
            total = sum(earned.values())
            if total < REWARD_MIN:
                continue
            for market, money in earned.items():
                self._ledger.move(COLLATERAL, FAUCET, account.name, money, at, "reward")
                paid.append(Paid(at if day is None else day, market, account.name, money))
            self._notices.add(account.name, 5, at, {"earnings": money_text(total)})
        self._epochs = {market: Epoch() for market in self._floors}
        self.rewards.extend(paid)
        return paid

    # --- rebates --------------------------------------------------------------------------------------------------

    def pay_rebates(self, at: Nanos, day: Nanos | None = None) -> list[Paid]:
        """Pay the makers their share of the fees that were taken, and say whom."""
        paid = []
        for market, account, money in self._pools.pay(self._ledger.holdings(FEES).get(COLLATERAL, 0)):
            self._ledger.move(COLLATERAL, FEES, account, money, at, "rebate")
            paid.append(Paid(at if day is None else day, market, account, money))
        self.rebates.extend(paid)
        return paid
