"""Orders, fills and money through sessions of faults over real sockets, and a judge who finds what is wrong."""

from collections import Counter

import pytest

from pmm.core.config import EngineConfig
from pmm.core.desk import OrderTerms
from pmm.core.ledger import Ledger
from pmm.core.orders import trigger_of
from pmm.events import CancelRejected, Unanswered
from pmm.sinks.store import Intents
from tests.chaos.orders import campaign, faults
from tests.chaos.orders.campaign import several
from tests.chaos.orders.limits import shortened
from tests.chaos.orders.session import Plan
from tests.chaos.orders.table import table, violations

SEEDS = range(15)


@pytest.fixture(autouse=True)
def short():
    with shortened():
        yield


async def test_no_seed_breaks_a_promise():
    results = await several(SEEDS, at_once=len(SEEDS))
    assert list(violations(results)) == []
    assert sum(result.uncounted_ns for result in results) == 0
    assert all(result.orders for result in results)
    assert sum(result.trades for result in results) > len(SEEDS) // 4  # on a busy machine few orders live to trade
    assert sum(result.restarts for result in results) > 0
    assert "never happened" in table(results)


def test_a_seed_is_one_plan_and_every_fault_is_in_some():
    assert Plan.of(17) == Plan.of(17) != Plan.of(18)
    chosen = Counter(fault for seed in range(1_000) for fault in Plan.of(seed).chosen)
    assert set(chosen) == set(faults.EVERY)
    assert min(chosen.values()) > 20


# What is planted shows only where a fault meets it at the right moment, which is rare on a busy machine.
ATTEMPTS = 5


@pytest.fixture
def judge(monkeypatch):
    """Whether something is said about sessions in which only some faults happen; there are more until it is."""

    async def finds(said, *chosen, count=6, seconds=1.8):
        weather = tuple((fault, 0) for fault in chosen if fault in faults.WEATHER)
        strikes = tuple(
            faults.Strike(0.2 + number / 2, fault)
            for number, fault in enumerate(set(chosen) - {"F18"})
            if fault not in faults.WEATHER
        )
        plan = lambda seed: Plan(seed, chosen, weather, strikes, seconds, gtc=False)  # noqa: E731
        monkeypatch.setattr(campaign.Plan, "of", plan)
        monkeypatch.setattr("tests.chaos.orders.session.CONVERGES_WITHIN_S", 1.0)
        for attempt in range(ATTEMPTS):
            seeds = range(attempt * count, (attempt + 1) * count)
            if said in "\n".join(violations(await several(seeds, at_once=count))):
                return True
        return False

    return finds


async def test_the_judge_finds_an_engine_that_takes_silence_for_a_refusal(judge, monkeypatch):
    def careless(order, report):
        lost = isinstance(report, Unanswered) and order.state == "SENT"
        return "reject" if lost else trigger_of(order, report)

    monkeypatch.setattr("pmm.core.desk.trigger_of", careless)
    path, cut = faults.WEATHER["F01"][1]
    monkeypatch.setitem(faults.WEATHER, "F01", [(path, {**cut, "chance": 0.7})])
    assert await judge("rests and is REJECTED in the engine", "F01", "F10")


async def test_the_judge_finds_an_engine_that_takes_a_refused_cancel_for_the_end(judge, monkeypatch):
    careless = lambda order, report: "gone" if isinstance(report, CancelRejected) else trigger_of(order, report)  # noqa: E731
    monkeypatch.setattr("pmm.core.desk.trigger_of", careless)
    monkeypatch.setitem(faults.WEATHER, "F06", [faults.WEATHER["F06"][1]])
    assert await judge("rests and is CANCELED in the engine", "F06")


async def test_the_judge_finds_fills_that_a_cancel_hides(judge, monkeypatch):
    monkeypatch.setattr(
        EngineConfig, "terms", property(lambda config: OrderTerms(config.order_prefix, config.tif, config.order_life))
    )
    assert await judge("traded, not told and not counted", "F07", "F10", count=12, seconds=3.0)


async def test_the_judge_finds_trades_that_failed_and_were_never_taken_back(judge, monkeypatch):
    monkeypatch.setattr(Ledger, "reverse", lambda *_: None)
    assert await judge("the ledger holds", "F18", count=10)


async def test_the_judge_finds_orders_that_were_never_written_down(judge, monkeypatch):
    monkeypatch.setattr(Intents, "intend", lambda *_: None)
    assert await judge("was never written down", "F08")


async def test_the_judge_finds_what_a_restart_forgot(judge, monkeypatch):
    monkeypatch.setattr(Intents, "open_intents", lambda _: [])
    assert await judge("rests and the engine does not know it", "F26")


async def test_the_judge_finds_limits_that_are_passed(judge, monkeypatch):
    monkeypatch.setattr("tests.chaos.orders.limits.rules", tuple)
    monkeypatch.setattr("tests.chaos.orders.limits.MARKET_CAP", 8_000_000)
    assert await judge("the worst corner passed the cap", "F18")
