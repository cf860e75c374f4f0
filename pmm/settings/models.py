"""Quoting models: a section of numbers for each.  Size, levels and limits that they share are in the section of mm.

Numbers that models calculate with are floats there and decimals here.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from pmm.settings.units import PositivePrice, Section

Positive = Annotated[Decimal, Field(gt=0, le=10**9)]
NotNegative = Annotated[Decimal, Field(ge=0, le=10**9)]
Part = Annotated[Decimal, Field(ge=0, le=1)]
Factor = Annotated[Decimal, Field(ge=1, le=1_000)]
Volatility = Annotated[Decimal, Field(gt=0, lt=1)]

VOLATILITY = "USD by which the price moves in a day (standard deviation); what is measured counts where it is more."


class InventorySkew(Section):
    """Model inventory_skew: the spread of mm around a mid that is shifted against the inventory."""

    skew: Annotated[Decimal, Field(ge=0, lt=1)] = Field(
        default=Decimal("0.0002"), description="USD by which each share that is held moves both quotes down."
    )


class AvellanedaStoikov(Section):
    """Model avellaneda_stoikov (2008): reservation price and spread of a horizon. Rather an anchor than for use."""

    gamma: Positive = Field(default=Decimal("0.01"), description="Risk aversion, 1/USD.")
    decay: Positive = Field(
        default=Decimal(100), description="Fills thin out to 1/e within 1/decay USD of distance: 100 is a cent."
    )
    volatility: Volatility = Field(default=Decimal("0.03"), description=VOLATILITY)
    horizon: Positive = Field(
        default=Decimal(86_400), description="Longest horizon in seconds; it ends with the market at the latest."
    )


class Glft(Section):
    """Model glft (Gueant, Lehalle, Fernandez-Tapia 2013): the best quotes with a bound of the inventory."""

    gamma: Positive = Field(default=Decimal("0.05"), description="Risk aversion, 1/USD.")
    arrival: Positive = Field(default=Decimal(10), description="Fills per hour of an order at the mid.")
    decay: Positive = Field(
        default=Decimal(100), description="Fills thin out to 1/e within 1/decay USD of distance: 100 is a cent."
    )
    volatility: Volatility = Field(default=Decimal("0.03"), description=VOLATILITY)
    exact: bool = Field(default=False, description="The exact table instead of the closed form.")
    horizon: NotNegative = Field(
        default=Decimal(0), description="Seconds that the exact table looks ahead; 0: for ever."
    )


class LogOdds(Section):
    """Model log_odds: inventory and informed takers in log-odds, fills in prices."""

    gamma: NotNegative = Field(
        default=Decimal("0.002"), description="Risk aversion for what is held to the end, 1/USD."
    )
    half_life: Positive = Field(
        default=Decimal(6), description="Hours in which half of an inventory is expected to be traded away."
    )
    carry_min: Part = Field(default=Decimal("0.25"), description="Part of it that is carried to the end at least.")
    gamma_short: Positive = Field(
        default=Decimal("0.05"), description="Risk aversion for what is traded away again, 1/USD."
    )
    arrival: Positive = Field(
        default=Decimal(100), description="Fills per hour of an order at the fair price, until takers show it."
    )
    reach: Positive = Field(
        default=Decimal("1.25"), description="Ticks of distance that thin fills out to 1/e, until takers show it."
    )
    volatility: Volatility = Field(default=Decimal("0.03"), description=VOLATILITY)
    score_share: Part = Field(
        default=Decimal("0.25"), description="Believed part of the variance that a score must still have until the end."
    )
    jump_size: NotNegative = Field(default=Decimal("0.4"), description="Size of a jump, in log-odds.")
    reaction: NotNegative = Field(
        default=Decimal("0.3"), description="Seconds from a move to the effect of our cancel."
    )
    base: NotNegative = Field(
        default=Decimal("0.01"), description="Half-spread in log-odds before anything is known of our fills."
    )
    trust: Part = Field(
        default=Decimal("0.5"), description="Part of what our fills cost so far that is expected of the next ones."
    )
    imbalance: Part = Field(
        default=Decimal("0.3"), description="Part of half the touch by which a one-sided book moves the fair price."
    )
    flow: Part = Field(default=Decimal("0.1"), description="The same of takers that only buy.")
    half_min: PositivePrice = Field(default=Decimal("0.002"), description="Least half-spread, in USD.")
    half_max: PositivePrice = Field(
        default=Decimal("0.1"), description="Greatest half-spread, in USD, where the touch is not wider."
    )
    touch: Part = Field(default=Decimal("0.3"), description="Part of half the touch that a half-spread is at least.")
    tolerance: Part = Field(
        default=Decimal("0.75"), description="Part of a half-spread by which a working order may be off."
    )
    widen_trending: Factor = Field(default=Decimal("1.15"), description="Factor of spreads while a market trends.")
    widen_event: Factor = Field(default=Decimal("1.3"), description="Factor of spreads in an event.")
    widen_near_resolution: Factor = Field(default=Decimal("1.5"), description="Factor of spreads near the end.")
