"""Instructions per frame, counted by callgrind: the same on a busy machine, so a regression gate can stand on them.

`python -m benchmarks.instructions` counts and compares with instructions.json; `--save` writes it anew.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

SAVED = Path(__file__).with_name("instructions.json")
SHORT, LONG = 1_000, 5_000
ALLOWED = 1.03  # a count may grow by three per cent: compilers differ, code should not

WORK = """
import sys
from benchmarks.peers import Ours
from benchmarks.stream import stream
def main(mode, frames):
    told = stream({long})
    ours = Ours(told)
    feed = dict(books=ours.books, quote=ours.quote, empty=len)[mode]
    for frame in told.snapshots + told.frames:
        ours.books(frame), ours.quote(frame)
    for frame in told.frames[:frames]:
        feed(frame)
main(sys.argv[1], int(sys.argv[2]))
"""


def callgrind(mode: str, frames: int) -> tuple[int, int]:
    """All instructions and all calls of malloc, calloc and realloc of one run."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", sys.executable, "-c"]
        environment = {**os.environ, "PYTHONHASHSEED": "0", "PYTHONMALLOC": "malloc"}
        subprocess.run(
            [*command, WORK.format(long=LONG), mode, str(frames)], env=environment, capture_output=True, check=True
        )
        text = out.read_text()
    total = re.search(r"^(?:totals|summary): (\d+)", text, re.MULTILINE)
    assert total, "callgrind writes its totals"
    names: dict[str, str] = {}
    allocations = 0
    called = ""
    for line in text.splitlines():
        if line.startswith("cfn="):
            number, _, name = line[4:].partition(" ")
            called = names.setdefault(number, name) if name else names.get(number, "")
        elif line.startswith("fn="):
            number, _, name = line[3:].partition(" ")
            if name:
                names[number] = name
        elif line.startswith("calls=") and called in ("malloc", "calloc", "realloc"):
            allocations += int(line[6:].split()[0])
    return int(total[1]), allocations


def per_frame(mode: str) -> tuple[float, float]:
    (less, few), (more, many) = callgrind(mode, SHORT), callgrind(mode, LONG)
    return (more - less) / (LONG - SHORT), (many - few) / (LONG - SHORT)


def main() -> int:
    empty, _ = per_frame("empty")
    counts = {}
    for mode in ("books", "quote"):
        instructions, allocations = per_frame(mode)
        counts[mode] = round(instructions - empty)
        counts[f"{mode}_allocations"] = round(allocations, 3)
    print("instructions a frame, less the loop:", counts)
    if "--save" in sys.argv:
        SAVED.write_text(json.dumps(counts, indent=2) + "\n")
        return 0
    saved = json.loads(SAVED.read_text())
    worse = {name: (saved[name], count) for name, count in counts.items() if count > saved[name] * ALLOWED}
    if worse:
        print("more than before (saved, now):", worse)
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
