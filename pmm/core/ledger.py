"""Our books in double entry: whatever reaches an account of ours has left another, so every asset sums to zero.

An asset is COLLATERAL, in micro-USD, or a token, in micro-shares.  Of each there are three accounts: `free` and
`reserved` are ours, `venue` is everybody else.  Numbers are since the start of the run, and may be negative where
we spend what we had before; `opening` enters that.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, TypeAlias

from pmm.account import Balances
from pmm.core.position import cost_of
from pmm.core.step import Fill
from pmm.model import ConditionId, Money, Nanos, OrderId, Price, Side, Size, TokenId

Asset: TypeAlias = str
COLLATERAL: Asset = "COLLATERAL"
# Postings that nobody reads are forgotten from the oldest on; balances never are.
POSTINGS_MAX = 10_000


class Account(StrEnum):
    FREE = "free"
    RESERVED = "reserved"
    VENUE = "venue"


class Entry(NamedTuple):
    account: Account
    asset: Asset
    amount: int


@dataclass(frozen=True, slots=True)
class Posting:
    """One event in the life of our money.  Raises AssertionError unless every asset in it sums to zero."""

    at: Nanos
    why: str
    subject: str
    entries: tuple[Entry, ...]

    def __post_init__(self) -> None:
        sums: dict[Asset, int] = {}
        for entry in self.entries:
            sums[entry.asset] = sums.get(entry.asset, 0) + entry.amount
        assert not any(sums.values()), f"{self.why} {self.subject} does not balance: {sums}"


class Ledger:
    """`postings` are the last ones, for whoever wants to see how a balance came about."""

    def __init__(self) -> None:
        self.postings: deque[Posting] = deque(maxlen=POSTINGS_MAX)
        self._balances: dict[tuple[Account, Asset], int] = {}
        self._reserved: dict[OrderId, tuple[Asset, int]] = {}

    def balance(self, account: Account, asset: Asset = COLLATERAL) -> int:
        return self._balances.get((account, asset), 0)

    def held(self, asset: Asset = COLLATERAL) -> int:
        """What is ours of an asset, promised to an order or not."""
        return self.balance(Account.FREE, asset) + self.balance(Account.RESERVED, asset)

    def sums(self) -> dict[Asset, int]:
        """The sum over all accounts of each asset: always zero."""
        sums: dict[Asset, int] = {}
        for (_, asset), amount in self._balances.items():
            sums[asset] = sums.get(asset, 0) + amount
        return sums

    # --- postings -------------------------------------------------------------------------------------------------

    def opening(self, balances: Balances, at: Nanos) -> None:
        """What the account held before anything of this run: cash and shares come from the venue's side."""
        self._exchange(at, "opening", "", COLLATERAL, balances.cash)
        for token, size in balances.shares.items():
            self._exchange(at, "opening", "", token, size)

    def fill(self, fill: Fill) -> None:
        """Shares against cash, at the moment of the match."""
        self._trade(fill.at, "fill", fill, 1)

    def reverse(self, fill: Fill, at: Nanos) -> None:
        """The trade of a fill has failed: the same posting the other way round."""
        self._trade(at, "reversal", fill, -1)

    def split(self, market: ConditionId, tokens: tuple[TokenId, TokenId], size: Size, at: Nanos) -> None:
        """One dollar becomes one share of each outcome; a negative size merges them again."""
        why = "split" if size > 0 else "merge"
        entries = [*_between(COLLATERAL, -size), *_between(tokens[0], size), *_between(tokens[1], size)]
        self._post(Posting(at, why, market, tuple(entries)))

    def redeem(self, market: ConditionId, token: TokenId, size: Size, paid: Money, at: Nanos) -> None:
        """Shares of a resolved market are given for what they pay."""
        self._post(Posting(at, "redeem", market, (*_between(token, -size), *_between(COLLATERAL, paid))))

    def reserve(self, order_id: OrderId, side: Side, token: TokenId, price: Price, size: Size, at: Nanos) -> None:
        """Let exactly what `size` shares of an order need stand behind it; nothing once it is over."""
        asset, needed = (token, size) if side is Side.SELL else (COLLATERAL, -cost_of(Side.SELL, price, size))
        more = needed - self._reserved.get(order_id, (asset, 0))[1]
        if more:
            entries = (Entry(Account.FREE, asset, -more), Entry(Account.RESERVED, asset, more))
            self._post(Posting(at, "reserve", order_id, entries))
        if needed:
            self._reserved[order_id] = (asset, needed)
        else:
            self._reserved.pop(order_id, None)

    def _trade(self, at: Nanos, why: str, fill: Fill, sign: int) -> None:
        shares, cash = sign * fill.side.sign * fill.size, -sign * fill.paid
        self._post(Posting(at, why, fill.trade_id, (*_between(fill.token, shares), *_between(COLLATERAL, cash))))

    def _exchange(self, at: Nanos, why: str, subject: str, asset: Asset, amount: int) -> None:
        self._post(Posting(at, why, subject, _between(asset, amount)))

    def _post(self, posting: Posting) -> None:
        for account, asset, amount in posting.entries:
            self._balances[account, asset] = self._balances.get((account, asset), 0) + amount
        self.postings.append(posting)


def _between(asset: Asset, amount: int) -> tuple[Entry, Entry]:
    """An amount that comes to us from the venue's side, or goes there when it is negative."""
    return Entry(Account.FREE, asset, amount), Entry(Account.VENUE, asset, -amount)
