"""Where real recordings are, when they are."""

from __future__ import annotations

from pathlib import Path

import pytest

RECORDINGS = Path(__file__).parents[3] / "shared" / "data" / "ws"


@pytest.fixture
def recordings() -> Path:
    """The folder of recorded frames; they are not part of the repository."""
    if not RECORDINGS.is_dir():
        pytest.skip(f"no recordings at {RECORDINGS}")
    return RECORDINGS
