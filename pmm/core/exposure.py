"""How much may be lost at worst: what rules of exposure judge by.

Of one market: the worse of its two outcomes, when everything uncertain happens as it would hurt most.  Every order
that may be live, trades that the venue owes us, and orders of others on the account trade or do not; every pending
trade settles or fails.  The markets of a neg-risk event exclude each other and are counted together
(`pmm.core.outcomes`); events, and markets that stand alone, are added up as if all went wrong at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from pmm.account import OwnOrder
from pmm.core.event_groups import Groups
from pmm.core.orders import Orders
from pmm.core.outcomes import NOTHING, Corners, Stake, corners, event_loss
from pmm.core.position import Position
from pmm.core.settlement import Settlements
from pmm.model import ConditionId, Market, Money, Size, TokenId


class Exposure:
    """The possible losses of every market; `position_of` says what is held there, `groups` what excludes what."""

    def __init__(
        self, orders: Orders, settlements: Settlements, position_of: Callable[[ConditionId], Position]
    ) -> None:
        self._orders = orders
        self._settlements = settlements
        self._position_of = position_of
        self._foreign: dict[ConditionId, list[OwnOrder]] = {}
        self._first: dict[ConditionId, TokenId] = {}
        self.groups = Groups()
        self._corners: dict[ConditionId, Corners] = {}
        self._losses: dict[str, Money] = {}
        self._stale: set[ConditionId] = set()
        self._total: Money = 0

    def list_market(self, market: Market) -> None:
        """From now on it is known which of its tokens is the first, and which markets its event has."""
        condition_id, groups = market.condition_id, self.groups
        self._first[condition_id] = market.yes
        before = groups.of(condition_id)
        groups.list_market(market)
        self._total -= self._losses.pop(before, 0)
        self._stale.update(groups.members(before), groups.members(groups.of(condition_id)))

    def see(self, foreign: Iterable[OwnOrder]) -> None:
        """The open orders of others on the account, as the last read showed them."""
        self._stale.update(self._foreign)
        self._foreign.clear()
        for order in foreign:
            self._foreign.setdefault(order.market, []).append(order)
        self._stale.update(self._foreign)

    def changed(self, market: ConditionId) -> None:
        """Something happened in a market: its loss is computed anew when it is asked for."""
        self._stale.add(market)

    def loss(self, market: ConditionId) -> Money:
        """The largest possible loss in one market, in micro-USD, whatever its event would bring."""
        return self._corners_of(market).worst

    def loss_with(self, market: ConditionId, stake: Stake) -> Money:
        """The same with one more order in it."""
        return self._corners_of(market).after(stake).worst

    def event_loss(self, market: ConditionId) -> Money:
        """The largest possible loss of the event that a market belongs to, in micro-USD: its own where it is alone."""
        self._refresh()
        return self._losses.get(self.groups.of(market), 0)

    def event_with(self, market: ConditionId, stake: Stake) -> Money:
        """The same with one more order in this market."""
        return self._loss_of(self.groups.of(market), {market: self._corners_of(market).after(stake)})

    @property
    def total(self) -> Money:
        """The largest possible losses of all events together."""
        self._refresh()
        return self._total

    def total_with(self, market: ConditionId, stake: Stake) -> Money:
        """The same with one more order."""
        return self.total - self.event_loss(market) + self.event_with(market, stake)

    def at_most(self, market: ConditionId, direction: int) -> Size:
        """Net shares of YES (1) or NO (-1) if every order of that direction traded.

        Trades that may still fail count as held: at a limit of positions they would stop all quoting otherwise.
        """
        possible = sum(max(0, direction * stake.signed) for stake in self._uncertain(market))
        return self._position_of(market).net * direction + possible

    def _corners_of(self, market: ConditionId) -> Corners:
        self._refresh()
        return self._corners.get(market, NOTHING)

    def _loss_of(self, group: str, instead: Mapping[ConditionId, Corners]) -> Money:
        """Of one event, with other corners for some of its markets."""
        self._refresh()
        members = self.groups.members(group)
        held = (instead.get(market) or self._corners.get(market, NOTHING) for market in members)
        return event_loss(held, other=self.groups.other(group))

    def _refresh(self) -> None:
        if not self._stale:
            return
        stale, self._stale = self._stale, set()
        for market in stale:
            self._corners[market] = corners(self._position_of(market), self._uncertain(market), self._pending(market))
        for group in {self.groups.of(market) for market in stale}:
            loss = self._loss_of(group, {})
            self._total += loss - self._losses.pop(group, 0)
            if loss:
                self._losses[group] = loss

    def _uncertain(self, market: ConditionId) -> Iterator[Stake]:
        yield from (Stake.of(order) for order in self._orders.open(market))
        yield from (Stake.of(order) for order in self._orders.owing() if order.market == market and not order.open)
        first = self._first.get(market)
        for order in self._foreign.get(market, ()):
            first = first or order.token
            yield Stake(order.side, order.price, order.remaining, order.token == first)

    def _pending(self, market: ConditionId) -> Iterator[Stake]:
        return (Stake(fill.side, fill.price, fill.size, fill.is_yes) for fill in self._settlements.pending(market))
