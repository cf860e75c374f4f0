"""A node of the chain that answers oddly is told as such, never as a number."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from pmm.errors import BadAnswer
from pmm.venues.polymarket.chain import Chain, ChainRefused
from pmm.venues.polymarket.rest import VenueHttp
from tests.support.chain import POL, Reverted, StubChain

SOMEBODY = "0x" + "ab" * 20


@pytest.fixture
def stub() -> Iterator[StubChain]:
    with StubChain() as stub:
        yield stub


@pytest.fixture
async def chain(stub: StubChain) -> AsyncIterator[Chain]:
    async with VenueHttp(attempts=1) as http:
        yield Chain(http, stub.url)


async def test_numbers_and_contracts_are_read(stub: StubChain, chain: Chain) -> None:
    stub.gas_money[SOMEBODY] = 3 * POL
    stub.contracts.add(SOMEBODY)
    assert await chain.chain_id() == 137
    assert await chain.gas_money(SOMEBODY) == 3 * POL
    assert await chain.has_code(SOMEBODY)
    assert not await chain.has_code("0x" + "cd" * 20)
    assert await chain.nonce(SOMEBODY) == 0


async def test_a_contract_that_refuses_gives_its_reason(chain: Chain) -> None:
    with pytest.raises(ChainRefused, match="execution reverted"):
        await chain.read(SOMEBODY, b"\x01\x02\x03\x04")


@pytest.mark.parametrize("odd", [None, "", "12", "0x", "0xzz", "0x" + "1" * 65, 12, {}, True])
async def test_what_is_no_number_is_none(
    stub: StubChain, chain: Chain, monkeypatch: pytest.MonkeyPatch, odd: object
) -> None:
    monkeypatch.setattr(stub, "answer", lambda _method, _params: odd)
    with pytest.raises(BadAnswer):
        await chain.chain_id()


@pytest.mark.parametrize("taken", ["already known", "Known transaction: 0x12", "nonce too low"])
async def test_a_transaction_that_was_taken_before_is_sent(
    stub: StubChain, chain: Chain, monkeypatch: pytest.MonkeyPatch, taken: str
) -> None:
    def answer(method: str, _params: object) -> object:
        if method == "eth_sendRawTransaction":
            raise Reverted(taken)
        return {"status": "0x1"}

    monkeypatch.setattr(stub, "answer", answer)
    await chain.send(b"\x02", "0x" + "11" * 32)


async def test_a_nonce_of_another_transaction_is_refused(
    stub: StubChain, chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(method: str, _params: object) -> object:
        if method == "eth_sendRawTransaction":
            raise Reverted("nonce too low")
        return None

    monkeypatch.setattr(stub, "answer", answer)
    with pytest.raises(ChainRefused, match="nonce too low"):
        await chain.send(b"\x02", "0x" + "11" * 32)
