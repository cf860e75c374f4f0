"""A venue of one's own for trying live trading out: the embedded exchange, a fresh key, a folder that goes away."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from pmm.app.venue import DEMO_SEED, embedded, pretend_venue
from pmm.eip712 import SignatureType
from pmm.exchange.server import LocalExchange
from pmm.settings import Loaded, Venue
from pmm.settings.origin import Kind, Origin
from pmm.venues.polymarket.signer import KEY_BYTES, Caps, Signer
from pmm.wallets import Wallet
from pmm.wallets.sources import CLOCKS_APART


@dataclass(frozen=True, slots=True)
class Practice:
    """`loaded` are the settings of a live run there; nothing of the real venue or wallet is in reach of it."""

    exchange: LocalExchange
    loaded: Loaded
    wallet: Wallet

    @property
    def venue(self) -> Venue:
        return self.loaded.settings.venue


@asynccontextmanager
async def practice(loaded: Loaded, seed: int = DEMO_SEED) -> AsyncIterator[Practice]:
    """Open one with the limits of the settings.  `forbid_live` does not count: no order leaves this process."""
    settings = loaded.settings
    with TemporaryDirectory(prefix="pmm-") as folder:
        async with LocalExchange(pretend_venue(seed)) as exchange:
            update = {
                "dry_run": False,
                "forbid_live": False,
                "data_dir": Path(folder),
                "venue": embedded(settings.venue, exchange.urls),
            }
            # Said to be chosen, so that no run opens an exchange of its own beside this one.
            chosen = {f"venue.{name}": Origin(Kind.FLAG) for name in type(settings.venue).model_fields}
            there = replace(loaded, settings=settings.model_copy(update=update), origins={**loaded.origins, **chosen})
            live = there.settings.live
            signer = Signer(
                secrets.token_bytes(KEY_BYTES),
                funder=None,
                signature_type=SignatureType.EOA,
                caps=Caps(order=live.max_order_micro, life_max=live.order_life_ns + CLOCKS_APART),
            )
            yield Practice(exchange, there, Wallet(signer, None, "a fresh key"))
