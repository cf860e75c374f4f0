"""Transactions on a pretend chain: checked, sent once, waited for, and never more than was meant."""

from __future__ import annotations

import pickle
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest

from pmm.eip712 import SignatureType
from pmm.errors import Unreachable
from pmm.model import SHARE, USD
from pmm.venues.polymarket import chain as chain_module
from pmm.venues.polymarket.chain import Chain, ChainRefused, Fees
from pmm.venues.polymarket.rest import VenueHttp
from pmm.wallets.calls import Call, CallRefused, approve, money_of, redeem, split
from pmm.wallets.contracts import ADAPTER, APPROVALS, EXCHANGE, PUSD
from pmm.wallets.key import Key
from pmm.wallets.kinds import wallets_of
from pmm.wallets.transactions import TransactionSigner, send_all
from tests.support.chain import GWEI, POL, StubChain
from tests.wallets.test_calls import MARKET

ALLOW = approve(APPROVALS[0])


@pytest.fixture
def stub(key: Key) -> Iterator[StubChain]:
    with StubChain() as stub:
        stub.gas_money[key.address.lower()] = POL
        yield stub


@pytest.fixture
async def chain(stub: StubChain) -> AsyncIterator[Chain]:
    async with VenueHttp() as http:
        yield Chain(http, stub.url)


@pytest.fixture
def signer(key: Key) -> TransactionSigner:
    return TransactionSigner(key, 137)


def nothing(_call: Call, _transaction: str) -> None:
    """Nobody listens."""


async def test_an_approval_is_executed_and_its_hash_is_known_before(
    stub: StubChain, chain: Chain, signer: TransactionSigner
) -> None:
    heard: list[tuple[Call, str, int]] = []
    done = await send_all(chain, signer, [ALLOW], lambda call, name: heard.append((call, name, len(stub.sent))))
    assert heard == [(ALLOW, done[0], 0)]
    assert [(one["from"], one["hash"], one["value"]) for one in stub.sent] == [(signer.address.lower(), done[0], 0)]
    assert stub.allowances[PUSD.lower(), signer.address.lower(), EXCHANGE.lower()] == 2**256 - 1


async def test_a_split_turns_money_into_shares_and_redemption_turns_them_back(
    stub: StubChain, chain: Chain, signer: TransactionSigner
) -> None:
    owner = signer.address.lower()
    stub.money[owner] = 10 * USD
    stub.allowances[PUSD.lower(), owner, ADAPTER.lower()] = 10 * USD
    await send_all(chain, signer, [split(MARKET, 4 * SHARE)], nothing)
    assert stub.money[owner] == await chain.read(*money_of(owner)) == 6 * USD
    stub.resolved[MARKET.condition_id[2:]] = 0
    await send_all(chain, signer, redeem(MARKET, ()), nothing)
    assert (stub.money[owner], stub.shares) == (10 * USD, {})


@pytest.mark.parametrize("kind", [SignatureType.POLY_PROXY, SignatureType.POLY_GNOSIS_SAFE])
async def test_a_contract_wallet_makes_its_owners_call(
    stub: StubChain, chain: Chain, key: Key, kind: SignatureType
) -> None:
    wallet = next(one.address.lower() for one in wallets_of(key.address) if one.signature_type is kind)
    stub.contracts.add(wallet)
    await send_all(chain, TransactionSigner(key, 137, kind), [ALLOW, approve(APPROVALS[1])], nothing)
    assert {(owner, bool(amount)) for (_, owner, _), amount in stub.allowances.items()} == {(wallet, True)}


async def test_a_safe_that_tells_of_a_failure_is_believed(
    stub: StubChain, chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = "0x23428b18acfb3ea64b08dc0c1d296ea9c09702c09083ca5272e64d115b687d23"
    receipt = {"status": "0x1", "logs": [{"topics": ["0x00"]}, {"topics": [topic]}]}
    monkeypatch.setattr(stub, "answer", lambda _method, _params: receipt)
    assert await chain.receipt("0x" + "11" * 32) is False


async def test_a_call_that_would_fail_is_not_sent(stub: StubChain, chain: Chain, signer: TransactionSigner) -> None:
    with pytest.raises(ChainRefused, match="insufficient allowance"):
        await send_all(chain, signer, [split(MARKET, SHARE)], nothing)
    assert not stub.sent


async def test_a_call_that_fails_in_its_block_ends_the_row(
    stub: StubChain, chain: Chain, signer: TransactionSigner
) -> None:
    stub.broken = True
    with pytest.raises(ChainRefused, match=r"pUSD.approve.* failed in transaction 0x"):
        await send_all(chain, signer, [ALLOW, approve(APPROVALS[1])], nothing)
    assert len(stub.sent) == 1


async def test_a_transaction_whose_answer_is_lost_is_found_by_its_receipt(
    stub: StubChain, chain: Chain, signer: TransactionSigner
) -> None:
    stub.mute = 1
    await send_all(chain, signer, [ALLOW], nothing)
    assert len(stub.sent) == 1


async def test_another_chain_gets_nothing(chain: Chain, key: Key, stub: StubChain) -> None:
    with pytest.raises(ChainRefused, match="chain 137, not 80002"):
        await send_all(chain, TransactionSigner(key, 80002), [ALLOW], nothing)
    assert not stub.sent


async def test_one_call_that_is_not_ours_stops_all_of_them(
    stub: StubChain, chain: Chain, signer: TransactionSigner
) -> None:
    foreign = replace(ALLOW, contract="0x" + "66" * 20)
    with pytest.raises(CallRefused):
        await send_all(chain, signer, [ALLOW, foreign], nothing)
    assert not stub.sent


async def test_without_gas_money_nothing_is_sent(stub: StubChain, chain: Chain, signer: TransactionSigner) -> None:
    stub.gas_money[signer.address.lower()] = 10**12
    with pytest.raises(ChainRefused, match=r"may cost 0.006750 POL of gas, and 0x.* has 0.000001") as caught:
        await send_all(chain, signer, [ALLOW], nothing)
    assert signer.address in caught.value.hint
    assert not stub.sent


async def test_a_ruinous_gas_price_is_refused(stub: StubChain, chain: Chain, signer: TransactionSigner) -> None:
    stub.base_fee, stub.gas_money[signer.address.lower()] = 20_000 * GWEI, 100 * POL
    with pytest.raises(CallRefused, match=r"more than 2\.000000 POL is never paid"):
        await send_all(chain, signer, [ALLOW], nothing)
    assert not stub.sent


async def test_a_transaction_in_no_block_may_still_come(
    stub: StubChain, chain: Chain, signer: TransactionSigner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chain_module, "RECEIPT_EVERY_SECONDS", 0)
    with pytest.raises(Unreachable, match="may still come"):
        await chain.receipt("0x" + "00" * 32)
    assert stub.asked.count("eth_getTransactionReceipt") == chain_module.RECEIPT_LOOKS


def test_a_signature_of_transactions_shows_no_key(signer: TransactionSigner) -> None:
    assert "01" * 8 not in repr(signer)
    with pytest.raises(TypeError):
        pickle.dumps(signer)
    with pytest.raises(CallRefused):
        signer.sign(replace(ALLOW, spender="0x" + "66" * 20), nonce=0, gas=1, fees=Fees(1, 1))
