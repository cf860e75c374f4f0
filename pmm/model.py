"""The nouns of the venue as immutable data, and the four units that every number inside pmm is in.

| unit  | one step       | constant | example            |
|-------|----------------|----------|--------------------|
| Price | 1/10 000 USD   | GRID     | 0.48 is 4 800      |
| Size  | 1/1 000 000    | SHARE    | 10 shares is 10**7 |
| Money | 1/1 000 000 USD| USD      | 1 USD is 10**6     |
| Nanos | 1 ns           | SECOND   | unix time in ns    |

Every tick of the venue lies on the price grid, so the price of NO is exactly `GRID - price of YES`.
The text forms here are exact both ways; whoever talks to a venue or to a person calls them at the edge.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TypeAlias

Price: TypeAlias = int
Size: TypeAlias = int
Money: TypeAlias = int
Nanos: TypeAlias = int
TokenId: TypeAlias = str
ConditionId: TypeAlias = str
OrderId: TypeAlias = str

GRID = 10_000
SHARE = 1_000_000
USD = 1_000_000
SECOND = 1_000_000_000
MILLISECOND = 1_000_000
# Shares of a whole (fee rates, rebates, scores) are counted in steps of 1/1 000 000.
RATE_ONE = 1_000_000

PRICE_DECIMALS = 4
SIZE_DECIMALS = 6
MONEY_DECIMALS = 6
RATE_DECIMALS = 6

# Every price step the venue uses (protocol reference, section 4.2), in units of the grid.
TICKS: tuple[Price, ...] = (1_000, 100, 50, 25, 10, 1)


class Side(StrEnum):
    BUY = "BUY"
    SELL = "SELL"

    @property
    def sign(self) -> int:
        return 1 if self is Side.BUY else -1

    @property
    def opposite(self) -> Side:
        return Side.SELL if self is Side.BUY else Side.BUY


class TimeInForce(StrEnum):
    GTC = "GTC"
    GTD = "GTD"
    FOK = "FOK"
    FAK = "FAK"


@dataclass(frozen=True, slots=True)
class Level:
    """One price of one side of a book and the shares resting there."""

    price: Price
    size: Size


@dataclass(frozen=True, slots=True)
class Trade:
    """A print of the public tape, in the terms of the token that traded; `side` is the taker's."""

    token: TokenId
    side: Side
    price: Price
    size: Size
    at_ms: int


@dataclass(frozen=True, slots=True)
class Token:
    token_id: TokenId
    outcome: str


@dataclass(frozen=True, slots=True)
class FeeSchedule:
    """What takers pay: fee = shares x rate x (p(1-p))^exponent in USD.  `rate` and `rebate` are in 1/RATE_ONE.

    `rebate` is the makers' part of what takers paid; None where the venue does not say.
    """

    rate: int
    exponent: int
    taker_only: bool
    rebate: int | None


@dataclass(frozen=True, slots=True)
class RewardTerms:
    """What a resting order must be to earn, and what the market pays a day; None is what the venue did not say."""

    min_size: Size | None
    max_spread: Price | None
    per_day: Money | None


@dataclass(frozen=True, slots=True)
class MarketStats:
    """What the catalogue last said of a market's trading: minutes old, to choose by and never to quote by.

    `competitive` (1/RATE_ONE) is the venue's number for how near the price is to even odds, not for competition.
    """

    best_bid: Price | None = None
    best_ask: Price | None = None
    spread: Price | None = None
    last_trade: Price | None = None
    volume_24h: Money | None = None
    competitive: int | None = None


@dataclass(frozen=True, slots=True)
class Market:
    """One condition with its two outcome tokens; `tokens[0]` is the one that all quoting is expressed in.

    `event_size` is how many outcomes its event has, where no other one may be added; None where nobody knows.
    """

    condition_id: ConditionId
    slug: str
    question: str
    tokens: tuple[Token, ...]
    tick: Price
    min_size: Size
    neg_risk: bool = False
    active: bool = True
    closed: bool = False
    accepting_orders: bool = True
    end_date: str | None = None
    event_slug: str | None = None
    volume: Money = 0
    liquidity: Money = 0
    version: str = "v1"
    game_start: str | None = None
    neg_risk_id: str | None = None
    event_size: int | None = None
    fees: FeeSchedule | None = None
    rewards: RewardTerms | None = None
    stats: MarketStats = MarketStats()

    @property
    def ends_at(self) -> Nanos | None:
        """The end as unix time; None where there is none, or where `end_date` is no date."""
        return unix_time(self.end_date)

    @property
    def game_starts_at(self) -> Nanos | None:
        return unix_time(self.game_start)

    @property
    def tradable(self) -> bool:
        return self.active and not self.closed and self.accepting_orders and len(self.tokens) == 2

    @property
    def flaws(self) -> list[str]:
        """What is wrong with the market, in one word each; what only its dates lack does not keep it from trading."""
        said = {
            "no-tokens": not self.tokens,
            "not-two-outcomes": len(self.tokens) not in {0, 2},
            "inactive": not self.active,
            "closed": self.closed,
            "not-accepting-orders": not self.accepting_orders,
            "bad-end-date": self.end_date is not None and self.ends_at is None,
            "bad-game-start": self.game_start is not None and self.game_starts_at is None,
        }
        return [word for word, holds in said.items() if holds]

    @property
    def yes(self) -> TokenId:
        return self.tokens[0].token_id

    @property
    def no(self) -> TokenId:
        return self.tokens[1].token_id


@dataclass(frozen=True, slots=True)
class BookPage:
    """The book of one token as a REST read gave it; both sides best first."""

    token: TokenId
    condition_id: str
    timestamp_ms: int
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    tick: Price | None
    min_size: Size | None
    neg_risk: bool
    last_trade: Price | None
    hash: str

    @property
    def best_bid(self) -> Price | None:
        return self.bids[0].price if self.bids else None

    @property
    def best_ask(self) -> Price | None:
        return self.asks[0].price if self.asks else None

    @property
    def mid2(self) -> int | None:
        """Twice the mid, so that it stays an integer; None when a side is empty."""
        if self.best_bid is None or self.best_ask is None:
            return None
        return self.best_bid + self.best_ask

    @property
    def spread(self) -> Price | None:
        if self.best_bid is None or self.best_ask is None:
            return None
        return self.best_ask - self.best_bid


def unix_time(text: str | None) -> Nanos | None:
    """An ISO date or time as the venue writes it, UTC where it names no zone; None for anything else."""
    try:
        moment = datetime.fromisoformat(text or "")
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return (moment - datetime.fromtimestamp(0, UTC)) // timedelta(microseconds=1) * 1_000
    except (ValueError, OverflowError):
        return None


def utc_text(at: Nanos) -> str:
    """A moment as `2026-11-24T06:40:00.123Z`."""
    return datetime.fromtimestamp(at / SECOND, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def floor_to_tick(price: Price, tick: Price) -> Price:
    """The tick at or below `price`: how a bid is rounded."""
    return price // tick * tick


def ceil_to_tick(price: Price, tick: Price) -> Price:
    """The tick at or above `price`: how an ask is rounded."""
    return -(-price // tick) * tick


def notional(price: Price, size: Size) -> Money:
    """Price times size in micro-USD, rounded down to one micro-USD."""
    return price * size // GRID


def decimal_text(value: int, decimals: int) -> str:
    """An integer of `10**-decimals` as the shortest plain decimal: (4800, 4) is "0.48", (10**7, 6) is "10"."""
    sign = "-" if value < 0 else ""
    whole, part = divmod(abs(value), 10**decimals)
    if not part:
        return f"{sign}{whole}"
    return f"{sign}{whole}.{part:0{decimals}d}".rstrip("0")


def parse_decimal(text: str, decimals: int) -> int:
    """The exact inverse of `decimal_text`; accepts ".48" and "0.480", refuses what the unit cannot hold.

    Raises ValueError for signs other than a leading minus, exponents, blanks, NaN and lost digits.
    """
    digits = text.removeprefix("-")
    whole, _, part = digits.partition(".")
    spare = part[decimals:]
    part = part[:decimals]
    if not (whole or part) or not (whole + part + spare).isascii():
        raise ValueError(f"not a plain decimal: {text!r}")
    if not (whole + part + spare).isdigit() or spare.strip("0") or len(whole) > 18:
        raise ValueError(f"not a plain decimal with at most {decimals} places: {text!r}")
    value = int((whole or "0") + part.ljust(decimals, "0"))
    return -value if text.startswith("-") else value


def price_text(price: Price) -> str:
    return decimal_text(price, PRICE_DECIMALS)


def size_text(size: Size) -> str:
    return decimal_text(size, SIZE_DECIMALS)


def money_text(money: Money) -> str:
    return decimal_text(money, MONEY_DECIMALS)


def rate_text(rate: int) -> str:
    return decimal_text(rate, RATE_DECIMALS)


def last_trade_text(price: Price | None) -> str:
    """The price of the last trade as books carry it: at least three decimals, "0.620"; "" before the first trade."""
    if price is None:
        return ""
    whole, part = divmod(price, GRID)
    return f"{whole}.{part:04d}".removesuffix("0")


def parse_price(text: str) -> Price:
    return parse_decimal(text, PRICE_DECIMALS)


def parse_size(text: str) -> Size:
    return parse_decimal(text, SIZE_DECIMALS)
