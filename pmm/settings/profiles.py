"""Named sets of defaults that ship with pmm; everything a user says himself is stronger."""

from __future__ import annotations

from collections.abc import Mapping

PROFILES: Mapping[str, Mapping[str, str]] = {
    # Wide and small: learn a market without being picked off much.
    "conservative": {
        "mm.spread": "0.06",
        "mm.size": "5",
        "mm.position_limit": "20",
        "risk.max_daily_loss": "20",
        "risk.max_position": "40",
        "risk.max_total_exposure": "100",
    },
    # Close to the middle: more fills, each worth less, requoted on every move of a cent.
    "tight": {
        "mm.spread": "0.02",
        "mm.requote_threshold": "0.01",
    },
}
