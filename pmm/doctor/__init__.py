"""The doctor: looks at everything that trading needs, names what is wrong and how to mend it, and changes nothing."""

from __future__ import annotations

from pmm.doctor.check import Row, State
from pmm.doctor.examine import examine

__all__ = ["Row", "State", "examine"]
