"""The risk rules of the settings, in the order in which they are asked, each with its mode.

Order rules: what makes an order smaller comes first, then what one order may be, then what it would do together with
everything else.  Standing rules follow, and at the end those that other packages bring: an entry point of the group
`pmm.rules` is a function from the settings to a rule.

auto is enforce where `settings.risk_enforced` says so, otherwise log.  With real money the hard caps of section `live`
are enforced whatever their mode, and nobody trades with himself in any mode.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import entry_points

from pmm.core.rule import Mode, OrderRule, Rule, StandingRule
from pmm.errors import ConfigError
from pmm.rules.account_exposure import AccountExposure, AccountExposureLimits
from pmm.rules.balance_drop import BalanceDrop, BalanceDropLimits
from pmm.rules.daily_loss import DailyLoss, DailyLossLimits
from pmm.rules.drawdown import Drawdown, DrawdownLimits
from pmm.rules.error_rate import ErrorRate, ErrorRateLimits
from pmm.rules.event_exposure import EventExposure, EventExposureLimits
from pmm.rules.fill_protection import FillProtection, ProtectionLimits
from pmm.rules.market_exposure import MarketExposure, MarketExposureLimits
from pmm.rules.message_rate import MessageRate, MessageRateLimits
from pmm.rules.near_end import NearEnd, NearEndLimits
from pmm.rules.order_notional import OrderNotional, OrderNotionalLimits
from pmm.rules.order_size import OrderSize, OrderSizeLimits
from pmm.rules.position_limit import PositionLimit, PositionLimits
from pmm.rules.price_collar import PriceCollar, PriceCollarLimits
from pmm.rules.repeat_rate import RepeatRate, RepeatRateLimits
from pmm.rules.resting_size import RestingSize, RestingSizeLimits
from pmm.rules.self_cross import SelfCross
from pmm.rules.stale_data import StaleData, StaleDataLimits
from pmm.rules.unsettled_share import UnsettledLimits, UnsettledShare
from pmm.settings import Settings

GROUP = "pmm.rules"
# What real money is never traded without.
HARD = frozenset({"order_notional", "market_exposure", "account_exposure", "daily_loss"})
ALWAYS = frozenset({"self_cross"})


def rules_for(settings: Settings) -> tuple[tuple[Rule, Mode], ...]:
    """Every rule with its mode.  Raises ConfigError where a rule of another package is none."""
    own = [*_order_rules(settings), *_standing_rules(settings)]
    ruled = [(rule, mode_of(rule.name, settings)) for rule in own]
    return (*ruled, *((rule, _resolved(settings.rules.others, settings)) for rule in _others(settings)))


def mode_of(name: str, settings: Settings) -> Mode:
    """The mode of one of our rules."""
    if name in ALWAYS or (name in HARD and not settings.dry_run):
        return Mode.ENFORCE
    return _resolved(getattr(settings.rules, name), settings)


def _resolved(mode: str, settings: Settings) -> Mode:
    if mode == "auto":
        return Mode.ENFORCE if settings.risk_enforced else Mode.LOG
    return Mode(mode)


def _order_rules(settings: Settings) -> Iterator[Rule]:
    rules, risk, live, orders = settings.rules, settings.risk, settings.live, settings.orders
    yield RestingSize(RestingSizeLimits(rules.max_resting_size_micro))
    yield OrderSize(OrderSizeLimits(orders.min_order_size_micro, orders.max_order_size_micro))
    yield OrderNotional(OrderNotionalLimits(live.max_order_micro))
    yield PriceCollar(PriceCollarLimits(rules.collar_fair_price, rules.collar_touch_price))
    yield SelfCross()
    yield RepeatRate(RepeatRateLimits(rules.repeats_per_minute))
    yield MessageRate(MessageRateLimits(rules.messages_per_second, rules.messages_per_minute))
    yield PositionLimit(PositionLimits(risk.max_position_micro))
    yield MarketExposure(MarketExposureLimits(live.max_market_micro))
    yield EventExposure(EventExposureLimits(rules.max_event_micro))
    yield AccountExposure(AccountExposureLimits(_cap(settings, live.max_account_micro, risk.max_total_exposure_micro)))


def _standing_rules(settings: Settings) -> Iterator[Rule]:
    rules, risk, live = settings.rules, settings.risk, settings.live
    yield DailyLoss(DailyLossLimits(_cap(settings, live.max_daily_loss_micro, risk.max_daily_loss_micro)))
    # A ladder that ends behind the halt takes nothing back.
    yield Drawdown(DrawdownLimits(_cap(settings, live.max_daily_loss_micro, rules.max_drawdown_micro)))
    yield ErrorRate(ErrorRateLimits(risk.max_errors_per_minute, risk.error_cooldown_ns))
    yield BalanceDrop(BalanceDropLimits(rules.balance_drop_percent))
    yield StaleData(StaleDataLimits(rules.stale_after_ns))
    yield FillProtection(_protection(settings))
    yield UnsettledShare(
        UnsettledLimits(rules.max_unsettled_micro, rules.max_unsettled_percent, rules.least_unsettled_micro)
    )
    dates = NearEndLimits(rules.near_end_reduce_ns, rules.near_end_cancel_ns, settings.regime.game_length_ns)
    yield NearEnd(dates)


def _protection(settings: Settings) -> ProtectionLimits:
    rules = settings.rules
    return ProtectionLimits(
        window=rules.protection_window_ns,
        max_fills=rules.protection_fills,
        max_shares=rules.protection_shares_micro,
        horizon=rules.protection_horizon_ns,
        markout_fills=rules.protection_judged,
        max_adverse=rules.protection_adverse_price,
        freeze=rules.protection_freeze_ns,
    )


def _cap(settings: Settings, hard: int, wanted: int) -> int:
    """With real money never more than the hard cap."""
    return wanted if settings.dry_run else min(hard, wanted)


def _others(settings: Settings) -> Iterator[Rule]:
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        try:
            rule = point.load()(settings)
        except (ImportError, AttributeError, TypeError) as error:
            raise ConfigError([f"the risk rule {point.name} of another package cannot be made: {error}"]) from error
        if not isinstance(rule, OrderRule | StandingRule):
            raise ConfigError([f"the risk rule {point.name} of another package is none: {point.value}"])
        yield rule
