"""Rules of risk for an engine in a story: the usual limits, in force or only told."""

from __future__ import annotations

from pmm.core.rule import Mode, Rule
from pmm.rules.account_exposure import AccountExposure, AccountExposureLimits
from pmm.rules.market_exposure import MarketExposure, MarketExposureLimits
from pmm.rules.order_notional import OrderNotional, OrderNotionalLimits
from pmm.rules.position_limit import PositionLimit, PositionLimits

Ruled = tuple[tuple[Rule, Mode], ...]


def ruled(*rules: Rule, mode: Mode = Mode.ENFORCE) -> Ruled:
    """These, all in one mode."""
    return tuple((rule, mode) for rule in rules)


def limits(
    *,
    position: int | None = None,
    order: int | None = None,
    market: int | None = None,
    account: int | None = None,
    mode: Mode = Mode.ENFORCE,
) -> Ruled:
    """Limits by what they bound: a position in micro-shares, the others in micro-USD."""
    rules: list[Rule] = []
    if order is not None:
        rules.append(OrderNotional(OrderNotionalLimits(order)))
    if position is not None:
        rules.append(PositionLimit(PositionLimits(position)))
    if market is not None:
        rules.append(MarketExposure(MarketExposureLimits(market)))
    if account is not None:
        rules.append(AccountExposure(AccountExposureLimits(account)))
    return ruled(*rules, mode=mode)
