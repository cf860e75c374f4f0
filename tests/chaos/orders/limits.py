"""The limits of a session: the product's own rules with shorter times, so that minutes pass in seconds.

What is a setting is set; what is a constant of the venue or of our patience is replaced for as long as `shortened`
lasts.  The venue of a session has the same shorter times.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from pmm.core.account_watch import AccountLimits
from pmm.core.config import EngineConfig
from pmm.core.guard import Rules
from pmm.core.rule import Mode
from pmm.model import MILLISECOND, SECOND, SHARE, USD, Money, Nanos, TimeInForce
from pmm.rules.account_exposure import AccountExposure, AccountExposureLimits
from pmm.rules.market_exposure import MarketExposure, MarketExposureLimits
from pmm.rules.order_notional import OrderNotional, OrderNotionalLimits
from pmm.rules.position_limit import PositionLimit, PositionLimits
from pmm.rules.self_cross import SelfCross
from pmm.sim.venue import SettlementParams, VenueParams
from pmm.strategies.fixed_spread import FixedSpreadParams
from pmm.venues.polymarket.signer import Caps
from pmm.venues.polymarket.stream import Backoff

DEADLINE: Nanos = 150 * MILLISECOND
LATENCY_GATE: Nanos = 120 * MILLISECOND
BEAT: Nanos = 300 * MILLISECOND
# The venue counts whole seconds; an order is replaced when it has lived 80 % of this.
ORDER_LIFE: Nanos = 4 * SECOND
MARKET_CAP: Money = 16 * USD
SIZE = 10 * SHARE
SIGNER_CAPS = Caps(10 * USD, 60 * SECOND)
BACKOFF = Backoff(base=0.05, cap=0.2, attempts=3)
QUOTES = FixedSpreadParams(spread=400, size=SIZE, position_limit=30 * SHARE)
TIMER: Nanos = 100 * MILLISECOND

VENUE = VenueParams(
    settlement=SettlementParams(mined_ms=60, confirmed_ms=180, retry_ms=120, balance_lag_ms=50),
    gtd_ahead_s=1,
    gtd_drop_s=1,
    heartbeat_s=1,
    sweep_s=1,
    post_only_s=1,
)

_PACE = tuple(one * MILLISECOND for one in (50, 100, 200, 300, 400))
_SHORT: dict[str, object] = {
    "pmm.core.doubt.PACE": _PACE,
    "pmm.core.doubt.PACE_LAST": 500 * MILLISECOND,
    "pmm.core.doubt.GRACE": 300 * MILLISECOND,
    "pmm.core.doubt.ANSWER_MAX": 2 * SECOND,
    "pmm.core.desk.ANSWER_MAX": 2 * SECOND,
    "pmm.core.desk.SHOWN_WITHIN": 200 * MILLISECOND,
    "pmm.core.heartbeat.LAPSE": SECOND,
    "pmm.core.read_schedule.GAP": 50 * MILLISECOND,
    "pmm.core.read_schedule.FAILED_WAIT": 100 * MILLISECOND,
    "pmm.core.venue_status.GIVEN_MIN": 200 * MILLISECOND,
    "pmm.core.venue_status.FIRST_WAIT": dict.fromkeys(("RESTARTING", "CANCEL_ONLY", "DISABLED"), 200 * MILLISECOND),
    "pmm.core.venue_status.WAIT_MAX": SECOND,
    "pmm.sinks.history.CLOSE_AFTER": SECOND,
    "pmm.venues.polymarket.signer.GTD_EARLY": SECOND,
    "pmm.venues.polymarket.signer.GTD_AHEAD": 2 * SECOND,
}


@contextmanager
def shortened() -> Iterator[None]:
    """Let the rules of this process have their short times."""
    patches = [patch(name, value) for name, value in _SHORT.items()]
    for one in patches:
        one.start()
    try:
        yield
    finally:
        for one in patches:
            one.stop()


def rules() -> Rules:
    """The limits that a session is held to, in force."""
    chosen = (
        OrderNotional(OrderNotionalLimits(10 * USD)),
        SelfCross(),
        PositionLimit(PositionLimits(40 * SHARE)),
        MarketExposure(MarketExposureLimits(MARKET_CAP)),
        AccountExposure(AccountExposureLimits(2 * MARKET_CAP)),
    )
    return tuple((rule, Mode.ENFORCE) for rule in chosen)


def engine_config(prefix: str, *, gtc: bool) -> EngineConfig:
    """What the settings would make of it; refusals are faults here and cool nothing down."""
    return EngineConfig(
        requote_threshold=100,
        order_prefix=prefix,
        tif=TimeInForce.GTC if gtc else TimeInForce.GTD,
        order_life=ORDER_LIFE,
        account=AccountLimits(
            read_interval=300 * MILLISECOND,
            balance_interval=600 * MILLISECOND,
            stale=1_500 * MILLISECOND,
            user_grace=200 * MILLISECOND,
            heartbeat_interval=BEAT,
        ),
    )
