"""A sink that writes down what became of orders, fills and their settlement, what rules said and what was decided.

Fills and settlements are written in the step that tells of them; orders, prices and what rules said wait for the next
timer, because they can be asked for again or do not matter, and so do decisions, which take the time to be packed.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from itertools import takewhile
from typing import TypeAlias

from pmm.commands import Place
from pmm.core.engine import Engine
from pmm.core.step import Change, DayResult, Decision, Fill, Opening, Step
from pmm.events import Adopted, Frame, MarketListed, Settled, Timer
from pmm.model import GRID, SECOND, ConditionId, Market, Nanos, OrderId
from pmm.sinks import risk_events
from pmm.sinks.decisions import DecisionWriter
from pmm.sinks.samples import Samples
from pmm.sinks.store import CLOSED_LIFE, FORGOTTEN_MAX, LatchName, Store, whole

# What waits is written at the latest when it is so much.
WAITING_MAX = 500

Row: TypeAlias = tuple[str, tuple[object, ...]]

_MARKET = "INSERT OR REPLACE INTO markets VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_ORDER = "INSERT OR IGNORE INTO orders VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?)"
_STATE = "UPDATE orders SET state = ? WHERE account = ? AND epoch = ? AND order_id = ?"
# Told again with another size, the later word counts.
_TRADE = (
    "INSERT INTO trades VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'MATCHED')"
    " ON CONFLICT DO UPDATE SET price = excluded.price, size = excluded.size, paid = excluded.paid"
)
# The planner takes every index for as good as any other, and must be told; a test holds its plans against this.
# Derived from the trades, so that one that is told twice counts once.
_MATCHED = (
    "UPDATE orders SET matched = (SELECT coalesce(sum(size), 0) FROM trades t INDEXED BY trades_by_order"
    " WHERE t.account = orders.account AND t.epoch = orders.epoch AND t.order_id = orders.order_id)"
    " WHERE account = ? AND epoch = ? AND order_id = ?"
)
# Of two things told about a trade the one that is further stays.
_SETTLED = (
    "UPDATE trades SET status = ? WHERE account = ? AND epoch = ? AND trade_id = ? AND order_id = ?"
    " AND status NOT IN ('CONFIRMED', 'FAILED') AND NOT (status = 'MINED' AND ? = 'MATCHED')"
)
# Nobody has to ask for an order again that is over and whose trades are settled or void ...
_CLOSE = (
    "UPDATE intents SET closed = 1, body = x'' WHERE account = ? AND order_id = ? AND closed = 0 AND EXISTS"
    " (SELECT 1 FROM orders o WHERE o.account = intents.account AND o.epoch = ? AND o.order_id = intents.order_id"
    " AND o.state IN ('FILLED', 'CANCELED', 'EXPIRED', 'REJECTED', 'DENIED')) AND NOT EXISTS"
    " (SELECT 1 FROM trades t INDEXED BY trades_by_order WHERE t.account = intents.account AND t.epoch = ?"
    " AND t.order_id = intents.order_id AND t.status NOT IN ('CONFIRMED', 'FAILED'))"
)
# ... once nothing was heard of it for so long.  Trades come into the venue's lists and balances some time after they
# matched; a run that knew nothing of their order any more would never book them.
CLOSE_AFTER: Nanos = 60 * SECOND
# The oldest of what is over and old enough.
_FORGET = (
    (
        "DELETE FROM intents WHERE rowid IN (SELECT rowid FROM intents WHERE closed = 1 AND created_at < ?"
        " ORDER BY created_at LIMIT ?)"
    ),
    (
        "DELETE FROM orders WHERE rowid IN (SELECT rowid FROM orders WHERE created_at < ?"
        " AND state IN ('FILLED', 'CANCELED', 'EXPIRED', 'REJECTED', 'DENIED') ORDER BY created_at LIMIT ?)"
    ),
)
# What trades and earlier openings do not explain of what is held; less than nothing where shares went elsewhere.
_OPENING = (
    "INSERT OR IGNORE INTO openings SELECT account, epoch, token, at, market, is_yes, held - explained, mid2 FROM"
    " (SELECT ?1 account, ?2 epoch, ?3 token, ?4 at, ?5 market, ?6 is_yes, ?7 held, ?8 mid2,"
    " (SELECT coalesce(sum(CASE side WHEN 'BUY' THEN size ELSE -size END), 0) FROM trades"
    " WHERE account = ?1 AND epoch = ?2 AND token = ?3 AND status <> 'FAILED')"
    " + (SELECT coalesce(sum(size), 0) FROM openings WHERE account = ?1 AND epoch = ?2 AND token = ?3) explained)"
    " WHERE held <> explained"
)
_DAY = "INSERT OR REPLACE INTO days VALUES (?, ?, ?)"
# What fills of orders that are not closed have brought so far, at the last mark: the venue is asked about them again.
_AGAIN = (
    "SELECT coalesce(sum((CASE t.side WHEN 'BUY' THEN t.size ELSE -t.size END)"
    " * (CASE t.is_yes WHEN 1 THEN m.mid2 ELSE ?3 - m.mid2 END) / ?3 - t.paid), 0) FROM intents i"
    " JOIN trades t ON t.account = i.account AND t.epoch = ?2 AND t.order_id = i.order_id AND t.status <> 'FAILED'"
    " JOIN marks m ON m.account = t.account AND m.epoch = t.epoch AND m.market = t.market"
    " WHERE i.account = ?1 AND i.closed = 0"
)
_MARK = "INSERT OR REPLACE INTO marks VALUES (?, ?, ?, ?, ?)"


class History:
    """The sink of one run.  `on_step` raises DiskError where nothing can be written any more.

    simulated     orders end with the run, and its ids begin anew: what an earlier run left open is canceled
    latch_halts   a halt of the engine forbids quoting until `pmm kill --reset`
    """

    def __init__(
        self,
        store: Store,
        account: int,
        *,
        simulated: bool,
        latch_halts: bool,
        clock: Callable[[], Nanos] = time.time_ns,
    ) -> None:
        self._store = store
        self._account = account
        self._latch_halts = latch_halts
        self._clock = clock
        self._waiting: list[Row] = []
        self._mids: dict[str, tuple[int, Nanos]] = {}
        self._valued: set[ConditionId] = set()
        self._heard: dict[OrderId, Nanos] = {}
        with store.writing() as db:
            if simulated:
                over = "UPDATE orders SET state = 'CANCELED' WHERE account = ? AND state IN ('SENT', 'LIVE', 'PARTIAL',"
                db.execute(f"{over} 'CANCEL_PENDING', 'UNKNOWN', 'INTENT')", (account,))
            run = db.execute(
                "INSERT INTO runs (account, began_at, pid) VALUES (?, ?, ?)", (account, clock(), os.getpid())
            ).lastrowid
        assert run is not None, "a row was inserted"
        self.run: int = run
        self.epoch: int = run if simulated else 0
        self._decided: list[Decision] = []
        self._decisions = DecisionWriter(account, self.epoch)

    def on_step(self, step: Step, _took: Nanos) -> None:
        told = step.changes or step.decisions or step.commands or step.fills or step.openings or step.risk
        if isinstance(step.event, Frame) and not told:
            return  # most steps, on the way from a frame to an order
        rows = self._of(step)
        urgent = bool(step.fills) or isinstance(step.event, Settled | MarketListed | Adopted)
        if rows:
            self._waiting += rows
        self._decided += [decision for decision in step.decisions if decision.evidence is not None]
        full = len(self._waiting) + len(self._decided) >= WAITING_MAX
        if isinstance(step.event, Timer) or full:
            if self._waiting or self._mids or self._decided:
                self.flush()
        elif urgent and (self._waiting or self._mids):
            self._write(())
        for change in step.changes:
            if self._latch_halts and change.machine == "risk" and change.new == "HALTED":
                self._store.latch(LatchName.HALT, change.cause, change.at, self._account)

    def flush(self) -> None:
        """Write what waits, close intents that are over, forget what is over for long.

        Raises DiskError; then it waits on.
        """
        self._write(self._decided)
        self._decided.clear()

    def _write(self, decisions: Sequence[Decision]) -> None:
        key, now = (self._account, self.epoch), self._clock()
        over = list(takewhile(lambda order_id: now - self._heard[order_id] >= CLOSE_AFTER, self._heard))
        with self._store.writing() as db:
            for statement, values in self._waiting:
                db.execute(statement, values)
            db.executemany(_MARK, [(*key, market, mid2, at) for market, (mid2, at) in self._mids.items()])
            db.executemany(_CLOSE, [(self._account, order_id, self.epoch, self.epoch) for order_id in over])
            for statement in _FORGET:
                db.execute(statement, (now - CLOSED_LIFE, FORGOTTEN_MAX))
            db.execute(risk_events.FORGET, (risk_events.EVENTS_MAX,))
            if decisions:
                self._decisions.write(db, decisions, now)
        self._waiting.clear()
        self._mids.clear()
        for order_id in over:
            del self._heard[order_id]

    def _hear(self, order_id: OrderId, at: Nanos) -> None:
        """Note the last news of an order; the oldest come first."""
        self._heard.pop(order_id, None)
        self._heard[order_id] = at

    def _of(self, step: Step) -> list[Row]:
        rows: list[Row] = []
        event = step.event
        if isinstance(event, MarketListed) and len(event.market.tokens) == 2:
            rows.append((_MARKET, _market(event.market)))
        elif isinstance(event, Adopted):
            rows.append((_ORDER, self._adopted(event)))
        elif isinstance(event, Settled):
            self._hear(event.order_id, event.at)
            rows.append(self._settled(str(event.status), event.trade_id, event.order_id))
        rows += [(_ORDER, self._order(command, event.at)) for command in step.commands if isinstance(command, Place)]
        rows += self._fills(step.fills)
        rows += [(_OPENING, self._opening(opening)) for opening in step.openings]
        if step.day is not None:
            # What a day brought and the marks that say so belong together: fills told again are taken out at these.
            self._valued.update(market for market, _ in step.day.marks)
            self._mids.update((market, (mid2, event.at)) for market, mid2 in step.day.marks)
            if self.epoch == 0:
                rows.append((_DAY, (self._account, step.day.day, step.day.money)))
        for change in step.changes:
            if change.machine == "order":
                self._hear(change.subject, change.at)
                rows.append((_STATE, self._state(change)))
            elif change.machine == "settlement" and step.fills:
                # News that overtook their fill are told with it.
                order_id, _, trade_id = change.subject.rpartition(" ")
                rows.append(self._settled(change.new, trade_id, order_id))
        rows += risk_events.rows_of(*self._key, step.risk)
        for decision in step.decisions:
            if decision.mid2 is not None and decision.market not in self._valued:
                self._mids[decision.market] = (decision.mid2, decision.at)
        return rows

    def samples(self, engine: Engine) -> Samples:
        """The sink beside this one that notes how the markets of an engine stand."""
        return Samples(self._store, self._account, self.epoch, engine)

    def day(self) -> DayResult | None:
        """The last day of a live account and what it brought, for the next run.  Raises DiskError.

        Without the fills that the next run will be told once more, and will count itself.
        """
        rows = self._store.rows(
            "SELECT day, money FROM days WHERE account = ? ORDER BY day DESC LIMIT 1", (self._account,)
        )
        ((again,),) = self._store.rows(_AGAIN, (self._account, self.epoch, 2 * GRID))
        return next((DayResult(whole(day), whole(money) - whole(again)) for day, money in rows), None)

    @property
    def _key(self) -> tuple[int, int]:
        return self._account, self.epoch

    def _fills(self, fills: Sequence[Fill]) -> list[Row]:
        rows: list[Row] = []
        for fill in fills:
            self._hear(fill.order_id, fill.at)
            what = (fill.trade_id, fill.order_id, fill.market, fill.token, int(fill.is_yes), str(fill.side))
            money = (fill.price, fill.size, fill.paid, fill.mid2, fill.at)
            rows += [(_TRADE, (*self._key, *what, *money)), (_MATCHED, (*self._key, fill.order_id))]
        return rows

    def _order(self, place: Place, at: Nanos) -> tuple[object, ...]:
        what = (place.order_id, place.market, place.token, str(place.side), place.price, place.size)
        return (*self._key, *what, "SENT", at, place.expires_at)

    def _opening(self, opening: Opening) -> tuple[object, ...]:
        where = (opening.token, opening.at, opening.market, int(opening.is_yes))
        return (*self._key, *where, opening.held, opening.mid2)

    def _adopted(self, event: Adopted) -> tuple[object, ...]:
        what = (event.order_id, event.market, event.token, str(event.side), event.price, event.size)
        return (*self._key, *what, "UNKNOWN", event.created_at, event.expires_at)

    def _settled(self, status: str, trade_id: str, order_id: OrderId) -> Row:
        return _SETTLED, (status, *self._key, trade_id, order_id, status)

    def _state(self, change: Change) -> tuple[object, ...]:
        return (change.new, *self._key, change.subject)


def _market(market: Market) -> tuple[object, ...]:
    outcomes = [token.outcome for token in market.tokens]
    event = (market.event_slug or market.neg_risk_id or "") if market.neg_risk else ""
    return market.condition_id, market.slug, market.question, market.yes, market.no, *outcomes, event
