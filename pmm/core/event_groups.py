"""Which markets exclude each other: those of one neg-risk event; every other market stands alone."""

from __future__ import annotations

from pmm.model import ConditionId, Market


class Groups:
    """By name: the neg-risk id of an event, or the id of a market that stands alone or is not known."""

    def __init__(self) -> None:
        self._of: dict[ConditionId, str] = {}
        self._members: dict[str, dict[ConditionId, int | None]] = {}

    def list_market(self, market: Market) -> None:
        """The facts of a market are known, or are others now."""
        condition_id, name = market.condition_id, market.neg_risk_id or market.condition_id
        before = self.of(condition_id)
        if before != name:
            self._members.get(before, {}).pop(condition_id, None)
        self._of[condition_id] = name
        self._members.setdefault(name, {})[condition_id] = market.event_size

    def of(self, market: ConditionId) -> str:
        return self._of.get(market, market)

    def members(self, name: str) -> tuple[ConditionId, ...]:
        """The markets of a group that are known, in the order of their listing."""
        return tuple(self._members.get(name, ())) or (name,)

    def other(self, name: str) -> bool:
        """Whether something else than its markets may win: always, unless they are known to be all there are.

        Where a market alone does not win, its other token does.
        """
        sizes = tuple(self._members.get(name, {}).values())
        return any(size != len(sizes) for size in sizes) or not sizes or sizes == (1,)
