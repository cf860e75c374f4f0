"""Quoting models by name: those of pmm with the numbers of the settings, and those of other packages."""

from __future__ import annotations

from pathlib import Path

import pytest

from pmm.app.strategies import STRATEGIES, at_home, factory, model_for, names
from pmm.core.ladder import Rungs, Shape
from pmm.errors import ConfigError
from pmm.model import SHARE
from pmm.settings import Settings, load
from pmm.strategies.avellaneda_stoikov import AvellanedaStoikovParams
from pmm.strategies.glft import GlftParams
from pmm.strategies.inventory_skew import InventorySkewParams
from pmm.strategies.log_odds import LogOdds, LogOddsParams

PARAMS = {
    "avellaneda_stoikov": AvellanedaStoikovParams(),
    "glft": GlftParams(),
    "inventory_skew": InventorySkewParams(),
    "log_odds": LogOddsParams(),
}


def chosen(name: str, **said: object) -> Settings:
    overrides = {key.replace("__", "."): value for key, value in said.items()}
    return load({"mm.strategy": name, **overrides}, environ={}).settings


@pytest.mark.parametrize("name", sorted(STRATEGIES))
def test_every_model_is_made_by_its_name(name: str) -> None:
    assert model_for(chosen(name)).name == name


@pytest.mark.parametrize("name", sorted(PARAMS))
def test_defaults_of_the_settings_are_those_of_the_model(name: str) -> None:
    assert model_for(chosen(name)).params == PARAMS[name]  # type: ignore[attr-defined]  # ours have parameters


def test_numbers_of_a_model_and_the_ladder_come_from_the_settings() -> None:
    ladder = {"mm__levels": 3, "mm__level_step": "0.02", "mm__level_shape": "linear", "mm__size": 20}
    model = model_for(chosen("glft", glft__gamma="0.1", glft__exact="true", glft__horizon=600, **ladder))
    rungs = Rungs(20 * SHARE, 50 * SHARE, 3, 200, Shape.LINEAR)
    assert model.params == GlftParams(gamma=0.1, exact=True, horizon=600.0, rungs=rungs)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://clob.polymarket.com", "log_odds"),
        ("http://127.0.0.1:8080", "fixed_spread"),
        ("http://localhost:8080", "fixed_spread"),
        ("http://[::1]:8080", "fixed_spread"),
        ("https://10.0.0.1", "log_odds"),
    ],
)
def test_auto_is_log_odds_at_a_real_venue(url: str, name: str) -> None:
    assert model_for(chosen("auto", venue__clob_api_url=url)).name == name


@pytest.mark.parametrize(
    "settings",
    [load({"mm.spread": "0.02"}, environ={}).settings, load({}, environ={"MM_SPREAD": "0.02"}).settings],
    ids=["flag", "environment"],
)
def test_whoever_asks_for_another_spread_means_the_model_that_quotes_it(settings: Settings) -> None:
    assert model_for(settings).name == "fixed_spread"


def test_auto_within_this_process_is_fixed_spread_and_a_choice_stays() -> None:
    assert model_for(at_home(Settings())).name == "fixed_spread"
    assert model_for(at_home(chosen("glft"))).name == "glft"


def test_a_name_that_nobody_has_lists_all() -> None:
    with pytest.raises(ConfigError) as refused:
        model_for(chosen("crystal_ball"))
    text = str(refused.value)
    assert "crystal_ball" in text
    assert all(name in text for name in ("auto", *STRATEGIES))


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package of somebody else with two models, one of which is broken."""
    info = tmp_path / "elsewhere-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: elsewhere\nVersion: 1\n")
    points = "[pmm.strategies]\ntheirs = elsewhere:make\nbroken = elsewhere:nothing\nlog_odds = elsewhere:nothing\n"
    (info / "entry_points.txt").write_text(points)
    code = (
        "class Theirs:\n    name = 'theirs'\n    def __init__(self, settings):\n        self.size = settings.mm.size\n"
    )
    (tmp_path / "elsewhere.py").write_text(code + "make = Theirs\n")
    monkeypatch.syspath_prepend(tmp_path)


@pytest.mark.usefixtures("package")
def test_a_model_of_another_package_is_made_from_the_settings() -> None:
    assert "theirs" in names()
    assert model_for(chosen("theirs", mm__size=12)).size == 12  # type: ignore[attr-defined]


@pytest.mark.usefixtures("package")
def test_a_package_that_is_broken_is_named_and_replaces_none_of_ours() -> None:
    with pytest.raises(ConfigError, match="elsewhere:nothing"):
        factory("broken")
    assert isinstance(model_for(chosen("log_odds")), LogOdds)
