"""Whether an account may trade now: the checks of the doctor that an order would fail at, before the first order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pmm.account import Balances
from pmm.doctor.account import CLOSED_ONLY, misplaced, restriction, strange_funder, strange_kind
from pmm.doctor.check import Finding, State
from pmm.eip712 import EXCHANGES, Generation, checksummed, generation_of
from pmm.errors import AccountUnready
from pmm.model import Market
from pmm.venues.polymarket.access import UNAUTHORIZED, Access
from pmm.venues.polymarket.account_reads import AccountReads, Unauthorized
from pmm.venues.polymarket.rest import Overloaded, overloaded
from pmm.wallets.contracts import NAMES
from pmm.wallets.sources import WrongWallet
from pmm.wallets.verification import venue_money

APPROVE = "Run `pmm wallet approve`. Nothing was sent."


async def require_open(access: Access, reads: AccountReads, markets: Sequence[Market] = ()) -> Balances:
    """Credentials are right, the wallet is the key's, may open positions, has money, and its exchanges may move it.

    `markets` are those that shall be traded; without them any exchange will do.  Raises Unauthorized, WrongWallet and
    AccountUnready, which name the one wrong thing and its remedy, and what reads raise.
    """
    http = access.http
    # Not through `access`: what is wrong at the start is told, not replaced.
    answer = await http.call("GET", CLOSED_ONLY)
    if answer.status == UNAUTHORIZED:
        raise Unauthorized(UNAUTHORIZED, f"these API credentials are not those of the key {http.address}", "the venue")
    if overloaded(answer.status):
        raise Overloaded(f"the venue answered {answer.status}")
    kind, holder = reads.signature_type, checksummed(reads.wallet)
    _refuse(strange_funder(http.address, holder, kind), WrongWallet)
    _refuse(strange_kind(http.address, holder, kind), WrongWallet)
    _refuse(restriction(answer), AccountUnready)
    balances = await reads.balances()
    if balances.cash <= 0:
        _refuse(misplaced(http.address, kind, await venue_money(http, http.address)), WrongWallet)
        raise AccountUnready(f"{holder} holds no money", hint=f"Send pUSD to {holder}. Nothing was sent.")
    _require_allowed({name.lower(): amount for name, amount in balances.allowances.items()}, markets)
    return balances


def _refuse(finding: Finding | None, kind: type[AccountUnready | WrongWallet]) -> None:
    if finding is not None and finding.state is State.FAIL:
        raise kind(finding.found, hint=f"{finding.fix} Nothing was sent.")


def _require_allowed(allowances: Mapping[str, int], markets: Sequence[Market]) -> None:
    """The venue may list fewer exchanges than there are: one that it does not name is not known to be refused."""
    needed = {
        EXCHANGES[generation_of(int(token.token_id))][market.neg_risk] for market in markets for token in market.tokens
    }
    for exchange in sorted(needed):
        if allowances.get(exchange) == 0:
            raise AccountUnready(f"the {NAMES[checksummed(exchange)]} may not move the wallet's pUSD", hint=APPROVE)
    known = [address for kind in (Generation.V2, Generation.V3) for address in EXCHANGES[kind]]
    if not any(allowances.get(exchange) for exchange in known):
        raise AccountUnready("no exchange may move the wallet's pUSD", hint=APPROVE)
