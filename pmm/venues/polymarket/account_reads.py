"""What an account may read at the venue: its orders, trades, balances and positions.

An answer is whole or it is an error: a page that fails, cannot be read or never ends raises, because an empty list
that is none would free orders that still rest.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from pmm.account import Balances, OwnOrder, OwnTrade
from pmm.eip712 import Generation, SignatureType, generation_of
from pmm.errors import BadAnswer, Exit
from pmm.model import SECOND, ConditionId, Nanos, Size, TokenId
from pmm.venues.polymarket import account_pages, codec, words
from pmm.venues.polymarket.access import UNAUTHORIZED, Caller
from pmm.venues.polymarket.account_pages import Holding, Mine
from pmm.venues.polymarket.private import Answer, Params
from pmm.venues.polymarket.rest import Overloaded, Refused, VenueHttp, overloaded

# The venue answers 100 to 500 records a page; nobody whom we serve has so many.
PAGES_MAX = 200
# The cursor of the page after the last one: base64 of -1.
END = "LTE="
# Balances are read token by token; so many at a time leave connections for other reads.
BALANCES_AT_ONCE = 4
NOT_FOUND = 404

T = TypeVar("T")


class Unauthorized(Refused):
    """The venue refused the API credentials."""

    exit = Exit.AUTH
    hint = "Make new ones with `pmm wallet derive-key`; `pmm doctor` says what else may be wrong."


class AccountReads:
    """Reads of one account.  Every method raises Unreachable, Unauthorized, Refused or BadAnswer, and never sleeps.

    `mine` says which orders of a trade are the account's; the wallet's own are, whatever it says.
    """

    def __init__(
        self,
        http: Caller,
        wallet: str,
        signature_type: SignatureType = SignatureType.EOA,
        *,
        mine: Mine | None = None,
        deadline: Nanos | None = None,
    ) -> None:
        """`wallet` holds the funds (the maker of orders); `deadline` is for each call, None for the caller's own."""
        self.wallet = wallet.lower()
        self._http = http
        self.signature_type = signature_type
        self._also_mine = mine
        self._deadline = deadline

    async def open_orders(self) -> tuple[OwnOrder, ...]:
        """Every order that rests or is delayed, of whoever placed it."""
        return tuple({one.venue_id: one for one in await self.pages("/data/orders", (), account_pages.order)}.values())

    async def order(self, venue_id: str) -> OwnOrder | None:
        """One order in whatever state; None when the venue says that it does not know it."""
        answer = await self._http.call("GET", f"/data/order/{venue_id}", deadline=self._deadline)
        if answer.status == NOT_FOUND:
            _speaks(answer)
            return None
        said = told(answer)
        return None if said is None else account_pages.order(said)

    async def trades(self, after: Nanos | None = None, market: ConditionId | None = None) -> tuple[OwnTrade, ...]:
        """Our parts of every trade that matched at `after` or later, newest first; and of some a little older.

        The venue counts whole seconds, and does not say whether those of that second are meant.
        """
        params = [("market", market)] if market else []
        if after is not None:
            params.append(("after", str(max(0, after // SECOND - 1))))
        found = await self.pages("/data/trades", params, lambda one: account_pages.trade(one, self._mine))
        return tuple({(part.trade_id, part.venue_id): part for parts in found for part in parts}.values())

    async def balances(self, tokens: Iterable[TokenId] = ()) -> Balances:
        """Cash, what the exchanges may spend of it, and the shares of some tokens."""
        waiting = list(dict.fromkeys(tokens))
        shares: dict[TokenId, Size] = {}
        cash, allowances = account_pages.balance(await self._balance(None))
        while waiting:
            some, waiting = waiting[:BALANCES_AT_ONCE], waiting[BALANCES_AT_ONCE:]
            # The first failure is the read's; the others end by themselves, and nobody waits for them for long.
            told = await asyncio.gather(*(self._balance(token) for token in some))
            shares |= {token: account_pages.balance(one)[0] for token, one in zip(some, told, strict=True)}
        return Balances(cash, shares, allowances)

    async def refresh_balance(self, token: TokenId | None = None) -> None:
        """Let the venue look at the chain again for cash, or for a token; at most 50 in 10 s (section 8.1)."""
        await self._balance(token, "/balance-allowance/update")

    async def _balance(self, token: TokenId | None, path: str = "/balance-allowance") -> object:
        params = [("asset_type", "COLLATERAL"), ("signature_type", str(int(self.signature_type)))]
        if token is not None:
            kind = "CONDITIONAL-V2" if generation_of(int(token)) is Generation.V3 else "CONDITIONAL"
            params = [("asset_type", kind), ("token_id", token), ("signature_type", str(int(self.signature_type)))]
        answer = await self._http.call("GET", path, params=params, deadline=self._deadline)
        if path == "/balance-allowance":
            return told(answer)
        _speaks(answer)
        return None

    async def pages(self, path: str, params: Sequence[tuple[str, str]], read: Callable[[object], T]) -> list[T]:
        """The records of every page.  The first one is asked for without a cursor."""
        found: list[T] = []
        seen: set[str] = set()
        cursor = ""
        while len(seen) < PAGES_MAX:
            seen.add(cursor)
            here: Params = [*params, ("next_cursor", cursor)] if cursor else params
            answer = await self._http.call("GET", path, params=here, deadline=self._deadline)
            records, following = codec.page(told(answer), "data")
            found += [read(record) for record in records]
            if following is None or following == END:
                return found
            if following in seen:
                raise BadAnswer(f"{path} leads back to a page that was read")
            cursor = following
        raise BadAnswer(f"{path} has more than {PAGES_MAX} pages")

    def _mine(self, venue_id: str, owner: str, wallet: str) -> bool:
        return wallet == self.wallet or (self._also_mine is not None and self._also_mine(venue_id, owner, wallet))


async def positions(http: VenueHttp, data_url: str, wallet: str) -> tuple[Holding, ...]:
    """What a wallet holds, from the public Data API: minutes late, and good only to look at."""
    url = f"{data_url}/v2/positions"
    found: list[Holding] = []
    seen: set[str] = set()
    cursor = ""
    while cursor not in seen and len(seen) < PAGES_MAX:
        seen.add(cursor)
        told = await http.get(url, [("user", wallet), *([("next_cursor", cursor)] if cursor else [])])
        here, following = account_pages.holdings(told)
        found += here
        if following is None:
            return tuple(found)
        cursor = following
    raise BadAnswer(f"{url} never ends")


def told(answer: Answer) -> object:
    """What a good answer says.  Raises for every other one."""
    _speaks(answer, {200})
    return answer.json()


def _speaks(answer: Answer, good: Iterable[int] = (200, NOT_FOUND)) -> None:
    """Raise for a status that is none of `good`, and for a 404 of somebody who is not the venue."""
    if answer.status in good and (answer.status == 200 or _reason(answer)):
        return
    if overloaded(answer.status):
        raise Overloaded(f"the venue answered {answer.status}")
    kind = Unauthorized if answer.status == UNAUTHORIZED else Refused
    raise kind(answer.status, _reason(answer), "the venue")


def _reason(answer: Answer) -> str:
    """The venue's own words; "" for a page of somebody in between."""
    try:
        told = answer.json()
    except BadAnswer:
        return ""
    return words.said(told) if isinstance(told, dict) else ""
