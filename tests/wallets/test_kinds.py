"""The kind of a funder is told from its address alone."""

from __future__ import annotations

import pytest

from pmm.eip712 import SignatureType
from pmm.wallets.kinds import kind_of, wallets_of

# Signer, proxy wallet, Safe, deposit wallets of both generations, as polymarket-client 0.14.0 derives them.
VECTORS = [
    (
        "0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1",
        "0xC3EE34e6622E0c07cEbA420e60e5218b599AFD97",
        "0x7F985742675955766C37531b4986BC642af9A6dF",
        "0x651FdBAb146239a0F3E94b919C5Abd7B9d6F5309",
        "0xA93626067323B8D56846979DF5B4f7916f1381C4",
    ),
    (
        "0x5050A4F4b3f9338C3472dcC01A87C76A144b3c9c",
        "0x734237e889ba5c2264480ff43b796281434b20b4",
        "0xa4bD2c633376B6EF9d1F57f305Cb963FbA3C7b16",
        "0x534711BDcB3b249B7AD8bd03a5de9E5EBF5065DF",
        "0x10854B3163C1695726AFdf575291Ec2AD8B633DF",
    ),
]
KINDS = (
    SignatureType.EOA,
    SignatureType.POLY_PROXY,
    SignatureType.POLY_GNOSIS_SAFE,
    SignatureType.POLY_1271,
    SignatureType.POLY_1271,
)


@pytest.mark.parametrize("vector", VECTORS)
def test_wallets_follow_from_the_signer_as_the_official_client_derives_them(vector: tuple[str, ...]) -> None:
    derived = wallets_of(vector[0].lower())
    assert tuple(one.address for one in derived) == vector
    assert tuple(one.signature_type for one in derived) == KINDS


@pytest.mark.parametrize("vector", VECTORS)
def test_every_wallet_of_a_signer_is_recognised_in_any_spelling(vector: tuple[str, ...]) -> None:
    for wallet, kind in zip(vector, KINDS, strict=True):
        assert kind_of(vector[0], wallet) is kind_of(vector[0].lower(), wallet.lower()) is kind


def test_no_funder_is_the_key_itself_and_a_strangers_wallet_is_nothing() -> None:
    assert kind_of(VECTORS[0][0], None) is SignatureType.EOA
    assert all(kind_of(VECTORS[0][0], wallet) is None for wallet in VECTORS[1])
