"""Every failure that pmm reports on purpose, by its code."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

import pmm
from pmm.errors import PmmError


def declared() -> dict[str, list[type[PmmError]]]:
    """Every error code with the classes that declare it themselves; more than one is a mistake.

    Imports all of pmm but what needs a library that is not installed.
    """
    for module in pkgutil.walk_packages(pmm.__path__, "pmm."):
        if not module.name.endswith("__main__"):
            try:
                importlib.import_module(module.name)
            except ImportError:
                continue
    found: dict[str, list[type[PmmError]]] = {}
    for kind in _family(PmmError):
        if "code" in vars(kind) and kind.__module__.startswith("pmm."):
            found.setdefault(kind.code, []).append(kind)
    return dict(sorted(found.items()))


def _family(kind: type[PmmError]) -> Iterator[type[PmmError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _family(child)
