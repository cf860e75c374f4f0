"""What rewards and rebates of a day were expected to be, market by market, against what the venue says that it paid.

Expected is what the samples of a run amount to: every few seconds the part of the score that was ours, times what the
market pays a day, for as long as it stayed so; and for rebates what each fill added.  The venue looks once a minute at
a moment that nobody knows, so that both differ a little even where everything is understood; it pays nothing for a day
that comes to less than a dollar.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from pmm.app.account import shadow_account, state_folder
from pmm.metrics.performance import DAY, performance
from pmm.metrics.sample import Sample
from pmm.model import SECOND, USD, ConditionId, Money, Nanos
from pmm.settings import Loaded
from pmm.sinks import samples
from pmm.sinks.records import Records
from pmm.sinks.store import Store
from pmm.sinks.whereabouts import market_names
from pmm.venues.polymarket.account_reads import AccountReads
from pmm.venues.polymarket.rest import VenueHttp
from pmm.venues.polymarket.reward_reads import Earned, RewardReads, rebates
from pmm.wallets.passphrase import Ask
from pmm.wallets.sources import wallet_for

# Less for a day is not paid.
LEAST_PAID: Money = USD


@dataclass(frozen=True, slots=True)
class MarketRewards:
    """One market's day, in micro-USD; `watched` is how long it was sampled, `share` our mean part of the score.

    What the venue paid is None where there is no account to ask about: in a dry run.
    """

    market: ConditionId
    slug: str
    watched: Nanos
    share: float | None
    expected: Money
    paid: Money | None
    rebate_expected: Money
    rebate_paid: Money | None


@dataclass(frozen=True, slots=True)
class DayRewards:
    """`over` says whether the day is: before that the venue tells what it has earned so far, if it was `asked`."""

    day: date
    over: bool
    asked: bool
    markets: tuple[MarketRewards, ...]

    @property
    def expected(self) -> Money:
        return sum(one.expected for one in self.markets)

    @property
    def paid(self) -> Money | None:
        """All of it; None where nobody was asked."""
        return sum(one.paid or 0 for one in self.markets) if self.asked else None


@dataclass(frozen=True, slots=True)
class Told:
    """What the venue says that it paid."""

    rewards: tuple[Earned, ...]
    rebates: tuple[Earned, ...]


async def day_rewards(loaded: Loaded, instance: str, day: date, now: Nanos, ask: Ask | None = None) -> DayRewards:
    """A UTC day of the account that the settings mean, simulated unless they say live.

    Raises MissingSecrets and what keystore, disk and venue raise: an error of the venue is no reward of nothing.
    """
    settings = loaded.settings
    with Store.open(state_folder(settings, instance)) as store:
        if settings.dry_run:
            account = shadow_account(store, settings)
            return _day(store, account, Records(store, account).epoch, day, now, None)
        wallet = wallet_for(loaded, ask)
        maker, venue = wallet.signer.maker, settings.venue
        private = wallet.signed_in(venue.clob_api_url, settings.live.deadline_ns)
        async with private as http, VenueHttp() as public:
            reads = RewardReads(http, AccountReads(http, maker, wallet.signer.signature_type))
            told = Told(await reads.earned(day), await rebates(public, venue.clob_api_url, maker.lower(), day))
        return _day(store, store.account(maker, venue.clob_api_url), 0, day, now, told)


def _day(store: Store, account: int, epoch: int, day: date, now: Nanos, told: Told | None) -> DayRewards:
    begin = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * SECOND
    seen = samples.read(store, account, epoch, since=begin, until=begin + DAY)
    fills = {
        market: sum(money for at, money in earned if begin <= at < begin + DAY)
        for market, earned in samples.read_rebates(store, account, epoch).items()
    }
    paid, back = (None, None) if told is None else (_by_market(told.rewards), _by_market(told.rebates))
    markets = {market for market, found in seen.items() if _pays(found)} | {
        one for one, money in fills.items() if money
    }
    rows = [
        _market(store, market, seen.get(market, ()), fills.get(market, 0), paid, back)
        for market in sorted(markets | set(paid or ()) | set(back or ()))
    ]
    return DayRewards(day, begin + DAY <= now, told is not None, tuple(rows))


def _market(
    store: Store,
    market: ConditionId,
    seen: Iterable[Sample],
    rebate: Money,
    paid: Mapping[ConditionId, Money] | None,
    back: Mapping[ConditionId, Money] | None,
) -> MarketRewards:
    told = performance(tuple(seen))
    return MarketRewards(
        market=market,
        slug=market_names(store, market)[0] or market,
        watched=told.span,
        share=told.reward_share,
        expected=told.reward,
        paid=None if paid is None else paid.get(market, 0),
        rebate_expected=rebate,
        rebate_paid=None if back is None else back.get(market, 0),
    )


def _pays(seen: Iterable[Sample]) -> bool:
    return any(one.reward_per_day for one in seen)


def _by_market(earned: Iterable[Earned]) -> Mapping[ConditionId, Money]:
    found: Counter[ConditionId] = Counter()
    for one in earned:
        found[one.market] += one.money
    return found
