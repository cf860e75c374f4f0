"""Wallets of a test: play keys, an empty folder, and an environment of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pmm.settings import Loaded, load
from pmm.venues.polymarket.credentials import Credentials
from pmm.wallets.key import Key
from pmm.wallets.keystore import Keystore

Read = Callable[..., Loaded]

KEY_TEXT = "0x" + "01" * 32
# Enough for a test; what real files demand is tested once.
SCRYPT_N_QUICK = 2**10
PASSPHRASE = "correct horse battery"


@pytest.fixture
def key() -> Key:
    return Key.of(KEY_TEXT)


@pytest.fixture
def credentials() -> Credentials:
    return Credentials("11111111-2222-4333-8444-555555555555", "c2VjcmV0LW9mLWEtdGVzdA==", "a-passphrase-of-a-test")


@pytest.fixture
def keystore(tmp_path: Path) -> Keystore:
    return Keystore(tmp_path / "data", scrypt_n=SCRYPT_N_QUICK)


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Settings whose data folder is that of `keystore`: `read(POLY_PRIVATE_KEY=...)`."""

    def settings(**environ: str) -> Loaded:
        homes = {"XDG_CONFIG_HOME": str(tmp_path / "home"), "PMM_DATA_DIR": str(tmp_path / "data")}
        return load(folder=tmp_path, environ={**homes, **environ})

    return settings
