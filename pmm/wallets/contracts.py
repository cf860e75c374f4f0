"""The contracts on Polygon that hold money or move it, and who must be allowed to (protocol reference, section 1.3)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pmm.eip712 import EXCHANGES, Generation, checksummed

EXCHANGE, NEG_RISK_EXCHANGE = (checksummed(address) for address in EXCHANGES[Generation.V2])
EXCHANGE_V3 = checksummed(EXCHANGES[Generation.V3][0])
PUSD = "0xC011a7E12a19f7B1f670d46F03B03f3342E82DFB"
CONDITIONAL_TOKENS = "0x4D97DCd97eC945f40cF65F87097ACe5EA0476045"
POSITION_MANAGER = "0x006F54F7f9A22e0000CC2AB60031000000ae9fEF"
ADAPTER = "0xAdA100Db00Ca00073811820692005400218FcE1f"
NEG_RISK_ADAPTER = "0xadA2005600Dec949baf300f4C6120000bDB6eAab"
ROUTER = "0x12121212006e4CD160D18e3f00711DA5c3372600"

NAMES = {
    PUSD: "pUSD",
    CONDITIONAL_TOKENS: "Conditional Tokens",
    POSITION_MANAGER: "Position Manager",
    EXCHANGE: "CTF Exchange",
    NEG_RISK_EXCHANGE: "Neg Risk Exchange",
    EXCHANGE_V3: "Exchange V3",
    ADAPTER: "Collateral Adapter",
    NEG_RISK_ADAPTER: "Neg Risk Collateral Adapter",
    ROUTER: "Router",
}


class Purpose(StrEnum):
    """What an approval is needed for."""

    TRADING = "trading"
    POSITIONS = "split, merge and redeem"


@dataclass(frozen=True, slots=True)
class Approval:
    """`spender` may move what `token` is: an amount of pUSD, or all shares."""

    token: str
    spender: str
    purpose: Purpose

    @property
    def is_money(self) -> bool:
        """Whether it is an amount (ERC-20); otherwise it is all or nothing (ERC-1155)."""
        return self.token == PUSD

    @property
    def name(self) -> str:
        return f"{NAMES[self.token]} to {NAMES[self.spender]}"


APPROVALS = (
    Approval(PUSD, EXCHANGE, Purpose.TRADING),
    Approval(CONDITIONAL_TOKENS, EXCHANGE, Purpose.TRADING),
    Approval(PUSD, NEG_RISK_EXCHANGE, Purpose.TRADING),
    Approval(CONDITIONAL_TOKENS, NEG_RISK_EXCHANGE, Purpose.TRADING),
    Approval(PUSD, EXCHANGE_V3, Purpose.TRADING),
    Approval(POSITION_MANAGER, EXCHANGE_V3, Purpose.TRADING),
    Approval(PUSD, ADAPTER, Purpose.POSITIONS),
    Approval(CONDITIONAL_TOKENS, ADAPTER, Purpose.POSITIONS),
    Approval(PUSD, NEG_RISK_ADAPTER, Purpose.POSITIONS),
    Approval(CONDITIONAL_TOKENS, NEG_RISK_ADAPTER, Purpose.POSITIONS),
    Approval(PUSD, ROUTER, Purpose.POSITIONS),
    Approval(POSITION_MANAGER, ROUTER, Purpose.POSITIONS),
)
