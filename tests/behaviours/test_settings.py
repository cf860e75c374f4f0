"""Settings, log and mode, as a user of the command line meets them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.behaviours.conftest import Pmm
from tests.support.blackbox import Exchange
from tests.support.recordings import ROOT

# The names that users already have in their environment, each with a value that is not its default.
KNOWN = {
    "CHAIN_ID": "80002",
    "CLOB_API_URL": "http://127.0.0.1:9",
    "GAMMA_API_URL": "http://127.0.0.1:9/gamma",
    "WS_MARKET_URL": "ws://127.0.0.1:9/ws/market",
    "WS_USER_URL": "ws://127.0.0.1:9/ws/user",
    "WS_RECONNECT_ATTEMPTS": "3",
    "WS_RECONNECT_BASE_DELAY": "2",
    "WS_RECONNECT_MAX_DELAY": "30",
    "WS_HEARTBEAT_INTERVAL": "5",
    "WS_STALE_DATA_THRESHOLD": "45",
    "DRY_RUN": "false",
    "MAX_ORDER_SIZE": "40",
    "MIN_ORDER_SIZE": "6",
    "MM_SPREAD": "0.05",
    "MM_SIZE": "12",
    "MM_REQUOTE_THRESHOLD": "0.03",
    "MM_POSITION_LIMIT": "60",
    "MM_LOOP_INTERVAL": "2",
    "RISK_MAX_DAILY_LOSS": "55",
    "RISK_MAX_POSITION": "110",
    "RISK_MAX_TOTAL_EXPOSURE": "510",
    "RISK_ERROR_COOLDOWN": "61",
    "RISK_MAX_ERRORS_PER_MINUTE": "6",
    "RISK_ENFORCE": "true",
    "POLY_API_KEY": "marker-of-a-secret",
    "POLY_FUNDER": "0x" + "ab" * 20,
    "POLY_SIGNATURE_TYPE": "2",
}
SECRETS = ("POLY_API_KEY",)
DEFAULTS = {
    "MM_SPREAD": "0.04",
    "MM_SIZE": "10",
    "MM_REQUOTE_THRESHOLD": "0.02",
    "MM_POSITION_LIMIT": "50",
    "MM_LOOP_INTERVAL": "1",
    "MIN_ORDER_SIZE": "5",
    "MAX_ORDER_SIZE": "50",
    "RISK_MAX_DAILY_LOSS": "50",
    "RISK_MAX_POSITION": "100",
    "RISK_MAX_TOTAL_EXPOSURE": "500",
    "RISK_ERROR_COOLDOWN": "60",
    "RISK_MAX_ERRORS_PER_MINUTE": "5",
    "WS_STALE_DATA_THRESHOLD": "60",
    "WS_HEARTBEAT_INTERVAL": "10",
    "WS_RECONNECT_ATTEMPTS": "10",
    "WS_RECONNECT_BASE_DELAY": "1",
    "WS_RECONNECT_MAX_DELAY": "60",
}
LOG_LINE = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z \[(debug|info|warning|error) *\] \S.*$")


def shown(pmm: Pmm, **more: str) -> dict[str, dict[str, str]]:
    """What `pmm config show` says, by the name of the variable."""
    settings = pmm("config", "show", "--json", **more).document["data"]["settings"]
    return {setting["env"]: setting for setting in settings.values()}


def test_b001_with_nothing_set_every_value_is_its_documented_default(pmm: Pmm) -> None:
    settings = shown(pmm)
    assert {name: settings[name]["value"] for name in DEFAULTS} == DEFAULTS
    assert {setting["origin"] for setting in settings.values()} == {"default"}


def test_b001_every_known_variable_is_followed_and_named_as_the_origin(pmm: Pmm) -> None:
    settings = shown(pmm, **KNOWN)
    for name, value in KNOWN.items():
        assert name in settings[name]["origin"], name
        assert settings[name]["value"] == value or name in SECRETS, name
    assert not any(KNOWN[name] in json.dumps(settings) for name in SECRETS)


def test_b001_the_file_counts_and_the_environment_is_stronger(pmm: Pmm, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in KNOWN.items()))
    settings = shown(pmm, MM_SPREAD="0.07")
    assert settings["MM_SIZE"]["value"] == "12"
    assert ".env" in settings["MM_SIZE"]["origin"]
    assert settings["MM_SPREAD"]["value"] == "0.07"
    assert ".env" not in settings["MM_SPREAD"]["origin"]


def test_b001_the_example_file_has_the_variables_that_are_shown(pmm: Pmm) -> None:
    text = (ROOT / ".env.example").read_text()
    named = set(re.findall(r"^([A-Z][A-Z0-9_]*)=", text, re.MULTILINE))
    assert named == set(shown(pmm))


def test_b002_every_wrong_setting_is_listed_at_once(pmm: Pmm) -> None:
    wrong = {"CHAIN_ID": "1", "CLOB_API_URL": "", "MM_SPREAD": "-0.04", "MM_SIZE": "ten"}
    done = pmm("config", "show", **wrong)
    assert done.status == 3
    assert done.stdout == ""
    for name in wrong:
        assert sum(name in line for line in done.complaint) == 1, done.stderr


def test_b002_a_program_gets_the_same_list(pmm: Pmm) -> None:
    error = pmm("config", "show", "--json", CHAIN_ID="1", MM_SIZE="ten").document["error"]
    assert error["exit"] == 3
    assert len(error["problems"]) == 2


@pytest.mark.parametrize("command", [("markets", "list"), ("book", "demo"), ("events", "list")])
def test_b003_reading_needs_no_credentials(pmm: Pmm, venue: Exchange, command: tuple[str, ...]) -> None:
    done = pmm(*command, "--json", **venue.env)
    assert (done.status, done.document["ok"]) == (0, True)
    assert not any(request["authenticated"] for request in venue.requests())


def test_b006_the_log_goes_to_stderr_with_time_and_level(pmm: Pmm, venue: Exchange) -> None:
    done = pmm("markets", "list", **venue.env)
    assert done.stderr
    assert all(LOG_LINE.match(line) for line in done.stderr.splitlines()), done.stderr


def test_b006_a_lower_level_adds_lines_and_a_higher_one_removes_them(pmm: Pmm, venue: Exchange) -> None:
    lines = {
        level: len(pmm("markets", "list", "--log-level", level, **venue.env).stderr.splitlines())
        for level in ("debug", "info", "error")
    }
    assert lines["debug"] > lines["info"] > lines["error"] == 0


def test_b007_dry_run_is_the_mode_with_nothing_set_and_every_answer_says_so(pmm: Pmm, venue: Exchange) -> None:
    assert "DRY RUN" in pmm("book", "demo", **venue.env).stdout
    for command in (("book", "demo"), ("markets", "list"), ("config", "show"), ("machines",), ("version",)):
        assert pmm(*command, "--json", **venue.env).document["mode"] == "dry-run", command


def test_b007_a_session_shows_its_mode_at_the_start(pmm: Pmm, venue: Exchange) -> None:
    done = pmm("quote", "--market", "demo", "--once", **venue.env)
    assert done.status == 0
    assert done.stdout.splitlines()[0].startswith("DRY RUN")
    assert "mode=dry-run" in done.stderr
