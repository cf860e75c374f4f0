"""What the venue writes of an account - orders, trades, balances, positions - to records of `pmm.account`.

The same readers serve the answers over HTTP and the messages of the user channel (protocol reference, sections 3.7,
3.8 and 5.5).  Every order and trade comes out under the venue's own id as somebody else's; whoever knows better says
so afterwards.  A missing key raises BadAnswer; an unknown status is UNKNOWN.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from pmm.account import OrderStatus, Origin, OwnOrder, OwnTrade, TradeStatus
from pmm.errors import BadAnswer
from pmm.model import GRID, PRICE_DECIMALS, SIZE_DECIMALS, ConditionId, Money, Nanos, Price, Side, Size, TokenId
from pmm.venues.polymarket import codec, fields
from pmm.venues.polymarket.fields import Record

# Allowances are uint256, and the usual one is the largest of them: 78 digits.
ALLOWANCE_DIGITS_MAX = 78

Mine: TypeAlias = Callable[[str, str, str], bool]
"""Whether an order with this id, of this owner (an API key) and this wallet, is our account's.

Both are "" where the venue does not name them; ids and wallets are lower-case.
"""


@dataclass(frozen=True, slots=True)
class Holding:
    """Shares of a token that the account holds, as the Data API tells it, minutes late.

    `cost` is the average price paid, to the nearest 1/10 000 USD; `event` names the neg-risk event of the market, empty
    where it stands alone.
    """

    token: TokenId
    market: ConditionId
    size: Size
    cost: Price
    outcome: str
    title: str
    is_yes: bool = True
    event: str = ""


def order(answer: object) -> OwnOrder:
    """One order, over HTTP or from the user channel."""
    record = fields.record(answer, "order")
    venue_id = _id(record, "id")
    return OwnOrder(
        order_id=venue_id,
        venue_id=venue_id,
        market=fields.text(record, "market"),
        token=fields.text(record, "asset_id"),
        side=_side(record),
        price=_price(record, "price"),
        size=_size(record, "original_size"),
        matched=_size(record, "size_matched"),
        status=OrderStatus.of(fields.text(record, "status")),
        created_at=fields.moment(record.get("created_at"), "created_at") or 0,
        expires_at=fields.moment(record.get("expiration"), "expiration"),
        outcome=fields.optional_text(record, "outcome") or "",
        origin=Origin.FOREIGN,
    )


def trade(answer: object, mine: Mine) -> tuple[OwnTrade, ...]:
    """Our parts of one trade: a part for each of our orders in it, with its own side, token and price.

    The top-level fields are the taker's; they are ours only where no maker's order is, or where we are named as taker.
    """
    record = fields.record(answer, "trade")
    makers = [fields.record(each, "maker_orders") for each in codec.array(record.get("maker_orders"), "maker_orders")]
    parts = [_maker(record, each) for each in makers if mine(_id(each, "order_id"), *_owner(each))]
    if not parts or _is_taker(record, mine):
        parts.append(_taker(record))
    return _merged(parts)


def balance(answer: object) -> tuple[Money, Mapping[str, int]]:
    """What is held of one asset in 1/1 000 000, and what each spender may move of it."""
    record = fields.record(answer, "balance")
    held = fields.units(record.get("balance"), 0, "balance")
    if held is None or held < 0:
        raise BadAnswer("balance is missing or below nothing")
    allowances = record.get("allowances")
    if allowances is None:  # an answer for one spender has a single number, and says not whose
        return held, {}
    return held, {spender: _allowance(text) for spender, text in fields.record(allowances, "allowances").items()}


def holdings(answer: object) -> tuple[list[Holding], str | None]:
    """One page of positions of the Data API, and the cursor of the next one, None after the last."""
    record = fields.record(answer, "positions")
    rest = fields.record(record.get("pagination") or {}, "pagination")
    following = fields.optional_text(rest, "next_cursor") if rest.get("has_more") is True else None
    return [_holding(each) for each in codec.array(record.get("data"), "data")], following


def _holding(answer: object) -> Holding:
    record = fields.record(answer, "position")
    cost = fields.rounded(record.get("avg_price"), PRICE_DECIMALS, "avg_price")
    size = fields.rounded(record.get("current_size"), SIZE_DECIMALS, "current_size")
    if size is None:
        raise BadAnswer("current_size is missing")
    return Holding(
        fields.text(record, "token_id"),
        fields.text(record, "condition_id"),
        size,
        cost or 0,
        fields.optional_text(record, "outcome") or "",
        fields.optional_text(record, "title") or "",
        is_yes=record.get("outcome_index") != 1,
        event=(fields.optional_text(record, "event_slug") or "") if record.get("negative_risk") is True else "",
    )


def _maker(record: Record, leg: Record) -> OwnTrade:
    return _part(
        record,
        venue_id=_id(leg, "order_id"),
        token=fields.text(leg, "asset_id"),
        side=_leg_side(record, leg),
        price=_price(leg, "price"),
        size=_size(leg, "matched_amount"),
        maker=True,
        outcome=fields.optional_text(leg, "outcome") or "",
    )


def _taker(record: Record) -> OwnTrade:
    """A taker pays several makers' prices at once, so that its own may lie between two steps of the grid."""
    price = fields.rounded(record.get("price"), PRICE_DECIMALS, "price")
    if price is None or not 0 < price < GRID:
        raise BadAnswer("price is missing or out of range")
    return _part(
        record,
        venue_id=_id(record, "taker_order_id"),
        token=fields.text(record, "asset_id"),
        side=_side(record),
        price=price,
        size=_size(record, "size"),
        maker=False,
        outcome=fields.optional_text(record, "outcome") or "",
    )


def _part(
    record: Record, *, venue_id: str, token: TokenId, side: Side, price: Price, size: Size, maker: bool, outcome: str
) -> OwnTrade:
    return OwnTrade(
        trade_id=fields.text(record, "id"),
        order_id=venue_id,
        venue_id=venue_id,
        market=fields.text(record, "market"),
        token=token,
        side=side,
        price=price,
        size=size,
        status=TradeStatus.of(fields.text(record, "status")),
        matched_at=_matched_at(record),
        maker=maker,
        transaction=fields.optional_text(record, "transaction_hash") or "",
        outcome=outcome,
        origin=Origin.FOREIGN,
    )


def _merged(parts: Sequence[OwnTrade]) -> tuple[OwnTrade, ...]:
    """One part for each order, should the venue name an order twice in one trade; its price is its own both times."""
    merged: dict[str, OwnTrade] = {}
    for part in parts:
        known = merged.get(part.venue_id)
        merged[part.venue_id] = part if known is None else replace(known, size=known.size + part.size)
    return tuple(merged.values())


def _is_taker(record: Record, mine: Mine) -> bool:
    """Whether the taker's order is ours; the top-level owner is the reader's own, so it counts only for a taker."""
    named = record.get("trader_side") == "TAKER"
    return mine(_id(record, "taker_order_id"), *(_owner(record) if named else ("", "")))


def _owner(record: Record) -> tuple[str, str]:
    """The API key and the wallet."""
    wallet = fields.optional_text(record, "maker_address") or ""
    return fields.optional_text(record, "owner") or "", wallet.lower()


def _id(record: Record, key: str) -> str:
    """Ids of orders are hexadecimal, which the venue may write in either case."""
    return fields.text(record, key).lower()


def _leg_side(record: Record, leg: Record) -> Side:
    """A maker's side; where it is not named, it follows from the taker's: two buyers of one outcome each make a set."""
    if leg.get("side") is not None:
        return _side(leg)
    taker = _side(record)
    return taker.opposite if leg.get("asset_id") == record.get("asset_id") else taker


def _side(record: Record) -> Side:
    side = fields.text(record, "side").upper()
    if side not in Side.__members__:
        raise BadAnswer(f"side is neither BUY nor SELL but {side[:20]!r}")
    return Side(side)


def _price(record: Record, key: str) -> Price:
    price = fields.price(record.get(key), key)
    if price is None or not 0 < price < GRID:
        raise BadAnswer(f"{key} is missing or out of range")
    return price


def _size(record: Record, key: str) -> Size:
    size = fields.size(record.get(key), key)
    if size is None or size < 0:
        raise BadAnswer(f"{key} is missing or below nothing")
    return size


def _matched_at(record: Record) -> Nanos:
    """The field has another name on the user channel now and then, and what comes close stands in for it."""
    for key in ("match_time", "matchtime", "last_update", "timestamp"):
        at = fields.moment(record.get(key), key)
        if at is not None:
            return at
    raise BadAnswer("match_time is missing")


def _allowance(text: object) -> int:
    if not isinstance(text, str) or not text.isdecimal() or not text.isascii() or len(text) > ALLOWANCE_DIGITS_MAX:
        raise BadAnswer("an allowance is no uint256")
    return int(text)
