"""What every test may ask for."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import recordings as found


@pytest.fixture(scope="session")
def recordings() -> Path:
    """The folder of recorded frames; they are not part of the repository."""
    return found.folder("ws")
