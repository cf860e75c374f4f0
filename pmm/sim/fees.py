"""Taker fees and maker rebates by market schedule (protocol reference, sections 7.1 and 7.2)."""

from __future__ import annotations

from dataclasses import dataclass, field

from pmm import model
from pmm.core import fees
from pmm.core.fees import FEE_STEP
from pmm.model import GRID, USD, ConditionId, Money, Price, Size

__all__ = ["FEE_STEP", "FREE", "RATE_ONE", "FeeSchedule", "Rebates", "fee_bound", "schedule_of", "taker_fee"]

RATE_ONE = 10_000
# A rebate smaller than this is not paid.
REBATE_MIN: Money = USD


@dataclass(frozen=True, slots=True)
class FeeSchedule:
    """fee = shares x rate x (p(1-p))^exponent.  `rate` and `rebate` (the makers' share) are in 1/10 000."""

    rate: int = 0
    exponent: int = 1
    rebate: int = 0


FREE = FeeSchedule()
_OTHER = FeeSchedule(500, 1, 2_500)
_BY_CATEGORY = {
    "Crypto": FeeSchedule(700, 1, 2_000),
    "Sports": FeeSchedule(500, 1, 1_500),
    **dict.fromkeys(("Finance", "Politics", "Mentions", "Tech"), FeeSchedule(400, 1, 2_500)),
    "Geopolitics": FREE,
}


def schedule_of(category: str) -> FeeSchedule:
    """The documented schedule of a category, as of autumn 2026."""
    return _BY_CATEGORY.get(category, _OTHER)


def taker_fee(schedule: FeeSchedule, price: Price, size: Size) -> Money:
    """What a taker pays on top, as `core/fees.py` has it."""
    return fees.fee(schedule.rate * (model.RATE_ONE // RATE_ONE), schedule.exponent, price, size)


def fee_bound(schedule: FeeSchedule, best: Price, worst: Price, size: Size) -> Money:
    """The most that a taker of `size` can owe anywhere between two prices, for any number of trades."""
    low, high = min(best, worst), max(best, worst)
    return taker_fee(schedule, min(max(GRID // 2, low), high), size)


@dataclass(slots=True)
class _Pool:
    fees: Money = 0
    earned: dict[str, Money] = field(default_factory=dict)


class Rebates:
    """The makers' share of the fees of every market since it was last paid."""

    def __init__(self) -> None:
        self._pools: dict[ConditionId, _Pool] = {}

    def note(self, market: ConditionId, schedule: FeeSchedule, fee: Money, earned: list[tuple[str, Money]]) -> None:
        """A trade paid `fee`; `earned` is the fee-equivalent of each of its makers."""
        pool = self._pools.setdefault(market, _Pool())
        pool.fees += fee * schedule.rebate // RATE_ONE
        for account, equivalent in earned:
            pool.earned[account] = pool.earned.get(account, 0) + equivalent

    def void(self, market: ConditionId, schedule: FeeSchedule, fee: Money, earned: list[tuple[str, Money]]) -> None:
        """A trade failed: what `note` added goes again, unless it was paid in the meantime."""
        pool = self._pools.setdefault(market, _Pool())
        pool.fees = max(0, pool.fees - fee * schedule.rebate // RATE_ONE)
        for account, equivalent in earned:
            pool.earned[account] = max(0, pool.earned.get(account, 0) - equivalent)

    def shares(self) -> dict[ConditionId, dict[str, Money]]:
        """What every maker would get now, by market, rounded down."""
        return {
            market: {
                account: pool.fees * equivalent // total
                for account, equivalent in pool.earned.items()
                if (total := sum(pool.earned.values()))
            }
            for market, pool in self._pools.items()
        }

    def pay(self, settled: Money) -> list[tuple[ConditionId, str, Money]]:
        """Close the day: who is paid how much, out of `settled` fees, in order while they last.

        Less than one dollar is not paid, and lost.
        """
        paid = []
        for market, shares in self.shares().items():
            for account, money in shares.items():
                if REBATE_MIN <= money <= settled:
                    paid.append((market, account, money))
                    settled -= money
        self._pools.clear()
        return paid
