"""Cancel single orders by our id or the venue's, and say of each what became of it: the venue's word, read again."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

import orjson

from pmm.account import OrderStatus, OwnOrder
from pmm.app.account import state_folder
from pmm.errors import VenueError
from pmm.settings import Loaded
from pmm.sinks.store import Intents, Store
from pmm.venues.polymarket.access import Access
from pmm.venues.polymarket.account_reads import AccountReads
from pmm.venues.polymarket.credentials import derive
from pmm.wallets import Wallet

# Between two cancels of what still rests.
PAUSE_S = 0.25
HASH_CHARS = 66


class Fate(StrEnum):
    """What became of an order; DOUBT where the venue could not be asked."""

    CANCELED = "canceled"
    OVER = "over before"
    NOT_FOUND = "not found"
    RESTS = "rests"
    DOUBT = "not known"


@dataclass(frozen=True, slots=True)
class Cancelled:
    """`asked` is how the order was named, `venue_id` "" where nobody knows such an order; `status` the venue's word."""

    asked: str
    venue_id: str
    fate: Fate
    status: OrderStatus | None = None


async def cancel(loaded: Loaded, wallet: Wallet, instance: str, names: Sequence[str], limit: float) -> list[Cancelled]:
    """Cancel until none of these orders rests, or for `limit` seconds.

    Raises what disk and credentials raise; once cancels were sent, nothing that the venue can cause.
    """
    settings, signer = loaded.settings, wallet.signer
    ids = _venue_ids(loaded, wallet, instance, names)
    async with wallet.signed_in(settings.venue.clob_api_url, settings.live.deadline_ns) as http:
        access = Access(http, lambda: derive(http, signer))
        return await _Canceling(access, AccountReads(access, signer.maker, signer.signature_type)).run(ids, limit)


def _venue_ids(loaded: Loaded, wallet: Wallet, instance: str, names: Sequence[str]) -> dict[str, str]:
    """The venue's id of every name; "" for what is neither an id of the venue nor one of this instance."""
    folder = state_folder(loaded.settings, instance)
    ours: Mapping[str, str] = {}
    if Store.exists(folder):
        with Store.open(folder) as store:
            account = store.account(wallet.signer.maker, loaded.settings.venue.clob_api_url)
            ours = Intents(store, account).venue_ids(names)
    return {name: ours.get(name) or (name.lower() if _is_hash(name) else "") for name in names}


def _is_hash(name: str) -> bool:
    digits = name.lower().removeprefix("0x")
    return len(name) == HASH_CHARS and name.lower().startswith("0x") and set(digits) <= set("0123456789abcdef")


class _Canceling:
    def __init__(self, access: Access, reads: AccountReads) -> None:
        self._access = access
        self._reads = reads

    async def run(self, ids: Mapping[str, str], limit: float) -> list[Cancelled]:
        wanted = sorted({venue_id for venue_id in ids.values() if venue_id})
        before = {venue_id: await self._reads.order(venue_id) for venue_id in wanted}
        rest = [venue_id for venue_id, order in before.items() if order is None or order.is_live]
        after: dict[str, OwnOrder | VenueError | None] = dict(before)
        with suppress(TimeoutError):
            async with asyncio.timeout(limit):
                await self._until_gone(rest, after)
        return [
            _fate(name, venue_id, before.get(venue_id), after[venue_id])
            if venue_id
            else Cancelled(name, "", Fate.NOT_FOUND)
            for name, venue_id in ids.items()
        ]

    async def _until_gone(self, rest: Sequence[str], after: dict[str, OwnOrder | VenueError | None]) -> None:
        """Cancel and read `rest` until nothing of it may trade."""
        while rest:
            with suppress(VenueError):  # whatever came of it, the orders are read
                await self._access.call("DELETE", "/orders", orjson.dumps(list(rest)))
            for venue_id in rest:
                try:
                    after[venue_id] = await self._reads.order(venue_id)
                except VenueError as error:
                    after[venue_id] = error
            rest = [venue_id for venue_id in rest if not _is_over(after[venue_id])]
            if rest:
                await asyncio.sleep(PAUSE_S)


def _is_over(told: OwnOrder | VenueError | None) -> bool:
    return told is None or (isinstance(told, OwnOrder) and not told.is_live)


def _fate(name: str, venue_id: str, before: OwnOrder | None, after: OwnOrder | VenueError | None) -> Cancelled:
    match after:
        case VenueError():
            return Cancelled(name, venue_id, Fate.DOUBT)
        case None:
            return Cancelled(name, venue_id, Fate.NOT_FOUND if before is None else Fate.CANCELED)
        case OwnOrder(is_live=True):
            return Cancelled(name, venue_id, Fate.RESTS, after.status)
    was_live = before is None or before.is_live
    canceled = was_live and after.status is OrderStatus.CANCELED
    return Cancelled(name, venue_id, Fate.CANCELED if canceled else Fate.OVER, after.status)
