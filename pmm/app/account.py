"""What an account has, asked the same way in a dry run and live: orders, trades, positions and profit.

A dry run answers from the state file of its instance.  Live, orders, trades and positions are the venue's word, read
now; profit is what this instance booked.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, TypeVar

from pmm.account import Origin, OwnOrder, OwnTrade
from pmm.metrics.pnl import MarketPnl
from pmm.model import GRID, ConditionId, Nanos, TokenId
from pmm.settings import Loaded, Settings
from pmm.sinks.records import LIMIT, Held, Records
from pmm.sinks.store import Intents, Store
from pmm.venues.polymarket.account_reads import AccountReads, positions
from pmm.venues.polymarket.rest import VenueHttp
from pmm.wallets.passphrase import Ask
from pmm.wallets.sources import wallet_for

One = TypeVar("One", OwnOrder, OwnTrade)

# What simulated orders are kept under in a state file.
SHADOW_WALLET = "shadow"


class Account(Protocol):
    """Newest first; `token` is looked for first, then `limit` counts.  Methods raise what disk or venue raise."""

    async def orders(self, token: TokenId | None = None, limit: int = LIMIT) -> Sequence[OwnOrder]:
        """Open orders, those of others on the account too."""

    async def trades(
        self, token: TokenId | None = None, limit: int = LIMIT, since: Nanos = 0
    ) -> Sequence[OwnTrade]: ...

    async def positions(self, token: TokenId | None = None) -> Sequence[Held]: ...

    async def pnl(self) -> Mapping[ConditionId, MarketPnl]: ...


def state_folder(settings: Settings, instance: str) -> Path:
    """Where an instance keeps its state."""
    return settings.data_dir / instance


def shadow_account(store: Store, settings: Settings) -> int:
    """The account of simulated orders at the venue of the settings."""
    return store.account(SHADOW_WALLET, settings.venue.clob_api_url)


@asynccontextmanager
async def account_for(loaded: Loaded, instance: str, ask: Ask | None = None) -> AsyncIterator[Account]:
    """The account that the settings mean, simulated unless they say live.

    Raises MissingSecrets and what keystore, disk and venue raise.
    """
    settings = loaded.settings
    with Store.open(state_folder(settings, instance)) as store:
        if settings.dry_run:
            yield Simulated(Records(store, shadow_account(store, settings)))
            return
        wallet = wallet_for(loaded, ask)
        signer, venue = wallet.signer, settings.venue
        account = store.account(signer.maker, venue.clob_api_url)
        intents = Intents(store, account)
        private = wallet.signed_in(venue.clob_api_url, settings.live.deadline_ns)
        async with private as http, VenueHttp() as public:
            reads = AccountReads(http, signer.maker, signer.signature_type)
            yield AtVenue(reads, public, venue.data_api_url, Records(store, account, epoch=0), intents)


@dataclass(frozen=True, slots=True)
class Simulated:
    """The account of dry runs: what the last one of this instance left."""

    records: Records

    async def orders(self, token: TokenId | None = None, limit: int = LIMIT) -> Sequence[OwnOrder]:
        return self.records.orders(token, limit=limit)

    async def trades(self, token: TokenId | None = None, limit: int = LIMIT, since: Nanos = 0) -> Sequence[OwnTrade]:
        return self.records.trades(token, limit=limit, since=since)

    async def positions(self, token: TokenId | None = None) -> Sequence[Held]:
        return [held for held in self.records.positions() if token in (None, held.token)]

    async def pnl(self) -> Mapping[ConditionId, MarketPnl]:
        return self.records.pnl()


@dataclass(frozen=True, slots=True)
class AtVenue:
    """The account at the venue; an error of it is an error, never an empty list."""

    reads: AccountReads
    public: VenueHttp
    data_url: str
    records: Records
    intents: Intents

    async def orders(self, token: TokenId | None = None, limit: int = LIMIT) -> Sequence[OwnOrder]:
        found = [order for order in await self.reads.open_orders() if token in (None, order.token)]
        return sorted(self._named(found), key=lambda order: order.created_at, reverse=True)[:limit]

    async def trades(self, token: TokenId | None = None, limit: int = LIMIT, since: Nanos = 0) -> Sequence[OwnTrade]:
        found = [trade for trade in await self.reads.trades(since or None) if token in (None, trade.token)]
        return sorted(self._named(found), key=lambda trade: trade.matched_at, reverse=True)[:limit]

    async def positions(self, token: TokenId | None = None) -> Sequence[Held]:
        """Which tokens there are is the Data API's word, minutes late; how many of them is the exchange's."""
        listed = {one.token: one for one in await positions(self.public, self.data_url, self.reads.wallet)}
        booked = {one.token: one for one in self.records.positions()}
        tokens = [one for one in listed.keys() | booked.keys() if token in (None, one)]
        shares = (await self.reads.balances(tokens)).shares
        found = []
        for one in sorted(tokens):
            told, held = listed.get(one) or booked[one], shares[one]
            cost = booked[one].cost if one in booked else listed[one].cost * held // GRID
            if held:
                found.append(Held(told.market, one, told.outcome, held, cost, held, told.is_yes, told.event))
        return found

    async def pnl(self) -> Mapping[ConditionId, MarketPnl]:
        return self.records.pnl()

    def _named(self, found: Sequence[One]) -> list[One]:
        """Under our ids where this instance sent them, and as somebody else's where it did not."""
        names = self.intents.known([one.venue_id for one in found])
        return [
            replace(
                one,
                order_id=names.get(one.venue_id, one.venue_id),
                origin=Origin.OURS if one.venue_id in names else Origin.FOREIGN,
            )
            for one in found
        ]
