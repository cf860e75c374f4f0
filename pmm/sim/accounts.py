"""Accounts: what one may spend, what its orders reserve in every market, and what the venue shows of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pmm.model import USD, ConditionId, Money, Nanos, OrderId, Size
from pmm.sim.ledger import COLLATERAL, FAUCET, Asset, Ledger

if TYPE_CHECKING:
    from pmm.sim.blotter import VenueOrder
    from pmm.sim.floor import Floor
    from pmm.sim.matching import Outcome

# What a synthetic trader is given whenever it runs out, so that its habits alone decide what it does.
HOUSE_MONEY: Money = 1_000_000 * USD


class Stake:
    """What the open orders of one account reserve in one market.

    Money is reserved market by market: the same dollar may stand behind orders in several (section 4.3).
    """

    __slots__ = ("cash", "shares")

    def __init__(self) -> None:
        self.cash: Money = 0
        self.shares: list[Size] = [0, 0]


class Account:
    """One account.  `house` marks the venue's own synthetic traders: never refused, never told anything.

    in_flight       what has been matched away and the chain has not yet taken
    hidden          what has arrived and the venue does not show yet
    """

    __slots__ = (
        "allowances",
        "banned",
        "closed_only",
        "hidden",
        "holdings",
        "house",
        "in_flight",
        "name",
        "open",
        "stakes",
    )

    def __init__(self, name: str, holdings: dict[Asset, int], *, house: bool) -> None:
        self.name = name
        self.house = house
        self.holdings = holdings
        self.stakes: dict[ConditionId, Stake] = {}
        self.in_flight: dict[Asset, int] = {}
        self.hidden: dict[Asset, int] = {}
        self.allowances: dict[Asset, int] = {}
        self.open: dict[OrderId, VenueOrder] = {}
        self.banned = False
        self.closed_only = False

    def spendable(self, asset: Asset) -> int:
        """What may back an order: held, and shown.  Below nothing after a trade failed whose proceeds are spent."""
        held = self.holdings.get(asset, 0)
        return held - self.hidden[asset] if asset in self.hidden else held

    def shown(self, asset: Asset) -> int:
        """What the venue says that the account holds: the chain's view, late, and never less than nothing."""
        return max(0, self.spendable(asset) + self.in_flight.get(asset, 0))

    def stake(self, market: ConditionId) -> Stake:
        found = self.stakes.get(market)
        if found is None:
            found = self.stakes[market] = Stake()
        return found


class Accounts:
    """All accounts of a venue by name."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._accounts: dict[str, Account] = {}

    def __iter__(self) -> Iterator[Account]:
        return iter(self._accounts.values())

    def find(self, name: str) -> Account | None:
        return self._accounts.get(name)

    def open(self, name: str, *, house: bool = False) -> Account:
        """The account of that name, opened when it is new."""
        found = self._accounts.get(name)
        if found is None:
            found = self._accounts[name] = Account(name, self._ledger.holdings(name), house=house)
        return found

    def reserved(self, name: str, asset: Asset, floor: Floor, outcome: Outcome) -> int:
        """What open orders hold back in one market: money, or shares of an outcome."""
        found = self._accounts.get(name)
        if found is None:
            return 0
        stake = found.stake(floor.condition_id)
        return stake.cash if asset == COLLATERAL else stake.shares[outcome]

    def allow(self, name: str, asset: Asset, amount: int | None) -> None:
        """Limit what the exchange may take of an asset; None lifts the limit."""
        allowances = self.open(name).allowances
        if amount is None:
            allowances.pop(asset, None)
        else:
            allowances[asset] = amount

    def provide(
        self,
        house: Account,
        asset: Asset,
        amount: int,
        market: ConditionId,
        tokens: tuple[Asset, Asset],
        at: Nanos,
    ) -> None:
        """Let a synthetic trader have `amount`: more play money, or sets that it pays for with that."""
        short = amount - house.holdings.get(asset, 0)
        if short <= 0:
            return
        gift = max(short, HOUSE_MONEY)
        self._ledger.move(COLLATERAL, FAUCET, house.name, gift, at, "fund")
        if asset != COLLATERAL:
            self._ledger.mint(market, tokens, house.name, gift, at)
