"""Which wallet a signer trades with: its own address, or a contract that it signs for (protocol reference, 2.4).

On the chain a contract says whom it obeys.  Here the first signer who trades with a wallet owns it from then on.
"""

from __future__ import annotations

from collections.abc import Callable

from pmm.eip712 import SignatureType

# What one exchange remembers; whoever opens more is refused.
WALLETS_MAX = 100_000


class Wallets:
    """Owners of wallets; `on_open` is called once for every wallet, before it is used."""

    def __init__(self, on_open: Callable[[str], None]) -> None:
        self._owner: dict[str, str] = {}
        self._wallets: dict[str, list[str]] = {}
        self._chosen: dict[tuple[str, SignatureType], str] = {}
        self._on_open = on_open

    def open(self, signer: str, kind: SignatureType, wallet: str) -> bool:
        """Let `signer` trade with `wallet`; False when it belongs to somebody else, or there are too many."""
        if kind is SignatureType.EOA and wallet != signer:
            return False
        owner = self._owner.get(wallet)
        if owner is None:
            if len(self._owner) >= WALLETS_MAX:
                return False
            self._owner[wallet] = signer
            self._wallets.setdefault(signer, []).append(wallet)
            self._on_open(wallet)
        elif owner != signer:
            return False
        self._chosen[signer, kind] = wallet
        return True

    def wallet(self, signer: str, kind: SignatureType) -> str | None:
        """The wallet that `signer` last used with this kind of signature."""
        return signer if kind is SignatureType.EOA else self._chosen.get((signer, kind))

    def owner(self, wallet: str) -> str | None:
        """Who signs for a wallet."""
        return self._owner.get(wallet)

    def of(self, signer: str) -> list[str]:
        """Every wallet of a signer."""
        return list(self._wallets.get(signer, ()))
