"""The vectors of the protocol reference, section 2.6, and what a wrong signature looks like."""

from __future__ import annotations

import pytest
from coincurve import PrivateKey

from pmm.eip712 import (
    BadSignature,
    Generation,
    SignatureType,
    SignedFields,
    address_of,
    auth_digest,
    checksummed,
    digest,
    exchange_domain,
    generation_of,
    order_signer,
    order_struct_hash,
    recover,
    sign,
    wallet_digest,
    wrap,
)

KEY = PrivateKey(b"\x01" * 32)
ADDRESS = "0x1a642f0e3c3af545e7acbd38b07251b3990914f1"
TOKEN = 71321045679252212594626385532706912750332728571942532289631379312455583992563
ORDER = SignedFields(123456789, ADDRESS, ADDRESS, TOKEN, 4_500_000, 10_000_000, 0, 0, 1_700_000_000_000)
WALLET = "0x00000000000000000000000000000000000000aa"

VECTORS = {
    (Generation.V1, False): (
        "8278a8849bdbc6592f81f127d0d64f85342cec6a5c185d4fe7f9ced904a08a4f",
        (
            "9f236d28ca5c631977addcac035f8832bb95f0cb5e6cf13272844a53908cc143"
            "2f74d6dcd6c86ae3ac177b090d8b6aa985c4d2351451f604e1152683fdc9b2f91b"
        ),
    ),
    (Generation.V2, False): (
        "37057e278182bb1e6ac6b1b1344996a60afda3737a679aa57e3c5fb05f7fbebd",
        (
            "db3e0d7ca774e17ec8d4732cb7f5b7a05253c9f6fe066bf49f9d06226a84d12b"
            "2826a6bb164d5c53fc60440c1e4ed2a442e4fb085e7e987602a499d67474e0411c"
        ),
    ),
    (Generation.V2, True): (
        "1e826cda219357dc4991c8ab9181ac698b334de85a1e54cd59d7c9c78e08166b",
        (
            "4ba79ecbe1ff2fff9e8108679f3cbc2c5fea3a71f0c92033b714e384ad87cc56"
            "535877d07dd5085e637f24eb0837b4b92a6630e091eca27d8531fd61a39982471b"
        ),
    ),
    (Generation.V3, False): (
        "1944b1204493492069f9911988815602f9651dcf693991edc9769adc735d04d6",
        (
            "8284e139c7c757730859f8e24de8e1a90c95bc9c164fec112c386e528fab5645"
            "3d1df28d489b9de18469525531d2de0af22b6896f0558bcf4d3a48cdfc1784391c"
        ),
    ),
}


def test_an_address_follows_from_its_key_and_is_written_with_capitals() -> None:
    assert address_of(KEY.public_key) == ADDRESS
    assert checksummed(ADDRESS) == "0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1"


def test_a_key_request_is_signed_as_both_official_clients_sign_it() -> None:
    signature = sign(auth_digest(ADDRESS, "1700000000", 0), KEY)
    assert signature.hex() == (
        "737cf508a939abba6ef6abb5d845a0bfcaa08fc6197b6fd4b73c229ffda91f98"
        "5b86ba47ea4a9dab6be40447ef1aec8e500f4d1eebbc317f2af52b38161aa10f1b"
    )
    assert recover(auth_digest(ADDRESS, "1700000000", 0), signature) == ADDRESS


@pytest.mark.parametrize(("generation", "neg_risk"), VECTORS)
def test_order_ids_and_signatures_are_those_of_the_reference(generation: Generation, neg_risk: bool) -> None:
    order = ORDER if generation is not Generation.V1 else ORDER._replace(timestamp=0)
    order_id, signature = VECTORS[generation, neg_risk]
    domain, contents = exchange_domain(generation, neg_risk=neg_risk), order_struct_hash(order, generation)
    assert digest(domain, contents).hex() == order_id
    assert sign(digest(domain, contents), KEY).hex() == signature
    assert order_signer(order, bytes.fromhex(signature), domain, contents) == ADDRESS


def test_a_wallet_of_type_3_is_signed_for_by_its_owner() -> None:
    order = ORDER._replace(maker=WALLET, signer=WALLET, signature_type=SignatureType.POLY_1271)
    domain, contents = exchange_domain(Generation.V2, neg_risk=False), order_struct_hash(order, Generation.V2)
    assert digest(domain, contents).hex() == "f4528cf9f19d82f358a1260a2cb4a059d2eb634fc81272f456015bd73bf12321"
    assert domain.hex() == "3264e159346253e26a64e00b69032db0e7d32f94628de3e6eecb50304d7af3d2"
    assert contents.hex() == "2cbc74a8c6cb12d1b17419bea7229cfa497d3cba925e43f9b8f2f82e7cc413c1"
    signature = wrap(sign(wallet_digest(domain, contents, WALLET), KEY), domain, contents)
    assert (len(signature), signature[-2:].hex()) == (317, "00ba")
    assert (signature[:8].hex(), signature[:65].hex()[-7:]) == ("dd5a92064d7b8bd1", "725cf1c")
    assert order_signer(order, signature, domain, contents) == ADDRESS


def test_a_wrapper_about_another_order_is_refused() -> None:
    order = ORDER._replace(maker=WALLET, signer=WALLET, signature_type=SignatureType.POLY_1271)
    domain, contents = exchange_domain(Generation.V2, neg_risk=False), order_struct_hash(order, Generation.V2)
    inner = sign(wallet_digest(domain, contents, WALLET), KEY)
    for signature in (inner, wrap(inner, domain, bytes(32)), wrap(inner, bytes(32), contents)):
        with pytest.raises(BadSignature):
            order_signer(order, signature, domain, contents)


def test_a_changed_order_has_another_signer() -> None:
    domain = exchange_domain(Generation.V2, neg_risk=False)
    signature = sign(digest(domain, order_struct_hash(ORDER, Generation.V2)), KEY)
    other = order_struct_hash(ORDER._replace(maker_amount=4_500_001), Generation.V2)
    assert recover(digest(domain, other), signature) != ADDRESS


@pytest.mark.parametrize("signature", [b"", bytes(64), bytes(65), b"\xff" * 65, bytes(64) + b"\x1d"])
def test_what_is_no_signature_is_refused(signature: bytes) -> None:
    with pytest.raises(BadSignature):
        recover(bytes(32), signature)


def test_the_kind_of_an_id_says_which_exchange_it_belongs_to() -> None:
    position = 1 << 248 | 0xABCDEF << 120 | 2 << 104 | 1
    assert generation_of(position) is Generation.V3
    assert generation_of(TOKEN) is Generation.V2
    assert generation_of(12345) is Generation.V2


@pytest.mark.parametrize(
    "wrong",
    [
        ORDER._replace(salt=-1),
        ORDER._replace(token_id=2**256),
        ORDER._replace(maker="0x12"),
        ORDER._replace(metadata=b"x"),
    ],
)
def test_a_field_that_its_type_cannot_hold_is_refused(wrong: SignedFields) -> None:
    with pytest.raises(ValueError):
        order_struct_hash(wrong, Generation.V2)
