"""Compile the kernel.  A machine without a compiler gets the pure twins; PMM_REQUIRE_FAST=1 makes that an error."""

import os
from pathlib import Path

from setuptools import Extension, setup

REQUIRED = os.environ.get("PMM_REQUIRE_FAST") == "1"
SOURCES = sorted(Path("pmm/_fast").glob("*.pyx"))
HEADERS = sorted(str(path) for path in Path("pmm/_fast").glob("*.h"))


def extensions() -> list[Extension]:
    if os.environ.get("PMM_PURE") == "1":
        return []
    try:
        from Cython.Build import cythonize
    except ImportError:
        if REQUIRED:
            raise
        return []
    kernel = [
        Extension(
            f"pmm._fast.{path.stem}",
            [str(path)],
            include_dirs=["pmm/_fast"],
            depends=HEADERS,
        )
        for path in SOURCES
    ]
    compiled: list[Extension] = cythonize(kernel, language_level=3)
    for extension in compiled:
        extension.optional = not REQUIRED  # set last: the copies that cythonize makes do not keep it
    return compiled


setup(
    ext_modules=extensions(),
    exclude_package_data={"pmm._fast": ["*.c"]},
    options={"build_ext": {"parallel": os.cpu_count()}},
)
