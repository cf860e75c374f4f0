"""What the venue is like: its modes, how trades settle, and the documented figures of its rules."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from pmm.model import USD, Money
from pmm.sim.floor import WorldParams
from pmm.sim.trades import Settlement


class Mode(StrEnum):
    """What the venue accepts at all (protocol reference, section 9)."""

    NORMAL = "normal"
    RESTARTING = "restarting"
    POST_ONLY = "post-only"
    CANCEL_ONLY = "cancel-only"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class SettlementStep:
    """A state of a trade and how long after the match it is reached."""

    status: Settlement
    after_ms: int


@dataclass(frozen=True, slots=True)
class SettlementParams:
    """How trades reach the chain when no script says otherwise.

    fail_chance, retry_chance   of a trade to end FAILED, or to be RETRYING once before it is MINED
    balance_lag_ms              how long after MINED the venue shows what arrived
    """

    mined_ms: int = 2_000
    confirmed_ms: int = 5_000
    retry_ms: int = 8_000
    balance_lag_ms: int = 1_000
    fail_chance: float = 0.0
    retry_chance: float = 0.0


@dataclass(frozen=True, slots=True)
class VenueParams:
    """The rules of the venue, with the documented figures.

    gtd_ahead_s         how far ahead a GTD order must expire
    gtd_drop_s          how long before its stated end it is dropped
    heartbeat_s         silence after which an armed account loses its orders, at the next sweep
    post_only_s         how long only post-only orders are taken after a restart
    auto_tick           whether the tick becomes finer by itself outside 0.04 to 0.96
    record              keep every posting of the ledger, for whoever drains it
    """

    world: WorldParams = field(default_factory=WorldParams)
    settlement: SettlementParams = field(default_factory=SettlementParams)
    gtd_ahead_s: int = 180
    gtd_drop_s: int = 60
    heartbeat_s: int = 10
    sweep_s: int = 5
    post_only_s: int = 120
    marketable_buy_min: Money = USD
    auto_tick: bool = True
    record: bool = False
