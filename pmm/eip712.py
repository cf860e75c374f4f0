"""What is signed at the venue and how a signature is read back: EIP-712 for orders of three generations and for keys.

The order id is the EIP-712 hash of the order, so whoever signs an order knows its id before the venue does (protocol
reference, sections 1.3 and 2).  Addresses are lower-case `0x` text here; digests and separators are 32 raw bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from coincurve import PrivateKey, PublicKey

from pmm._fast import COMPILED

if TYPE_CHECKING or not COMPILED:
    from pmm._fast.pure.keccak import keccak256 as _keccak256
else:
    try:
        from pmm._fast.keccak import keccak256 as _keccak256
    except ImportError:  # the rest of the kernel was built before this was part of it
        from pmm._fast.pure.keccak import keccak256 as _keccak256

keccak256 = _keccak256

POLYGON = 137
ZERO_ADDRESS = "0x" + "00" * 20
ZERO_BYTES32 = bytes(32)

SIGNATURE_BYTES = 65
UINT256_MAX = 2**256 - 1


class Generation(IntEnum):
    """Which exchange contract an order is signed for; the number is the version of its signing domain."""

    V1 = 1
    V2 = 2
    V3 = 3


class SignatureType(IntEnum):
    """Who signs for whom (protocol reference, section 2.4)."""

    EOA = 0
    POLY_PROXY = 1
    POLY_GNOSIS_SAFE = 2
    POLY_1271 = 3


EXCHANGE_NAME = "Polymarket CTF Exchange"
# The production contracts on Polygon: (standard, neg-risk).  ExchangeV3 serves both kinds.
EXCHANGES: dict[Generation, tuple[str, str]] = {
    Generation.V1: ("0x4bfb41d5b3570defd03c39a9a4d8de6bd8b8982e", "0xc5d563a36ae78145c45a50134d48a1215220f80a"),
    Generation.V2: ("0xe111180000d2663c0091e4f400237545b87b996b", "0xe2222d279d744050d28e00520010520000310f59"),
    Generation.V3: ("0xe3333700ca9d93003f00f0f71f8515005f6c00aa", "0xe3333700ca9d93003f00f0f71f8515005f6c00aa"),
}
NEG_RISK_ADAPTER = "0xd91e80cf2e7be2e162c6513ced06f1dd0da35296"
# An id of Protocol V2 keeps these 64 bits at zero (protocol reference, section 1.3).
_POSITION_RESERVED = ((1 << 64) - 1) << 40

_ORDER_V1_TYPE = (
    b"Order(uint256 salt,address maker,address signer,address taker,uint256 tokenId,uint256 makerAmount,"
    b"uint256 takerAmount,uint256 expiration,uint256 nonce,uint256 feeRateBps,uint8 side,uint8 signatureType)"
)
ORDER_TYPE = (
    b"Order(uint256 salt,address maker,address signer,uint256 tokenId,uint256 makerAmount,uint256 takerAmount,"
    b"uint8 side,uint8 signatureType,uint256 timestamp,bytes32 metadata,bytes32 builder)"
)
_WALLET_TYPE = (
    b"TypedDataSign(Order contents,string name,string version,uint256 chainId,address verifyingContract,bytes32 salt)"
    + ORDER_TYPE
)
_AUTH_MESSAGE = b"This message attests that I control the given wallet"
# What follows the inner signature of a type-3 order: domain separator, contents hash, type string, its length.
_WALLET_TAIL_BYTES = 32 + 32 + len(ORDER_TYPE) + 2


class BadSignature(ValueError):
    """The bytes are no signature from which an address can be recovered."""


class SignedFields(NamedTuple):
    """The signed part of an order: every generation's fields, each generation uses its own.

    Amounts are in base units of 1/1 000 000; `timestamp` is unix ms; `side` is 0 for BUY and 1 for SELL.
    """

    salt: int
    maker: str
    signer: str
    token_id: int
    maker_amount: int
    taker_amount: int
    side: int
    signature_type: int
    timestamp: int = 0
    metadata: bytes = ZERO_BYTES32
    builder: bytes = ZERO_BYTES32
    taker: str = ZERO_ADDRESS
    expiration: int = 0
    nonce: int = 0
    fee_rate_bps: int = 0


# What is the same for every order.
ORDER_TYPE_HASH = keccak256(ORDER_TYPE)
_WALLET_TYPE_HASH = keccak256(_WALLET_TYPE)
_WALLET_NAME = keccak256(b"DepositWallet") + keccak256(b"1")


def generation_of(token_id: int) -> Generation:
    """CLOB V2 or ExchangeV3, by the kind of id: a position id keeps its reserved bits at zero."""
    return Generation.V3 if token_id >> 248 and not token_id & _POSITION_RESERVED else Generation.V2


@lru_cache(maxsize=64)
def exchange_domain(generation: Generation, *, neg_risk: bool, chain_id: int = POLYGON) -> bytes:
    """The domain separator of the exchange contract that settles such an order."""
    return domain_separator(EXCHANGE_NAME, str(int(generation)), chain_id, EXCHANGES[generation][neg_risk])


def domain_separator(name: str, version: str, chain_id: int, contract: str | None = None) -> bytes:
    """An EIP-712 domain separator, with or without a verifying contract."""
    fields = "string name,string version,uint256 chainId" + (",address verifyingContract" if contract else "")
    words = [keccak256(name.encode()), keccak256(version.encode()), uint_word(chain_id)]
    if contract:
        words.append(address_word(contract))
    return _struct(f"EIP712Domain({fields})".encode(), words)


def order_struct_hash(order: SignedFields, generation: Generation) -> bytes:
    """The hash of an order without its domain.  Raises ValueError for a field that its type cannot hold."""
    if generation is Generation.V1:
        return _struct(
            _ORDER_V1_TYPE,
            [
                uint_word(order.salt),
                address_word(order.maker),
                address_word(order.signer),
                address_word(order.taker),
                uint_word(order.token_id),
                uint_word(order.maker_amount),
                uint_word(order.taker_amount),
                uint_word(order.expiration),
                uint_word(order.nonce),
                uint_word(order.fee_rate_bps),
                uint_word(order.side),
                uint_word(order.signature_type),
            ],
        )
    return _struct(
        ORDER_TYPE,
        [
            uint_word(order.salt),
            address_word(order.maker),
            address_word(order.signer),
            uint_word(order.token_id),
            uint_word(order.maker_amount),
            uint_word(order.taker_amount),
            uint_word(order.side),
            uint_word(order.signature_type),
            uint_word(order.timestamp),
            _bytes32(order.metadata),
            _bytes32(order.builder),
        ],
    )


def digest(domain: bytes, struct_hash: bytes) -> bytes:
    """What is signed: for an order this is its id."""
    return keccak256(b"\x19\x01" + domain + struct_hash)


def auth_digest(address: str, timestamp: str, nonce: int, chain_id: int = POLYGON) -> bytes:
    """The digest of a ClobAuth, with which a wallet asks for an API key; `timestamp` is unix s as it is sent."""
    fields = b"ClobAuth(address address,string timestamp,uint256 nonce,string message)"
    words = [address_word(address), keccak256(timestamp.encode()), uint_word(nonce), keccak256(_AUTH_MESSAGE)]
    return digest(_auth_domain(chain_id), _struct(fields, words))


def wallet_digest(domain: bytes, struct_hash: bytes, wallet: str, chain_id: int = POLYGON) -> bytes:
    """What the owner of a deposit wallet signs for an order of type 3 (ERC-7739)."""
    words = [_WALLET_TYPE_HASH, struct_hash, _WALLET_NAME, uint_word(chain_id), address_word(wallet), ZERO_BYTES32]
    return digest(domain, keccak256(b"".join(words)))


def wrap(inner: bytes, domain: bytes, struct_hash: bytes) -> bytes:
    """The 317 bytes that a type-3 order carries around the 65 of its owner."""
    return inner + domain + struct_hash + ORDER_TYPE + len(ORDER_TYPE).to_bytes(2, "big")


def order_signer(
    order: SignedFields, signature: bytes, domain: bytes, struct_hash: bytes, order_id: bytes | None = None
) -> str:
    """The address that signed an order; `order_id` saves a hash where it is known.

    Raises BadSignature, also for a type-3 wrapper around something else.
    """
    if order.signature_type != SignatureType.POLY_1271:
        return recover(order_id or digest(domain, struct_hash), signature)
    if len(signature) != SIGNATURE_BYTES + _WALLET_TAIL_BYTES:
        raise BadSignature("a wrapped signature has 317 bytes")
    inner = signature[:SIGNATURE_BYTES]
    if wrap(inner, domain, struct_hash) != signature:
        raise BadSignature("the wrapper is about another order or another exchange")
    return recover(wallet_digest(domain, struct_hash, order.signer), inner)


def recover(message: bytes, signature: bytes) -> str:
    """The address that signed a digest.  Raises BadSignature."""
    if len(signature) != SIGNATURE_BYTES:
        raise BadSignature("a signature has 65 bytes")
    # Wallets write 27 or 28 where the curve says 0 or 1; both are in use.
    parity = signature[64] - 27 if signature[64] >= 27 else signature[64]
    if parity not in {0, 1}:
        raise BadSignature("the last byte of a signature is 27 or 28")
    try:
        key = PublicKey.from_signature_and_message(signature[:64] + bytes([parity]), message, hasher=None)
    # The library raises a bare Exception for a point that is not on the curve.
    except Exception as error:
        raise BadSignature("no key fits the signature") from error
    return address_of(key)


def sign(message: bytes, key: PrivateKey) -> bytes:
    """Sign a digest; 65 bytes that end in 27 or 28."""
    signature = key.sign_recoverable(message, hasher=None)
    return signature[:64] + bytes([signature[64] + 27])


def address_of(key: PublicKey) -> str:
    """The lower-case address of a public key."""
    return _address_at(key.format(compressed=False))


@lru_cache(maxsize=4096)
def checksummed(address: str) -> str:
    """The address with the capitals of EIP-55, as clients and the venue write it."""
    digits = address.removeprefix("0x").lower()
    marks = keccak256(digits.encode()).hex()
    return "0x" + "".join(
        digit.upper() if int(mark, 16) >= 8 else digit for digit, mark in zip(digits, marks, strict=False)
    )


@lru_cache(maxsize=4096)
def _address_at(point: bytes) -> str:
    """The same few wallets sign everything."""
    return "0x" + keccak256(point[1:])[12:].hex()


@lru_cache(maxsize=4)
def _auth_domain(chain_id: int) -> bytes:
    return domain_separator("ClobAuthDomain", "1", chain_id)


@lru_cache(maxsize=16)
def _type_hash(fields: bytes) -> bytes:
    return keccak256(fields)


def _struct(fields: bytes, words: Sequence[bytes]) -> bytes:
    return keccak256(_type_hash(fields) + b"".join(words))


def uint_word(value: int) -> bytes:
    """A number as 32 bytes.  Raises ValueError for one that is no uint256."""
    try:
        return value.to_bytes(32, "big")
    except OverflowError:
        raise ValueError(f"not a uint256: {value}") from None


@lru_cache(maxsize=4096)
def address_word(text: str) -> bytes:
    """An address as 32 bytes.  Raises ValueError for what is none."""
    # Blanks between the digits would be skipped.
    if len(text) != 42 or not text.startswith(("0x", "0X")) or len(word := bytes.fromhex(text[2:])) != 20:
        raise ValueError(f"not an address: {text!r}")
    return bytes(12) + word


def _bytes32(value: bytes) -> bytes:
    if len(value) != 32:
        raise ValueError("not 32 bytes")
    return value
