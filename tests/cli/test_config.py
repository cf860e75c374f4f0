"""`pmm config`: values, origins, masks."""

from __future__ import annotations

import json
from pathlib import Path

from pmm.errors import Exit
from pmm.settings.names import knobs
from tests.cli.conftest import ROOT, Pmm


def test_with_an_empty_environment_every_value_is_the_documented_default(pmm: Pmm) -> None:
    settings = pmm("config", "show", "--json").document["data"]["settings"]
    assert {entry["origin"] for entry in settings.values()} == {"default"}
    assert list(settings) == list(knobs())
    assert settings["mm.spread"] == {"value": "0.04", "origin": "default", "env": "MM_SPREAD"}


def test_value_and_origin_follow_the_sources(pmm: Pmm, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("MM_SPREAD=0.03\nMM_SIZE=7\n")
    settings = pmm("config", "show", "--json", MM_SPREAD="0.02").document["data"]["settings"]
    assert (settings["mm.spread"]["value"], settings["mm.spread"]["origin"]) == ("0.02", "env MM_SPREAD")
    assert (settings["mm.size"]["value"], settings["mm.size"]["origin"]) == ("7", ".env MM_SIZE")


def test_secrets_are_masked(pmm: Pmm) -> None:
    done = pmm("config", "show", "--origin", POLY_API_SECRET="sparrow")
    assert "********" in done.stdout
    assert "sparrow" not in done.stdout + done.stderr


def test_the_example_is_the_one_of_the_repository(pmm: Pmm) -> None:
    assert pmm("config", "env").stdout == (ROOT / ".env.example").read_text(encoding="utf-8")


def test_the_schema_is_json_for_people_and_in_an_envelope_for_programs(pmm: Pmm) -> None:
    plain = json.loads(pmm("config", "schema").stdout)
    assert pmm("config", "schema", "--json").document["data"] == plain


def test_valid_settings_exit_0_and_the_mode_is_in_the_envelope(pmm: Pmm) -> None:
    assert pmm("config", "validate", "--json").document["mode"] == "dry-run"
    assert pmm("config", "validate", "--json", DRY_RUN="false").document["mode"] == "live"


def test_an_unknown_variable_is_a_warning_in_the_envelope_and_on_stderr(pmm: Pmm) -> None:
    done = pmm("config", "validate", "--json", PMM_MM__SPRED="1")
    text = "env PMM_MM__SPRED sets nothing; did you mean PMM_MM__SPREAD?"
    assert (done.status, done.document["warnings"]) == (Exit.OK, [text])
    assert f"warning: {text}" in done.stderr
