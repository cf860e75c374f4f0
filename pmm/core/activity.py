"""What happened lately, as far as risk rules ask for it: messages, errors, placements and fills of the last minutes."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from pmm.commands import Cancel, Place, QueryOrder, Repost
from pmm.core.orders import Order
from pmm.core.step import Fill, StepBuilder
from pmm.model import SECOND, ConditionId, Nanos

MINUTE: Nanos = 60 * SECOND
HORIZON: Nanos = 10 * MINUTE
# More than any limit counts; the oldest are forgotten first.
MESSAGES_MAX = 20_000
ERRORS_MAX = 10_000
PLACED_MAX = 512
FILLS_MAX = 2_048


@dataclass(slots=True)
class Activity:
    """`messages` are those of the last minute, the others of `HORIZON`; all oldest first.

    A message is a command about an order: a placement, a cancel, a question, the same bytes once more.
    """

    messages: deque[Nanos] = field(default_factory=lambda: deque(maxlen=MESSAGES_MAX))
    errors: deque[Nanos] = field(default_factory=lambda: deque(maxlen=ERRORS_MAX))
    _placed: dict[ConditionId, deque[Order]] = field(default_factory=dict)
    _fills: dict[ConditionId, deque[Fill]] = field(default_factory=dict)
    _step: StepBuilder | None = None
    _counted: int = 0

    def error(self, at: Nanos) -> None:
        """The venue refused something, or a strategy failed."""
        self.errors.append(at)

    def count(self, out: StepBuilder) -> None:
        """Count what this step sent so far; asking again is harmless."""
        if self._step is not out:
            self._step, self._counted = out, 0
        at, commands = out.event.at, out.commands
        for command in commands[self._counted :]:
            if isinstance(command, Place | Cancel | QueryOrder | Repost):
                self.messages.append(at)
        self._counted = len(commands)
        _forget(self.messages, at - MINUTE)
        _forget(self.errors, at - HORIZON)

    def place(self, order: Order) -> None:
        placed = self._placed.setdefault(order.market, deque(maxlen=PLACED_MAX))
        placed.append(order)
        while placed[0].created_at < order.created_at - HORIZON:
            placed.popleft()

    def fill(self, fill: Fill) -> None:
        fills = self._fills.setdefault(fill.market, deque(maxlen=FILLS_MAX))
        fills.append(fill)
        while fills[0].at < fill.at - HORIZON:
            fills.popleft()

    def reverse(self, fill: Fill) -> None:
        """Its trade has failed."""
        fills = self._fills.get(fill.market)
        if fills is not None and fill in fills:
            fills.remove(fill)

    def correct(self, old: Fill, new: Fill) -> None:
        """It was told wrongly: what it really was stands in its place."""
        fills = self._fills.get(old.market)
        if fills is not None and old in fills:
            fills[fills.index(old)] = new

    def placed(self, market: ConditionId) -> Sequence[Order]:
        """Orders that were sent in a market."""
        return self._placed.get(market, ())

    def fills(self, market: ConditionId) -> Sequence[Fill]:
        """Fills of a market whose trades have not failed."""
        return self._fills.get(market, ())


def _forget(moments: deque[Nanos], before: Nanos) -> None:
    while moments and moments[0] < before:
        moments.popleft()
