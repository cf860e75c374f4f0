"""Every knob of pmm: one typed model, read from flags, environment, `.env`, TOML and a profile, each value with its
origin.  The only reader of secrets.
"""

from __future__ import annotations

from pmm.settings.fields import Feed, Mm, Orders, Risk, Settings, Shadow, Venue, Wallet, Ws
from pmm.settings.load import Loaded, load
from pmm.settings.origin import Origin

__all__ = ["Feed", "Loaded", "Mm", "Orders", "Origin", "Risk", "Settings", "Shadow", "Venue", "Wallet", "Ws", "load"]
