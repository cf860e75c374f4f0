"""The rules of the settings: their order, their modes, and those that other packages bring."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest

from pmm.app import rules
from pmm.app.rules import HARD, mode_of, rules_for
from pmm.core.rule import ALLOW, Mode, OrderRule, StandingRule
from pmm.errors import ConfigError
from pmm.settings import Settings, load
from pmm.settings.rules import Rules

ORDER = [
    "resting_size",
    "order_size",
    "order_notional",
    "price_collar",
    "self_cross",
    "repeat_rate",
    "message_rate",
    "position_limit",
    "market_exposure",
    "event_exposure",
    "account_exposure",
]
STANDING = [
    "daily_loss",
    "drawdown",
    "error_rate",
    "balance_drop",
    "stale_data",
    "fill_protection",
    "unsettled_share",
    "near_end",
]


def settings(tmp_path, **overrides) -> Settings:
    chosen = {key.replace("__", "."): value for key, value in overrides.items()}
    return load(chosen, environ={}, folder=tmp_path).settings


def named(found):
    return {rule.name: (rule, mode) for rule, mode in found}


def test_the_order_is_the_documented_one_and_every_rule_has_its_setting(tmp_path):
    found = rules_for(settings(tmp_path))
    assert [rule.name for rule, _ in found] == ORDER + STANDING
    assert {*ORDER, *STANDING} - {"self_cross"} <= set(Rules.model_fields)
    assert all(isinstance(rule, OrderRule) for rule, _ in found[: len(ORDER)])
    assert all(isinstance(rule, StandingRule) for rule, _ in found[len(ORDER) :])


@pytest.mark.parametrize(
    ("dry_run", "enforce", "mode"),
    [
        ("true", "", Mode.LOG),
        ("true", "true", Mode.ENFORCE),
        ("false", "", Mode.ENFORCE),
        ("false", "false", Mode.LOG),
    ],
)
def test_auto_logs_in_a_dry_run_and_enforces_with_real_money_unless_told_otherwise(tmp_path, dry_run, enforce, mode):
    chosen = settings(tmp_path, dry_run=dry_run, risk__enforce=enforce)
    assert {mode_of(name, chosen) for name in {*ORDER, *STANDING} - HARD - {"self_cross"}} == {mode}


@pytest.mark.parametrize("word", ["off", "log", "enforce"])
def test_a_mode_of_its_own_wins(tmp_path, word):
    chosen = settings(tmp_path, rules__price_collar=word, rules__order_notional=word)
    assert mode_of("price_collar", chosen) == mode_of("order_notional", chosen) == Mode(word)


@pytest.mark.parametrize("name", sorted(HARD))
def test_hard_caps_of_real_money_are_enforced_whatever_their_mode(tmp_path, name):
    chosen = settings(tmp_path, dry_run="false", risk__enforce="false", **{f"rules__{name}": "off"})
    assert mode_of(name, chosen) is Mode.ENFORCE


def test_nobody_trades_with_himself_in_any_mode(tmp_path):
    assert mode_of("self_cross", settings(tmp_path, risk__enforce="false")) is Mode.ENFORCE


@pytest.mark.parametrize(("dry_run", "exposure", "loss"), [("true", 900, 70), ("false", 500, 25)])
def test_with_real_money_no_limit_is_above_its_hard_cap(tmp_path, dry_run, exposure, loss):
    wanted = {"risk__max_total_exposure": "900", "risk__max_daily_loss": "70"}
    found = named(rules_for(settings(tmp_path, dry_run=dry_run, **wanted)))
    assert found["account_exposure"][0].limits.most == exposure * 1_000_000
    assert found["daily_loss"][0].limits.max_loss == loss * 1_000_000


class Foreign:
    name = "foreign"

    def __init__(self, settings):
        self.settings = settings

    def check(self, _wish, _view):
        return ALLOW


def not_a_rule(_settings):
    return object()


@pytest.fixture
def bring(monkeypatch):
    """Let another package bring something of this file as a rule."""

    def brings(value):
        points = [EntryPoint("foreign", value, rules.GROUP)]
        monkeypatch.setattr(rules, "entry_points", lambda group: points if group == "pmm.rules" else [])

    return brings


@pytest.mark.parametrize(("word", "mode"), [("auto", Mode.LOG), ("off", Mode.OFF), ("enforce", Mode.ENFORCE)])
def test_rules_of_other_packages_come_last_and_have_one_mode_together(tmp_path, bring, word, mode):
    bring(f"{__name__}:Foreign")
    chosen = settings(tmp_path, rules__others=word)
    rule, said = rules_for(chosen)[-1]
    assert (rule.name, rule.settings, said) == ("foreign", chosen, mode)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (f"{__name__}:not_a_rule", "is none"),
        (f"{__name__}:missing", "cannot be made"),
        ("no_such_package:x", "cannot be made"),
    ],
)
def test_what_is_no_rule_is_an_error_of_the_settings(tmp_path, bring, value, words):
    bring(value)
    with pytest.raises(ConfigError, match=f"the risk rule foreign of another package {words}"):
        rules_for(settings(tmp_path))
