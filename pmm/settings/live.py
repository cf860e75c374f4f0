"""Trading with real money: hard caps, how long orders live, and what protects them while we are away."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from pmm.settings.units import MICRO_PLACES, NANO_PLACES, Dollars, Seconds, Section, units

# Reference: reliability, section 4.2, point 16.  Whoever raises one does it on purpose.
ORDER_USD = Decimal(25)
MARKET_USD = Decimal(100)
ACCOUNT_USD = Decimal(500)
DAILY_LOSS_USD = Decimal(25)


class Live(Section):
    """Live trading only. Hard caps in USD, times in seconds."""

    max_order_usd: Dollars = Field(default=ORDER_USD, description="Most that one order may cost or be worth.")
    max_market_usd: Dollars = Field(default=MARKET_USD, description="Most that may be at stake in one market.")
    max_account_usd: Dollars = Field(default=ACCOUNT_USD, description="Most that may be at stake altogether.")
    max_daily_loss_usd: Dollars = Field(default=DAILY_LOSS_USD, description="Lost since midnight UTC: trading halts.")
    tif: Literal["gtd", "gtc"] = Field(
        default="gtd", description="gtd orders end by themselves, also when we cannot cancel them; gtc rest for ever."
    )
    order_life: Annotated[Seconds, Field(ge=180)] = Field(
        default=Decimal(300), description="An order is replaced before it is so old; a gtd order ends then."
    )
    deadline: Seconds = Field(default=Decimal(2), description="Longest wait for an answer before an order is in doubt.")
    latency_gate: Seconds = Field(
        default=Decimal(1), description="A decision older than this is not sent any more, nor sent again."
    )
    read_interval: Seconds = Field(default=Decimal(5), description="Open orders and trades are read this often.")
    balance_interval: Annotated[Seconds, Field(ge=Decimal("0.1"))] = Field(
        default=Decimal(30), description="Balances are read this often."
    )
    heartbeat: bool = Field(
        default=True, description="Arm the venue's dead-man switch: it cancels everything when we fall silent."
    )
    heartbeat_interval: Annotated[Seconds, Field(le=8)] = Field(default=Decimal(5), description="Between two beats.")
    watchdog: bool = Field(default=True, description="A second process cancels everything when this one dies.")

    @property
    def max_order_micro(self) -> int:
        return units(self.max_order_usd, MICRO_PLACES)

    @property
    def max_market_micro(self) -> int:
        return units(self.max_market_usd, MICRO_PLACES)

    @property
    def max_account_micro(self) -> int:
        return units(self.max_account_usd, MICRO_PLACES)

    @property
    def max_daily_loss_micro(self) -> int:
        return units(self.max_daily_loss_usd, MICRO_PLACES)

    @property
    def order_life_ns(self) -> int:
        return units(self.order_life, NANO_PLACES)

    @property
    def deadline_ns(self) -> int:
        return units(self.deadline, NANO_PLACES)

    @property
    def latency_gate_ns(self) -> int:
        return units(self.latency_gate, NANO_PLACES)

    @property
    def read_interval_ns(self) -> int:
        return units(self.read_interval, NANO_PLACES)

    @property
    def balance_interval_ns(self) -> int:
        return units(self.balance_interval, NANO_PLACES)

    @property
    def heartbeat_interval_ns(self) -> int:
        return units(self.heartbeat_interval, NANO_PLACES)
