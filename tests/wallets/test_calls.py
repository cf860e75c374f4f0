"""Calls of contracts: their bytes are those of the official client, and nothing else is ever allowed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pmm.model import SHARE, USD, Market, Token
from pmm.wallets import calls
from pmm.wallets.calls import CallRefused, approve, check, merge, redeem, split
from pmm.wallets.contracts import APPROVALS, EXCHANGE, PUSD, Approval, Purpose

MARKET = Market("0x" + "ab" * 32, "some-market", "?", (Token("1", "Yes"), Token("2", "No")), 100, 5 * SHARE)
NEW = replace(MARKET, condition_id="0x" + "cd" * 31, version="v2")
# Made with polymarket-client 0.14.0 for the same arguments.
VECTORS = {
    "approve": (
        "0xC011a7E12a19f7B1f670d46F03B03f3342E82DFB 0x095ea7b3000000000000000000000000e111180000d26"
        "63c0091e4f400237545b87b996b00000000000000000000000000000000000000000000000000000000017d784"
        "0"
    ),
    "approve all": (
        "0x4D97DCd97eC945f40cF65F87097ACe5EA0476045 0xa22cb465000000000000000000000000e111180000d26"
        "63c0091e4f400237545b87b996b000000000000000000000000000000000000000000000000000000000000000"
        "1"
    ),
    "split": (
        "0xAdA100Db00Ca00073811820692005400218FcE1f 0x72ce4275000000000000000000000000c011a7e12a19f"
        "7b1f670d46f03b03f3342e82dfb000000000000000000000000000000000000000000000000000000000000000"
        "0abababababababababababababababababababababababababababababababab0000000000000000000000000"
        "0000000000000000000000000000000000000a0000000000000000000000000000000000000000000000000000"
        "00000006acfc000000000000000000000000000000000000000000000000000000000000000020000000000000"
        "000000000000000000000000000000000000000000000000001000000000000000000000000000000000000000"
        "0000000000000000000000002"
    ),
    "merge": (
        "0xAdA100Db00Ca00073811820692005400218FcE1f 0x9e7212ad000000000000000000000000c011a7e12a19f"
        "7b1f670d46f03b03f3342e82dfb000000000000000000000000000000000000000000000000000000000000000"
        "0abababababababababababababababababababababababababababababababab0000000000000000000000000"
        "0000000000000000000000000000000000000a0000000000000000000000000000000000000000000000000000"
        "00000006acfc000000000000000000000000000000000000000000000000000000000000000020000000000000"
        "000000000000000000000000000000000000000000000000001000000000000000000000000000000000000000"
        "0000000000000000000000002"
    ),
    "redeem": (
        "0xAdA100Db00Ca00073811820692005400218FcE1f 0x01b7037c000000000000000000000000c011a7e12a19f"
        "7b1f670d46f03b03f3342e82dfb000000000000000000000000000000000000000000000000000000000000000"
        "0abababababababababababababababababababababababababababababababab0000000000000000000000000"
        "000000000000000000000000000000000000080000000000000000000000000000000000000000000000000000"
        "000000000000200000000000000000000000000000000000000000000000000000000000000010000000000000"
        "000000000000000000000000000000000000000000000000002"
    ),
    "split v2": (
        "0x12121212006e4CD160D18e3f00711DA5c3372600 0x82d3b9f1cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdc"
        "dcdcdcdcdcdcdcdcdcdcdcdcd0000000000000000000000000000000000000000000000000000000000006acfc"
        "0"
    ),
    "merge v2": (
        "0x12121212006e4CD160D18e3f00711DA5c3372600 0x5b63685ecdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdc"
        "dcdcdcdcdcdcdcdcdcdcdcdcd0000000000000000000000000000000000000000000000000000000000006acfc"
        "0"
    ),
    "redeem v2": (
        "0x12121212006e4CD160D18e3f00711DA5c3372600 0xd217a3cccdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdc"
        "dcdcdcdcdcdcdcdcdcdcdcdcd00000000000000000000000000000000000000000000000000000000000000000"
        "100000000000000000000000000000000000000000000000000000000002dc6c0"
    ),
}


def built() -> dict[str, str]:
    made = {
        "approve": approve(APPROVALS[0], 25 * USD),
        "approve all": approve(APPROVALS[1]),
        "split": split(MARKET, 7 * SHARE),
        "merge": merge(MARKET, 7 * SHARE),
        "redeem": redeem(MARKET, ())[0],
        "split v2": split(NEW, 7 * SHARE),
        "merge v2": merge(NEW, 7 * SHARE),
        "redeem v2": redeem(NEW, (0, 3 * SHARE))[0],
    }
    return {name: f"{call.contract} 0x{call.data.hex()}" for name, call in made.items()}


@pytest.mark.parametrize("name", VECTORS)
def test_a_call_has_the_bytes_of_the_official_client(name: str) -> None:
    assert built()[name] == VECTORS[name]


@pytest.mark.parametrize("approval", APPROVALS, ids=lambda approval: approval.name)
def test_every_approval_passes_the_whitelist(approval: Approval) -> None:
    check(approve(approval))


def test_every_call_on_positions_passes_the_whitelist() -> None:
    for market in (MARKET, NEW, replace(MARKET, neg_risk=True)):
        for call in (split(market, SHARE), merge(market, SHARE), *redeem(market, (SHARE, SHARE))):
            check(call)


def test_a_stranger_is_never_allowed_anything() -> None:
    thief = Approval(PUSD, "0x" + "66" * 20, Purpose.TRADING)
    good = approve(APPROVALS[0])
    forged = replace(good, data=good.data[:16] + bytes.fromhex("66" * 20) + good.data[36:])
    for call in (
        forged,
        replace(good, spender=thief.spender),
        replace(good, contract=EXCHANGE),
        replace(good, function="transfer(address,uint256)"),
        replace(good, data=calls.selector("transfer(address,uint256)") + good.data[4:]),
        replace(good, data=b""),
    ):
        with pytest.raises(CallRefused):
            check(call)


def test_an_outcome_without_shares_is_not_redeemed() -> None:
    assert [call.arguments[1:] for call in redeem(NEW, (2 * SHARE, 0))] == [(("outcome", "Yes"), ("size", "2"))]


def test_a_call_is_told_in_words() -> None:
    assert approve(APPROVALS[0], 25 * USD).title == "pUSD.approve(spender CTF Exchange, amount 25 USD)"
    assert split(MARKET, 7 * SHARE).title == "Collateral Adapter.splitPosition(market some-market, size 7)"
