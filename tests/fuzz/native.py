"""The kernel's C without Python: built with the address and undefined sanitizers and fed with exact-size blocks.

`driver.c` does it on any machine with gcc; where clang brings libFuzzer, that one gets its time too.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import monotonic

from pmm._fast import Books, get_include
from tests._fast.frames import TOKENS

from .campaign import CORPUS, FINDINGS, Budget, Report, load_frames
from .mutations import honest, whole

HERE = Path(__file__).parent
HARNESSES = ("frames", "books")
# Between two frames of one input; in front stands the number of the allocation that fails, "0" for none.
SEPARATOR = b"\x1e"
STARTS = 60
INPUT_BYTES_MAX = 16_384
SHOWN_CHARS = 1_500
# Where the interesting part of what a fuzzer says begins.
TELLING = re.compile(r"[^\n]*(?:ERROR: |runtime error: |does not hold: |stuck)")
SANITIZED = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer")
STRICT = ("-g", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-Wno-unused-function")


class NoCompiler(Exception):
    """This machine cannot build with sanitizers; the message is what the compiler said."""


@dataclass(frozen=True)
class Fuzzer:
    """Something that makes inputs: how it is built around a harness and how it is started."""

    name: str
    compiler: str
    flags: tuple[str, ...]

    def build(self, harness: str, folder: Path, include: Path | None = None) -> Path:
        """The program in `folder`.  Raises NoCompiler."""
        path = folder / f"{self.name}-{harness}"
        headers = f"-I{include or get_include()}"
        own = partial(_compile, self.compiler, *STRICT, *SANITIZED, headers)
        if self.name == "libfuzzer":
            own(*self.flags, str(HERE / f"native_{harness}.c"), "-o", str(path))
        else:
            # The driver itself is built without coverage: what it does is not news.
            own(*self.flags, "-c", str(HERE / f"native_{harness}.c"), "-o", f"{path}.o")
            own(str(HERE / "driver.c"), f"{path}.o", "-o", str(path))
        return path

    def command(self, program: Path, budget: Budget, seed: int, finding: Path, starts: Path) -> list[str]:
        runs, seconds = budget.operations or 0, budget.seconds or 0
        if self.name == "libfuzzer":
            limits = [f"-runs={runs or -1}", f"-max_total_time={seconds:.0f}", f"-max_len={INPUT_BYTES_MAX}"]
            return [str(program), *limits, f"-seed={seed + 1}", f"-exact_artifact_path={finding}", str(starts)]
        files = sorted(str(path) for path in starts.iterdir())
        return [str(program), str(seconds), str(runs), str(seed), str(finding), *files]


DRIVER = Fuzzer("driver", "cc", ("-O1", "-fsanitize-coverage=trace-pc"))
LIBFUZZER = Fuzzer("libfuzzer", "clang", ("-O1", "-fsanitize=fuzzer"))


def _compile(compiler: str, *arguments: str) -> None:
    if shutil.which(compiler) is None:
        raise NoCompiler(f"there is no {compiler} here")
    done = subprocess.run([compiler, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise NoCompiler(done.stderr[-SHOWN_CHARS:])


def can_sanitize(fuzzer: Fuzzer, folder: Path) -> str:
    """Why a program of three lines cannot be built and run with this fuzzer's flags, "" where it can."""
    source, path = folder / "try.c", folder / "try"
    source.write_text(
        "int LLVMFuzzerTestOneInput(const char *data, unsigned long length) { return data[length] * 0; }\n"
    )
    (folder / "main.c").write_text("int main(void) { return 0; }\n")
    main = [] if fuzzer.name == "libfuzzer" else [str(folder / "main.c")]
    flags = [flag for flag in fuzzer.flags if "coverage" not in flag]
    try:
        _compile(fuzzer.compiler, *SANITIZED, *flags, str(source), *main, "-o", str(path))
    except NoCompiler as fault:
        return str(fault)
    return ""


def as_input(frames: Sequence[bytes], fails: int = 0) -> bytes:
    return bytes([ord("0") + fails]) + SEPARATOR.join(frame for frame in frames if SEPARATOR not in frame)


def conversation(dice: Random) -> list[bytes]:
    """Frames about the same few books, all in the venue's usual shape and with the right best prices."""
    books, told = Books(), list[bytes]()
    for token, tick in TOKENS.items():
        books.add(token, tick)
    for _ in range(10):
        told.append(honest(dice, books))
        books.feed(told[-1])
    return told


def write_starts(harness: str, seed: int, folder: Path) -> Path:
    """What mutation begins with: frames of the venue's shape and the corpus, or random operations."""
    folder.mkdir(parents=True, exist_ok=True)
    dice = Random(seed)
    if harness == "books":
        inputs = [dice.randbytes(600) for _ in range(STARTS)]
    else:
        inputs = [as_input([whole(dice) for _ in range(4)], number % 4) for number in range(STARTS // 2)]
        inputs += [as_input(conversation(dice), number % 4) for number in range(STARTS // 2)]
        inputs += [as_input(load_frames(path)) for path in sorted(CORPUS.glob("*.json"))]
    for number, data in enumerate(inputs):
        (folder / f"{number:03}").write_bytes(data[:INPUT_BYTES_MAX])
    return folder


def fuzz(fuzzer: Fuzzer, harness: str, seed: int, budget: Budget, include: Path | None = None) -> Report:
    """One fuzzer on one harness.  Raises NoCompiler."""
    report = Report(f"native {harness} ({fuzzer.name})", seed)
    FINDINGS.mkdir(parents=True, exist_ok=True)
    finding = FINDINGS / f"native-{harness}-{fuzzer.name}.bin"
    finding.unlink(missing_ok=True)
    with TemporaryDirectory() as name:
        program = fuzzer.build(harness, Path(name), include)
        starts, begun = write_starts(harness, seed, Path(name) / "starts"), monotonic()
        command = fuzzer.command(program, budget, seed, finding, starts)
        done = subprocess.run(command, capture_output=True, check=False)
        report.seconds = monotonic() - begun
    said = (done.stdout + done.stderr).decode(errors="replace")
    if done.returncode:
        telling = TELLING.search(said)
        start = telling.start() if telling else max(0, len(said) - SHOWN_CHARS)
        report.findings.append(f"  {finding}: {said[start : start + SHOWN_CHARS]}")
    if counted := re.search(r"^(\d+) inputs, (\d+) kept|^Done (\d+) runs", said, re.MULTILINE):
        report.operations = int(counted[1] or counted[3])
    for kept in re.findall(r"inputs, (\d+) kept|corp: (\d+)/", said)[-1:]:
        report.outcomes["inputs that reach different code"] = int(kept[0] or kept[1])
    return report


def run(seed: int, budget: Budget) -> list[Report]:
    """Both harnesses with every fuzzer that this machine has; each gets the whole budget.  Raises NoCompiler."""
    reports = [fuzz(DRIVER, harness, seed, budget) for harness in HARNESSES]
    with TemporaryDirectory() as name:
        there = not can_sanitize(LIBFUZZER, Path(name))
    return reports + [fuzz(LIBFUZZER, harness, seed, budget) for harness in HARNESSES if there]
