"""How a key makes its contract wallet call something: the call in an envelope that only the owner may send.

A proxy wallet is moved through its factory, which finds the wallet of whoever asks.  A Safe takes a transaction of its
owner; where the sender is the owner himself, the signature only names him.  Both wallets follow from the signer, so
no address is taken from anybody.  The key's own address pays for the gas.
"""

from __future__ import annotations

from pmm.eip712 import SignatureType
from pmm.wallets.calls import Call, CallRefused, address_word, selector, uint_word
from pmm.wallets.kinds import NAMES, PROXY_FACTORY, wallets_of

PROXY = "proxy((uint8,address,uint256,bytes)[])"
SAFE = "execTransaction(address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,bytes)"
_WORD = 32
# Kinds of calls: of a proxy wallet 1 is a plain call; of a Safe 0 is.
_PROXY_CALL, _SAFE_CALL = 1, 0
# "The sender is this owner": a signature of a Safe of kind 1.
_SENDER_IS_OWNER = 1


def target(call: Call, kind: SignatureType, signer: str) -> tuple[str, bytes]:
    """The contract and the bytes with which the key of `signer` has `call` made by its wallet of that kind.

    Raises CallRefused for deposit wallets, which take calls from the venue's relayer only.
    """
    match kind:
        case SignatureType.EOA:
            return call.contract, call.data
        case SignatureType.POLY_PROXY:
            return PROXY_FACTORY, _through_factory(call)
        case SignatureType.POLY_GNOSIS_SAFE:
            (safe,) = (one.address for one in wallets_of(signer) if one.signature_type is kind)
            return safe, _through_safe(call, signer)
        case _:
            raise CallRefused(
                f"a {NAMES[kind]} takes calls from the venue's relayer only, and pmm does not speak to it",
                hint="Make them at polymarket.com, with the bytes that were printed.",
            )


def _through_factory(call: Call) -> bytes:
    """An array of one tuple: offset of the array, its length, offset of the tuple, and the tuple."""
    made = uint_word(_PROXY_CALL) + address_word(call.contract) + uint_word(0) + uint_word(4 * _WORD)
    return selector(PROXY) + uint_word(_WORD) + uint_word(1) + uint_word(_WORD) + made + _bytes(call.data)


def _through_safe(call: Call, owner: str) -> bytes:
    """A transaction without refunds of gas, which the owner sends himself."""
    signature = address_word(owner) + uint_word(0) + bytes([_SENDER_IS_OWNER])
    data, nobody = _bytes(call.data), address_word("0x" + "00" * 20)
    words = (
        address_word(call.contract),
        uint_word(0),
        uint_word(10 * _WORD),
        uint_word(_SAFE_CALL),
        uint_word(0),
        uint_word(0),
        uint_word(0),
        nobody,
        nobody,
        uint_word(10 * _WORD + len(data)),
    )
    return selector(SAFE) + b"".join(words) + data + _bytes(signature)


def _bytes(value: bytes) -> bytes:
    """Its length and itself, filled up to whole words."""
    return uint_word(len(value)) + value + bytes(-len(value) % _WORD)
