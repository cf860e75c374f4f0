"""Checks of this machine: the data folder, the disk, the kernel, and what else Python runs when it starts."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import site
from pathlib import Path

from pmm import _fast
from pmm.doctor.check import Check, Finding, fail, ok, warn
from pmm.doctor.patient import Patient

GB = 10**9
DISK_WARN_BYTES = 1 * GB
DISK_FAIL_BYTES = GB // 10
# Lines that well-known packages put into `.pth` files, which Python executes whenever it starts.
_SHIM = r"enabled and __import__\('_distutils_hack'\)(\.add_shim\(\))?;?"
_KNOWN_LINES = tuple(
    re.compile(pattern)
    for pattern in (
        r"import __editable___\w+_finder; __editable___\w+_finder\.install\(\)",
        r"import os; var = 'SETUPTOOLS_USE_DISTUTILS'; enabled = os\.environ\.get\(var, '\w+'\) == '\w+'; " + _SHIM,
        r"import _virtualenv",
        r"import os; os\.environ\.get\('COVERAGE_PROCESS_START'\) and __import__\('coverage'\)\.process_startup\(\)",
        r"import sys, types, os;has_mfs = sys\.version_info > \(3, 5\);p = os\.path\.join\(.*nspkg.*",
    )
)
NAMES_SHOWN_MAX = 5


async def data_folder(patient: Patient) -> Finding:
    """Whether runs can write their files; the folder itself is made by the first run."""
    folder = patient.settings.data_dir
    probe = _nearest(folder) / f".pmm-probe-{secrets.token_hex(4)}"
    try:
        probe.write_bytes(b"pmm")
        probe.unlink()
    except OSError as error:
        return fail(
            f"{folder} cannot be written: {os.strerror(error.errno or 0)}", "Choose a writable folder with --data-dir."
        )
    return ok(str(folder))


async def disk(patient: Patient) -> Finding:
    """Whether there is space for journals and recordings."""
    folder = patient.settings.data_dir
    free = shutil.disk_usage(_nearest(folder)).free
    found = f"{free / GB:.1f} GB free at {folder}"
    if free < DISK_FAIL_BYTES:
        return fail(found, "Free some space: a full disk stops trading.")
    return ok(found) if free >= DISK_WARN_BYTES else warn(found, "Free some space.")


def _nearest(folder: Path) -> Path:
    """The folder, or the first one above it that exists."""
    return next(one for one in (folder.absolute(), *folder.absolute().parents) if one.exists())


async def kernel(_patient: Patient) -> Finding:
    """Whether the compiled kernel runs."""
    if _fast.COMPILED:
        return ok("compiled")
    return warn("pure Python", "Install a wheel, or a C compiler, and leave PMM_PURE out: it is many times faster.")


async def start_files(_patient: Patient) -> Finding:
    """What runs by itself whenever Python starts: a place that stolen packages have used."""
    folders = sorted({Path(folder) for folder in [*site.getsitepackages(), site.getusersitepackages()]})
    strange = [name for folder in folders if folder.is_dir() for name in unknown_start_files(folder)]
    if not strange:
        return ok("nothing unknown starts with Python")
    shown = ", ".join(strange[:NAMES_SHOWN_MAX]) + (" ..." if len(strange) > NAMES_SHOWN_MAX else "")
    return warn(f"starts with Python: {shown}", "Read these files; whoever wrote them can read your key.")


def unknown_start_files(folder: Path) -> list[str]:
    """`.pth` files of a folder that execute something unknown, and modules that customise the start."""
    strange = [path.name for path in sorted(folder.glob("*.pth")) if not _is_harmless(path)]
    strange += [f"{name}.py" for name in ("sitecustomize", "usercustomize") if (folder / f"{name}.py").exists()]
    return strange


def _is_harmless(path: Path) -> bool:
    """Whether every line that would be executed is one that well-known packages write."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    executed = [line.strip() for line in lines if line.startswith(("import ", "import\t"))]
    return all(any(known.fullmatch(line) for known in _KNOWN_LINES) for line in executed)


CHECKS = (
    Check("data folder", data_folder),
    Check("disk", disk, needs=("data folder",)),
    Check("kernel", kernel),
    Check("start files", start_files),
)
