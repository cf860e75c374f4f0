"""The layers of settings, each a map from dotted key to a raw value and its origin."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from dotenv import dotenv_values

from pmm.errors import ConfigError
from pmm.settings.names import FOREIGN, PREFIX, did_you_mean, knobs, secret_files, variables
from pmm.settings.origin import Kind, Origin
from pmm.settings.private_file import NotPrivate, read_secret
from pmm.settings.profiles import PROFILES

FILE_NAME = "pmm.toml"
# A configuration of a megabyte is a wrong file.
FILE_BYTES_MAX = 1_000_000


@dataclass
class Layer:
    """What one source says, and what is wrong or odd about it."""

    values: dict[str, tuple[object, Origin]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def flags(overrides: Mapping[str, object]) -> Layer:
    """Flags and `--set`: full keys, or the last part of a key when only one setting has it."""
    layer = Layer()
    for text, value in overrides.items():
        owners = [key for key in knobs() if key == text or key.endswith("." + text)]
        if len(owners) == 1 and knobs()[owners[0]].secret:
            variable = knobs()[owners[0]].env
            layer.problems.append(f"{owners[0]}: a secret must not stand on the command line, use {variable} (flag)")
        elif len(owners) == 1:
            layer.values[owners[0]] = (value, Origin(Kind.FLAG))
        elif owners:
            layer.problems.append(f"{text}: is ambiguous, say {' or '.join(owners)} (flag)")
        else:
            layer.problems.append(f"{text}: no such setting{_near(text)} (flag)")
    return layer


def environment(variables_set: Mapping[str, str | None], kind: Kind) -> Layer:
    """The process environment or a `.env` file; the long name of a setting wins over its alias."""
    layer = Layer()
    for name, key in variables().items():
        value = variables_set.get(name)
        if value is not None:
            _notice_conflict(layer, key, name, value)
            layer.values[key] = (value, Origin(kind, name))
    for name, key in secret_files().items():
        path = variables_set.get(name)
        if path is not None and path.strip():
            _read_secret(layer, key, Path(path.strip()), Origin(kind, name))
    for name in variables_set:
        known = name in variables() or name in secret_files()
        if name.startswith(PREFIX) and not known and name not in FOREIGN:
            layer.warnings.append(f"{kind} {name} sets nothing{did_you_mean(name, variables())}")
    return layer


def _notice_conflict(layer: Layer, key: str, name: str, value: str) -> None:
    if key in layer.values and layer.values[key][0] != value:
        layer.warnings.append(f"{layer.values[key][1]} is overruled by {name}, which says something else")


def _read_secret(layer: Layer, key: str, path: Path, origin: Origin) -> None:
    """A secret from its own file: refused where others may read it, or where the secret itself is set as well."""
    said = layer.values.get(key)
    if said is not None and str(said[0]).strip():
        layer.problems.append(f"{key}: is set twice, by {said[1]} and by {origin}: keep one")
        return
    try:
        layer.values[key] = (read_secret(path.expanduser()), origin)
    except NotPrivate as error:
        told = f"{error.message}; {error.hint}"
        # What names no file may be the secret itself.
        layer.problems.append(f"{key}: {told if _exists(path) else 'there is no such file'} ({origin})")


def _exists(path: Path) -> bool:
    try:
        return path.expanduser().exists()
    except OSError:  # no file can have such a name
        return False


def take_secrets(environ: MutableMapping[str, str]) -> dict[str, str]:
    """A copy of an environment, from which every secret is then removed: children of this process inherit none."""
    taken = dict(environ)
    for name, key in variables().items():
        if knobs()[key].secret:
            environ.pop(name, None)
    return taken


def dotenv(path: Path) -> Layer:
    """A `.env` file; absent is empty.  One that holds secrets and that others may read is remarked on."""
    if not path.is_file():
        return Layer()
    _read(path)
    layer = environment(dotenv_values(path, interpolate=False), Kind.DOTENV)
    secret = any(knobs()[key].secret and str(value).strip() for key, (value, _) in layer.values.items())
    if secret and os.name == "posix" and path.stat().st_mode & 0o077:
        layer.warnings.append(f"{path} holds secrets and others may read it: chmod 600 {path}")
    return layer


def toml(path: Path, *, required: bool = False) -> Layer:
    """A TOML file; every key in it must exist.  Raises ConfigError when it cannot be read or is not TOML."""
    if not required and not path.is_file():
        return Layer()
    try:
        tree = tomllib.loads(_read(path), parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([f"{path}: is not valid TOML: {error}"]) from error
    layer = Layer()
    origin = Origin(Kind.FILE, str(path))
    for key, value in _flat(tree, ""):
        if key in knobs():
            layer.values[key] = (value, origin)
        else:
            layer.problems.append(f"{key}: no such setting{_near(key)} ({origin})")
    return layer


def profile(name: str, said_by: Origin) -> Layer:
    """A shipped profile."""
    if name not in PROFILES:
        listed = did_you_mean(name, PROFILES) or f"; there are {', '.join(PROFILES)}"
        return Layer(problems=[f"profile: no profile {name!r}{listed} ({said_by})"])
    origin = Origin(Kind.PROFILE, name)
    return Layer({key: (value, origin) for key, value in PROFILES[name].items()})


def user_file(environ: Mapping[str, str]) -> Path:
    """Where a user keeps settings for all folders."""
    base = environ.get("XDG_CONFIG_HOME") or environ.get("APPDATA")
    return (Path(base) if base else Path.home() / ".config") / "pmm" / FILE_NAME


def _read(path: Path) -> str:
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            raise ConfigError([f"{path}: is larger than {FILE_BYTES_MAX} bytes, which no settings file is"])
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError([f"{path}: cannot be read: {os.strerror(error.errno or 0)}"]) from error
    except UnicodeDecodeError as error:
        raise ConfigError([f"{path}: is not UTF-8 text"]) from error


def _flat(tree: Mapping[str, object], prefix: str) -> Iterator[tuple[str, object]]:
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def _near(text: str) -> str:
    by_last_part = [key for key in knobs() if key.rpartition(".")[2] == text.rpartition(".")[2]]
    return f"; did you mean {' or '.join(by_last_part)}?" if by_last_part else did_you_mean(text, knobs())
