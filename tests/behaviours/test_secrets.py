"""No secret of a wallet leaves it: marker keys, credentials and pass phrases through every command and failure."""

from __future__ import annotations

import base64
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.blackbox import PMM, Exchange, environment
from tests.support.chain import POL, StubChain

KEY = "5a" * 30 + "c0de"
SECRET = base64.urlsafe_b64encode(b"marker of a secret").decode()
MARKERS = {
    "POLY_PRIVATE_KEY": "0x" + KEY,
    "POLY_API_KEY": "marker-of-an-api-key",
    "POLY_API_SECRET": SECRET,
    "POLY_PASSPHRASE": "marker-of-a-passphrase",
}
WORDS = "marker of a pass phrase at rest"
SPELLINGS = {
    KEY,
    KEY.upper(),
    base64.b64encode(bytes.fromhex(KEY)).decode(),
    base64.urlsafe_b64encode(bytes.fromhex(KEY)).decode(),
    str(int(KEY, 16)),
    repr(bytes.fromhex(KEY))[2:-1],
    SECRET,
    "marker of a secret",
    MARKERS["POLY_PASSPHRASE"],
    WORDS,
}
LOUD = ("--debug", "-v", "--log-level", "debug")
COMMANDS = [
    ("wallet",),
    ("wallet", "show", "--json"),
    ("wallet", "import", "--keystore", "again"),
    ("wallet", "verify", "--json"),
    ("wallet", "derive-key"),
    ("wallet", "approve", "--dry-run"),
    ("wallet", "approve", "--yes"),
    ("wallet", "split", "--market", "demo", "--size", "1", "--yes"),
    ("wallet", "merge", "--market", "demo", "--size", "1", "--yes", "--json"),
    ("wallet", "redeem", "--market", "demo", "--yes"),
    ("wallet", "split", "--market", "demo", "--size", "much"),
    ("doctor", "--live", "--json"),
    ("config", "show", "--origin"),
    ("orders", "--live"),
    ("trades", "--live", "--json"),
]


class House:
    """A folder in which commands run one after the other; everything that they say is kept."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.said: list[str] = []

    def run(self, *arguments: str, stdin: str = "", **more: str) -> int:
        done = subprocess.run(
            [*PMM, *arguments],
            cwd=self.home,
            env=environment(self.home, **more),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        self.said += [done.stdout, done.stderr]
        return done.returncode

    def leaks(self) -> list[str]:
        """Where a secret stands in the clear: words that were said, and files that were left."""
        left = [path for path in self.home.rglob("*") if path.is_file() and path.name != "words.txt"]
        texts = [*self.said, *(path.read_text(errors="replace") for path in left)]
        return [text[:500] for text in texts for marker in SPELLINGS if marker in text]


@pytest.fixture
def house(tmp_path: Path) -> House:
    words = tmp_path / "words.txt"
    words.write_text(WORDS)
    words.chmod(0o600)
    return House(tmp_path)


@pytest.fixture
def chain() -> Iterator[StubChain]:
    with StubChain() as chain:
        yield chain


@pytest.fixture
def settings(house: House, exchange: Exchange, chain: StubChain) -> dict[str, str]:
    return {
        **exchange.env,
        "PMM_DATA_DIR": str(house.home / "data"),
        "PMM_KEYSTORE_PASSWORD_FILE": str(house.home / "words.txt"),
        "PMM_VENUE__RPC_URL": chain.url,
        "PMM_VENUE__GEOBLOCK_URL": "",
        "PMM_LOG_LEVEL": "debug",
    }


def test_b093_the_scan_finds_what_it_looks_for(house: House) -> None:
    for marker in SPELLINGS:
        house.said = [f"so: {marker}."]
        assert house.leaks()
    house.said = []
    (house.home / "data.txt").write_text(KEY)
    assert house.leaks()


def test_b093_with_a_key_in_the_environment_no_command_tells_a_secret(
    house: House, settings: dict[str, str], chain: StubChain
) -> None:
    house.run("wallet", "approve", "--yes", **settings, **MARKERS)  # fails for want of gas
    chain.gas_money = dict.fromkeys(_addresses(house), POL)
    for command in COMMANDS:
        house.run(*command, *LOUD, stdin=f"0x{KEY}\n", **settings, **MARKERS)
    assert any("PMM-E" in text for text in house.said)
    assert chain.sent, house.said[:2]
    assert not house.leaks()


def test_b093_with_a_key_in_the_keystore_no_command_tells_a_secret(
    house: House, settings: dict[str, str], chain: StubChain, exchange: Exchange
) -> None:
    assert house.run("wallet", "import", *LOUD, stdin=f"0x{KEY}\n", **settings) == 0
    assert house.run("wallet", "derive-key", *LOUD, **settings) == 0
    chain.gas_money = dict.fromkeys(_addresses(house), POL)
    for command in COMMANDS:
        house.run(*command, *LOUD, stdin=f"0x{KEY}\n", **settings)
    wrong = house.home / "words.txt"
    wrong.write_text(WORDS + " wrong")
    assert house.run("wallet", "verify", *LOUD, **settings) == 4
    exchange.post("/faults/requests", on="* /auth/*", harm="fail", status=500, text="no", times=None)
    house.run("wallet", "derive-key", *LOUD, **settings, **MARKERS)
    house.run("doctor", "--live", *LOUD, **settings, **MARKERS)
    assert chain.sent
    assert not house.leaks()


def test_b093_wrong_secrets_are_refused_without_being_repeated(house: House, settings: dict[str, str]) -> None:
    for name, value in {
        "POLY_PRIVATE_KEY": KEY + "5a",
        "POLY_API_SECRET": "marker of a secret",
        "PMM_WALLET__PRIVATE_KEY": KEY[:-1],
        "POLY_PRIVATE_KEY_FILE": KEY,
        "POLY_FUNDER": "0x" + KEY,
    }.items():
        for command in (("wallet", "verify"), ("doctor", "--live")):
            house.run(*command, *LOUD, **settings, **{**MARKERS, name: value})
    loose = house.home / "loose"
    loose.write_text(KEY)
    loose.chmod(0o644)
    house.run("wallet", *LOUD, **settings, POLY_PRIVATE_KEY_FILE=str(loose))
    loose.unlink()
    house.run("wallet", "--set", f"wallet.private_key={KEY}", *LOUD, **settings)
    house.run("wallet", "import", f"0x{KEY}", *LOUD, **settings)
    house.run("wallet", f"0x{KEY}", *LOUD, **settings)
    assert not house.leaks()


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="looks at processes of Linux")  # noqa: PTH112
def test_b093_children_of_a_command_inherit_no_secret(tmp_path: Path) -> None:
    program = (
        "import os, subprocess, sys\n"
        "from pmm.cli.context import Cli\n"
        "Cli().load()\n"
        "print(subprocess.run(['env'], capture_output=True, text=True).stdout)\n"
    )
    done = subprocess.run(
        [PMM[0], "-c", program],
        cwd=tmp_path,
        env=environment(tmp_path, **MARKERS, MARK="yes"),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "MARK=yes" in done.stdout
    assert not any(name in done.stdout for name in MARKERS)


def _addresses(house: House) -> list[str]:
    """The address of the key, as it was told."""
    words = " ".join(house.said).replace('"', " ").replace(",", " ").split()
    return [word.lower() for word in words if word.startswith("0x") and len(word) == 42]
