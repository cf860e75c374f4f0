"""Liquidity rewards: whether quotes go where they earn most of them, and what that is weighed against."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from pmm.settings.units import MICRO_PLACES, NANO_PLACES, Seconds, Section, units

Rate = Annotated[Decimal, Field(ge=0, le=10**6, decimal_places=MICRO_PLACES)]
Wait = Annotated[Decimal, Field(ge=0, le=86_400, decimal_places=NANO_PLACES)]


class Rewards(Section):
    """Liquidity rewards. Times in seconds, money in USD."""

    enabled: bool = Field(
        default=False, description="Move the best quotes of the model to where reward, fills and their cost earn most."
    )
    fills_per_day: Rate = Field(
        default=Decimal(50), description="Times a day that an order at the fair price would be filled."
    )
    fill_decay: Rate = Field(
        default=Decimal(100), description="How fast fills thin out: they fall by exp(-decay x distance in USD)."
    )
    capital_cost: Annotated[Decimal, Field(ge=0, le=1, decimal_places=MICRO_PLACES)] = Field(
        default=Decimal("0.0005"), description="What a USD that a quote binds has to earn a day."
    )
    adverse_horizon: Wait = Field(
        default=Decimal(5), description="A fill is expected to cost the usual move of so many seconds, or its markout."
    )
    holding: Seconds = Field(default=Decimal(60), description="An order is moved if that pays for itself in this time.")
    gap: Wait = Field(default=Decimal(1), description="Time without an order while it is replaced.")
    min_age: Wait = Field(default=Decimal(0), description="An order must rest so long before the venue counts it.")
    message_cost: Annotated[Decimal, Field(ge=0, le=1, decimal_places=MICRO_PLACES)] = Field(
        default=Decimal("0.0001"),
        description="What a moved order must bring besides, so that none follows every crumb.",
    )
    check_interval: Annotated[Seconds, Field(ge=1)] = Field(
        default=Decimal(30), description="Live: the venue is asked this often whether orders score."
    )

    @property
    def min_age_ns(self) -> int:
        return units(self.min_age, NANO_PLACES)

    @property
    def check_interval_ns(self) -> int:
        return units(self.check_interval, NANO_PLACES)
