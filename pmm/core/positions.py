"""What we hold in every market, also in those that are not quoted any longer, or not yet.

An order of an earlier run may trade in a market that nobody listed.  Until its facts are known, the token of its
first fill counts as the market's first, and shares are marked at what they cost.
"""

from __future__ import annotations

from pmm.core.markets import QuotedMarket
from pmm.core.orders import Order
from pmm.core.position import Position
from pmm.core.step import Fill
from pmm.model import GRID, ConditionId, Price, TokenId


class Positions:
    """By market."""

    def __init__(self) -> None:
        self._all: dict[ConditionId, Position] = {}
        self._first: dict[ConditionId, TokenId] = {}

    def of(self, market: ConditionId) -> Position:
        """Empty where nothing was ever held; not kept then."""
        return self._all.get(market) or Position()

    def is_yes(self, fill: Fill) -> bool:
        """Whether a fill was in what counts as the first token now."""
        return fill.token == self._first[fill.market]

    def list_market(self, quoted: QuotedMarket) -> None:
        """The facts of a market are known: what was held under the wrong name changes places."""
        market, known = quoted.condition_id, self._all.get(quoted.condition_id)
        if known is not None and known is not quoted.position:
            if self._first[market] != quoted.market.yes:
                known.yes_held, known.no_held = known.no_held, known.yes_held
            quoted.position = known
        self._all[market] = quoted.position
        self._first[market] = quoted.market.yes

    def place_of(self, order: Order, price: Price, quoted: QuotedMarket | None) -> tuple[bool, Position, int]:
        """Where a fill belongs: in the first token or not, the position, and twice the mid of the first token."""
        first = self._first.setdefault(order.market, order.token)
        position = self._all.setdefault(order.market, Position())
        is_yes = order.token == first
        if quoted is not None:
            return is_yes, position, quoted.mark2()
        return is_yes, position, 2 * (price if is_yes else GRID - price)
