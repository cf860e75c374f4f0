"""Where real recordings of the venue are: beside the checkout, or where PMM_RECORDINGS says."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RECORDINGS = Path(os.environ.get("PMM_RECORDINGS", ROOT.parent / "shared" / "data"))

needs_recordings = pytest.mark.skipif(
    not RECORDINGS.is_dir(), reason=f"no recordings in {RECORDINGS} (set PMM_RECORDINGS)"
)


def folder(name: str) -> Path:
    """A folder of recordings; skips the test where there are none."""
    found = RECORDINGS / name
    if not found.is_dir():
        pytest.skip(f"no recordings in {found} (set PMM_RECORDINGS)")
    return found
