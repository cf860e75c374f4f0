"""Which wallet holds the money: the key's own address, or a contract that follows from it (protocol reference, 2.4).

Proxy wallets, Safes and deposit wallets are made by factories at addresses that depend on the signer alone (CREATE2),
so the kind of a funder can be told without asking anybody.  The constants are those of the contracts on Polygon, as
the official client states them.
"""

from __future__ import annotations

from dataclasses import dataclass

from pmm.eip712 import SignatureType, checksummed, keccak256

PROXY_FACTORY = "0xaB45c5A4B0c941a2F231C04C3f49182e1A254052"
SAFE_FACTORY = "0xaacFeEa03eb1561C4e67d661e40682Bd20E3541b"
DEPOSIT_FACTORY = "0x00000000000Fb5C9ADea0298D729A0CB3823Cc07"
_DEPOSIT_IMPLEMENTATION = "0x58CA52ebe0DadfdF531Cde7062e76746de4Db1eB"
_DEPOSIT_BEACON = "0x7A18EDfe055488A3128f01F563e5B479D92ffc3a"
# Hashes of the code with which the factories make wallets.
_PROXY_CODE_HASH = bytes.fromhex("d21df8dc65880a8606f09fe0ce3df9b8869287ab0b058be05aa9e8af6330a00b")
_SAFE_CODE_HASH = bytes.fromhex("2bce2127ff07fb632d16c8347c4ebf501f4841168bed00d9e6ef715ddb6fcecf")
# Minimal ERC-1967 proxies, whose code carries its arguments: (push of the length, middle, end).
_UUPS_HEAD, _BEACON_HEAD = 0x61003D3D8160233D3973, 0x6100523D8160233D3973
_UUPS_CODE = bytes.fromhex(
    "6009"
    "5155f3363d3d373d3d363d7f360894a13ba1a3210667c828492db98dca3e2076"
    "cc3735a920a3ca505d382bbc545af43d6000803e6038573d6000fd5b3d6000f3"
)
_BEACON_CODE = bytes.fromhex(
    "60195155f3363d3d373d3d363d602036600436635c60da"
    "1b60e01b36527fa3f0ad74e5423aebfd80d3ef4346578335a9a72aeaee59ff6c"
    "b3582b35133d50545afa5036515af43d6000803e604d573d6000fd5b3d6000f3"
)

NAMES = {
    SignatureType.EOA: "own key (EOA)",
    SignatureType.POLY_PROXY: "proxy wallet",
    SignatureType.POLY_GNOSIS_SAFE: "Safe",
    SignatureType.POLY_1271: "deposit wallet",
}
ABOUT = {
    SignatureType.EOA: "the key's own address holds the money, pays its own gas and needs its own approvals",
    SignatureType.POLY_PROXY: "a contract of an e-mail account holds the money; the key signs for it",
    SignatureType.POLY_GNOSIS_SAFE: "a Safe of a browser-wallet account holds the money; the key signs for it",
    SignatureType.POLY_1271: "a contract of an account since May 2026 holds the money and checks signatures itself",
}


@dataclass(frozen=True, slots=True)
class Derived:
    """A wallet that follows from a signer; `variant` tells deposit wallets of two generations apart."""

    signature_type: SignatureType
    address: str
    variant: str = ""


def wallets_of(signer: str) -> tuple[Derived, ...]:
    """Every wallet that the factories would make for a signer, its own address first; it may not exist."""
    return (
        Derived(SignatureType.EOA, checksummed(signer)),
        Derived(SignatureType.POLY_PROXY, _create2(PROXY_FACTORY, keccak256(_bytes(signer)), _PROXY_CODE_HASH)),
        Derived(SignatureType.POLY_GNOSIS_SAFE, _create2(SAFE_FACTORY, keccak256(_word(signer)), _SAFE_CODE_HASH)),
        _deposit_wallet(signer, _DEPOSIT_BEACON, _BEACON_HEAD, _BEACON_CODE, "beacon"),
        _deposit_wallet(signer, _DEPOSIT_IMPLEMENTATION, _UUPS_HEAD, _UUPS_CODE, "first generation"),
    )


def kind_of(signer: str, funder: str | None) -> SignatureType | None:
    """The kind of a funder; None when it does not follow from the signer."""
    if funder is None:
        return SignatureType.EOA
    matching = (one.signature_type for one in wallets_of(signer) if one.address.lower() == funder.lower())
    return next(matching, None)


def _deposit_wallet(signer: str, target: str, head: int, code: bytes, variant: str) -> Derived:
    arguments = _word(DEPOSIT_FACTORY) + _word(signer)
    start = (head + (len(arguments) << 56)).to_bytes(10, "big")
    code_hash = keccak256(start + _bytes(target) + code + arguments)
    return Derived(SignatureType.POLY_1271, _create2(DEPOSIT_FACTORY, keccak256(arguments), code_hash), variant)


def _create2(factory: str, salt: bytes, code_hash: bytes) -> str:
    return checksummed("0x" + keccak256(b"\xff" + _bytes(factory) + salt + code_hash)[12:].hex())


def _bytes(address: str) -> bytes:
    return bytes.fromhex(address.removeprefix("0x"))


def _word(address: str) -> bytes:
    return bytes(12) + _bytes(address)
