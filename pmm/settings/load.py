"""Put the layers on top of each other, check everything, and keep where each value came from."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource

from pmm.errors import ConfigError, LiveForbidden
from pmm.settings import sources
from pmm.settings.fields import Settings
from pmm.settings.names import knobs
from pmm.settings.origin import DEFAULT, Kind, Origin
from pmm.settings.sources import Layer

SHOWN_CHARS_MAX = 60
_MAYBE_A_KEY = re.compile(r"[0-9a-fA-F]{64,}")


@dataclass(frozen=True, slots=True)
class Loaded:
    """The settings of a run, where each of them came from (by dotted key), and remarks worth showing."""

    settings: Settings
    origins: Mapping[str, Origin]
    warnings: Sequence[str]

    def require_live_allowed(self) -> None:
        """Raises LiveForbidden where any source forbids live trading."""
        if self.settings.forbid_live:
            raise LiveForbidden(f"live trading is forbidden here ({self.origins[FORBID]})")


FORBID = "forbid_live"


def load(
    overrides: Mapping[str, object] | None = None,
    *,
    config: Path | None = None,
    environ: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Loaded:
    """Flags > process environment > `.env` > `pmm.toml` of `folder` (or `config`) > user file > profile > defaults.

    `overrides` are flags by dotted key.  Raises ConfigError that lists everything that is wrong.
    """
    env = os.environ if environ is None else environ
    here = folder or Path()
    layers = [
        sources.flags(overrides or {}),
        sources.environment(env, Kind.ENV),
        sources.dotenv(here / ".env"),
        sources.toml(config, required=True) if config else sources.toml(here / sources.FILE_NAME),
        sources.toml(sources.user_file(env)),
    ]
    layers.append(_profile(layers))
    return _settle([_forbidden(layers), *layers])


def _forbidden(layers: Sequence[Layer]) -> Layer:
    """Whoever forbids live trading is not overruled by a stronger source (reliability reference, 4.2, point 15)."""
    said = (layer.values[FORBID] for layer in layers if FORBID in layer.values)
    return next((Layer({FORBID: entry}) for entry in said if _truth(entry[0])), Layer())


def _truth(value: object) -> bool:
    """Anything that is not a clear no counts: a typing error must not allow what it was to forbid."""
    return str(value).strip().lower() not in ("", "0", "false", "no", "off", "n", "f")


def _profile(layers: Sequence[Layer]) -> Layer:
    chosen = next((layer.values["profile"] for layer in layers if "profile" in layer.values), None)
    if chosen is None or not str(chosen[0]).strip():
        return Layer()
    return sources.profile(str(chosen[0]), chosen[1])


def _settle(layers: Sequence[Layer]) -> Loaded:
    stacked = {key: entry for layer in reversed(layers) for key, entry in layer.values.items()}
    values = {key: value for key, (value, _) in stacked.items()}
    origins = {key: stacked[key][1] if key in stacked else DEFAULT for key in knobs()}
    problems = [problem for layer in layers for problem in layer.problems]
    try:
        settings = _stack(layers)
    except ValidationError as error:
        problems += [_problem(detail, values, origins) for detail in error.errors(include_url=False)]
        raise ConfigError(problems) from None
    problems += [f"{key}: {text} ({origins[key]})" for key, text in _conflicts(settings)]
    if problems:
        raise ConfigError(problems)
    return Loaded(settings, origins, tuple(warning for layer in layers for warning in layer.warnings))


def _stack(layers: Sequence[Layer]) -> Settings:
    """Every layer as a source of its own, strongest first.  Raises ValidationError."""

    class Stacked(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            *_: PydanticBaseSettingsSource,
            **__: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            said = ({key: value for key, (value, _) in layer.values.items()} for layer in layers)
            return (init_settings, *(InitSettingsSource(settings_cls, _nested(values)) for values in said))

    stacked = Stacked()
    # A plain instance, which other processes can unpickle.
    return Settings.model_construct(**{name: getattr(stacked, name) for name in Settings.model_fields})


def _nested(values: Mapping[str, object]) -> dict[str, object]:
    tree: dict[str, object] = {}
    for key, value in values.items():
        section, _, name = key.rpartition(".")
        branch = tree.setdefault(section, {}) if section else tree
        assert isinstance(branch, dict)
        branch[name] = value
    return tree


def _problem(detail: ErrorDetails, values: Mapping[str, object], origins: Mapping[str, Origin]) -> str:
    """One wrong value in one line: which setting, what is allowed, what it was, who said so.  Never a secret."""
    key = ".".join(str(part) for part in detail["loc"][:2])
    key = key if key in knobs() else str(detail["loc"][0])
    allowed = detail["msg"].replace("Value error, ", "").replace("Input should be", "must be")
    allowed = allowed.removesuffix(", unable to parse string as an integer").removesuffix(", unable to interpret input")
    shown = "" if knobs()[key].secret else f', not "{_short(values.get(key))}"'
    return f"{key}: {allowed}{shown} ({origins[key]})"


def _short(value: object) -> str:
    # Somebody may have put a key where an address belongs.
    text = _MAYBE_A_KEY.sub("...", str(value))
    return text if len(text) <= SHOWN_CHARS_MAX else text[:SHOWN_CHARS_MAX] + "..."


def _conflicts(settings: Settings) -> list[tuple[str, str]]:
    """Values that are fine alone and wrong together."""
    orders, mm, ws = settings.orders, settings.mm, settings.ws
    found = []
    if orders.min_order_size > orders.max_order_size:
        found.append(("orders.max_order_size", f"must be at least orders.min_order_size ({orders.min_order_size})"))
    elif not orders.min_order_size <= mm.size <= orders.max_order_size:
        text = f"must be within orders.min_order_size ({orders.min_order_size}) and max ({orders.max_order_size})"
        found.append(("mm.size", f'{text}, not "{mm.size}"'))
    if ws.reconnect_max_delay < ws.reconnect_base_delay:
        base = ws.reconnect_base_delay
        found.append(("ws.reconnect_max_delay", f"must be at least ws.reconnect_base_delay ({base})"))
    return found
