"""A pretend Polygon: a node on loopback that answers JSON-RPC and executes the few contracts that pmm calls."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from eth_abi.abi import decode
from eth_account import Account
from eth_account.typed_transactions import TypedTransaction
from hexbytes import HexBytes

from pmm.eip712 import ZERO_ADDRESS, SignatureType
from pmm.wallets import calls
from pmm.wallets.calls import selector
from pmm.wallets.contracts import ADAPTER, NEG_RISK_ADAPTER, PUSD, ROUTER
from pmm.wallets.envelopes import PROXY, SAFE
from pmm.wallets.kinds import PROXY_FACTORY, wallets_of

Params = list[Any]
GWEI = 10**9
POL = 10**18
# Where the pretend gas of every transaction goes to: nowhere.
GAS_USED = 60_000


class Reverted(Exception):
    """A contract refuses."""


class StubChain:
    """`with StubChain() as chain`: its node is at `chain.url`.  Addresses are in lower case.

    `money` is pUSD in millionths; `shares` the shares of (owner, condition) for each outcome; `resolved` the winner of
    a condition.  `broken` makes the next transaction fail in its block; `mute` closes the connection instead of
    answering so many transactions, after they were taken.
    """

    def __init__(self, chain_id: int = 137) -> None:
        self.chain_id = chain_id
        self.allowances: dict[tuple[str, str, str], int] = {}
        self.money: dict[str, int] = {}
        self.shares: dict[tuple[str, str], list[int]] = {}
        self.resolved: dict[str, int] = {}
        self.gas_money: dict[str, int] = {}
        self.contracts: set[str] = set()
        self.receipts: dict[str, int] = {}
        self.sent: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.broken = False
        self.mute = 0
        self.base_fee = 30 * GWEI
        self._nonces: dict[str, int] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def allow_everything(self, owner: str) -> None:
        """As after `pmm wallet approve`, for every purpose."""
        for approval in calls.APPROVALS:
            self.allowances[approval.token.lower(), owner.lower(), approval.spender.lower()] = calls.UNLIMITED

    def answer(self, method: str, params: Params) -> object:
        """What the node says.  Raises Reverted."""
        self.asked.append(method)
        match method:
            case "eth_chainId":
                return hex(self.chain_id)
            case "eth_call":
                return self._read(params[0]["to"].lower(), bytes.fromhex(params[0]["data"][2:]))
            case "eth_getCode":
                return "0x6001" if params[0].lower() in self.contracts else "0x"
            case "eth_getBalance":
                return hex(self.gas_money.get(params[0].lower(), 0))
            case "eth_getTransactionCount":
                return hex(self._nonces.get(params[0].lower(), 0))
            case "eth_getBlockByNumber":
                return {"baseFeePerGas": hex(self.base_fee)}
            case "eth_maxPriorityFeePerGas":
                return hex(30 * GWEI)
            case "eth_estimateGas":
                before = self._state()
                self._execute(params[0]["from"].lower(), params[0]["to"].lower(), bytes.fromhex(params[0]["data"][2:]))
                self._restore(before)
                return hex(GAS_USED)
            case "eth_sendRawTransaction":
                return self._take(bytes.fromhex(params[0][2:]))
            case "eth_getTransactionReceipt":
                status = self.receipts.get(params[0])
                return None if status is None else {"transactionHash": params[0], "status": hex(status)}
        raise Reverted(f"the method {method} does not exist")

    def _take(self, raw: bytes) -> str:
        sender = str(Account.recover_transaction(raw)).lower()
        told = TypedTransaction.from_bytes(HexBytes(raw)).as_dict()
        if told["nonce"] != self._nonces.get(sender, 0):
            raise Reverted("nonce too low")
        if told["chainId"] != self.chain_id:
            raise Reverted("invalid chain id")
        self._nonces[sender] = told["nonce"] + 1
        to, data = "0x" + bytes(told["to"]).hex(), bytes(told["data"])
        name = "0x" + calls.keccak256(raw).hex()
        self.sent.append({"from": sender, "to": to, "data": data.hex(), "hash": name, "value": told["value"]})
        before = self._state()
        try:
            self._execute(sender, to, data)
            self.receipts[name] = int(not self.broken)
        except Reverted:
            self.receipts[name] = 0
        if not self.receipts[name]:
            self._restore(before)
        self.broken = False
        return name

    def _read(self, to: str, data: bytes) -> str:
        words = [data[at : at + 32] for at in range(4, len(data), 32)]
        if data[:4] in {selector("allowance(address,address)"), selector("isApprovedForAll(address,address)")}:
            value = self.allowances.get((to, _address(words[0]), _address(words[1])), 0)
            return _word(value if to == PUSD.lower() else min(value, 1))
        if data[:4] == selector("balanceOf(address)") and to == PUSD.lower():
            return _word(self.money.get(_address(words[0]), 0))
        raise Reverted("execution reverted")

    def _execute(self, sender: str, to: str, data: bytes) -> None:
        """Plain calls, and those that a proxy wallet or a Safe makes for its owner."""
        if data[:4] == selector(PROXY) and to == PROXY_FACTORY.lower():
            (((kind, inner_to, value, inner),),) = decode(["(uint8,address,uint256,bytes)[]"], data[4:])
            if (kind, value) != (1, 0):
                raise Reverted("execution reverted")
            return self._call(_wallet(sender, SignatureType.POLY_PROXY), inner_to.lower(), inner)
        if data[:4] == selector(SAFE) and to == _wallet(sender, SignatureType.POLY_GNOSIS_SAFE):
            told = decode(SAFE.partition("(")[2].removesuffix(")").split(","), data[4:])
            owner_alone = _word_of(sender) + bytes(32) + b"\x01"
            if to not in self.contracts or (told[1], *told[3:9]) != (0, 0, 0, 0, 0, ZERO_ADDRESS, ZERO_ADDRESS):
                raise Reverted("execution reverted")
            if told[9] != owner_alone:
                raise Reverted("execution reverted: GS026")
            return self._call(to, told[0].lower(), told[2])
        return self._call(sender, to, data)

    def _call(self, sender: str, to: str, data: bytes) -> None:
        words = [data[at : at + 32] for at in range(4, len(data), 32)]
        name = {selector(function): function for _, function in calls.ALLOWED}.get(data[:4])
        match name:
            case calls.APPROVE | calls.APPROVE_ALL:
                self.allowances[to, sender, _address(words[0])] = _number(words[1])
            case calls.SPLIT | calls.MERGE if _is_adapter(to) and _address(words[0]) == PUSD.lower():
                self._exchange(sender, to, words[2].hex(), _number(words[4]) * (1 if name == calls.SPLIT else -1))
            case calls.SPLIT_V2 | calls.MERGE_V2 if to == ROUTER.lower():
                self._exchange(sender, to, words[0].hex(), _number(words[1]) * (1 if name == calls.SPLIT_V2 else -1))
            case calls.REDEEM if _is_adapter(to) and _address(words[0]) == PUSD.lower():
                self._redeem(sender, words[2].hex())
            case _:
                raise Reverted("execution reverted")

    def _exchange(self, owner: str, contract: str, condition: str, amount: int) -> None:
        """Money to shares, or back when negative."""
        held = self.shares.setdefault((owner, condition), [0, 0])
        if amount > 0 and self.allowances.get((PUSD.lower(), owner, contract), 0) < amount:
            raise Reverted("execution reverted: insufficient allowance")
        if self.money.get(owner, 0) < amount or min(held) < -amount:
            raise Reverted("execution reverted: insufficient balance")
        self.money[owner] = self.money.get(owner, 0) - amount
        self.shares[owner, condition] = [one + amount for one in held]

    def _redeem(self, owner: str, condition: str) -> None:
        if condition not in self.resolved:
            raise Reverted("execution reverted: result for condition not received yet")
        held = self.shares.pop((owner, condition), [0, 0])
        self.money[owner] = self.money.get(owner, 0) + held[self.resolved[condition]]

    def _state(self) -> tuple[Any, ...]:
        return dict(self.allowances), dict(self.money), {key: list(value) for key, value in self.shares.items()}

    def _restore(self, state: tuple[Any, ...]) -> None:
        self.allowances, self.money, self.shares = state

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        chain = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                told: dict[str, object] = {"jsonrpc": "2.0", "id": asked["id"]}
                try:
                    told["result"] = chain.answer(asked["method"], asked["params"])
                except Reverted as error:
                    told["error"] = {"code": 3, "message": str(error)}
                if asked["method"] == "eth_sendRawTransaction" and chain.mute > 0:
                    chain.mute -= 1
                    self.close_connection = True
                    return
                body = json.dumps(told).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Nothing: the test says what it wants to know."""

        return Handler


def _wallet(signer: str, kind: SignatureType) -> str:
    return next(one.address.lower() for one in wallets_of(signer) if one.signature_type is kind)


def _word_of(address: str) -> bytes:
    return bytes(12) + bytes.fromhex(address[2:])


def _is_adapter(address: str) -> bool:
    return address in {ADAPTER.lower(), NEG_RISK_ADAPTER.lower()}


def _address(word: bytes) -> str:
    return "0x" + word[12:].hex()


def _number(word: bytes) -> int:
    return int.from_bytes(word, "big")


def _word(value: int) -> str:
    return "0x" + value.to_bytes(32, "big").hex()
