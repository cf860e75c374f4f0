"""Frame -> book in C against simdjson On-Demand; needs a folder with simdjson.h and simdjson.cpp (SIMDJSON=...)."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

from benchmarks.stream import Stream
from pmm._fast import get_include

HERE = Path(__file__).parent


def simdjson() -> Path | None:
    folder = os.environ.get("SIMDJSON")
    return Path(folder) if folder else None


def build(folder: Path, source: Path) -> Path:
    """Both sides with the same flags, none of them for one machine only."""
    c = ["cc", "-O3", "-c", f"-I{get_include()}", str(HERE / "books.c"), "-o", str(folder / "books.o")]
    cpp = [
        "c++",
        "-O3",
        "-std=c++17",
        f"-I{source}",
        f"-I{HERE}",
        str(HERE / "compare.cpp"),
        str(source / "simdjson.cpp"),
    ]
    subprocess.run(c, check=True)
    subprocess.run([*cpp, str(folder / "books.o"), "-o", str(folder / "compare")], check=True)
    return folder / "compare"


def measure(told: Stream, source: Path) -> tuple[float, float, float, str]:
    """How many times faster the kernel was, both in ns a frame, and what simdjson ran on."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "tokens").write_text("".join(f"{token} {tick}\n" for token, tick in told.ticks.items()))
        (folder / "snapshots").write_bytes(b"\n".join(told.snapshots) + b"\n")
        (folder / "frames").write_bytes(b"\n".join(told.frames) + b"\n")
        command = [str(build(folder, source)), *(str(folder / part) for part in ("tokens", "snapshots", "frames"))]
        ratio, ours, theirs, kind = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return float(ratio), float(ours), float(theirs), kind
