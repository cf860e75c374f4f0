"""Whether the quoting model of the settings quotes for rewards, and by which numbers."""

from __future__ import annotations

from pmm.core.reward_worth import RewardParams
from pmm.core.view import Strategy
from pmm.settings import Settings
from pmm.strategies.rewarded import Rewarded


def rewarded(settings: Settings, model: Strategy) -> Strategy:
    """The model itself, or where rewards are quoted for, the model with its best quotes moved for them."""
    return Rewarded(model, reward_params(settings)) if settings.rewards.enabled else model


def reward_params(settings: Settings) -> RewardParams:
    """What quotes for rewards are weighed by."""
    rewards = settings.rewards
    return RewardParams(
        arrival=float(rewards.fills_per_day),
        decay=float(rewards.fill_decay),
        capital=float(rewards.capital_cost),
        holding=float(rewards.holding),
        gap=float(rewards.gap),
        age=float(rewards.min_age),
        message=float(rewards.message_cost),
        adverse=float(rewards.adverse_horizon),
        size_max=settings.orders.max_order_size_micro,
        position_limit=settings.mm.position_limit_micro,
    )
