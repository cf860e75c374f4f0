"""Views of the model for people and editors: the example file, the JSON schema, and all values with secrets masked."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from pydantic import BaseModel, SecretStr

from pmm.settings.fields import Settings
from pmm.settings.names import Knob, knobs

MASK = "********"

_HEADER = """\
# Settings of pmm with their defaults: copy to .env and change what you need.
# The process environment is stronger than this file; `pmm config show --origin` tells what counts.
# Made by `pmm config env`."""


def env_example() -> str:
    """A complete `.env` that sets every setting to its default."""
    lines = [_HEADER]
    section = None
    for knob in knobs().values():
        here, dot, _ = knob.key.rpartition(".")
        if here != section:
            section = here
            lines += ["", f"# {_about(here) if dot else 'General'}"]
        lines += [f"# {knob.field.description}", f"{knob.env}={value_text(_default(knob))}"]
    return "\n".join(lines) + "\n"


def json_schema() -> dict[str, object]:
    """The JSON schema of `pmm.toml`."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Settings.model_json_schema()}


def shown(settings: Settings) -> dict[str, str | None]:
    """Every value as text by dotted key; a secret that is set is a mask, one that is not is None."""
    return {key: _shown(settings, knob) for key, knob in knobs().items()}


def value_text(value: object) -> str:
    """A value the way it is written in a file; unset is empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def _shown(settings: Settings, knob: Knob) -> str | None:
    value: object = settings
    for part in knob.key.split("."):
        value = getattr(value, part)
    if value is None:
        return None
    return MASK if isinstance(value, SecretStr) else value_text(value)


def _default(knob: Knob) -> object:
    value = knob.field.default
    return value.as_posix() if isinstance(value, Path) else value


def _about(section: str) -> str:
    model = Settings.model_fields[section].annotation
    assert isinstance(model, type)
    assert issubclass(model, BaseModel)
    return (model.__doc__ or "").strip()
