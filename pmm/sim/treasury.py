"""Play money and play shares: in and out, into sets and back, and what a resolved market pays."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pmm.model import Money, Nanos, Size, TokenId
from pmm.sim.accounts import Account, Accounts
from pmm.sim.floor import Floor
from pmm.sim.ledger import COLLATERAL, FAUCET, Asset, Ledger, adapter, sets
from pmm.sim.matching import Outcome
from pmm.sim.orders import Refusal
from pmm.sim.refusals import no_balance
from pmm.sim.verdict import Verdict

# The house account that keeps the other side of shares that were given away.
BANK = "bank"


class Treasury:
    """Moves what no order moves.  `cover` is called for accounts whose means have shrunk."""

    def __init__(self, ledger: Ledger, accounts: Accounts, cover: Callable[[Account, Nanos], None]) -> None:
        self._ledger = ledger
        self._accounts = accounts
        self._cover = cover

    def fund(self, name: str, money: Money, at: Nanos) -> None:
        """Pay in play money; a negative amount is paid out, at most what is there."""
        account = self._accounts.open(name)
        if money >= 0:
            self._ledger.move(COLLATERAL, FAUCET, name, money, at, "fund")
            return
        out = min(-money, max(0, account.spendable(COLLATERAL)))
        self._ledger.move(COLLATERAL, name, FAUCET, out, at, "pay out")
        self._cover(account, at)

    def give(self, name: str, floor: Floor, outcome: Outcome, size: Size, at: Nanos) -> None:
        """Give shares whose other side the bank keeps; a negative amount goes to the bank, at most what is there."""
        account, bank = self._accounts.open(name), self._accounts.open(BANK, house=True)
        market = floor.listing.market
        tokens = (market.yes, market.no)
        if size >= 0:
            self._accounts.provide(bank, tokens[outcome], size, market.condition_id, tokens, at)
            self._ledger.move(tokens[outcome], BANK, name, size, at, "give")
            return
        out = min(-size, max(0, account.spendable(tokens[outcome])))
        self._ledger.move(tokens[outcome], name, BANK, out, at, "take")
        self._cover(account, at)

    def split(self, name: str, floor: Floor, size: Size, at: Nanos) -> Refusal | None:
        """Dollars into sets of both outcomes."""
        account, tokens = self._accounts.open(name), _tokens(floor)
        if size <= 0 or account.spendable(COLLATERAL) < size:
            return no_balance(account.shown(COLLATERAL), 0, size)
        self._ledger.mint(floor.listing.market.condition_id, tokens, name, size, at)
        self._cover(account, at)
        return None

    def merge(self, name: str, floor: Floor, size: Size, at: Nanos) -> Refusal | None:
        """Sets of both outcomes into dollars."""
        account, tokens = self._accounts.open(name), _tokens(floor)
        least = min(tokens, key=account.spendable)
        if size <= 0 or account.spendable(least) < size:
            return no_balance(account.shown(least), 0, size)
        self._ledger.burn(floor.listing.market.condition_id, tokens, name, size, at)
        self._cover(account, at)
        return None

    def convert(
        self, name: str, event: Sequence[Floor], chosen: Sequence[Floor], size: Size, at: Nanos
    ) -> Refusal | None:
        """NO of the `chosen` outcomes of an event into YES of all others, and a dollar for every chosen one but one.

        The adapter mints sets of the others on credit, keeps their NO shares beside those that it was given, and owes
        exactly what one of every NO pays: a dollar for each outcome but one (protocol reference, section 4.5).
        """
        account = self._accounts.open(name)
        nos = [_tokens(floor)[Outcome.NO] for floor in chosen]
        least = min(nos, key=account.spendable)
        if size <= 0 or account.spendable(least) < size:
            return no_balance(account.shown(least), 0, size)
        bank = adapter(event[0].listing.event_id)
        self._accounts.open(bank, house=True)
        for no in nos:
            self._ledger.move(no, name, bank, size, at, "convert")
        for floor in event:
            if floor not in chosen:
                self._ledger.mint(floor.condition_id, _tokens(floor), bank, size, at)
                self._ledger.move(_tokens(floor)[Outcome.YES], bank, name, size, at, "convert")
        self._ledger.move(COLLATERAL, bank, name, size * (len(chosen) - 1), at, "convert")
        self._cover(account, at)
        return None

    def redeem(self, name: str, floor: Floor, verdict: Verdict, at: Nanos) -> Money:
        """Give back every token of a resolved market that is there, for what it pays."""
        account, bank = self._accounts.open(name), sets(floor.condition_id)
        paid = 0
        for outcome, token in zip(Outcome, _tokens(floor), strict=True):
            size = max(0, account.spendable(token))
            self._ledger.move(token, name, bank, size, at, "redeem")
            self._ledger.move(COLLATERAL, bank, name, verdict.pays(outcome, size), at, "redeem")
            paid += verdict.pays(outcome, size)
        return paid

    def settle(self, floor: Floor, verdict: Verdict, at: Nanos) -> None:
        """A market is resolved: the adapter redeems what it keeps, and whoever owes shares owes money from now on."""
        bank, converter = sets(floor.condition_id), adapter(floor.listing.event_id)
        if self._accounts.find(converter) is not None:
            self.redeem(converter, floor, verdict, at)
        for account in self._accounts:
            for outcome, token in zip(Outcome, _tokens(floor), strict=True):
                owed = -account.holdings.get(token, 0)
                if owed > 0:
                    self._ledger.move(token, bank, account.name, owed, at, "redeem back")
                    price = -verdict.pays(outcome, -owed)
                    self._ledger.take_back(COLLATERAL, account.name, bank, price, at, "redeem back")
                    self._cover(account, at)

    def positions(self, name: str) -> dict[TokenId, Size]:
        """Every token that an account holds, shown or not yet."""
        account = self._accounts.find(name)
        held: dict[Asset, int] = {} if account is None else account.holdings
        return {asset: amount for asset, amount in held.items() if asset != COLLATERAL and amount}


def _tokens(floor: Floor) -> tuple[Asset, Asset]:
    return floor.listing.market.yes, floor.listing.market.no
