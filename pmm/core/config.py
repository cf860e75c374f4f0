"""Every limit that an engine is given."""

from __future__ import annotations

from dataclasses import dataclass, field

from pmm.core.account_watch import AccountLimits
from pmm.core.daily_loss import DailyLimits
from pmm.core.desk import OrderTerms
from pmm.core.exposure import Caps
from pmm.core.feed import FeedLimits
from pmm.core.risk import RiskLimits
from pmm.core.trust import FallbackLimits, TrustLimits
from pmm.model import SHARE, Money, Nanos, Price, Size, TimeInForce


@dataclass(frozen=True, slots=True)
class EngineConfig:
    """`requote_threshold` in price units, `max_position` in micro-shares of net YES per market.

    `account` watches the account of live trading; a dry run has none.  `in_book` says that our orders stand in the
    books we read, which those of an account always do.  Orders are replaced before they are
    `order_life` old, GTD orders end then.  `max_order`, `max_market` and `max_account` (micro-USD) bound what an order
    is worth and what could be lost; `daily` bounds what a day may cost.  `explain` has decisions carry what they were
    made from.
    """

    requote_threshold: Price = 200
    max_position: Size = 100 * SHARE
    feed: FeedLimits = field(default_factory=FeedLimits)
    trust: TrustLimits = field(default_factory=TrustLimits)
    fallback: FallbackLimits = field(default_factory=FallbackLimits)
    risk: RiskLimits = field(default_factory=RiskLimits)
    order_prefix: str = "dry-"
    account: AccountLimits | None = None
    in_book: bool = False
    tif: TimeInForce = TimeInForce.GTC
    order_life: Nanos | None = None
    max_order: Money | None = None
    max_market: Money | None = None
    max_account: Money | None = None
    daily: DailyLimits = field(default_factory=DailyLimits)
    explain: bool = False

    @property
    def own_shown(self) -> bool:
        """Whether the books that we read hold our own orders."""
        return self.in_book or self.account is not None

    @property
    def terms(self) -> OrderTerms:
        return OrderTerms(self.order_prefix, self.tif, self.order_life, proof=self.account is not None)

    @property
    def caps(self) -> Caps:
        return Caps(self.max_position, self.max_order, self.max_market, self.max_account)
