"""A process with a key leaves no core, and starts others as before."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import ctypes, resource, subprocess, sys
from pmm.wallets.core_dumps import forbid_core_dumps
forbid_core_dumps()
print(resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
subprocess.run([sys.executable, "-c", "print('a child')"], check=True)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux")
def test_no_core_is_left_and_children_start() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60, check=True)
    assert sorted(done.stdout.splitlines()) == ["(0, 0) 0", "a child"]
