"""What messages tell about the markets they are about, where nobody wrote it down."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from pmm._fast import Book
from pmm.model import SHARE, TICKS, ConditionId, Market, Price, Size, Token, TokenId, parse_price, parse_size, size_text
from pmm.recordings.recorded import Event, changes_of, named

# Every active market of the recordings has this one, and no message of the socket carries it (data reference, 3).
MIN_SIZE: Size = 5 * SHARE


@dataclass
class Facts:
    """What is known of one condition; `neg_risk` is None where nothing proves it."""

    tokens: dict[TokenId, None] = field(default_factory=dict)  # in order of appearance
    tick: Price = TICKS[0]
    min_size: Size = MIN_SIZE
    neg_risk: bool | None = None
    stated: bool = False


def told(markets: Iterable[Market]) -> dict[ConditionId, Facts]:
    """The facts of markets that a recorder wrote down."""
    return {
        market.condition_id: Facts(
            dict.fromkeys(token.token_id for token in market.tokens),
            market.tick,
            market.min_size,
            market.neg_risk,
            stated=True,
        )
        for market in markets
    }


def inferred(events: Iterable[Event]) -> dict[ConditionId, Facts]:
    """The facts of every market that messages name, but for announcements of markets that are not followed."""
    facts: dict[ConditionId, Facts] = defaultdict(Facts)
    for event in events:
        condition_id = event.get("market")
        if not isinstance(condition_id, str) or event.get("event_type") in {"new_market", "market_resolved"}:
            continue
        fact = facts[condition_id]
        for token in named([event]):
            fact.tokens.setdefault(token)
        fact.tick = _tick(event, fact)
        if fact.neg_risk is None:
            fact.neg_risk = _neg_risk(event)
    return facts


def market_of(condition_id: ConditionId, fact: Facts) -> Market:
    """A market by what is known of it; its tokens are called Yes and No in their order."""
    outcomes = ("Yes", "No")
    return Market(
        condition_id=condition_id,
        slug=condition_id,
        question=f"Recorded market {condition_id[:10]}",
        tokens=tuple(Token(token, outcome) for token, outcome in zip(fact.tokens, outcomes, strict=False)),
        tick=fact.tick,
        min_size=fact.min_size,
        neg_risk=fact.neg_risk is True,
        event_slug=f"recorded-{condition_id}",
    )


def levels_of(event: Event, key: str) -> list[tuple[Price, Size]]:
    """One side of a book.  Raises ValueError, KeyError and TypeError where it is none."""
    levels = event.get(key, [])
    if not isinstance(levels, list):
        raise TypeError(f"{key} is not a list")
    return [(parse_price(level["price"]), parse_size(level["size"])) for level in levels]


def _tick(event: Event, fact: Facts) -> Price:
    """The tick that a message states; where none ever does, the coarsest one that holds every price seen."""
    try:
        if "tick_size" in event:
            fact.stated = True
            return parse_price(str(event["tick_size"]))
        if fact.stated:
            return fact.tick
        seen = [price for price, _ in [*levels_of(event, "bids"), *levels_of(event, "asks")]]
        seen += [parse_price(str(change["price"])) for change in changes_of(event)]
    except (ValueError, KeyError, TypeError):
        return fact.tick
    coarse_enough = [tick for tick in TICKS if tick <= fact.tick]
    return next(tick for tick in coarse_enough if all(price % tick == 0 for price in seen))


def _neg_risk(event: Event) -> bool | None:
    """A book of the endpoint says it; one of the socket proves it by its hash, which covers it."""
    if "neg_risk" in event:
        return event["neg_risk"] is True
    if event.get("event_type") != "book" or "tick_size" not in event:
        return None
    try:
        book = Book(parse_price(str(event["tick_size"])))
        book.load(levels_of(event, "bids"), levels_of(event, "asks"))
    except (ValueError, KeyError, TypeError):
        return None
    names = [str(event.get(key, "")) for key in ("market", "asset_id", "timestamp")]
    last = str(event.get("last_trade_price", ""))
    for neg_risk in (False, True):
        if book.hash(names[0], names[1], names[2], size_text(MIN_SIZE), neg_risk, last) == event.get("hash"):
            return neg_risk
    return None
