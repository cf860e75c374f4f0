"""What we hold in every market, also in those that are not quoted any longer, or not yet.

An order of an earlier run may trade in a market that nobody listed.  Until its facts are known, the token of its
first fill counts as the market's first, and shares are marked at what they cost.

What the account held before this run counts as well, entered once for each token from the first balance that shows
it: a limit that forgets its past with every restart is none.  It is taken over at the mid, as soon as there is one, so
that it is no profit and no loss by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from pmm.account import Balances
from pmm.core.markets import QuotedMarket
from pmm.core.orders import Order
from pmm.core.position import Position
from pmm.core.step import Fill, Opening
from pmm.model import GRID, ConditionId, Nanos, Price, Size, TokenId, notional


class Positions:
    """By market."""

    def __init__(self) -> None:
        self._all: dict[ConditionId, Position] = {}
        self._first: dict[ConditionId, TokenId] = {}
        self._opened: set[TokenId] = set()
        self._guessed: dict[TokenId, Size] = {}
        self._unvalued: dict[ConditionId, list[tuple[TokenId, Size]]] = {}

    def __iter__(self) -> Iterator[Position]:
        return iter(self._all.values())

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

    def open_with(
        self,
        balances: Balances,
        markets: Iterable[QuotedMarket],
        mined: Callable[[TokenId], Size] = lambda _: 0,
        sure: Callable[[TokenId], bool] = lambda _: True,
    ) -> list[ConditionId]:
        """Enter what was there before: the balance, less what trades of this run have made of it already.

        Their trades must have been told before the balance.  `mined` are shares of trades that the chain has and that
        are not final; where trades are under way (not `sure`) nobody can say whether the balance has them, so that the
        first balance is a guess, which the first sure one puts right.  Returns the markets where something changed.
        """
        found = []
        for quoted in markets:
            for token in (quoted.market.yes, quoted.market.no):
                certain = sure(token)
                if token not in balances.shares or self._is_opened(token, certain=certain):
                    continue
                held, guess = quoted.position.held(is_yes=token == quoted.market.yes), self._guessed.pop(token, 0)
                before = max(0, balances.shares[token] - (held.settled - guess) - mined(token))
                if certain:
                    self._opened.add(token)
                else:
                    self._guessed[token] = before
                if before != guess:
                    held.settled += before - guess
                    self._unvalued.setdefault(quoted.condition_id, []).append((token, before - guess))
                    found.append(quoted.condition_id)
        return found

    def _is_opened(self, token: TokenId, *, certain: bool) -> bool:
        return token in self._opened or (not certain and token in self._guessed)

    def is_unvalued(self, market: ConditionId) -> bool:
        """Whether shares of before this run wait for a mid there."""
        return market in self._unvalued

    def value(self, quoted: QuotedMarket, at: Nanos) -> list[Opening]:
        """Take over what waits in a market, at the mid of a book that may be quoted on; nothing while there is none."""
        mid2 = quoted.book.mid2
        if mid2 is None or quoted.problem() is not None:
            return []
        openings = []
        for token, size in self._unvalued.pop(quoted.condition_id, ()):
            is_yes = token == quoted.market.yes
            worth2 = mid2 if is_yes else 2 * GRID - mid2
            quoted.position.cash -= notional(worth2, size) // 2
            held = quoted.position.held(is_yes=is_yes).matched
            openings.append(Opening(at, quoted.condition_id, token, is_yes, size, held, mid2))
        return openings

    def place_of(self, order: Order, price: Price, quoted: QuotedMarket | None) -> tuple[bool, Position, int]:
        """Where a fill belongs: in the first token or not, the position, and twice the mid of the first token."""
        first = self._first.setdefault(order.market, order.token)
        position = self._all.setdefault(order.market, Position())
        is_yes = order.token == first
        if quoted is not None:
            return is_yes, position, quoted.mark2()
        return is_yes, position, 2 * (price if is_yes else GRID - price)
