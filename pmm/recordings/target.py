"""What a recording can be converted to."""

from __future__ import annotations

from enum import StrEnum


class Target(StrEnum):
    """The kinds of files there are."""

    PARQUET = "parquet"
    CSV = "csv"
    HFTBACKTEST = "hftbacktest"
