"""How an engine works: times, terms of orders, and what it is told to keep."""

from __future__ import annotations

from dataclasses import dataclass, field

from pmm.core.account_watch import AccountLimits
from pmm.core.desk import OrderTerms
from pmm.core.feed import FeedLimits
from pmm.core.regime import RegimeLimits
from pmm.core.step import DayResult
from pmm.core.trust import FallbackLimits, TrustLimits
from pmm.model import Nanos, Price, TimeInForce


@dataclass(frozen=True, slots=True)
class EngineConfig:
    """What an engine is told beside its strategy and the rules of risk; `requote_threshold` in price units.

    `account` watches the account of live trading; a dry run has none.  `in_book` says that our orders stand in the
    books we read, which those of an account always do.  Orders are replaced before they are `order_life` old, GTD
    orders end then.  `before` is what earlier runs of the account brought, on which day.  `explain` has decisions carry
    what they were made from.  `reward_age` is how long an order must rest before it scores, where that is known.
    """

    requote_threshold: Price = 200
    feed: FeedLimits = field(default_factory=FeedLimits)
    trust: TrustLimits = field(default_factory=TrustLimits)
    fallback: FallbackLimits = field(default_factory=FallbackLimits)
    regime: RegimeLimits = field(default_factory=RegimeLimits)
    order_prefix: str = "dry-"
    account: AccountLimits | None = None
    in_book: bool = False
    tif: TimeInForce = TimeInForce.GTC
    order_life: Nanos | None = None
    before: DayResult | None = None
    explain: bool = False
    reward_age: Nanos = 0

    @property
    def own_shown(self) -> bool:
        """Whether the books that we read hold our own orders."""
        return self.in_book or self.account is not None

    @property
    def terms(self) -> OrderTerms:
        return OrderTerms(self.order_prefix, self.tif, self.order_life, proof=self.account is not None)
