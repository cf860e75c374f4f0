"""The outcomes of a neg-risk event as those see them that quote one of them: how likely each is, and what is held.

An outcome whose book may be quoted on is as likely as its mid says, in the book without our own orders.  One whose book
is lost for now is taken at its last mid, as far as there is room.  Those that never had one, and the "other" outcome
where one may win that is not listed, share what is left.  Together they are made coherent (`pmm.core.projection`).

When one outcome moves or trades, reservation prices of the others may move too, so that they are decided on again, once
in a step at most, where one of these changed since their last decision:

* what is held of another outcome;
* their own probability, by a tick of theirs;
* any probability by a tick of theirs, while something is held: the weights of a softmax are probabilities times what
  holdings make of them, so that no price moves further than that until holdings are many times 1/gamma.

Less is left to their own next decision, which comes with the next timer at the latest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from pmm.core.event_groups import Groups
from pmm.core.event_view import EventView
from pmm.core.markets import QuotedMarket
from pmm.core.projection import project
from pmm.model import GRID, ConditionId, Size

# Nothing that may win is less likely than the finest tick.
LEAST = 1 / GRID


@dataclass(frozen=True, slots=True, eq=False)
class _State:
    """An event at one moment; `held` says that what it pays depends on who wins."""

    probabilities: tuple[float, ...]
    holdings: tuple[Size, ...]
    held: bool


@dataclass(slots=True, eq=False)
class _Outcome:
    """`mid2` is None while the book may not be quoted on, `last` the last one there was, `decided` what the last
    decision was made on; `index` is its place.
    """

    quoted: QuotedMarket
    index: int
    mid2: int | None = None
    last: int | None = None
    net: Size = 0
    decided: _State | None = None


@dataclass(slots=True, eq=False)
class _Event:
    """`members` are the outcomes that were quoted, in that order; None of `state` means that something changed."""

    name: str
    members: dict[ConditionId, _Outcome] = field(default_factory=dict)
    state: _State | None = None


class Siblings:
    """`groups` says which markets belong together; those that stand alone are not kept here."""

    def __init__(self, groups: Groups) -> None:
        self._groups = groups
        self._events: dict[str, _Event] = {}
        self._changed: dict[str, _Event] = {}

    def see(self, quoted: QuotedMarket, mid2: int | None) -> EventView | None:
        """How the event of a market stands, with what is known of the market now; None where it stands alone.

        `mid2` is twice the mid of what others quote.
        """
        if not quoted.market.neg_risk_id:
            return None
        event, outcome = self._find(quoted)
        known, net = mid2 if quoted.problem() is None else None, quoted.position.net
        if event.state is None or (known, net) != (outcome.mid2, outcome.net):
            outcome.mid2, outcome.net = known, net
            outcome.last = outcome.last if known is None else known
            event.state, self._changed[event.name] = None, event
        if len(event.members) < 2:
            return None
        state = self._state(event)
        return EventView(outcome.index, state.probabilities, state.holdings)

    def decided(self, quoted: QuotedMarket) -> None:
        """A decision was made on what `see` said last."""
        if quoted.market.neg_risk_id:
            event, outcome = self._find(quoted)
            outcome.decided = event.state

    def stirred(self) -> list[QuotedMarket]:
        """Outcomes that have to be decided on again, because others of their event changed; empty when asked again."""
        if not self._changed:
            return []
        changed, self._changed = self._changed, {}
        several = (event for event in changed.values() if len(event.members) > 1)
        return [quoted for event in several for quoted in _stirred(event, self._state(event))]

    def _find(self, quoted: QuotedMarket) -> tuple[_Event, _Outcome]:
        market, name = quoted.condition_id, self._groups.of(quoted.condition_id)
        event = self._events.get(name)
        if event is None:
            event = self._events[name] = _Event(name)
        outcome = event.members.get(market)
        if outcome is None:
            outcome = event.members[market] = _Outcome(quoted, len(event.members))
            event.state = None
        outcome.quoted = quoted
        return event, outcome

    def _state(self, event: _Event) -> _State:
        state = event.state
        if state is None:
            name, members = event.name, event.members.values()
            other = self._groups.other(name) or len(members) < len(self._groups.members(name))
            holdings = tuple(outcome.net for outcome in members) + (0,) * other
            probabilities = _probabilities(tuple(members), other=other)
            state = event.state = _State(probabilities, holdings, len(set(holdings)) > 1)
        return state


def _probabilities(members: Sequence[_Outcome], *, other: bool) -> tuple[float, ...]:
    known = [_share(outcome.mid2) for outcome in members]
    lost = [None if mid else _share(outcome.last) for mid, outcome in zip(known, members, strict=True)]
    room = max(0.0, 1 - sum(mid for mid in known if mid))
    taken = sum(last for last in lost if last)
    fit = min(1.0, room / taken) if taken else 0.0
    new = sum(not mid and not last for mid, last in zip(known, lost, strict=True)) + other
    left = (room - taken * fit) / new if new else 0.0
    shares = [mid or (last * fit if last else left) for mid, last in zip(known, lost, strict=True)]
    return project([max(share, LEAST) for share in (*shares, *([left] if other else []))]).probabilities


def _share(mid2: int | None) -> float | None:
    return None if mid2 is None else mid2 / (2 * GRID)


def _stirred(event: _Event, state: _State) -> Iterator[QuotedMarket]:
    moves: dict[int, float] = {}
    for outcome in event.members.values():
        before, place = outcome.decided, outcome.index
        if before is state or outcome.quoted.dropped:
            continue
        if before is None or _others(before.holdings, place) != _others(state.holdings, place):
            yield outcome.quoted
            continue
        if id(before) not in moves:
            pairs = zip(before.probabilities, state.probabilities, strict=True)
            moves[id(before)] = max(abs(new - old) for old, new in pairs)
        own = abs(state.probabilities[place] - before.probabilities[place])
        if (moves[id(before)] if state.held else own) * GRID >= outcome.quoted.market.tick:
            yield outcome.quoted


def _others(holdings: tuple[Size, ...], place: int) -> tuple[Size, ...]:
    return holdings[:place] + holdings[place + 1 :]
