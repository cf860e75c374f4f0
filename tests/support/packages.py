"""What has to be inside the sdist and the wheel: run by `make check` on a folder with one of each."""

import sys
import tarfile
import zipfile
from pathlib import Path

KERNEL = ("book.pyx", "book.pxd", "book.pyi", "wire.pyx", "wire.pxd", "wire.pyi", "pure/book.py", "pure/wire.py")
EVERYWHERE = ["pmm/py.typed", "pmm/core/engine.py", *(f"pmm/_fast/{name}" for name in KERNEL)]
SDIST_ONLY = ["setup.py", "pyproject.toml", "README.md", "LICENSE"]
NEVER = ("tests/", "benchmarks/", ".venv/", ".env")


def missing(names: list[str], wanted: list[str]) -> list[str]:
    return [name for name in wanted if name not in names]


def main(folder: Path) -> int:
    (sdist,), (wheel,) = folder.glob("*.tar.gz"), folder.glob("*.whl")
    with tarfile.open(sdist) as archive:
        in_sdist = [name.partition("/")[2] for name in archive.getnames()]
    with zipfile.ZipFile(wheel) as archive:
        in_wheel = archive.namelist()
    faults = [f"{sdist.name} lacks {name}" for name in missing(in_sdist, EVERYWHERE + SDIST_ONLY)]
    faults += [f"{wheel.name} lacks {name}" for name in missing(in_wheel, EVERYWHERE)]
    faults += [f"{wheel.name} holds {name}" for name in in_wheel if name.startswith(NEVER)]
    for fault in faults:
        print(fault, file=sys.stderr)
    print(f"packages: {len(in_sdist)} files in the sdist, {len(in_wheel)} in the wheel, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
