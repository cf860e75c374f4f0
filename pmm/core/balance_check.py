"""Does the account hold what our fills say?  What they do not explain is announced, and a rule judges how much it is.

The first balances of a run are the starting point.  From then on cash and shares must lie where fills took them, each
between the least and the most that trades under way may still make of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pmm.account import Balances
from pmm.core.ledger import Ledger
from pmm.core.markets import QuotedMarket
from pmm.core.step import Change, Fill, StepBuilder
from pmm.model import GRID, Money, TokenId, money_text, size_text

# Smaller differences are dust: a hundredth of a share or of a dollar.
DUST = 10_000
CASH = "cash"
# The rule that judges what is missing.
BALANCE_DROP = "balance_drop"


@dataclass(frozen=True, slots=True)
class Span:
    """The least and the most of something, in its own unit."""

    least: int
    most: int

    def miss(self, value: int) -> int:
        """How far a value lies outside: negative below, 0 inside."""
        return min(value - self.least, 0) + max(value - self.most, 0)

    def moved(self, amount: int) -> Span:
        return Span(self.least + amount, self.most + amount)

    def unless(self, amount: int) -> Span:
        """The same where an amount that is in it may turn out to be nothing."""
        return Span(self.least - max(amount, 0), self.most - min(amount, 0))


@dataclass(frozen=True, slots=True)
class Booked:
    """What fills of this run moved: cash and shares, and twice the price at which a share of each token is marked."""

    cash: Span
    shares: Mapping[TokenId, Span]
    marks2: Mapping[TokenId, int]


@dataclass(slots=True)
class BalanceCheck:
    """`worth` is what fills say that the account should be worth, None before balances were read; `missing` how much of
    it the last balances did not show, negative for more, `missing_before` the same of those before them.  Micro-USD.
    """

    worth: Money | None = None
    missing: Money = 0
    missing_before: Money = 0
    _start: dict[str, int] = field(default_factory=dict)
    _suspects: dict[str, int] = field(default_factory=dict)
    _written_off: dict[str, int] = field(default_factory=dict)

    def on_read(self, balances: Balances, booked: Booked, out: StepBuilder) -> None:
        """Compare."""
        held = {CASH: balances.cash, **balances.shares}
        misses = {asset: self._miss(asset, value, booked) for asset, value in held.items()}
        worth, lost = self._worth(held, misses, booked)
        self.worth, self.missing, self.missing_before = worth, lost, self.missing
        for asset, miss in misses.items():
            self._judge(asset, miss, out)

    def _miss(self, asset: str, value: int, booked: Booked) -> int:
        moved = booked.cash if asset == CASH else booked.shares.get(asset, Span(0, 0))
        start = self._start.setdefault(asset, value - moved.most)
        return moved.miss(value - start - self._written_off.get(asset, 0))

    def _judge(self, asset: str, miss: int, out: StepBuilder) -> None:
        """Announce a difference that a second read still shows, and take it as it is from then on."""
        before = self._suspects.pop(asset, 0)
        if abs(miss) < DUST:
            return
        if before * miss <= 0:
            self._suspects[asset] = miss
            return
        self._written_off[asset] = self._written_off.get(asset, 0) + miss
        text = money_text(abs(miss)) + " USD" if asset == CASH else size_text(abs(miss)) + " shares"
        cause = f"{text} {'more' if miss > 0 else 'less'} than our fills explain, in two reads"
        out.changes.append(Change(out.event.at, "balance", _name(asset), "explained", "unexplained", "read", cause))

    def _worth(self, held: Mapping[str, int], misses: Mapping[str, int], booked: Booked) -> tuple[Money, Money]:
        """What the account should be worth, and how much of that is missing, differences taken before included."""
        worth = lost = 0
        for asset, value in held.items():
            unexplained = misses[asset] + self._written_off.get(asset, 0)
            worth += _value(asset, value - unexplained, booked)
            lost -= _value(asset, unexplained, booked)
        return worth, lost


def booked_in(ledger: Ledger, pending: Iterable[Fill], markets: Iterable[QuotedMarket]) -> Booked:
    """What the fills of this run moved, where those that are pending may settle or fail; marked at the mids."""
    cash = Span(0, 0).moved(ledger.held())
    shares: dict[TokenId, Span] = {}
    marks2: dict[TokenId, int] = {}
    for fill in pending:
        cash = cash.unless(-fill.paid)
        shares[fill.token] = shares.get(fill.token, Span(0, 0)).unless(fill.side.sign * fill.size)
    for quoted in markets:
        market, mark2 = quoted.market, quoted.mark2()
        marks2[market.yes], marks2[market.no] = mark2, 2 * GRID - mark2
    tokens = shares.keys() | marks2.keys()
    moved = {token: shares.get(token, Span(0, 0)).moved(ledger.held(token)) for token in tokens}
    return Booked(cash, moved, marks2)


def _value(asset: str, amount: int, booked: Booked) -> Money:
    """Micro-USD; a token of no market of ours is worth nothing here."""
    return amount if asset == CASH else amount * booked.marks2.get(asset, 0) // (2 * GRID)


def _name(asset: str) -> str:
    return asset if asset == CASH else f"token {asset[:10]}..."
