"""A process that holds a key leaves no picture of its memory behind when it crashes."""

from __future__ import annotations

import ctypes
import sys

# Of `prctl`: whether memory may be dumped, and read by other processes of the same user.
PR_SET_DUMPABLE = 4


def forbid_core_dumps() -> None:
    """From now on no core file is written; on Linux, no helper of the system gets one either."""
    if sys.platform == "win32":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        # A core that goes through a pipe to such a helper does not ask for the limit.
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
