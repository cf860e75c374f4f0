"""Who holds what, in double entry: every unit comes from one account and goes to another, so each asset sums to zero.

Some accounts stand for the world outside: `FAUCET` owes all play money, `sets(condition)` owes the tokens of a
condition and keeps the dollars that were paid for them, `ESCROW` holds what is matched and not yet settled, and
`adapter(event)` keeps the NO shares that were converted and owes what they will pay.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple, TypeAlias

from pmm.model import ConditionId, Nanos, TokenId

Asset: TypeAlias = TokenId
Holdings: TypeAlias = dict[Asset, int]
COLLATERAL: Asset = "COLLATERAL"

FAUCET = "faucet"
ESCROW = "escrow"
FEES = "fees"
_SETS = "sets:"
_ADAPTER = "adapter:"
# Postings that nobody reads are forgotten from the oldest on.
POSTINGS_KEPT_MAX = 500_000


class Posting(NamedTuple):
    """One movement, for a checker that does not trust the balances."""

    at: Nanos
    why: str
    asset: Asset
    source: str
    target: str
    amount: int


class Broken(AssertionError):
    """Money or shares appeared from nowhere, or an account holds less than nothing."""


def sets(condition: ConditionId) -> str:
    """The account that mints and redeems the tokens of a condition."""
    return _SETS + condition


def adapter(event: str) -> str:
    """The account that converts the NO shares of an event whose outcomes exclude each other."""
    return _ADAPTER + event


class Ledger:
    """Balances by account and asset.  `record` keeps postings for `drain`."""

    def __init__(self, *, record: bool = False) -> None:
        self._accounts: dict[str, Holdings] = {}
        self._debts: dict[tuple[str, Asset], int] = {}
        self._record = record
        self._postings: deque[Posting] = deque(maxlen=POSTINGS_KEPT_MAX)

    def holdings(self, account: str) -> Holdings:
        """The balances of an account, live: read them, but let `move` write them."""
        found = self._accounts.get(account)
        if found is None:
            found = self._accounts[account] = {}
        return found

    def move(self, asset: Asset, source: str, target: str, amount: int, at: Nanos, why: str) -> None:
        """Take `amount` from `source` and give it to `target`."""
        if amount < 0:
            raise Broken(f"{why}: a movement of {amount} {asset}")
        giver, taker = self.holdings(source), self.holdings(target)
        giver[asset] = giver.get(asset, 0) - amount
        taker[asset] = taker.get(asset, 0) + amount
        if self._record:
            self._postings.append(Posting(at, why, asset, source, target, amount))

    def take_back(self, asset: Asset, source: str, target: str, amount: int, at: Nanos, why: str) -> None:
        """As `move`, from somebody who may have spent it meanwhile, and then owes it."""
        self.move(asset, source, target, amount, at, why)
        owed = -self.holdings(source)[asset]
        if owed > 0:
            self._debts[source, asset] = owed

    def mint(self, condition: ConditionId, tokens: tuple[Asset, Asset], payer: str, size: int, at: Nanos) -> None:
        """One dollar becomes one share of each outcome."""
        self.move(COLLATERAL, payer, sets(condition), size, at, "mint")
        for token in tokens:
            self.move(token, sets(condition), payer, size, at, "mint")

    def burn(self, condition: ConditionId, tokens: tuple[Asset, Asset], holder: str, size: int, at: Nanos) -> None:
        """One share of each outcome becomes one dollar."""
        for token in tokens:
            self.move(token, holder, sets(condition), size, at, "merge")
        self.move(COLLATERAL, sets(condition), holder, size, at, "merge")

    def drain(self) -> list[Posting]:
        """The postings since the last call; empty without `record`."""
        postings = list(self._postings)
        self._postings.clear()
        return postings

    def total(self, asset: Asset) -> int:
        """The sum over all accounts: zero."""
        return sum(holdings.get(asset, 0) for holdings in self._accounts.values())

    def check(self) -> None:
        """Raises Broken unless every asset sums to zero and nobody but the outside owes more than was taken back."""
        totals: Holdings = {}
        for account, holdings in self._accounts.items():
            for asset, amount in holdings.items():
                totals[asset] = totals.get(asset, 0) + amount
                if amount < -self._debts.get((account, asset), 0) and not _may_owe(account, asset):
                    raise Broken(f"{account} holds {amount} {asset}")
        for (account, asset), owed in list(self._debts.items()):
            self._debts[account, asset] = min(owed, max(0, -self._accounts[account].get(asset, 0)))
        wrong = {asset: total for asset, total in totals.items() if total}
        if wrong:
            raise Broken(f"assets that do not sum to zero: {wrong}")

    def check_event(self, event: str, nos: tuple[Asset, ...]) -> None:
        """Raises Broken unless the NO shares that were converted pay exactly what is owed, whichever outcome it is."""
        held = self.holdings(adapter(event))
        sizes = {held.get(no, 0) for no in nos}
        if {size * (len(nos) - 1) for size in sizes} != {-held.get(COLLATERAL, 0)}:
            raise Broken(f"{event} owes {-held.get(COLLATERAL, 0)} for {sorted(sizes)} shares of each NO")

    def check_payouts(self, condition: ConditionId, tokens: tuple[Asset, Asset], parts: tuple[int, int]) -> None:
        """Raises Broken unless the dollars that a resolved market keeps are enough for every share outstanding."""
        held = self.holdings(sets(condition))
        owed = sum(-held.get(token, 0) * part for token, part in zip(tokens, parts, strict=True))
        if held.get(COLLATERAL, 0) * sum(parts) < owed:
            raise Broken(f"{condition} keeps {held.get(COLLATERAL, 0)} and owes {owed} / {sum(parts)}")

    def check_sets(self, condition: ConditionId, tokens: tuple[Asset, Asset]) -> None:
        """Raises Broken unless every share outstanding of an open market is backed by its part of a dollar."""
        held = self.holdings(sets(condition))
        owed = {-held.get(token, 0) for token in tokens}
        if owed != {held.get(COLLATERAL, 0)}:
            raise Broken(f"{condition} keeps {held.get(COLLATERAL, 0)} for {sorted(owed)} shares")


def _may_owe(account: str, asset: Asset) -> bool:
    if account.startswith(_SETS):
        return asset != COLLATERAL
    return account == FAUCET or (account.startswith(_ADAPTER) and asset == COLLATERAL)
