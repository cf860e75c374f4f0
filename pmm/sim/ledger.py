"""Who holds what, in double entry."""

from __future__ import annotations

from typing import TypeAlias

from pmm.model import TokenId

Asset: TypeAlias = TokenId
COLLATERAL: Asset = "COLLATERAL"
