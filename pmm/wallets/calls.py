"""Calls of contracts as data: what is called, with what, and the bytes of it.  Nothing here sends anything.

Every call that pmm can make is built here, and the whitelist is made of the same table: a contract and a function
that are not in it are never signed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pmm.eip712 import keccak256
from pmm.errors import Exit, LocalError
from pmm.model import Market, Size, money_text, size_text
from pmm.wallets.contracts import (
    ADAPTER,
    APPROVALS,
    CONDITIONAL_TOKENS,
    NAMES,
    NEG_RISK_ADAPTER,
    POSITION_MANAGER,
    PUSD,
    ROUTER,
    Approval,
)

UNLIMITED = 2**256 - 1
APPROVE = "approve(address,uint256)"
APPROVE_ALL = "setApprovalForAll(address,bool)"
SPLIT = "splitPosition(address,bytes32,bytes32,uint256[],uint256)"
MERGE = "mergePositions(address,bytes32,bytes32,uint256[],uint256)"
REDEEM = "redeemPositions(address,bytes32,bytes32,uint256[])"
SPLIT_V2, MERGE_V2, REDEEM_V2 = "split(bytes31,uint256)", "merge(bytes31,uint256)", "redeem(bytes31,uint256,uint256)"
# The two outcomes of a condition as sets of bits.
_OUTCOME_SETS = (1, 2)
_WORD = 32

ALLOWED = frozenset(
    {
        *((approval.token, APPROVE if approval.is_money else APPROVE_ALL) for approval in APPROVALS),
        *((contract, function) for contract in (ADAPTER, NEG_RISK_ADAPTER) for function in (SPLIT, MERGE, REDEEM)),
        *((ROUTER, function) for function in (SPLIT_V2, MERGE_V2, REDEEM_V2)),
    }
)
_PAIRS = frozenset((approval.token, approval.spender) for approval in APPROVALS)


class CallRefused(LocalError):
    """A call of a contract that is not among those that pmm makes; it was not signed."""

    code = "PMM-E616"
    exit = Exit.REFUSED
    hint = "Nothing was sent."


@dataclass(frozen=True, slots=True)
class Call:
    """One call: `arguments` are for people, `spender` is whom an approval allows; `data` is what the chain gets."""

    contract: str
    function: str
    arguments: tuple[tuple[str, str], ...]
    data: bytes
    spender: str | None = None

    @property
    def title(self) -> str:
        told = ", ".join(f"{name} {value}" for name, value in self.arguments)
        return f"{NAMES.get(self.contract, self.contract)}.{self.function.partition('(')[0]}({told})"


def check(call: Call) -> None:
    """Raises CallRefused unless the call is one of ours, its bytes included."""
    known = (call.contract, call.function) in ALLOWED and call.data[:4] == selector(call.function)
    approves = call.function in {APPROVE, APPROVE_ALL}
    if approves:
        known = (
            known and (call.contract, call.spender) in _PAIRS and call.data[4:36] == address_word(call.spender or "")
        )
    if not known:
        raise CallRefused(f"{call.title} is no call that pmm makes")


def approve(approval: Approval, amount: int = UNLIMITED) -> Call:
    """Allow a spender `amount` micro-USD, or all shares where the token is no money."""
    spender = ("spender", NAMES[approval.spender])
    if approval.is_money:
        told = "unlimited" if amount == UNLIMITED else f"{money_text(amount)} USD"
        data = _encoded(APPROVE, address_word(approval.spender), uint_word(amount))
        return Call(approval.token, APPROVE, (spender, ("amount", told)), data, approval.spender)
    data = _encoded(APPROVE_ALL, address_word(approval.spender), uint_word(1))
    return Call(approval.token, APPROVE_ALL, (spender, ("approved", "true")), data, approval.spender)


def split(market: Market, size: Size) -> Call:
    """Turn `size` USD into as many shares of each outcome."""
    return _position_call(market, size, SPLIT, SPLIT_V2)


def merge(market: Market, size: Size) -> Call:
    """Turn `size` shares of each outcome back into as many USD."""
    return _position_call(market, size, MERGE, MERGE_V2)


def redeem(market: Market, sizes: Sequence[Size]) -> list[Call]:
    """Turn shares of a resolved market into money.

    `sizes` are the shares of each outcome: the older contracts take all that there are, whatever is said.
    """
    if market.version != "v2":
        words = (address_word(PUSD), bytes(_WORD), _condition(market), uint_word(4 * _WORD), *_sets())
        arguments = (("market", market.slug), ("size", "all"))
        return [Call(_adapter(market), REDEEM, arguments, _encoded(REDEEM, *words))]
    return [
        Call(
            ROUTER,
            REDEEM_V2,
            (("market", market.slug), ("outcome", market.tokens[outcome].outcome), ("size", size_text(size))),
            _encoded(REDEEM_V2, _condition(market), uint_word(outcome), uint_word(size)),
        )
        for outcome, size in enumerate(sizes)
        if size > 0
    ]


def allowance(approval: Approval, owner: str) -> tuple[str, bytes]:
    """The contract to ask and the question whether, or how much, a spender may move; the answer is one word."""
    function = "allowance(address,address)" if approval.is_money else "isApprovedForAll(address,address)"
    return approval.token, _encoded(function, address_word(owner), address_word(approval.spender))


def money_of(owner: str) -> tuple[str, bytes]:
    """The same for the micro-USD of an owner."""
    return PUSD, _encoded("balanceOf(address)", address_word(owner))


def shares_of(market: Market, outcome: int, owner: str) -> tuple[str, bytes]:
    """The same for the shares of one outcome."""
    holder = POSITION_MANAGER if market.version == "v2" else CONDITIONAL_TOKENS
    token = int(market.tokens[outcome].token_id)
    return holder, _encoded("balanceOf(address,uint256)", address_word(owner), uint_word(token))


def selector(function: str) -> bytes:
    """The four bytes that name a function."""
    return keccak256(function.encode())[:4]


def _position_call(market: Market, size: Size, function: str, function_v2: str) -> Call:
    arguments = (("market", market.slug), ("size", size_text(size)))
    if market.version == "v2":
        return Call(ROUTER, function_v2, arguments, _encoded(function_v2, _condition(market), uint_word(size)))
    words = (address_word(PUSD), bytes(_WORD), _condition(market), uint_word(5 * _WORD), uint_word(size), *_sets())
    return Call(_adapter(market), function, arguments, _encoded(function, *words))


def _adapter(market: Market) -> str:
    return NEG_RISK_ADAPTER if market.neg_risk else ADAPTER


def _encoded(function: str, *words: bytes) -> bytes:
    return selector(function) + b"".join(words)


def _sets() -> tuple[bytes, ...]:
    return (uint_word(len(_OUTCOME_SETS)), *map(uint_word, _OUTCOME_SETS))


def _condition(market: Market) -> bytes:
    """The condition id, of 32 bytes or, for Protocol V2, of 31 and a zero behind them."""
    return bytes.fromhex(market.condition_id.removeprefix("0x")).ljust(_WORD, b"\0")


def address_word(text: str) -> bytes:
    """An address as the chain reads it."""
    return bytes(12) + bytes.fromhex(text.removeprefix("0x"))


def uint_word(value: int) -> bytes:
    """A number as the chain reads it."""
    return value.to_bytes(_WORD, "big")
