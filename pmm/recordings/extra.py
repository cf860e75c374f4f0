"""Packages that only some users need: imported when they are used, with a clear word where they are missing."""

from __future__ import annotations

import importlib
from typing import Any

from pmm.errors import Exit, LocalError


class MissingExtra(LocalError):
    """A package of the extra `data` is not installed."""

    code = "PMM-E308"
    exit = Exit.CONFIG
    hint = "Install it with `pip install 'polymarket-pmm[data]'`."


def needed(module: str, purpose: str) -> Any:  # the packages of the extra state no types
    """The module.  Raises MissingExtra where it is not installed."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingExtra(f"{module.partition('.')[0]} is needed {purpose}") from error
