"""What the venue says of liquidity rewards and rebates: which orders score, our share now, what a day earned.

Read only (protocol reference, section 3.10).  An answer is whole or it is an error, as in `account_reads`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

import orjson

from pmm.errors import BadAnswer, PmmError
from pmm.events import Scored
from pmm.model import MONEY_DECIMALS, SECOND, ConditionId, Money, Nanos
from pmm.ports import Emit
from pmm.venues.polymarket import codec, fields
from pmm.venues.polymarket.access import Caller
from pmm.venues.polymarket.account_reads import AccountReads, told
from pmm.venues.polymarket.own_orders import OwnOrders
from pmm.venues.polymarket.rest import VenueHttp

# Orders that are asked about in one request.
ORDERS_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Earned:
    """What one market paid a wallet for one day: a UTC date as 2026-11-24, and micro-USD."""

    date: str
    market: ConditionId
    money: Money


class RewardReads:
    """Reads of one account.  Every method raises Unreachable, Unauthorized, Refused or BadAnswer."""

    def __init__(self, http: Caller, reads: AccountReads, *, deadline: Nanos | None = None) -> None:
        """`reads` are those of the same account; `deadline` is for each call, None for the caller's own."""
        self._http = http
        self._reads = reads
        self._deadline = deadline

    async def scoring(self, venue_ids: Sequence[str]) -> Mapping[str, bool]:
        """Whether orders score at this moment, by the venue's id; one that the venue does not know does not."""
        if len(venue_ids) == 1:
            only = venue_ids[0]
            params = [("order_id", only)]
            answer = await self._http.call("GET", "/order-scoring", params=params, deadline=self._deadline)
            return {only: _yes(fields.record(told(answer), "scoring").get("scoring"))}
        found: dict[str, bool] = {}
        for first in range(0, len(venue_ids), ORDERS_AT_ONCE):
            body = orjson.dumps(list(venue_ids[first : first + ORDERS_AT_ONCE]))
            answer = await self._http.call("POST", "/orders-scoring", body, deadline=self._deadline)
            found |= {name.lower(): _yes(said) for name, said in fields.record(told(answer), "scoring").items()}
        return found

    async def earned(self, day: date) -> tuple[Earned, ...]:
        """What rewards of a UTC day came to, market by market; of the day that is not over, what it has earned."""
        kind = str(int(self._reads.signature_type))
        params = [("date", day.isoformat()), ("maker_address", self._reads.wallet), ("signature_type", kind)]
        return tuple(await self._reads.pages("/rewards/user", params, _earned))

    async def shares(self) -> Mapping[ConditionId, float]:
        """Our part of the reward of every market at this moment, between 0 and 1."""
        answer = await self._http.call("GET", "/rewards/user/percentages", deadline=self._deadline)
        percentages = fields.record(told(answer), "percentages")
        return {market: float(fields.number(said, "percentage") or 0) / 100 for market, said in percentages.items()}


async def rebates(http: VenueHttp, clob_url: str, wallet: str, day: date) -> tuple[Earned, ...]:
    """What a wallet got back of the fees of a UTC day, market by market.  Raises what `VenueHttp` raises."""
    answer = await http.get(f"{clob_url}/rebates/current", [("date", day.isoformat()), ("maker_address", wallet)])
    return tuple(_rebate(each) for each in codec.array(answer, "rebates"))


class ScoringCheck:
    """A service that asks every `interval` which of our orders score and what our shares are, and tells the engine.

    `pays` says whether the market of an order pays rewards at all.
    """

    def __init__(
        self,
        reads: RewardReads,
        orders: OwnOrders,
        pays: Callable[[ConditionId], bool],
        *,
        interval: Nanos,
        clock: Callable[[], Nanos] = time.time_ns,
    ) -> None:
        self._reads = reads
        self._orders = orders
        self._pays = pays
        self._interval = interval
        self._clock = clock

    async def serve(self, emit: Emit) -> None:
        """Ask until cancelled; the first time after one interval."""
        while True:
            await asyncio.sleep(self._interval / SECOND)
            asked = await self._ask()
            if asked is not None:
                emit(asked)

    async def _ask(self) -> Scored | None:
        """The venue's word; None where there is nothing to ask about."""
        asked_at = self._clock()
        known = [(order_id, self._orders.get(order_id)) for order_id in self._orders.open(before=asked_at)]
        names = {one.intent.venue_id: order_id for order_id, one in known if one and self._pays(one.intent.market)}
        if not names:
            return None
        try:
            said = await self._reads.scoring(list(names))
            shares = await self._reads.shares()
        except PmmError as error:
            return Scored(self._clock(), asked_at, failed=error.message)
        answers = ((names[venue_id], scores) for venue_id, scores in said.items() if venue_id in names)
        return Scored(self._clock(), asked_at, tuple(answers), shares=tuple(shares.items()))


def _yes(said: object) -> bool:
    if not isinstance(said, bool):
        raise BadAnswer("scoring is neither true nor false")
    return said


def _earned(answer: object) -> Earned:
    """One row of `/rewards/user`: `earnings` in an asset, times its rate in USD."""
    record = fields.record(answer, "earnings")
    earnings, rate = fields.number(record.get("earnings"), "earnings"), fields.number(record.get("asset_rate"), "rate")
    if earnings is None:
        raise BadAnswer("earnings is missing")
    worth = fields.rounded(earnings * (1 if rate is None else rate), MONEY_DECIMALS, "earnings")
    return Earned(_day(record), fields.text(record, "condition_id"), worth or 0)


def _rebate(answer: object) -> Earned:
    record = fields.record(answer, "rebate")
    money = fields.rounded(record.get("rebated_fees_usdc"), MONEY_DECIMALS, "rebated_fees_usdc")
    if money is None:
        raise BadAnswer("rebated_fees_usdc is missing")
    return Earned(_day(record), fields.text(record, "condition_id"), money)


def _day(record: fields.Record) -> str:
    """The date of a row, which the venue may write with a time."""
    said = fields.text(record, "date")
    try:
        moment = datetime.fromisoformat(said)
    except ValueError:
        raise BadAnswer("date is no date") from None
    return (moment if moment.tzinfo is None else moment.astimezone(UTC)).date().isoformat()
