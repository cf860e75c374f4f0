"""The example file, the schema and the masked view say what the model says."""

from __future__ import annotations

from pathlib import Path

from pmm.settings import load
from pmm.settings.example import MASK, env_example, json_schema, shown
from pmm.settings.names import knobs

ROOT = Path(__file__).parents[2]


def test_the_example_file_of_the_repository_is_current() -> None:
    assert (ROOT / ".env.example").read_text(encoding="utf-8") == env_example()


def test_the_example_read_as_a_dotenv_gives_the_defaults(tmp_path: Path) -> None:
    environ = {"XDG_CONFIG_HOME": str(tmp_path)}
    (tmp_path / ".env").write_text(env_example(), encoding="utf-8")
    loaded = load(folder=tmp_path, environ=environ)
    assert loaded.settings == load(folder=tmp_path / "empty", environ=environ).settings
    assert not loaded.warnings


def test_the_example_names_every_setting_once() -> None:
    names = [line.partition("=")[0] for line in env_example().splitlines() if line and not line.startswith("#")]
    assert names == [knob.env for knob in knobs().values()]
    assert len(set(names)) == len(names)


def test_every_setting_is_documented() -> None:
    assert [key for key, knob in knobs().items() if not knob.field.description] == []


def test_the_view_masks_secrets_and_nothing_else(tmp_path: Path) -> None:
    environ = {"XDG_CONFIG_HOME": str(tmp_path), "POLY_API_SECRET": "sparrow", "POLY_FUNDER": "0x" + "a" * 40}
    view = shown(load(folder=tmp_path, environ=environ).settings)
    assert view["wallet.api_secret"] == MASK
    assert view["wallet.passphrase"] is None
    assert view["wallet.funder"] == "0x" + "a" * 40
    assert list(view) == list(knobs())


def test_the_schema_allows_no_key_that_the_model_does_not_have() -> None:
    schema = json_schema()
    definitions = schema["$defs"]
    assert isinstance(definitions, dict)
    assert schema["additionalProperties"] is False
    assert all(section["additionalProperties"] is False for section in definitions.values())
    assert "spread" in definitions["Mm"]["properties"]
