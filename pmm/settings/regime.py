"""What kind of time it is in a market: how long around its end and its game quoting is careful."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from pmm.settings.units import NANO_PLACES, Section, units

# A century: further away than any end.
SPAN_MAX = 36_525 * 86_400
Span = Annotated[Decimal, Field(ge=0, le=SPAN_MAX, decimal_places=NANO_PLACES)]


class Regime(Section):
    """Kinds of times in a market. All times in seconds; 0 switches one off."""

    widen_before: Span = Field(
        default=Decimal(86_400), description="So long before its end a market counts as near it."
    )
    cutoff_before: Span = Field(
        default=Decimal(3_600), description="So long before its end positions are only taken home."
    )
    game_lead: Span = Field(default=Decimal(900), description="So long before its start a game is an event.")
    game_length: Span = Field(
        default=Decimal(21_600),
        description="So long after its start a game is over at the latest; the venue tells no end.",
    )
    hold: Span = Field(default=Decimal(60), description="A trend, and the time after a jump, last at least so long.")

    @property
    def widen_before_ns(self) -> int:
        return units(self.widen_before, NANO_PLACES)

    @property
    def cutoff_before_ns(self) -> int:
        return units(self.cutoff_before, NANO_PLACES)

    @property
    def game_lead_ns(self) -> int:
        return units(self.game_lead, NANO_PLACES)

    @property
    def game_length_ns(self) -> int:
        return units(self.game_length, NANO_PLACES)

    @property
    def hold_ns(self) -> int:
        return units(self.hold, NANO_PLACES)
