"""Faulty market data, seed by seed: every lasting difference is noticed in time, and nothing right is doubted."""

from dataclasses import replace

import pytest

from pmm.core.trust import TrustLimits, Verify
from pmm.model import SECOND
from tests.chaos.__main__ import violations
from tests.chaos.faults import KINDS, NONE, STORM
from tests.chaos.run import Plan, run

NEVER = 10_000 * SECOND
# Every kind of fault, the storm and the fair weather, and then most of them in another market.
SEEDS = range(30)
# An engine that judges nothing in time.
CARELESS = TrustLimits(grace=NEVER, grace_messages=10**9, compare_interval=NEVER, quiet=NEVER, unverified=NEVER)


def plan(kind: str, **more: object) -> Plan:
    """A busy market with a canary in fair weather, and one kind of fault."""
    seed = (*KINDS, STORM, NONE).index(kind)
    fair = replace(Plan.of(seed).weather, rest_fails=0.0, rest_stale=0.0)
    chosen = replace(Plan.of(seed), pace=1.0, canary=True, connections=(0,), verify=Verify.FULL, weather=fair)
    return replace(chosen, **more)


@pytest.mark.parametrize("seed", SEEDS)
def test_no_seed_breaks_a_promise(seed):
    result = run(Plan.of(seed))
    assert result.verdict.violations == []
    assert result.verdict.placed > 0
    assert bool(result.verdict.faults) is (result.plan.kind != NONE)


def test_one_seed_is_one_run_and_another_seed_another():
    first, again, other = (run(Plan.of(seed)).trace for seed in (17, 17, 18))
    assert first == again != other


def careless(kind: str) -> list[str]:
    """What the judge says of a careless engine in a quieter market, where wrong levels stay longer."""
    plans = [replace(plan(kind, pace=0.1), seed=seed) for seed in range(4)]
    return [line for each in plans for line in run(each, CARELESS).verdict.violations]


@pytest.mark.parametrize("kind", ["lost", "size", "price", "wrong side", "frozen market"])
def test_the_judge_finds_what_a_careless_engine_does_not_notice(kind):
    assert any("too late" in line or "never noticed" in line for line in careless(kind))


def test_the_judge_finds_quotes_that_a_careless_engine_sends_on_a_wrong_book():
    assert any("a quote was sent beyond the bound" in line for line in careless("frozen token"))


def test_the_judge_finds_a_freeze_that_is_noticed_late():
    verdict = run(plan("frozen"), TrustLimits(quiet=4 * SECOND)).verdict
    assert any("a freeze was noticed after" in violation for violation in verdict.violations)


def test_the_judge_finds_false_alarms_of_an_engine_without_patience():
    verdict = run(plan(NONE), TrustLimits(grace=0, grace_messages=0)).verdict
    assert verdict.violations[0].startswith("false alarms")


def test_a_violation_names_its_seed():
    result = run(plan("frozen market"), CARELESS)
    assert next(violations([result])).startswith(f"seed {result.plan.seed} (frozen market): at ")


def test_a_freeze_is_noticed_within_two_seconds_and_its_quotes_are_gone_soon_after():
    verdict = run(plan("frozen")).verdict
    assert verdict.freezes
    assert max(took for took, _ in verdict.freezes) <= 2 * SECOND
    assert max(verdict.pulls) <= SECOND // 4
