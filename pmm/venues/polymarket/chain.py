"""Polygon over JSON-RPC: what contracts say, and signed transactions on their way."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from pmm.eip712 import keccak256
from pmm.errors import BadAnswer, Exit, Unreachable, VenueError
from pmm.venues.polymarket.rest import VenueHttp

# A block comes every two seconds; what is not in one after two minutes hangs.
RECEIPT_LOOKS = 120
RECEIPT_EVERY_SECONDS = 1.0
REASON_CHARS_MAX = 200
_EXECUTION_FAILURE = "0x" + keccak256(b"ExecutionFailure(bytes32,uint256)").hex()
# The node has the transaction already: what was asked for is the case.
_KNOWN = ("already known", "known transaction", "already imported")


class ChainRefused(VenueError):
    """The chain, or the node that speaks for it, refuses a call or a transaction."""

    code = "PMM-E406"
    exit = Exit.REFUSED
    hint = "`pmm wallet verify` shows balances and approvals; gas is paid in POL by the key's own address."


@dataclass(frozen=True, slots=True)
class Fees:
    """Prices of one unit of gas in wei: of the last block, and what is paid on top for being taken."""

    base: int
    tip: int


class Chain:
    """One node.  Every method raises Unreachable, ChainRefused (the node said no) or BadAnswer."""

    def __init__(self, http: VenueHttp, url: str) -> None:
        self.url = url
        self._http = http
        self._number = 0

    async def chain_id(self) -> int:
        return _integer(await self._ask("eth_chainId", []), "eth_chainId")

    async def read(self, contract: str, data: bytes) -> int:
        """One word that a contract answers, as a number."""
        return _integer(await self._ask("eth_call", [{"to": contract, "data": _hex(data)}, "latest"]), "eth_call")

    async def has_code(self, address: str) -> bool:
        """Whether a contract is there."""
        code = await self._ask("eth_getCode", [address, "latest"])
        return isinstance(code, str) and len(code) > len("0x")

    async def gas_money(self, address: str) -> int:
        """The wei of POL of an address."""
        return _integer(await self._ask("eth_getBalance", [address, "latest"]), "eth_getBalance")

    async def nonce(self, address: str) -> int:
        """The number of the next transaction of an address, those that wait included."""
        return _integer(await self._ask("eth_getTransactionCount", [address, "pending"]), "eth_getTransactionCount")

    async def fees(self) -> Fees:
        block = await self._ask("eth_getBlockByNumber", ["latest", False])
        base = block.get("baseFeePerGas") if isinstance(block, dict) else None
        tip = await self._ask("eth_maxPriorityFeePerGas", [])
        return Fees(_integer(base, "baseFeePerGas"), _integer(tip, "eth_maxPriorityFeePerGas"))

    async def gas(self, sender: str, contract: str, data: bytes) -> int:
        """What a call would use.  Raises ChainRefused with the contract's reason where it would fail."""
        asked = {"from": sender, "to": contract, "data": _hex(data), "value": "0x0"}
        return _integer(await self._ask("eth_estimateGas", [asked]), "eth_estimateGas")

    async def send(self, raw: bytes, transaction: str) -> None:
        """Hand over a signed transaction, whose hash is `transaction`; the same bytes may be handed over again."""
        try:
            await self._ask("eth_sendRawTransaction", [_hex(raw)])
        except ChainRefused as error:
            # A first attempt whose answer was lost may have been taken, and may even be in a block by now.
            taken = any(word in error.message.lower() for word in _KNOWN)
            if not taken and await self._succeeded(transaction) is None:
                raise

    async def receipt(self, transaction: str) -> bool:
        """Wait until a transaction is in a block; whether it succeeded.

        Raises Unreachable when it is in none after two minutes: then it may still come.
        """
        for _ in range(RECEIPT_LOOKS):
            succeeded = await self._succeeded(transaction)
            if succeeded is not None:
                return succeeded
            await asyncio.sleep(RECEIPT_EVERY_SECONDS)
        raise Unreachable(
            f"transaction {transaction} is in no block after {RECEIPT_LOOKS} looks and may still come",
            hint="Look it up before you send anything again.",
        )

    async def _succeeded(self, transaction: str) -> bool | None:
        """Whether a transaction succeeded in its block; None while it is in none."""
        found = await self._ask("eth_getTransactionReceipt", [transaction])
        if not isinstance(found, dict):
            return None
        return _integer(found.get("status"), "status") == 1 and not _says_failure(found.get("logs"))

    async def _ask(self, method: str, params: Sequence[object]) -> object:
        self._number += 1
        body = {"jsonrpc": "2.0", "id": self._number, "method": method, "params": params}
        told = await self._http.post_read(self.url, body)
        if not isinstance(told, dict) or told.get("id") != self._number:
            raise BadAnswer(f"{self.url} answered {method} with something else")
        error = told.get("error")
        if error is not None:
            said = error.get("message") if isinstance(error, dict) else None
            raise ChainRefused(f"{method}: {' '.join(str(said or 'refused').split())[:REASON_CHARS_MAX]}")
        result: object = told.get("result")
        return result


def _says_failure(logs: object) -> bool:
    """Whether a Safe tells that what it was to do failed: older ones let the transaction succeed all the same."""
    return isinstance(logs, list) and any(
        isinstance(log, dict) and isinstance(log.get("topics"), list) and _EXECUTION_FAILURE in log["topics"]
        for log in logs
    )


def _hex(data: bytes) -> str:
    return "0x" + data.hex()


def _integer(value: object, name: str) -> int:
    """A number in hexadecimal digits; words of the chain have 32 bytes.  Raises BadAnswer."""
    try:
        if isinstance(value, str) and value.startswith("0x") and len(value) <= 2 + 64:
            return int(value, 16)
    except ValueError:
        pass
    raise BadAnswer(f"the chain answers {name} with something that is no number")
