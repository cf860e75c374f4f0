"""Whether an account may trade is judged by what its markets need and by what the venue really says."""

from dataclasses import dataclass, field, replace

import pytest

from pmm.account import Balances
from pmm.app.readiness import require_open
from pmm.eip712 import EXCHANGES, Generation, SignatureType
from pmm.errors import AccountUnready, Unreachable
from pmm.venues.polymarket.private import Answer
from pmm.wallets.kinds import wallets_of
from pmm.wallets.sources import WrongWallet
from tests.support.story import market

KEY = "0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1"
STANDARD, NEG_RISK = EXCHANGES[Generation.V2]
PLAIN = replace(market(), tokens=tuple(replace(one, token_id=str(n)) for n, one in enumerate(market().tokens, 1)))
OPEN = b'{"closed_only": false}'


@dataclass
class Venue:
    """Access, its connection, and the reads of an account, as far as they are asked."""

    status: int = 200
    body: bytes = OPEN
    allowances: dict[str, int] = field(default_factory=lambda: {STANDARD.upper(): 1, NEG_RISK: 1})
    wallet: str = KEY
    signature_type: SignatureType = SignatureType.EOA
    address: str = KEY

    @property
    def http(self):
        return self

    async def call(self, *_):
        return Answer(self.status, {}, self.body, 0, 0)

    async def balances(self):
        return Balances(5_000_000, {}, self.allowances)

    async def ready(self, *markets):
        return await require_open(self, self, markets)


async def test_a_right_account_is_told_what_it_holds():
    assert (await Venue().ready(PLAIN)).cash == 5_000_000


async def test_every_exchange_that_a_market_needs_may_move_the_money():
    venue = Venue(allowances={STANDARD: 1, NEG_RISK: 0})
    assert await venue.ready(PLAIN)
    with pytest.raises(AccountUnready, match="Neg Risk Exchange may not move"):
        await venue.ready(PLAIN, replace(PLAIN, neg_risk=True))


async def test_an_exchange_that_the_venue_does_not_list_is_not_taken_for_refused():
    assert await Venue(allowances={STANDARD: 1}).ready(replace(PLAIN, neg_risk=True))
    with pytest.raises(AccountUnready, match="no exchange"):
        await Venue(allowances={"0xother": 1}).ready(PLAIN)


async def test_a_deposit_wallet_may_follow_from_another_key():
    assert await Venue(wallet="0x" + "ab" * 20, signature_type=SignatureType.POLY_1271).ready(PLAIN)
    with pytest.raises(WrongWallet, match="is no wallet of the key"):
        await Venue(wallet="0x" + "ab" * 20, signature_type=SignatureType.POLY_PROXY).ready(PLAIN)


async def test_the_type_of_a_wallet_is_that_which_follows():
    proxy = wallets_of(KEY)[1]
    assert await Venue(wallet=proxy.address.lower(), signature_type=SignatureType.POLY_PROXY).ready(PLAIN)
    with pytest.raises(WrongWallet, match=f"2 is not the type of {proxy.address}"):
        await Venue(wallet=proxy.address.lower(), signature_type=SignatureType.POLY_GNOSIS_SAFE).ready(PLAIN)


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_venue_that_cannot_say_now_is_no_fault_of_the_account(status):
    with pytest.raises(Unreachable):
        await Venue(status=status).ready(PLAIN)


async def test_a_venue_that_knows_of_no_restriction_has_none():
    assert await Venue(status=404, body=b"{}").ready(PLAIN)
    with pytest.raises(AccountUnready, match="the venue answered 200"):
        await Venue(body=b"[]").ready(PLAIN)
