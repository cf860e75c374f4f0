"""The judge of a run: holds what the bot believes against what the venue's books really were, at every moment.

A *difference* exists when the book that quotes are made from is not the venue's own book as it was told by every
message that should have arrived by then.  A message that is under way is no difference, and neither is a moment in
which messages of the same time are still being taken in; one that a fault lost or delays is.  Nothing here asks the
engine what it thinks of its books, except whether it would quote on them.  The book of the other token is evidence
and nothing else: it differs when its best prices are wrong while those of the first token are right.
The bounds are those of `gaps`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from pmm.commands import Cancel, Place
from pmm.core.engine import Engine
from pmm.core.step import Step
from pmm.core.trust import TRUST, Evidence
from pmm.events import Canceled, Filled, Frame, Rejected
from pmm.model import MILLISECOND, SECOND, Nanos, Size
from pmm.venues.shadow import ShadowGateway
from tests.chaos.faults import Fault
from tests.chaos.gaps import FROZEN, FROZEN_AGAIN, Alarm, Gap, Verdict, Watched
from tests.chaos.truth import State

# From the moment when a book is doubted to the moment when its last order is gone at the gateway.
PULLED: Nanos = 250 * MILLISECOND


@dataclass
class Silence:
    """A connection that loses everything, since when, and the times of REST reads that were of no use."""

    began: Nanos
    bad_reads: set[Nanos] = field(default_factory=set)


@dataclass
class Live:
    """An order of ours as the gateway has it; from its cancel on it is known when it will be gone."""

    market: str
    left: Size
    gone_at: Nanos | None = None


class Judge:
    """`pace` and `on_step` see a run from the driver, the rest from the venue's side of the wire.

    `slack` is added to every bound of a difference.
    """

    def __init__(
        self,
        engine: Engine,
        gateway: ShadowGateway,
        markets: Sequence[str],
        connections: Sequence[int],
        slack: Nanos = 0,
    ) -> None:
        self.verdict = Verdict()
        self.over_at: Nanos | None = None
        self.watched = {(m, c): Watched(m, c) for m in markets for c in connections}
        self._engine = engine
        self._gateway = gateway
        self._slack = slack
        self._verify = engine.config.trust.verify
        self._began: Nanos | None = None
        self._now: Nanos = 0
        self._orders: dict[str, Live] = {}
        self._silences: dict[int, Silence] = {}
        self._wrong_since: dict[str, Nanos] = {}
        self._unusable: set[str] = set()

    # --- the venue's side -----------------------------------------------------------------------------------------

    def expect(self, connection: int, market: str, due: Nanos, state: State) -> None:
        watched = self.watched.get((market, connection))
        if watched is not None:
            watched.due.append((due, state))

    def missed(self, connection: int, at: Nanos) -> None:
        self._silences.setdefault(connection, Silence(at))

    def read(self, market: str, at: Nanos, *, good: bool) -> None:
        if good:
            return
        for silence in self._silences.values():
            silence.bad_reads.add(at)
        for watched in self._of(market):
            if watched.gap is not None:
                watched.gap.bad_reads += 1

    def struck(self, fault: Fault) -> None:
        self.verdict.faults.append(fault)

    def calm(self) -> bool:
        """Whether every book is right and quoted on."""
        return all(watched.usable and not watched.open() for watched in self.watched.values())

    # --- the bot's side -------------------------------------------------------------------------------------------

    def pace(self, at: Nanos) -> None:
        """Everything up to, and not at, `at` has happened."""
        if self._began is None:
            self._began = self._now = at
        if self.over_at is not None or at <= self._now:
            return
        self._settle(self._now)
        for moment in sorted({moment for moment in self._moments() if self._now < moment < at}):
            self._settle(moment)
        self._now = at

    def on_step(self, step: Step, took: Nanos) -> None:
        if self.over_at is not None:
            return
        at = step.event.at
        if isinstance(step.event, Frame):
            self._heard(step.event)
        self._book(step)
        for watched in self.watched.values():
            self._look(watched, step, at)
        for command in step.commands:
            if isinstance(command, Place):
                self._on_place(command, at)
        self._judge_pulls(at)

    def finish(self, at: Nanos) -> None:
        """The run is over at `at`: every book must be right and quoted on."""
        self.pace(at)
        self.over_at = at
        for watched in self.watched.values():
            if not watched.usable:
                assert watched.copy is not None, "it was listed"
                self._blame(at, f"the book on {watched.connection} is {watched.copy.state}: {watched.copy.cause}")
            for gap in watched.open():
                if at > gap.deadline(self._verify):
                    self._blame(at, "a difference was never noticed")
                self._close(watched, gap)
        self.verdict.exposures += [at - since for since in self._wrong_since.values()]

    def _moments(self) -> Iterator[Nanos]:
        """When something changes without an event of the engine: the truth moves on, or an order is gone."""
        for watched in self.watched.values():
            yield from (due for due, _ in watched.due)
        yield from (order.gone_at for order in self._orders.values() if order.gone_at is not None)

    # --- differences ----------------------------------------------------------------------------------------------

    def _settle(self, at: Nanos) -> None:
        """Judge the state at the end of a moment."""
        for watched in self.watched.values():
            while watched.due and watched.due[0][0] <= at:
                watched.truth = watched.due.popleft()[1]
            differs = watched.differs()
            if watched.gap is not None and not differs:
                self._heal(watched, watched.gap, at)
            elif watched.gap is None and differs and watched.usable:
                assert watched.copy is not None, "a book that differs is there"
                understood = watched.copy.hashes.tokens[0].explained
                watched.gap = Gap(watched.market, watched.connection, at, understood, slack=self._slack)
            contradicts = watched.contradicts()
            if watched.aside is not None and not contradicts:
                self._heal(watched, watched.aside, at)
            elif watched.aside is None and contradicts and watched.usable:
                watched.aside = Gap(watched.market, watched.connection, at, other=True, slack=self._slack)
        self._expose(at)

    def _heal(self, watched: Watched, gap: Gap, at: Nanos) -> None:
        if gap.noticed is None:
            gap.healed = at
        self._close(watched, gap)

    def _close(self, watched: Watched, gap: Gap) -> None:
        if gap.other:
            watched.aside = None
        else:
            watched.gap = None
        self.verdict.gaps.append(gap)
        over, deadline = gap.over, gap.deadline(self._verify)
        if over is not None and over > deadline:
            late = (over - deadline) // MILLISECOND
            whose = "the other token" if gap.other else "a book"
            how = f"noticed by {gap.evidence}" if gap.noticed is not None else "healed"
            self._blame(gap.began, f"a difference of {whose} was {how} {late} ms too late")

    def _expose(self, at: Nanos) -> None:
        """How long orders are at the gateway while the book that they follow is wrong."""
        for market, quoted in self._engine.markets.items():
            differs = self.watched[market, quoted.lead.connection].differs()
            gone = self._gone(market)
            live = gone is None or gone > at
            since = self._wrong_since.get(market)
            if differs and live and since is None:
                self._wrong_since[market] = at
            elif since is not None and not (differs and live):
                del self._wrong_since[market]
                until = at if gone is None else min(at, gone)
                self.verdict.exposures.append(max(until - since, 0))

    def _look(self, watched: Watched, step: Step, at: Nanos) -> None:
        """Whether the engine still believes a copy."""
        quoted = self._engine.markets.get(watched.market)
        watched.copy = copy = quoted.copies.get(watched.connection) if quoted is not None else None
        usable = copy is not None and copy.usable
        if usable is watched.usable:
            return
        watched.usable = usable
        if usable:
            self._on_trusted(watched, at)
        else:
            changes = (change.evidence for change in step.changes if change.machine == TRUST.name)
            self._on_doubt(watched, next(changes, ""), at)

    def _on_trusted(self, watched: Watched, at: Nanos) -> None:
        if watched.lost_at is not None:
            self.verdict.recoveries.append(at - watched.lost_at)
        for gap in watched.open():  # believed again and still wrong: another difference
            self._close(watched, gap)

    def _on_doubt(self, watched: Watched, evidence: str, at: Nanos) -> None:
        watched.lost_at = at
        silence = self._silences.pop(watched.connection, None)
        if evidence == Evidence.FROZEN and silence is not None:
            took, bad_reads = at - silence.began, len(silence.bad_reads)
            self.verdict.freezes.append((took, bad_reads))
            if took > FROZEN + FROZEN_AGAIN * bad_reads:
                self._blame(at, f"a freeze was noticed after {took // MILLISECOND} ms")
        for gap in watched.open():
            gap.noticed, gap.evidence = at, evidence
        if not watched.open():
            self.verdict.alarms.append(Alarm(watched.market, watched.connection, at, evidence))

    def _heard(self, frame: Frame) -> None:
        """A frame has arrived: what it says of a market follows every difference that is older than it."""
        self._silences.pop(frame.connection, None)
        for watched in self.watched.values():
            gap = watched.gap
            if gap is None or watched.connection != frame.connection or frame.at <= gap.began:
                continue
            gap.heard = gap.heard or frame.at
            assert watched.copy is not None, "a book that differs is there"
            about = b'"price_changes"' in frame.data and watched.copy.tokens[0].encode() in frame.data
            if gap.followed is None and about:
                gap.followed = frame.at

    # --- orders ---------------------------------------------------------------------------------------------------

    def _book(self, step: Step) -> None:
        """Keep our orders: a cancelled one is gone when its cancel has arrived at the gateway."""
        at, event, orders = step.event.at, step.event, self._orders
        if isinstance(event, Filled) and event.order_id in orders:
            orders[event.order_id].left -= event.size
            if orders[event.order_id].left <= 0:
                del orders[event.order_id]
        elif isinstance(event, Canceled | Rejected):
            orders.pop(event.order_id, None)
        for command in step.commands:
            if isinstance(command, Place):
                orders[command.order_id] = Live(command.market, command.size)
            elif isinstance(command, Cancel) and command.order_id in orders:
                orders[command.order_id].gone_at = at + self._gateway.latency
        for order_id, order in orders.items():
            if order.gone_at is not None and order.gone_at <= at and self._rests(order_id, order.market):
                self._blame(at, f"{order_id} rests at the gateway after its cancel arrived")

    def _rests(self, order_id: str, market: str) -> bool:
        return order_id in self._gateway.markets[market].orders

    def _on_place(self, command: Place, at: Nanos) -> None:
        self.verdict.placed += 1
        lead = self._engine.markets[command.market].lead
        if not lead.usable:
            self._blame(at, f"a quote was sent on a book that is {lead.state}")
        gap = self.watched[command.market, lead.connection].gap
        if gap is not None:
            self.verdict.placed_on_gap.append(at - gap.began)
            if at > gap.deadline(self._verify):
                self._blame(at, "a quote was sent beyond the bound of a difference")

    def _judge_pulls(self, at: Nanos) -> None:
        """From the moment when no copy of a market is believed, its orders are gone soon."""
        for market in {watched.market for watched in self.watched.values()}:
            if any(watched.usable for watched in self._of(market)):
                self._unusable.discard(market)
            elif market not in self._unusable:
                self._unusable.add(market)
                gone = self._gone(market)
                took = PULLED + 1 if gone is None else max(gone - at, 0)
                self.verdict.pulls.append(took)
                if took > PULLED:
                    self._blame(at, "orders stay although no book is believed")

    def _gone(self, market: str) -> Nanos | None:
        """When the last order of a market is gone; None when nobody has cancelled it."""
        last = 0
        for order in self._orders.values():
            if order.market == market:
                if order.gone_at is None:
                    return None
                last = max(last, order.gone_at)
        return last

    def _of(self, market: str) -> list[Watched]:
        return [watched for watched in self.watched.values() if watched.market == market]

    def _blame(self, at: Nanos, text: str) -> None:
        since = (at - (self._began or 0)) / SECOND
        self.verdict.violations.append(f"at {since:.3f} s: {text}")
