"""What a run came to, from what it left in its state file: figures by market, and the curves behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pmm.app.account import SHADOW_WALLET, state_folder
from pmm.core.step import Fill, Opening
from pmm.errors import Exit, UsageError
from pmm.metrics.markout import HORIZONS_S
from pmm.metrics.performance import Performance, drawdown, performance, together
from pmm.metrics.pnl import MICRO, MarketPnl
from pmm.metrics.sample import Sample
from pmm.model import GRID, SECOND, ConditionId, Money, Nanos, OrderId, Size
from pmm.settings import Settings
from pmm.sinks.records import Records
from pmm.sinks.runs import NEVER, Run, runs
from pmm.sinks.store import Store


class NoSuchRun(UsageError):
    """The state file knows no run of that number."""

    code = "PMM-E105"
    exit = Exit.NOT_FOUND


@dataclass(frozen=True, slots=True)
class After:
    """Fills that became so old: how many, their shares, and what the mid did to them in `UNIT`; a loss is negative."""

    seconds: int
    fills: int
    shares: Size
    adverse: int


@dataclass(frozen=True, slots=True)
class MarketReport:
    """One market.  `pnl` closes by itself; `rebates` were earned, `performance.reward` is what our share should pay."""

    slug: str
    performance: Performance
    pnl: MarketPnl
    fills: int
    volume: Size
    after: tuple[After, ...]
    rebates: Money
    samples: Sequence[Sample]

    @property
    def net(self) -> Money:
        """Trading, rebates and the expected reward together, in micro-USD."""
        return self.pnl.total // MICRO + self.rebates + self.performance.reward


@dataclass(frozen=True, slots=True)
class Report:
    """A run: `curve` is equity of all its markets over time, `drawdown` its greatest fall.

    `spoken` is how often rules had something to say.
    """

    run: Run
    markets: Mapping[ConditionId, MarketReport]
    curve: Sequence[tuple[Nanos, Money]]
    drawdown: Money
    spoken: int

    @property
    def net(self) -> Money:
        return sum(market.net for market in self.markets.values())


def report(settings: Settings, instance: str, number: int | None) -> Report:
    """Of the run of that number, or of the last one.  Raises NoSuchRun and what the state file raises."""
    folder = state_folder(settings, instance)
    if not Store.exists(folder):
        raise NoSuchRun(f"instance {instance!r} has no state file yet", hint="`pmm quote` writes one.")
    with Store.open(folder) as store:
        known = runs(store)
        chosen = next((one for one in known if number in (None, one.number)), None)
        if chosen is None:
            numbers = ", ".join(str(one.number) for one in known[:5]) or "none"
            raise NoSuchRun(f"there is no run {number}", hint=f"The last ones are: {numbers}.")
        return _report(store, chosen)


def simulated(run: Run) -> bool:
    """Whether its orders were those of a dry run."""
    return run.wallet == SHADOW_WALLET


def _report(store: Store, run: Run) -> Report:
    records = Records(store, run.account, epoch=run.number if simulated(run) else 0)
    samples = records.samples(since=run.began_at, until=run.ended_at)
    everything: list[Fill | Opening] = [*records.openings(), *records.fills()]
    told = [one for one in everything if run.began_at <= one.at < run.ended_at]
    fills = [one for one in told if isinstance(one, Fill)]
    # What is known of now belongs to the run that was last.
    last = records.marks() if run.ended_at == NEVER else {}
    after, slugs, rebates = records.markouts(), records.slugs(), records.rebates()
    markets = {}
    for market in sorted({*samples, *(one.market for one in told)}):
        mine, some = [fill for fill in fills if fill.market == market], samples.get(market, [])
        markets[market] = MarketReport(
            slug=slugs.get(market, market),
            performance=performance(some),
            pnl=_ledger([one for one in told if one.market == market], some, last.get(market)),
            fills=len(mine),
            volume=sum(fill.size for fill in mine),
            after=tuple(_after(mine, after, seconds) for seconds in HORIZONS_S),
            rebates=sum(money for at, money in rebates.get(market, ()) if run.began_at <= at < run.ended_at),
            samples=some,
        )
    curve = together({market: one.samples for market, one in markets.items()})
    spoken = sum(one.at < run.ended_at for one in records.risk_events(since=run.began_at))
    return Report(run, markets, curve, drawdown(equity for _, equity in curve), spoken)


def _ledger(told: Sequence[Fill | Opening], samples: Sequence[Sample], last2: int | None) -> MarketPnl:
    """What the fills of the run, and shares of before it, came to at the mids seen meanwhile: it closes exactly."""
    ledger = MarketPnl()
    marks = [(one.at, one.mid2) for one in samples if one.mid2 is not None]
    place = 0
    for one in sorted(told, key=lambda one: one.at):
        while place < len(marks) and marks[place][0] <= one.at:
            ledger.mark(marks[place][1])
            place += 1
        if isinstance(one, Opening):
            ledger.open(one)
        else:
            ledger.book(one)
    for _, mid2 in marks[place:]:
        ledger.mark(mid2)
    if last2 is not None:
        ledger.mark(last2)
    return ledger


def _after(fills: Sequence[Fill], after: Mapping[tuple[OrderId, str], Mapping[Nanos, int]], seconds: int) -> After:
    told = [
        (fill, after[fill.order_id, fill.trade_id][seconds * SECOND])
        for fill in fills
        if seconds * SECOND in after.get((fill.order_id, fill.trade_id), {})
    ]
    adverse = sum(fill.net * (mid2 - fill.mid2) for fill, mid2 in told)
    return After(seconds, len(told), sum(fill.size for fill, _ in told), adverse)


def cents_a_share(after: After) -> float | None:
    """The mean move of the mid for us, in cents a share; None where no fill is so old."""
    return after.adverse / after.shares / (2 * GRID) * 100 if after.shares else None
