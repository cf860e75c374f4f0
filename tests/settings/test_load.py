"""Layers of settings: who wins, what is refused, and what is said about it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmm.errors import ConfigError, Exit
from pmm.settings import Loaded, load
from pmm.settings.names import ALIASES, knobs
from pmm.settings.sources import take_secrets

KEY = "0x" + "ab" * 32


def read(folder: Path, overrides: dict[str, object] | None = None, **environ: str) -> Loaded:
    """Settings of a folder with an environment of its own, so that the machine's never counts."""
    return load(overrides, folder=folder, environ={"XDG_CONFIG_HOME": str(folder / "home"), **environ})


def problems(folder: Path, overrides: dict[str, object] | None = None, **environ: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(folder, overrides, **environ)
    assert caught.value.exit is Exit.CONFIG
    return caught.value.problems


def test_the_defaults_are_those_of_the_contract(tmp_path: Path) -> None:
    settings = read(tmp_path).settings
    assert settings.dry_run
    assert (settings.mm.spread_price, settings.mm.size_micro) == (400, 10_000_000)
    assert (settings.mm.requote_threshold_price, settings.mm.position_limit_micro) == (200, 50_000_000)
    assert (settings.orders.min_order_size_micro, settings.orders.max_order_size_micro) == (5_000_000, 50_000_000)
    assert (settings.mm.loop_interval_ns, settings.ws.starting_limit_ns) == (10**9, 10 * 10**9)
    assert (settings.ws.reconnect_attempts, settings.ws.reconnect_base_delay_ns) == (10, 10**9)
    assert (settings.ws.reconnect_max_delay_ns, settings.ws.stale_data_threshold_ns) == (60 * 10**9, 60 * 10**9)
    assert settings.ws.heartbeat_interval_ns == 10 * 10**9
    assert (settings.risk.max_daily_loss_micro, settings.risk.max_position_micro) == (50_000_000, 100_000_000)
    assert (settings.risk.max_total_exposure_micro, settings.risk.error_cooldown_ns) == (500_000_000, 60 * 10**9)
    assert (settings.risk.max_errors_per_minute, settings.shadow.latency_ns) == (5, 50_000_000)


def test_with_nothing_set_every_origin_is_the_default(tmp_path: Path) -> None:
    assert {str(origin) for origin in read(tmp_path).origins.values()} == {"default"}


def test_each_source_overrules_the_next(tmp_path: Path) -> None:
    home = tmp_path / "home" / "pmm"
    home.mkdir(parents=True)
    layers = [
        ({"mm.spread": "0.01"}, {"MM_SPREAD": "0.02"}, "MM_SPREAD=0.03", "0.05", "0.07", "conservative"),
    ]
    for flags, env, dotenv, toml, user, profile in layers:
        (home / "pmm.toml").write_text(f"profile = '{profile}'\n")
        assert _spread(read(tmp_path)) == ("0.06", "profile conservative")
        (home / "pmm.toml").write_text(f"profile = '{profile}'\n[mm]\nspread = {user}\n")
        assert _spread(read(tmp_path)) == ("0.07", f"file {home / 'pmm.toml'}")
        (tmp_path / "pmm.toml").write_text(f"[mm]\nspread = {toml}\n")
        assert _spread(read(tmp_path)) == ("0.05", f"file {tmp_path / 'pmm.toml'}")
        (tmp_path / ".env").write_text(dotenv + "\n")
        assert _spread(read(tmp_path)) == ("0.03", ".env MM_SPREAD")
        assert _spread(read(tmp_path, **env)) == ("0.02", "env MM_SPREAD")
        assert _spread(read(tmp_path, flags, **env)) == ("0.01", "flag")


def _spread(loaded: Loaded) -> tuple[str, str]:
    return str(loaded.settings.mm.spread), str(loaded.origins["mm.spread"])


@pytest.mark.parametrize(("alias", "key"), ALIASES.items())
def test_an_alias_and_its_long_name_set_the_same_key(tmp_path: Path, alias: str, key: str) -> None:
    value = SAMPLES[key]
    long_name = knobs()[key].long_env
    short, long = read(tmp_path, **{alias: value}), read(tmp_path, **{long_name: value})
    assert short.settings == long.settings != read(tmp_path).settings
    assert (str(short.origins[key]), str(long.origins[key])) == (f"env {alias}", f"env {long_name}")


SAMPLES = {
    "venue.chain_id": "80002",
    "venue.clob_api_url": "http://127.0.0.1:1",
    "venue.gamma_api_url": "http://127.0.0.1:2",
    "venue.ws_market_url": "ws://127.0.0.1:3",
    "venue.ws_user_url": "ws://127.0.0.1:4",
    "wallet.private_key": KEY,
    "wallet.api_key": "id",
    "wallet.api_secret": "hidden",
    "wallet.passphrase": "words",
    "wallet.funder": "0x" + "1" * 40,
    "wallet.signature_type": "2",
    "wallet.password_file": "words.txt",
    "ws.reconnect_attempts": "3",
    "ws.reconnect_base_delay": "0.5",
    "ws.reconnect_max_delay": "30",
    "ws.heartbeat_interval": "5",
    "ws.stale_data_threshold": "20",
    "dry_run": "false",
    "orders.min_order_size": "6",
    "orders.max_order_size": "40",
    "mm.spread": "0.1",
    "mm.size": "20.5",
    "mm.requote_threshold": "0",
    "mm.position_limit": "7",
    "mm.loop_interval": "0.2",
    "risk.max_daily_loss": "10",
    "risk.max_position": "11",
    "risk.max_total_exposure": "12",
    "risk.error_cooldown": "13",
    "risk.max_errors_per_minute": "14",
    "risk.enforce": "true",
}


def test_the_long_name_wins_over_the_alias_and_says_so(tmp_path: Path) -> None:
    loaded = read(tmp_path, MM_SIZE="7", PMM_MM__SIZE="8")
    assert loaded.settings.mm.size == 8
    assert loaded.warnings == ("env MM_SIZE is overruled by PMM_MM__SIZE, which says something else",)


def test_everything_wrong_is_listed_at_once_with_its_origin(tmp_path: Path) -> None:
    (tmp_path / "pmm.toml").write_text("[mm]\nspraed = 1\nsize = 'ten'\n")
    found = problems(tmp_path, {"mm.spread": "-1"}, CHAIN_ID="1", CLOB_API_URL="", RISK_MAX_ERRORS_PER_MINUTE="x")
    file = f"(file {tmp_path / 'pmm.toml'})"
    assert f"mm.spraed: no such setting; did you mean mm.spread? {file}" in found
    assert 'venue.chain_id: must be 137 or 80002, not "1" (env CHAIN_ID)' in found
    assert 'mm.spread: must be greater than 0, not "-1" (flag)' in found
    assert f'mm.size: must be a valid decimal, not "ten" {file}' in found
    assert any(line.startswith("venue.clob_api_url: must be an address such as http://host") for line in found)
    assert any(line.startswith("risk.max_errors_per_minute: must be a valid integer") for line in found)
    assert len(found) == 6


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MM_SPREAD", "0"),
        ("MM_SPREAD", "1"),
        ("MM_SPREAD", "nan"),
        ("MM_SPREAD", "0.00001"),
        ("MM_SIZE", "inf"),
        ("MM_SIZE", "51"),
        ("MM_SIZE", "4"),
        ("MM_SIZE", "1e400"),
        ("MM_REQUOTE_THRESHOLD", "-0.01"),
        ("MIN_ORDER_SIZE", "51"),
        ("WS_RECONNECT_MAX_DELAY", "0.5"),
        ("WS_MARKET_URL", "https://venue.example/ws"),
        ("GAMMA_API_URL", "https://name:word@venue.example"),
        ("GAMMA_API_URL", "https://"),
        ("CLOB_API_URL", "http://host:99999"),
        ("DRY_RUN", "perhaps"),
        ("POLY_SIGNATURE_TYPE", "4"),
        ("POLY_FUNDER", "0x12"),
        ("PMM_LOG_LEVEL", "loud"),
        ("PMM_PROFILE", "reckless"),
        ("PMM_SHADOW__LATENCY_MS", "-1"),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_name(tmp_path: Path, name: str, value: str) -> None:
    key = next(knob.key for knob in knobs().values() if name in {knob.env, knob.long_env})
    (line,) = problems(tmp_path, **{name: value})
    assert line.startswith(("orders.max_order_size" if name == "MIN_ORDER_SIZE" else key) + ":")


@pytest.mark.parametrize("value", ["0x12", "word of the sparrow", KEY + "0"])
def test_a_wrong_secret_is_never_shown(tmp_path: Path, value: str) -> None:
    (line,) = problems(tmp_path, POLY_PRIVATE_KEY=value)
    assert line == "wallet.private_key: must be 64 hexadecimal digits, with or without 0x (env POLY_PRIVATE_KEY)"


def test_a_secret_is_in_no_text_form_of_the_settings(tmp_path: Path) -> None:
    loaded = read(tmp_path, POLY_PRIVATE_KEY=KEY, POLY_API_SECRET="sparrow")
    assert "abab" not in f"{loaded!r}{loaded.settings.model_dump_json()}"
    assert "sparrow" not in f"{loaded}{loaded.settings}"


def test_a_secret_on_the_command_line_is_refused(tmp_path: Path) -> None:
    (line,) = problems(tmp_path, {"private_key": KEY})
    assert "must not stand on the command line, use POLY_PRIVATE_KEY" in line
    assert KEY not in line


def test_an_empty_optional_value_is_not_set(tmp_path: Path) -> None:
    settings = read(tmp_path, POLY_API_KEY="", POLY_FUNDER=" ", RISK_ENFORCE="", PMM_PROFILE="").settings
    assert (settings.wallet.api_key, settings.wallet.funder, settings.risk.enforce) == (None, None, None)


@pytest.mark.parametrize(("dry_run", "enforce", "enforced"), [
    ("true", "", False), ("false", "", True), ("true", "true", True), ("false", "false", False),
])  # fmt: skip
def test_limits_act_in_live_trading_unless_told_otherwise(
    tmp_path: Path, dry_run: str, enforce: str, *, enforced: bool
) -> None:
    assert read(tmp_path, DRY_RUN=dry_run, RISK_ENFORCE=enforce).settings.risk_enforced is enforced


def test_a_flag_may_use_the_last_part_of_a_key(tmp_path: Path) -> None:
    assert read(tmp_path, {"spread": "0.08"}).settings.mm.spread_price == 800


def test_an_unknown_flag_is_refused_with_the_nearest_key(tmp_path: Path) -> None:
    assert problems(tmp_path, {"mm.spred": "1"}) == ["mm.spred: no such setting; did you mean mm.spread? (flag)"]


def test_an_unknown_variable_of_ours_is_a_warning_and_a_foreign_one_is_not(tmp_path: Path) -> None:
    loaded = read(tmp_path, PMM_MM__SPRAED="1", PMM_PURE="1", SOMETHING_ELSE="x")
    assert loaded.warnings == ("env PMM_MM__SPRAED sets nothing; did you mean PMM_MM__SPREAD?",)


def test_a_named_file_replaces_the_one_of_the_folder_and_must_exist(tmp_path: Path) -> None:
    (tmp_path / "pmm.toml").write_text("[mm]\nsize = 20\n")
    other = tmp_path / "other.toml"
    environ = {"XDG_CONFIG_HOME": str(tmp_path)}
    with pytest.raises(ConfigError, match=r"other\.toml: cannot be read: No such file"):
        load(config=other, folder=tmp_path, environ=environ)
    other.write_text("[mm]\nspread = 0.08\n")
    loaded = load(config=other, folder=tmp_path, environ=environ)
    assert (loaded.settings.mm.spread_price, loaded.settings.mm.size) == (800, 10)


@pytest.mark.parametrize("content", [b"[mm\n", b"spread = \xff\n", b"x = 1\n" * 200_000])
def test_a_file_that_is_no_settings_file_is_one_clear_problem(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "pmm.toml").write_bytes(content)
    (line,) = problems(tmp_path)
    assert line.startswith(str(tmp_path / "pmm.toml"))


def test_decimals_of_a_file_stay_exact(tmp_path: Path) -> None:
    (tmp_path / "pmm.toml").write_text("[mm]\nsize = 10.100001\n")
    assert read(tmp_path).settings.mm.size_micro == 10_100_001


@given(st.integers(1, 9_999))
def test_every_price_step_survives_the_way_through_text(price: int) -> None:
    loaded = load({"mm.spread": f"0.{price:04d}"}, environ={"XDG_CONFIG_HOME": "nowhere"}, folder=Path("nowhere"))
    assert loaded.settings.mm.spread_price == price


def secret_file(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "secret.txt"
    path.write_text(text)
    path.chmod(mode)
    return path


@pytest.mark.parametrize("name", ["POLY_PRIVATE_KEY_FILE", "PMM_WALLET__PRIVATE_KEY_FILE"])
def test_a_secret_may_stand_in_a_file_of_its_own(tmp_path: Path, name: str) -> None:
    loaded = read(tmp_path, **{name: str(secret_file(tmp_path, KEY + "\n"))})
    assert loaded.settings.wallet.private_key is not None
    assert loaded.settings.wallet.private_key.get_secret_value() == KEY
    assert str(loaded.origins["wallet.private_key"]) == f"env {name}"
    assert not loaded.warnings


def test_a_dotenv_may_name_such_a_file_and_the_environment_is_stronger(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"POLY_API_SECRET_FILE={secret_file(tmp_path, 'quiet')}\nPOLY_API_SECRET=\n")
    assert str(read(tmp_path).origins["wallet.api_secret"]) == ".env POLY_API_SECRET_FILE"
    assert str(read(tmp_path, POLY_API_SECRET="loud").origins["wallet.api_secret"]) == "env POLY_API_SECRET"


def test_a_file_that_others_may_read_is_refused_without_a_look(tmp_path: Path) -> None:
    path = secret_file(tmp_path, KEY, 0o640)
    (problem,) = problems(tmp_path, POLY_PRIVATE_KEY_FILE=str(path))
    assert "may be read by others (mode 0640)" in problem
    assert f"chmod 600 {path}" in problem
    assert KEY not in problem


def test_a_secret_that_is_said_twice_is_refused(tmp_path: Path) -> None:
    path = str(secret_file(tmp_path, KEY))
    (problem,) = problems(tmp_path, POLY_PRIVATE_KEY=KEY, POLY_PRIVATE_KEY_FILE=path)
    assert "is set twice, by env POLY_PRIVATE_KEY and by env POLY_PRIVATE_KEY_FILE" in problem
    assert KEY not in problem


def test_a_dotenv_with_secrets_that_others_may_read_is_remarked_on(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text(f"POLY_PRIVATE_KEY={KEY}\n")
    path.chmod(0o644)
    (warning,) = read(tmp_path).warnings
    assert "others may read it" in warning
    path.chmod(0o600)
    assert not read(tmp_path).warnings


def test_secrets_leave_the_environment_with_the_first_look(tmp_path: Path) -> None:
    environ = {"POLY_PRIVATE_KEY": KEY, "PMM_WALLET__API_SECRET": "quiet", "POLY_FUNDER": "0x" + "1" * 40, "PATH": "/"}
    before = dict(environ)
    assert take_secrets(environ) == before
    assert environ == {"POLY_FUNDER": "0x" + "1" * 40, "PATH": "/"}


@pytest.mark.parametrize("flag", ["false", "0"])
def test_whoever_forbids_live_trading_is_not_overruled(tmp_path: Path, flag: str) -> None:
    (tmp_path / ".env").write_text("PMM_FORBID_LIVE=yes\n")
    loaded = read(tmp_path, {"forbid_live": flag}, PMM_FORBID_LIVE="0")
    assert loaded.settings.forbid_live
    assert str(loaded.origins["forbid_live"]) == ".env PMM_FORBID_LIVE"


@pytest.mark.parametrize("said", ["0", "false", "no", "off", ""])
def test_only_a_clear_no_allows_live_trading(tmp_path: Path, said: str) -> None:
    assert not read(tmp_path, PMM_FORBID_LIVE=said or "0").settings.forbid_live


def test_a_key_in_the_wrong_place_is_not_repeated(tmp_path: Path) -> None:
    for name in ("POLY_PRIVATE_KEY_FILE", "POLY_FUNDER", "CHAIN_ID"):
        (problem,) = problems(tmp_path, **{name: KEY})
        assert KEY[2:] not in problem
