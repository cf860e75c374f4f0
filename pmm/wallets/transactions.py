"""Transactions of the key's own address: checked against the whitelist, signed, sent once, and waited for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import NoReturn, Protocol

from pmm.eip712 import SignatureType
from pmm.errors import LocalError, Unreachable
from pmm.venues.polymarket.chain import Chain, ChainRefused, Fees
from pmm.wallets.calls import Call, CallRefused, check
from pmm.wallets.envelopes import target
from pmm.wallets.key import Key

# What one call may use and cost at most; an approval uses some 50,000, a split some 400,000.
GAS_MAX = 2_000_000
WEI = 10**18
COST_MAX_WEI = 2 * WEI
# More than was estimated, because other transactions come in between; and enough for some fuller blocks.
GAS_MARGIN_PERCENT = 125
BASE_FEE_ROOM = 2


class NoChainTools(LocalError):
    """Signing transactions needs the extra `onchain`."""

    code = "PMM-E617"
    hint = "Install it with `pip install polymarket-pmm[onchain]`."


class SignedByTools(Protocol):
    """What the library makes of a transaction."""

    @property
    def raw_transaction(self) -> bytes: ...
    @property
    def hash(self) -> bytes: ...


class AccountTools(Protocol):
    """The part of the library that is used."""

    def sign_transaction(self, transaction_dict: Mapping[str, object], private_key: bytes) -> SignedByTools: ...


@dataclass(frozen=True, slots=True)
class Signed:
    """Bytes for the chain and their hash, by which they are found again."""

    raw: bytes
    transaction: str


class TransactionSigner:
    """Signs calls of the whitelist for one chain, and nothing else.  Nothing that shows it shows the key.

    `kind` is the wallet that makes the calls: the key's own address, or the proxy wallet or Safe that follows from it.
    """

    __slots__ = ("_key", "address", "chain_id", "kind")

    def __init__(self, key: Key, chain_id: int, kind: SignatureType = SignatureType.EOA) -> None:
        self._key = key
        self.address = key.address
        self.chain_id = chain_id
        self.kind = kind

    def target(self, call: Call) -> tuple[str, bytes]:
        """The contract and the bytes that are sent.  Raises CallRefused for any call that is not ours to make."""
        check(call)
        return target(call, self.kind, self.address)

    def sign(self, call: Call, *, nonce: int, gas: int, fees: Fees) -> Signed:
        """Raises CallRefused for any other call, and for one that costs too much."""
        contract, data = self.target(call)
        most = gas * (BASE_FEE_ROOM * fees.base + fees.tip)
        if gas > GAS_MAX or most > COST_MAX_WEI:
            raise CallRefused(
                f"{call.title} might cost {_pol(most)} POL: more than {_pol(COST_MAX_WEI)} POL is never paid"
            )
        transaction = {
            "type": 2,
            "chainId": self.chain_id,
            "nonce": nonce,
            "to": contract,
            "value": 0,
            "data": data,
            "gas": gas,
            "maxFeePerGas": BASE_FEE_ROOM * fees.base + fees.tip,
            "maxPriorityFeePerGas": fees.tip,
        }
        signed = _account().sign_transaction(transaction, self._key.reveal())
        return Signed(bytes(signed.raw_transaction), "0x" + bytes(signed.hash).hex())

    def __repr__(self) -> str:
        return f"<TransactionSigner of {self.address}>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a signer can neither be copied nor stored")


async def send_all(
    chain: Chain, signer: TransactionSigner, calls: Sequence[Call], on_sent: Callable[[Call, str], None]
) -> list[str]:
    """Send one call after the other, each once the one before is in a block; returns their transactions.

    `on_sent` hears of every transaction before it leaves.  Raises ChainRefused and CallRefused with what was not done,
    and Unreachable where a transaction may still come.
    """
    found = await chain.chain_id()
    if found != signer.chain_id:
        raise ChainRefused(
            f"{chain.url} speaks for chain {found}, not {signer.chain_id}", hint="Set PMM_VENUE__RPC_URL."
        )
    for call in calls:
        signer.target(call)
    done = []
    for call in calls:
        signed = await _signed(chain, signer, call)
        on_sent(call, signed.transaction)
        # Without an answer the node may have it: its receipt says so, and the same transaction cannot happen twice.
        with suppress(Unreachable):
            await chain.send(signed.raw, signed.transaction)
        if not await chain.receipt(signed.transaction):
            raise ChainRefused(f"{call.title} failed in transaction {signed.transaction}")
        done.append(signed.transaction)
    return done


async def _signed(chain: Chain, signer: TransactionSigner, call: Call) -> Signed:
    gas = await chain.gas(signer.address, *signer.target(call)) * GAS_MARGIN_PERCENT // 100
    fees = await chain.fees()
    most = gas * (BASE_FEE_ROOM * fees.base + fees.tip)
    held = await chain.gas_money(signer.address)
    if held < most:
        raise ChainRefused(
            f"{call.title} may cost {_pol(most)} POL of gas, and {signer.address} has {_pol(held)}",
            hint=f"Send some POL to {signer.address}.",
        )
    return signer.sign(call, nonce=await chain.nonce(signer.address), gas=gas, fees=fees)


def _account() -> AccountTools:
    try:
        from eth_account import Account
    except ImportError:
        raise NoChainTools("signing transactions needs an extra package") from None
    tools: AccountTools = Account
    return tools


def _pol(wei: int) -> str:
    return f"{wei // 10**12 / 10**6:.6f}"
