"""How every quoted market stood, every few seconds, and where the mid was some time after each trade: for reports.

Bounded: samples are kept for `SAMPLE_LIFE`; a market brings about 4 MB a day.
"""

from __future__ import annotations

from collections.abc import Iterable

from pmm.core.engine import Engine
from pmm.core.fees import maker_rebate
from pmm.core.markets import QuotedMarket
from pmm.core.step import Fill, RewardSample, Step
from pmm.core.view import QuoteSide, View
from pmm.events import Timer
from pmm.metrics.markout import Markouts, Matured
from pmm.metrics.sample import Sample
from pmm.model import SECOND, ConditionId, Money, Nanos, OrderId, Price, Size
from pmm.sinks.store import Store, whole

SAMPLE_EVERY: Nanos = 5 * SECOND
SAMPLE_LIFE: Nanos = 7 * 86_400 * SECOND
# Old ones that go with one write: more than a write brings.
FORGOTTEN_MAX = 1_000

_SAMPLE = "INSERT OR REPLACE INTO samples VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_MARKOUT = "INSERT OR REPLACE INTO markouts VALUES (?, ?, ?, ?, ?, ?, ?)"
_REBATE = "INSERT OR REPLACE INTO ledger VALUES (?, ?, 'rebate', ?, ?, ?, ?, 0, ?)"
_NO_REBATE = "DELETE FROM ledger WHERE account = ? AND epoch = ? AND kind = 'rebate' AND ref = ?"
_FORGET = (
    "DELETE FROM samples WHERE (account, epoch, market, at) IN"
    " (SELECT account, epoch, market, at FROM samples WHERE at < ? ORDER BY at LIMIT ?)"
)


class Samples:
    """A sink.  It reads the engine between two steps, at timers; `on_step` raises DiskError."""

    def __init__(self, store: Store, account: int, epoch: int, engine: Engine) -> None:
        self._store = store
        self._key = account, epoch
        self._engine = engine
        self._rewards: dict[ConditionId, RewardSample] = {}
        self._last: Nanos | None = None
        self._markouts = Markouts()
        self._matured: list[Matured] = []
        self._rebates: list[tuple[str, tuple[object, ...]]] = []

    def on_step(self, step: Step, _took: Nanos) -> None:
        for told in step.rewards:
            self._rewards[told.market] = told
        self._matured += self._markouts.on_step(step)
        self._rebates += [self._undone(fill) for fill in step.reversals]
        self._rebates += [self._earned(fill) for fill in step.fills if fill not in step.reversals]
        at = step.event.at
        if not isinstance(step.event, Timer) or (self._last is not None and at - self._last < SAMPLE_EVERY):
            return
        self._last = at
        self.write([self._sample(quoted, at) for quoted in self._engine.markets.values()], at)
        self._rewards.clear()

    def flush(self) -> None:
        """Write what waits: the end of a run falls between two samples."""
        if self._last is not None or self._matured or self._rebates:
            self.write([], self._last or 0)

    def write(self, samples: Iterable[Sample], now: Nanos) -> None:
        """Write some, and forget the oldest."""
        with self._store.writing() as db:
            db.executemany(_SAMPLE, [(*self._key, *_values(one)) for one in samples])
            db.executemany(_MARKOUT, [(*self._key, *_markout(one)) for one in self._matured])
            for statement, values in self._rebates:
                db.execute(statement, values)
            db.execute(_FORGET, (now - SAMPLE_LIFE, FORGOTTEN_MAX))
        self._matured.clear()
        self._rebates.clear()

    def _earned(self, fill: Fill) -> tuple[str, tuple[object, ...]]:
        """What a fill adds to the rebates of its market: earned, and paid once a day if it comes to a dollar."""
        quoted = self._engine.markets.get(fill.market)
        rebate = maker_rebate(quoted.market.fees if quoted else None, fill.price, fill.size)
        return _REBATE, (*self._key, _ref(fill), fill.at, fill.market, fill.token, rebate)

    def _undone(self, fill: Fill) -> tuple[str, tuple[object, ...]]:
        return _NO_REBATE, (*self._key, _ref(fill))

    def _sample(self, quoted: QuotedMarket, at: Nanos) -> Sample:
        view, position = self._engine.quoting.glance(quoted, at), quoted.position
        (bid, bid_size), (ask, ask_size) = (_working(view, side) for side in QuoteSide)
        rewards = self._rewards.get(quoted.condition_id)
        return Sample(
            market=quoted.condition_id,
            at=at,
            mid2=view.mid2 if quoted.problem() is None else None,
            yes=position.yes,
            no=position.no,
            cash=position.cash,
            bid=bid,
            bid_size=bid_size,
            ask=ask,
            ask_size=ask_size,
            best_bid=view.best_bid,
            best_ask=view.best_ask,
            own_score=None if rewards is None else rewards.own,
            others_score=None if rewards is None else rewards.others,
            reward_per_day=None if rewards is None else rewards.per_day,
        )


def read(
    store: Store, account: int, epoch: int, *, since: Nanos = 0, until: Nanos = 2**63 - 1
) -> dict[ConditionId, list[Sample]]:
    """By market, the oldest first.  Raises DiskError."""
    found = store.rows(
        "SELECT market, at, mid2, yes, no, cash, bid, bid_size, ask, ask_size, best_bid, best_ask,"
        " own_score, others_score, reward_per_day FROM samples"
        " WHERE account = ? AND epoch = ? AND at >= ? AND at < ? ORDER BY market, at",
        (account, epoch, since, until),
    )
    markets: dict[ConditionId, list[Sample]] = {}
    for market, at, mid2, yes, no, cash, *maybe in found:
        some = (None if one is None else whole(one) for one in maybe)
        before = str(market), whole(at), None if mid2 is None else whole(mid2), whole(yes), whole(no), whole(cash)
        markets.setdefault(str(market), []).append(Sample(*before, *some))
    return markets


def read_markouts(store: Store, account: int, epoch: int) -> dict[tuple[OrderId, str], dict[Nanos, int]]:
    """Twice the mid by time after the trade, of every order and trade.  Raises DiskError."""
    found = store.rows(
        "SELECT order_id, trade_id, horizon, mid2 FROM markouts WHERE account = ? AND epoch = ?", (account, epoch)
    )
    markouts: dict[tuple[OrderId, str], dict[Nanos, int]] = {}
    for order_id, trade_id, horizon, mid2 in found:
        markouts.setdefault((str(order_id), str(trade_id)), {})[whole(horizon)] = whole(mid2)
    return markouts


def read_rebates(store: Store, account: int, epoch: int) -> dict[ConditionId, list[tuple[Nanos, Money]]]:
    """What fills earned of the fees of their market, when and how much.  Raises DiskError."""
    found = store.rows(
        "SELECT market, at, money FROM ledger WHERE account = ? AND epoch = ? AND kind = 'rebate' ORDER BY at",
        (account, epoch),
    )
    rebates: dict[ConditionId, list[tuple[Nanos, Money]]] = {}
    for market, at, money in found:
        rebates.setdefault(str(market), []).append((whole(at), whole(money)))
    return rebates


def _ref(fill: Fill) -> str:
    return f"{fill.order_id} {fill.trade_id}"


def _markout(one: Matured) -> tuple[object, ...]:
    fill = one.fill
    return fill.trade_id, fill.order_id, one.after, fill.at + one.after, one.mid2


def _values(one: Sample) -> tuple[object, ...]:
    state = (one.market, one.at, one.mid2, one.yes, one.no, one.cash)
    ours = (one.bid, one.bid_size, one.ask, one.ask_size)
    return (*state, *ours, one.best_bid, one.best_ask, one.own_score, one.others_score, one.reward_per_day)


def _working(view: View, side: QuoteSide) -> tuple[Price | None, Size | None]:
    """Our best price of a side and all that works there; (None, None) where nothing does."""
    orders = [order for order in view.working if order.quote is side]
    if not orders:
        return None, None
    best = max(orders, key=lambda order: order.quote.sign * order.price)
    return best.price, sum(order.size for order in orders)
