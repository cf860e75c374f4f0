"""Wallets: where keys and API credentials are kept, and which contract holds the money that they trade."""

from __future__ import annotations

from pmm.wallets.sources import MissingSecrets, Wallet, wallet_for

__all__ = ["MissingSecrets", "Wallet", "wallet_for"]
