"""The recordings of the venue, which are not part of the repository."""

from pathlib import Path

import pytest

RECORDINGS = Path(__file__).parents[3] / "shared" / "data" / "ws"


@pytest.fixture(scope="session")
def recordings() -> Path:
    if not RECORDINGS.is_dir():
        pytest.skip("the recordings of the venue are not beside this checkout (../shared/data)")
    return RECORDINGS
