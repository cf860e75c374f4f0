"""An order and its decision are explained from the state file alone, and the decision is made once more."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest

from pmm.app import explain as explaining
from pmm.app.explain import explain, remade
from pmm.core.config import EngineConfig
from pmm.core.engine import Engine
from pmm.core.plain import plain
from pmm.core.rule import RiskEvent, Stage
from pmm.core.step import Step
from pmm.core.view import Targets, Term
from pmm.events import Timer
from pmm.model import utc_text
from pmm.sinks.decisions import Decisions
from pmm.sinks.history import History
from pmm.sinks.store import Store
from pmm.strategies.fixed_spread import FixedSpread, FixedSpreadParams
from tests.support.story import Story


@pytest.fixture
def store(tmp_path: Path):
    with Store.open(tmp_path / "bot") as one:
        yield one


class Run:
    def __init__(self, store: Store, strategy: object | None = None) -> None:
        self.store, self.story = store, Story(config=EngineConfig(explain=True))
        self.story.engine = Engine(strategy or FixedSpread(FixedSpreadParams(spread=300)), EngineConfig(explain=True))
        account = store.account("shadow", "venue")
        self.history = History(store, account, simulated=True, latch_halts=False, clock=lambda: self.story.at)
        self.story.open_market()
        self.story.accept()
        self.story.wait(1)
        self.tell(*self.story.history)

    def tell(self, *steps: Step) -> None:
        for step in steps:
            self.history.on_step(step, 0)

    def explain(self, code: str) -> dict[str, Any]:
        told = explain(self.store, code)
        assert told is not None
        return told


def test_an_order_shows_every_term_the_book_and_that_the_same_comes_out_again(store: Store) -> None:
    told = Run(store).explain("dry-1")
    assert (told["kind"], told["mode"], told["order"]["state"]) == ("order", "dry-run", "LIVE")
    assert told["terms"] == [
        {"name": "mid", "value": 0.5, "unit": "USD"},
        {"name": "half spread", "value": 0.015, "unit": "USD"},
    ]
    assert told["params"]["spread"] == 300
    assert told["targets"]["bids"] == [{"price": "0.48", "size": "10", "level": 0}]
    assert told["seen"]["book"] == {
        "bids": [{"price": "0.49", "size": "100"}],
        "asks": [{"price": "0.51", "size": "100"}],
    }
    assert told["recomputed"] == {"equal": True}
    assert told["placed"] == ["dry-1", "dry-2"]


def test_a_decision_is_found_by_its_number_and_by_the_time_that_is_shown(store: Store) -> None:
    run = Run(store)
    by_number = run.explain(f"#{run.explain('dry-1')['decision']['number']}")
    assert run.explain(by_number["decision"]["at"])["decision"] == by_number["decision"]
    assert explain(store, "#99") is None
    assert explain(store, "2020-01-01") is None
    assert explain(store, "dry-9") is None


def test_rules_that_spoke_about_the_order_are_shown_whether_they_acted_or_not(store: Store) -> None:
    run = Run(store)
    at = run.story.at
    said = RiskEvent(at, "price_collar", "clip", "dry-1", "too far", False, Stage.NONE, 5_000_000)
    run.tell(Step(Timer(at), risk=(said, RiskEvent(at, "drawdown", "trip", "account", "lost", True, Stage.CANCEL))))
    (rule,) = run.explain("dry-1")["rules"]
    assert rule == {
        "at": utc_text(at),
        "rule": "price_collar",
        "verdict": "clip",
        "subject": "dry-1",
        "reason": "too far",
        "enforced": False,
        "stage": "NONE",
        "size": "5",
    }


def test_a_strategy_that_says_something_else_today_is_told_on(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(store)

    class Wider(FixedSpread):
        def decide(self, view):
            targets = super().decide(view)
            return Targets(targets.bids, targets.asks, targets.reason, (*targets.terms[:1], Term("half spread", 0.03)))

    monkeypatch.setitem(explaining.STRATEGIES, "fixed_spread", lambda _settings: Wider())
    assert run.explain("dry-1")["recomputed"] == {"equal": False, "difference": 'terms[1].unit: "USD" became ""'}


@dataclass(frozen=True)
class Gone:
    name: str = "gone"

    def decide(self, view):
        return FixedSpread().decide(view)


def test_a_strategy_that_is_not_installed_any_more_is_said(store: Store) -> None:
    told = Run(store, Gone()).explain("dry-1")
    assert told["recomputed"] == {"equal": None, "why": "strategy gone is not installed any more"}
    assert len(told["terms"]) == 2


@dataclass(frozen=True)
class Fancy:
    width: int


def test_parameters_that_nobody_takes_any_more_are_said(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    class Renewed(Gone):
        params = Fancy(3)

    monkeypatch.setitem(explaining.STRATEGIES, "fixed_spread", lambda _settings: Renewed())
    told = Run(store).explain("dry-1")["recomputed"]
    assert told["equal"] is None
    assert "takes other parameters today" in told["why"]


def test_an_order_without_its_decision_is_still_told(store: Store) -> None:
    run = Run(store)
    with store.writing() as db:
        db.execute("DELETE FROM decisions")
    told = run.explain("dry-2")
    assert (told["decision"], told["order"]["side"], told["order"]["outcome"]) == (None, "BUY", "No")
    assert "too old" in told["why"]


def test_every_strategy_is_made_again_with_the_parameters_it_had() -> None:
    for name, make in explaining.STRATEGIES.items():
        usual = make(explaining.Settings())
        again = remade(name, plain(getattr(usual, "params", None)))
        assert type(again) is type(usual)
        assert getattr(again, "params", None) == getattr(usual, "params", None)
    assert remade("no such", None) is None


def live_through(story: Story) -> None:
    """A market that moves, trades with us, doubts itself and comes back."""
    story.open_market("0.48", "0.52")
    dice = Random(7)
    for number in range(40):
        story.accept()
        if number % 5 == 3:
            for quote in ("bid", "ask"):
                if quote in story.working():
                    story.fill(quote, dice.randrange(1, 4), f"t{number}{quote}")
                    story.accept()
        low = dice.randrange(20, 70)
        story.touch(f"0.{low}", f"0.{low + dice.randrange(1, 9)}")
        story.accept()
        story.wait(dice.choice((0.5, 3.0, 20.0)))


@pytest.mark.parametrize("name", sorted(explaining.STRATEGIES))
def test_every_decision_of_every_strategy_is_made_again_to_the_byte(store: Store, name: str) -> None:
    run = Run(store, explaining.STRATEGIES[name](explaining.Settings()))
    began = len(run.story.history)
    live_through(run.story)
    run.tell(*run.story.history[began:])
    run.history.flush()
    first, last = Decisions(store).range() or (0, 0)
    told = [run.explain(f"#{number}")["recomputed"] for number in range(first, last + 1)]
    answered = [one for one in told if one["equal"] is not None]
    assert len(answered) > 15
    assert [one for one in answered if one != {"equal": True}] == []
