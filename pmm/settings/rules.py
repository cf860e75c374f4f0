"""Risk rules: the mode of each, and the limits that no other section has."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from pmm.settings.units import (
    MICRO_PLACES,
    NANO_PLACES,
    PRICE_PLACES,
    Dollars,
    PositivePrice,
    Seconds,
    Section,
    Shares,
    units,
)

RuleMode: TypeAlias = Literal["auto", "off", "log", "enforce"]
Count: TypeAlias = Annotated[int, Field(ge=1, le=1_000_000)]
Percent: TypeAlias = Annotated[int, Field(ge=1, le=100)]


def _mode(what: str) -> RuleMode:
    """A field for the mode of one rule."""
    field: RuleMode = Field(default="auto", description=f"Mode of the rule: {what}.")
    return field


class Rules(Section):
    """Risk rules: auto logs in a dry run and enforces when live (risk.enforce overrules that); off, log, enforce."""

    resting_size: RuleMode = _mode("shares that may rest on one side of a market")
    order_size: RuleMode = _mode("shares of one order")
    order_notional: RuleMode = _mode("worth of one order; always enforced when live")
    price_collar: RuleMode = _mode("distance of a price from fair value and touch")
    repeat_rate: RuleMode = _mode("the same price again and again in one place")
    message_rate: RuleMode = _mode("messages to the venue")
    position_limit: RuleMode = _mode("net shares in one market, with all that may still trade")
    market_exposure: RuleMode = _mode("what one market may lose at worst; always enforced when live")
    event_exposure: RuleMode = _mode("what one event may lose at worst")
    account_exposure: RuleMode = _mode("what all may lose at worst; always enforced when live")
    daily_loss: RuleMode = _mode("what a day may cost; always enforced when live")
    drawdown: RuleMode = _mode("the fall from the best of the day")
    error_rate: RuleMode = _mode("refusals a minute")
    balance_drop: RuleMode = _mode("worth that is missing without a fill")
    stale_data: RuleMode = _mode("age of the book that is quoted on")
    fill_protection: RuleMode = _mode("fills in a short time, and fills that cost")
    unsettled_share: RuleMode = _mode("trades that may still fail")
    near_end: RuleMode = _mode("time before the end of a market or the start of its game")
    others: RuleMode = _mode("those that other packages bring, all of them")

    max_resting_size: Shares = Field(default=Decimal(250), description="Shares that may rest on one side of a market.")
    collar_fair: PositivePrice = Field(
        default=Decimal("0.1"), description="USD by which a price may lie on the wrong side of the mid."
    )
    collar_touch: PositivePrice = Field(
        default=Decimal("0.3"), description="USD by which a price may lie away from the touch of its side."
    )
    repeats_per_minute: Count = Field(default=20, description="Orders at one price in one place.")
    messages_per_second: Count = Field(default=100, description="Messages to the venue in a second.")
    messages_per_minute: Count = Field(default=3_000, description="Messages to the venue in a minute.")
    max_event_usd: Dollars = Field(default=Decimal(200), description="USD that one event may lose at worst.")
    max_drawdown: Dollars = Field(
        default=Decimal(40), description="USD below the best of the day at which nothing is quoted; wider from half."
    )
    balance_drop_percent: Percent = Field(default=20, description="Hundredths of the worth that may be missing.")
    stale_after: Seconds = Field(default=Decimal(30), description="Age at which a book is not quoted on any more.")
    protection_window: Seconds = Field(default=Decimal(10), description="Seconds in which fills are counted.")
    protection_fills: Count = Field(default=10, description="Fills of one side in that time.")
    protection_shares: Shares = Field(default=Decimal(100), description="Shares of one side in that time.")
    protection_horizon: Seconds = Field(default=Decimal(5), description="Seconds after a fill at which it is judged.")
    protection_judged: Count = Field(default=10, description="Last fills that are judged together.")
    protection_adverse: PositivePrice = Field(
        default=Decimal("0.01"), description="USD a share that recent fills may cost on average soon after."
    )
    protection_freeze: Seconds = Field(default=Decimal(60), description="Seconds without quotes after that.")
    max_unsettled: Dollars = Field(default=Decimal(100), description="USD of trades in a market that may still fail.")
    max_unsettled_percent: Percent = Field(
        default=90, description="Hundredths of the shares of a market that may be unsettled, from least_unsettled on."
    )
    least_unsettled: Dollars = Field(default=Decimal(50), description="USD below which the share does not matter.")
    near_end_reduce: Seconds = Field(
        default=Decimal(7_200), description="Seconds before an end or a game's start: only home."
    )
    near_end_cancel: Seconds = Field(
        default=Decimal(3_600), description="Seconds before an end or a game's start: nothing."
    )

    @property
    def max_resting_size_micro(self) -> int:
        return units(self.max_resting_size, MICRO_PLACES)

    @property
    def collar_fair_price(self) -> int:
        return units(self.collar_fair, PRICE_PLACES)

    @property
    def collar_touch_price(self) -> int:
        return units(self.collar_touch, PRICE_PLACES)

    @property
    def max_event_micro(self) -> int:
        return units(self.max_event_usd, MICRO_PLACES)

    @property
    def max_drawdown_micro(self) -> int:
        return units(self.max_drawdown, MICRO_PLACES)

    @property
    def stale_after_ns(self) -> int:
        return units(self.stale_after, NANO_PLACES)

    @property
    def protection_window_ns(self) -> int:
        return units(self.protection_window, NANO_PLACES)

    @property
    def protection_shares_micro(self) -> int:
        return units(self.protection_shares, MICRO_PLACES)

    @property
    def protection_horizon_ns(self) -> int:
        return units(self.protection_horizon, NANO_PLACES)

    @property
    def protection_adverse_price(self) -> int:
        return units(self.protection_adverse, PRICE_PLACES)

    @property
    def protection_freeze_ns(self) -> int:
        return units(self.protection_freeze, NANO_PLACES)

    @property
    def max_unsettled_micro(self) -> int:
        return units(self.max_unsettled, MICRO_PLACES)

    @property
    def least_unsettled_micro(self) -> int:
        return units(self.least_unsettled, MICRO_PLACES)

    @property
    def near_end_reduce_ns(self) -> int:
        return units(self.near_end_reduce, NANO_PLACES)

    @property
    def near_end_cancel_ns(self) -> int:
        return units(self.near_end_cancel, NANO_PLACES)
