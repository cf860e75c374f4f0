"""The engine of the settings: which strategy, which rules, and how it works."""

from __future__ import annotations

from dataclasses import replace

from pmm.app.reward_model import rewarded
from pmm.app.rules import rules_for
from pmm.app.strategies import model_for
from pmm.core.account_watch import AccountLimits
from pmm.core.calendar import CalendarLimits
from pmm.core.config import EngineConfig
from pmm.core.engine import Engine
from pmm.core.feed import FeedLimits
from pmm.core.regime import RegimeLimits
from pmm.core.step import DayResult
from pmm.core.trust import FallbackLimits, TrustLimits, Verify
from pmm.core.view import Strategy
from pmm.model import TimeInForce
from pmm.settings import Settings


def strategy_for(settings: Settings) -> Strategy:
    """The quoting model, moved for rewards where they are quoted for.  Raises ConfigError as `model_for`."""
    return rewarded(settings, model_for(settings))


def engine_for(
    settings: Settings,
    strategy: Strategy | None = None,
    order_prefix: str = "dry-",
    before: DayResult | None = None,
    *,
    explain: bool = False,
) -> Engine:
    """The engine of these settings, with another strategy than theirs where one is given.

    `before` is what earlier runs of the account brought today; `explain` has decisions carry what they were made from.
    """
    config = replace(_config(settings, order_prefix, before), explain=explain)
    return Engine(strategy or strategy_for(settings), config, rules_for(settings))


def _regime(settings: Settings) -> RegimeLimits:
    regime = settings.regime
    dates = CalendarLimits(regime.widen_before_ns, regime.cutoff_before_ns, regime.game_lead_ns, regime.game_length_ns)
    return RegimeLimits(dates, regime.hold_ns)


def _config(settings: Settings, order_prefix: str, before: DayResult | None) -> EngineConfig:
    """How every run works, and with real orders live trading."""
    ws, feed, mm, live = settings.ws, settings.feed, settings.mm, settings.live
    config = EngineConfig(
        requote_threshold=mm.requote_threshold_price,
        reward_age=settings.rewards.min_age_ns,
        feed=FeedLimits(ws.starting_limit_ns, ws.stale_data_threshold_ns),
        trust=TrustLimits(Verify(feed.verify_hashes), compare_interval=feed.compare_interval_ns),
        fallback=FallbackLimits(
            feed.fallback_after_ns, recovery=feed.recovery_delay_ns, quote_on_rest=feed.quote_on_rest
        ),
        regime=_regime(settings),
        order_prefix=order_prefix,
        before=before,
    )
    if settings.dry_run:
        return config
    return replace(
        config,
        tif=TimeInForce(live.tif.upper()),
        order_life=live.order_life_ns,
        account=AccountLimits(
            read_interval=live.read_interval_ns,
            balance_interval=live.balance_interval_ns,
            heartbeat_interval=live.heartbeat_interval_ns if live.heartbeat else None,
        ),
    )
