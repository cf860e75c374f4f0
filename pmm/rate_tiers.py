"""How many orders and cancels the venue takes of a signer, by its volume (protocol reference, section 8.2)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rate:
    """So many per second, and so many at once."""

    per_second: int
    burst: int


@dataclass(frozen=True, slots=True)
class Tier:
    """What a signer may do; with `debt` a cancel goes while anything is left, and takes the rest below zero."""

    name: str
    orders: Rate
    cancels: Rate
    debt: bool = True


STANDARD = Tier("standard", Rate(40, 60), Rate(80, 120))
TIERS = {
    tier.name: tier
    for tier in (
        STANDARD,
        Tier("copper", Rate(60, 90), Rate(120, 180)),
        Tier("bronze", Rate(80, 120), Rate(160, 240)),
        Tier("silver", Rate(200, 300), Rate(400, 600)),
        Tier("gold", Rate(400, 600), Rate(800, 1_200)),
        Tier("platinum", Rate(450, 675), Rate(900, 1_350), debt=False),
        Tier("diamond", Rate(525, 787), Rate(1_050, 1_575), debt=False),
        Tier("elite", Rate(600, 900), Rate(1_200, 1_800), debt=False),
    )
}
