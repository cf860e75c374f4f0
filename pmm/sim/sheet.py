"""What everybody gives and gets in one trade.

The taker bears fractions of a micro-dollar.  Two buyers of opposite outcomes have sets minted, two sellers have them
burned; everything else changes hands (protocol reference, section 4.5).
"""

from __future__ import annotations

from typing import NamedTuple

from pmm.model import Money, Side, Size
from pmm.sim.accounts import Account
from pmm.sim.ledger import COLLATERAL, Asset
from pmm.sim.matching import Fill, Report, maker_cash, taker_cash


class Part(NamedTuple):
    """What one account gives or gets."""

    account: Account
    asset: Asset
    amount: int


class Sheet:
    """`minted` sets are made for it, or burned when that is negative; `size` and `cash` are the taker's."""

    def __init__(self, tokens: tuple[Asset, Asset]) -> None:
        self.tokens = tokens
        self.gives: list[Part] = []
        self.gets: list[Part] = []
        self.size: Size = 0
        self.cash: Money = 0
        self.minted = 0

    def meet(self, fill: Fill, maker: Account, side: Side) -> None:
        """Enter a maker's part, and remember the taker's, who is on `side`."""
        part = maker_cash(fill)
        self._enter(maker, fill.side, self.tokens[fill.outcome], fill.size, part, 0)
        self.size += fill.size
        self.cash += taker_cash(fill, side, part)
        if fill.side is side:
            self.minted += fill.size * side.sign

    def close(self, taker: Account, report: Report, fee: Money, fees: Account) -> None:
        """Enter the taker's part and the fee."""
        self._enter(taker, report.side, self.tokens[report.outcome], self.size, self.cash, fee)
        if fee:
            self.gets.append(Part(fees, COLLATERAL, fee))

    def _enter(self, account: Account, side: Side, token: Asset, size: Size, cash: Money, fee: Money) -> None:
        shares, money = Part(account, token, size), Part(account, COLLATERAL, cash + side.sign * fee)
        self.gives.append(money if side is Side.BUY else shares)
        self.gets.append(shares if side is Side.BUY else money)
