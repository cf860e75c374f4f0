"""What venue and chain say of a wallet: which kind holds money, what is deployed, and who may move what.

The venue derives a wallet's address from API key and kind, so it can be asked for the balance of every kind; the chain
is asked about addresses.  A venue on loopback is a pretend one: the real chain knows nothing of it and is not asked.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from pmm.eip712 import SignatureType
from pmm.errors import VenueError
from pmm.model import Money
from pmm.settings import Settings
from pmm.venues.polymarket.access import Caller
from pmm.venues.polymarket.account_reads import AccountReads
from pmm.venues.polymarket.chain import Chain
from pmm.venues.polymarket.private import is_loopback
from pmm.venues.polymarket.rest import VenueHttp
from pmm.wallets import calls
from pmm.wallets.contracts import APPROVALS, Approval
from pmm.wallets.kinds import Derived, wallets_of

# An allowance above this is what wallets call unlimited; contracts may count it down.
UNLIMITED_FROM = 2**128


@dataclass(frozen=True, slots=True)
class Allowed:
    """How much a spender may move, in micro-USD or 1 for all shares; None where nobody who knows was asked."""

    approval: Approval
    amount: int | None
    by: str

    @property
    def granted(self) -> bool:
        return bool(self.amount)

    def covers(self, cash: Money) -> bool:
        """Whether all the money there is may be moved; shares are all or nothing."""
        return self.granted and (not self.approval.is_money or (self.amount or 0) >= cash)


@dataclass(frozen=True, slots=True)
class Held:
    """One wallet of a signer: its money by the venue and whether a contract is there; None where it was not told."""

    wallet: Derived
    cash: Money | None
    deployed: bool | None


@asynccontextmanager
async def chain_of(settings: Settings) -> AsyncIterator[Chain | None]:
    """The chain that belongs to the venue; None where none is set, or where the venue is a pretend one without."""
    url = settings.venue.rpc_url
    if not url or (is_loopback(settings.venue.clob_api_url) and not is_loopback(url)):
        yield None
        return
    async with VenueHttp() as http:
        yield Chain(http, url)


async def venue_money(http: Caller, signer: str) -> dict[SignatureType, tuple[Money, Mapping[str, int]]]:
    """Cash and allowances by the venue, for every kind of wallet that it answers for.  Raises what reads raise."""
    told: dict[SignatureType, tuple[Money, Mapping[str, int]]] = {}
    for kind in SignatureType:
        try:
            found = await AccountReads(http, signer, kind).balances()
        except VenueError:
            if kind is SignatureType.EOA:
                raise  # the other kinds may be unknown to a venue, this one is not
            continue
        told[kind] = (found.cash, {spender.lower(): amount for spender, amount in found.allowances.items()})
    return told


async def wallets_held(
    signer: str, maker: str, money: Mapping[SignatureType, tuple[Money, Mapping[str, int]]], chain: Chain | None
) -> list[Held]:
    """Every wallet that follows from a signer, with what is known of it.  Raises what the chain raises.

    Of two deposit wallets the venue means one: the one in use, else the newer kind.
    """
    derived = wallets_of(signer)
    meant = {wallet.signature_type: wallet for wallet in reversed(derived)}
    meant |= {wallet.signature_type: wallet for wallet in derived if wallet.address == maker}
    found = []
    for wallet in derived:
        told = wallet.signature_type in money and meant[wallet.signature_type] is wallet
        cash = money[wallet.signature_type][0] if told else None
        contract = wallet.signature_type is not SignatureType.EOA
        deployed = await chain.has_code(wallet.address) if chain is not None and contract else None
        found.append(Held(wallet, cash, deployed))
    return found


async def allowances(funder: str, chain: Chain | None, told: Mapping[str, int] | None = None) -> list[Allowed]:
    """Every approval there may be: by the chain where it can be asked, else as the venue told (money only)."""
    if chain is not None:
        return [
            Allowed(approval, await chain.read(*calls.allowance(approval, funder)), "chain") for approval in APPROVALS
        ]
    told = told or {}
    return [
        Allowed(approval, told.get(approval.spender.lower()) if approval.is_money else None, "venue")
        for approval in APPROVALS
    ]
