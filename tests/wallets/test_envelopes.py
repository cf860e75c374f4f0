"""Calls that a contract wallet makes for its owner have the bytes that its contract reads."""

from __future__ import annotations

import pytest
from eth_abi.abi import decode

from pmm.eip712 import ZERO_ADDRESS, SignatureType
from pmm.wallets.calls import CallRefused, approve, selector
from pmm.wallets.contracts import APPROVALS
from pmm.wallets.envelopes import PROXY, SAFE, target
from pmm.wallets.kinds import PROXY_FACTORY
from tests.wallets.test_kinds import VECTORS

SIGNER, PROXY_WALLET, SAFE_WALLET = VECTORS[0][:3]
CALL = approve(APPROVALS[0])
# Made with polymarket-client 0.14.0 for the same call.
PROXY_CALLDATA = (
    "0x34ee9791000000000000000000000000000000000000000000000000000000000000002000000000000000000000000000"
    "0000000000000000000000000000000000000100000000000000000000000000000000000000000000000000000000000000"
    "200000000000000000000000000000000000000000000000000000000000000001000000000000000000000000c011a7e12a"
    "19f7b1f670d46f03b03f3342e82dfb0000000000000000000000000000000000000000000000000000000000000000000000"
    "0000000000000000000000000000000000000000000000000000000080000000000000000000000000000000000000000000"
    "0000000000000000000044095ea7b3000000000000000000000000e111180000d2663c0091e4f400237545b87b996bffffff"
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffff000000000000000000000000000000000000000000"
    "00000000000000"
)


def test_a_plain_key_calls_the_contract_itself() -> None:
    assert target(CALL, SignatureType.EOA, SIGNER) == (CALL.contract, CALL.data)


def test_a_proxy_wallet_is_moved_through_its_factory_with_the_bytes_of_the_official_client() -> None:
    contract, data = target(CALL, SignatureType.POLY_PROXY, SIGNER)
    assert (contract, "0x" + data.hex()) == (PROXY_FACTORY, PROXY_CALLDATA)
    assert data[:4] == selector(PROXY)


def test_a_safe_takes_its_owners_transaction() -> None:
    contract, data = target(CALL, SignatureType.POLY_GNOSIS_SAFE, SIGNER)
    assert (contract, data[:4]) == (SAFE_WALLET, selector(SAFE))
    to, value, inner, kind, *gas, token, receiver, signature = decode(
        SAFE.partition("(")[2].removesuffix(")").split(","), data[4:], strict=True
    )
    assert (to, value, inner, kind) == (CALL.contract.lower(), 0, CALL.data, 0)
    assert (gas, token, receiver) == ([0, 0, 0], ZERO_ADDRESS, ZERO_ADDRESS)
    assert signature == bytes(12) + bytes.fromhex(SIGNER[2:]) + bytes(32) + b"\x01"


def test_a_deposit_wallet_is_refused() -> None:
    with pytest.raises(CallRefused, match="relayer only"):
        target(CALL, SignatureType.POLY_1271, SIGNER)
