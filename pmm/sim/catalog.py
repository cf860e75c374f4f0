"""The markets that the pretend venue lists: facts as `Market`, and what a catalogue tells about them beside.

Ids are derived from the slug, so that a slug means the same tokens in every run and on every machine.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pmm.model import SHARE, USD, Market, Price, Size, Token
from pmm.sim.fees import FREE, FeeSchedule, schedule_of

# What the venue demands of every order in all 35 955 markets of the recordings (data reference, section 3).
MIN_ORDER_SIZE = 5 * SHARE
# Ids of the venue are mostly 77 digits long (75 to 78 occur): one digit that is not zero, then 76 more.
_TOKEN_DIGITS = 77


@dataclass(frozen=True, slots=True)
class Rewards:
    """What an order must be to earn liquidity rewards: large enough, and near the middle (in price units)."""

    min_size: Size = 20 * SHARE
    max_spread: Price = 300
    usd_a_day: int = 50


@dataclass(frozen=True, slots=True)
class Listing:
    """A market on the list.

    `probability` is where its true probability starts; `pace` scales how often its traders act (1 is the demo
    market, 0 is a market where orders rest and nobody comes); `group` is its title among the outcomes of its event.
    `seconds_delay` holds marketable orders (sports); `taker_delay` holds their answer for 250 ms.
    """

    market: Market
    event_title: str
    description: str
    category: str
    probability: float
    pace: float = 1.0
    group: str = ""
    created: str = "2026-11-01T12:00:00Z"
    fees: FeeSchedule = FREE
    rewards: Rewards | None = None
    seconds_delay: int = 0
    taker_delay: bool = False

    @property
    def market_id(self) -> str:
        """The catalogue's own number of the market."""
        return str(_number(f"market:{self.market.slug}", 6))

    @property
    def event_id(self) -> str:
        return str(_number(f"event:{self.market.event_slug}", 5))


def binary(
    slug: str,
    question: str,
    *,
    event: str,
    title: str,
    category: str,
    probability: float,
    pace: float = 0.2,
    group: str = "",
    tick: Price = 100,
    volume_usd: int = 0,
    neg_risk: bool = False,
    end_date: str = "2099-12-31T00:00:00Z",  # no market of the pretend venue ends by itself
) -> Listing:
    """A listing whose ids follow from `slug`."""
    market = Market(
        condition_id="0x" + hashlib.sha256(f"condition:{slug}".encode()).hexdigest(),
        slug=slug,
        question=question,
        tokens=(Token(_token_id(slug, "Yes"), "Yes"), Token(_token_id(slug, "No"), "No")),
        tick=tick,
        min_size=MIN_ORDER_SIZE,
        neg_risk=neg_risk,
        neg_risk_id="0x" + hashlib.sha256(f"event:{event}".encode()).hexdigest() if neg_risk else None,
        end_date=end_date,
        event_slug=event,
        volume=volume_usd * USD,
        liquidity=volume_usd * USD // 12,
    )
    text = f'Resolves to "Yes" if this comes true before {end_date[:10]}. Play money: no such market exists.'
    fees = schedule_of(category)
    return Listing(market, title, text, category, probability, pace, group, fees=fees, rewards=Rewards())


def demo_listing() -> Listing:
    """The market `demo`: the one that every first run quotes."""
    return binary(
        "demo",
        "Will it rain in Springfield tomorrow?",
        event="springfield-weather",
        title="Springfield weather",
        category="Weather",
        probability=0.5,
        pace=1.0,
        volume_usd=1_250_000,
    )


def default_listings() -> tuple[Listing, ...]:
    """`demo`, two quieter markets, and an event whose three outcomes exclude each other."""
    return (
        demo_listing(),
        binary(
            "shelbyville-bridge-opens-in-december",
            "Will the Shelbyville bridge open in December?",
            event="shelbyville-bridge",
            title="Shelbyville bridge",
            category="Infrastructure",
            probability=0.28,
            volume_usd=310_000,
        ),
        binary(
            "isotopes-win-the-pennant",
            "Will the Isotopes win the pennant?",
            event="isotopes-season",
            title="Isotopes season",
            category="Sports",
            probability=0.64,
            volume_usd=842_000,
        ),
        *_mayor(),
    )


def quiet_listings(count: int) -> tuple[Listing, ...]:
    """`count` further markets whose books rest and never move: for paging, and for many subscriptions at once."""
    return tuple(
        binary(
            f"lemon-of-troy-{number}",
            f"Will lemon tree number {number} bear fruit this year?",
            event="lemon-of-troy",
            title="The lemon trees of Springfield",
            category="Agriculture",
            probability=0.1 + 0.8 * (number % 17) / 16,
            pace=0.0,
            group=f"Tree {number}",
            volume_usd=1_000 + number,
        )
        for number in range(1, count + 1)
    )


def by_token(listings: Sequence[Listing]) -> dict[str, tuple[Listing, int]]:
    """Every token with its listing and the index of its outcome."""
    return {
        token.token_id: (listing, index) for listing in listings for index, token in enumerate(listing.market.tokens)
    }


def _mayor() -> Iterator[Listing]:
    for name, probability, volume in (
        ("Quimby", 0.46, 560_000),
        ("Terwilliger", 0.34, 495_000),
        ("Simpson", 0.2, 87_000),
    ):
        yield binary(
            f"{name.lower()}-wins-the-springfield-mayoral-election",
            f"Will {name} win the Springfield mayoral election?",
            event="springfield-mayor",
            title="Springfield mayoral election winner",
            category="Politics",
            probability=probability,
            group=name,
            volume_usd=volume,
            neg_risk=True,
        )


def _token_id(slug: str, outcome: str) -> str:
    return str(_number(f"token:{slug}:{outcome}", _TOKEN_DIGITS))


def _number(name: str, digits: int) -> int:
    """A number of exactly so many digits that follows from the name."""
    lowest: int = 10 ** (digits - 1)
    return lowest + int.from_bytes(hashlib.sha512(name.encode()).digest(), "big") % (9 * lowest)
