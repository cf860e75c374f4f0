"""`pmm version`: what is installed here, and whether the kernel is compiled."""

from __future__ import annotations

import platform
import re
from importlib import metadata

from pmm.cli.context import Cli

DISTRIBUTION = "polymarket-pmm"


def version() -> None:
    """Versions of pmm, Python and the libraries, and whether the kernel is compiled."""
    cli = Cli.current()
    data = facts()
    dependencies = data["dependencies"]
    assert isinstance(dependencies, dict)
    rows = [
        ("pmm", data["version"]),
        ("python", data["python"]),
        ("platform", data["platform"]),
        ("kernel", data["kernel"]),
        *sorted(dependencies.items()),
    ]
    cli.emit("pmm.version/1", data, human=lambda: cli.table(("what", "version"), rows))


def facts() -> dict[str, object]:
    """Everything a report of a defect should carry."""
    return {
        "version": _installed(DISTRIBUTION),
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "kernel": _kernel(),
        "dependencies": {name: _installed(name) for name in _required()},
    }


def _kernel() -> str:
    from pmm import _fast

    return "compiled" if _fast.COMPILED else "pure"


def _required() -> list[str]:
    """Names of the dependencies of a plain install, read from our own metadata."""
    try:
        lines = metadata.requires(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        return []
    plain = [line for line in lines if "extra ==" not in line]
    return [re.split(r"[\s\[;<>=!~(]", line, maxsplit=1)[0] for line in plain]


def _installed(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"
