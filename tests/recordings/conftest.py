"""Where real recordings are, when they are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def recordings() -> Path:
    """The folder of recorded frames; they are not part of the repository."""
    folder = Path(os.environ.get("PMM_SHARED_DATA", ROOT.parent / "shared" / "data")) / "ws"
    if not folder.is_dir():
        pytest.skip(f"no recordings: {folder} does not exist (set PMM_SHARED_DATA)")
    return folder
