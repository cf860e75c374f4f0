"""Wallets from outside: keys go in and never come out; balances, approvals and credentials are the venue's."""

from __future__ import annotations

import json
import os
import select
import stat
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from signal import SIGKILL

import pytest

from pmm.wallets.kinds import wallets_of
from tests.behaviours.conftest import Pmm
from tests.support.blackbox import LIMIT_S, PMM, Exchange, Record, environment
from tests.support.chain import POL, StubChain

KEY = "0x" + "01" * 32
ADDRESS = "0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1"
SAFE = "0x7F985742675955766C37531b4986BC642af9A6dF"
WORDS = "words that nobody guesses"


@pytest.fixture
def words(tmp_path: Path) -> dict[str, str]:
    """The setting that names a file with a pass phrase."""
    path = tmp_path / "words.txt"
    path.write_text(WORDS + "\n")
    path.chmod(0o600)
    return {"PMM_KEYSTORE_PASSWORD_FILE": str(path)}


@pytest.fixture
def chain() -> Iterator[StubChain]:
    with StubChain() as chain:
        chain.gas_money[ADDRESS.lower()] = POL
        yield chain


def stored(home: Path) -> Path:
    (path,) = (home / "data-of-pmm" / "wallets").glob("*.json")
    return path


@pytest.fixture
def kept(tmp_path: Path) -> dict[str, str]:
    """Where this test keeps its data."""
    return {"PMM_DATA_DIR": str(tmp_path / "data-of-pmm")}


@pytest.mark.parametrize("command", [("wallet",), ("wallet", "show")])
def test_b036_signer_and_funder_of_a_known_key_are_shown(pmm: Pmm, command: tuple[str, ...]) -> None:
    data = pmm(*command, "--json", POLY_PRIVATE_KEY=KEY, POLY_FUNDER=SAFE).document["data"]
    assert (data["address"], data["funder"], data["type"], data["source"]) == (ADDRESS, SAFE, 2, "env POLY_PRIVATE_KEY")
    people = pmm(*command, POLY_PRIVATE_KEY=KEY).stdout
    assert people.count(ADDRESS) == 2
    assert KEY[2:] not in people


def test_b035_every_missing_name_is_listed(pmm: Pmm) -> None:
    done = pmm("wallet", "verify", "--json")
    assert done.status == 4
    assert done.document["error"]["missing"] == [
        "POLY_PRIVATE_KEY",
        "POLY_API_KEY",
        "POLY_API_SECRET",
        "POLY_PASSPHRASE",
    ]


def test_a_key_from_stdin_is_encrypted_where_only_its_owner_may_read(
    pmm: Pmm, tmp_path: Path, words: dict[str, str], kept: dict[str, str]
) -> None:
    done = pmm("wallet", "import", "--funder", SAFE, "--json", stdin=KEY + "\n", **words, **kept)
    assert (done.status, done.document["data"]["address"]) == (0, ADDRESS)
    path = stored(tmp_path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    document = json.loads(path.read_text())
    assert (document["version"], document["crypto"]["kdfparams"]["n"]) == (3, 2**17)
    assert KEY[2:] not in path.read_text()
    shown = pmm("wallet", "--json", **kept).document["data"]
    assert (shown["funder"], shown["type"], shown["source"]) == (SAFE, 2, f"keystore {path}")


def test_a_key_on_the_command_line_is_refused_and_not_repeated(pmm: Pmm, kept: dict[str, str]) -> None:
    for command in (("wallet", "import", KEY), ("wallet", KEY), ("wallet", "show", KEY), (KEY,)):
        done = pmm(*command, **kept)
        assert done.status == 2
        assert KEY[2:] not in done.stdout + done.stderr


@pytest.mark.parametrize("loose", ["file", "folder"])
def test_a_keystore_that_others_may_read_is_not_opened(
    pmm: Pmm, tmp_path: Path, words: dict[str, str], kept: dict[str, str], loose: str
) -> None:
    pmm("wallet", "import", stdin=KEY, **words, **kept)
    path = stored(tmp_path)
    (path if loose == "file" else path.parent).chmod(0o755)
    done = pmm("wallet", "--json", **kept)
    assert (done.status, done.document["error"]["code"]) == (3, "PMM-E202")
    assert "chmod" in done.document["error"]["hint"]


def test_b041_credentials_are_derived_stored_and_used(
    pmm: Pmm, exchange: Exchange, tmp_path: Path, words: dict[str, str], kept: dict[str, str]
) -> None:
    settings = {**exchange.env, **kept, **words}
    pmm("wallet", "import", stdin=KEY, **settings)
    assert pmm("wallet", "--json", **settings).document["data"]["credentials"] is None
    for _ in range(2):
        assert pmm("wallet", "derive-key", **settings).status == 0
    assert pmm("wallet", "--json", **settings).document["data"]["credentials"] == f"keystore {stored(tmp_path)}"
    assert pmm("wallet", "verify", "--json", **settings).status == 0
    paths = [request["path"] for request in exchange.requests() if request["path"].startswith("/auth")]
    assert paths == ["/auth/api-key", "/auth/api-key", "/auth/derive-api-key"]


def test_b037_a_balance_is_the_same_number(pmm: Pmm, exchange: Exchange, kept: dict[str, str]) -> None:
    settings = {**exchange.env, **kept, "POLY_PRIVATE_KEY": KEY}
    pmm("wallet", "derive-key", **settings)
    exchange.post("/accounts/fund", account=ADDRESS, usd=12.345678 - 10_000)
    data = pmm("wallet", "verify", "--json", **settings).document["data"]
    assert data["balance"] == "12.345678"
    assert "12.345678 USD" in pmm("wallet", "verify", **settings).stdout


def test_credentials_that_the_venue_refuses_are_a_matter_of_authentication(
    pmm: Pmm, exchange: Exchange, kept: dict[str, str]
) -> None:
    wrong = {"POLY_API_KEY": "wrong", "POLY_API_SECRET": "d3Jvbmc=", "POLY_PASSPHRASE": "wrong"}
    done = pmm("wallet", "verify", "--json", **exchange.env, **kept, **wrong, POLY_PRIVATE_KEY=KEY)
    assert done.status == 4
    assert "401" in done.document["error"]["message"]


def red(data: Record) -> list[str]:
    return [f"{one['token']} to {one['spender']}" for one in data["allowances"] if one["granted"] is False]


def test_b038_the_one_approval_that_is_missing_is_the_one_that_is_red(
    pmm: Pmm, exchange: Exchange, kept: dict[str, str], chain: StubChain
) -> None:
    settings = {**exchange.env, **kept, "POLY_PRIVATE_KEY": KEY, "PMM_VENUE__RPC_URL": chain.url}
    pmm("wallet", "derive-key", **settings)
    chain.allow_everything(ADDRESS)
    whole = pmm("wallet", "verify", "--json", **settings)
    assert (whole.status, red(whole.document["data"])) == (0, [])
    for (token, owner, spender), amount in list(chain.allowances.items())[:6]:
        chain.allowances[token, owner, spender] = 0
        lacking = pmm("wallet", "verify", "--json", **settings)
        (only,) = red(lacking.documents[0]["data"])
        assert lacking.status == 8
        assert lacking.documents[0]["data"]["problems"] == [f"{only} is not approved"]
        chain.allowances[token, owner, spender] = amount


def test_b039_approvals_are_printed_first_then_sent_and_then_green(
    pmm: Pmm, exchange: Exchange, kept: dict[str, str], chain: StubChain
) -> None:
    settings = {**exchange.env, **kept, "POLY_PRIVATE_KEY": KEY, "PMM_VENUE__RPC_URL": chain.url}
    pmm("wallet", "derive-key", **settings)
    for harmless in (("--dry-run",), ("--dry-run", "--yes"), ()):
        printed = pmm("wallet", "approve", *harmless, "--json", **settings)
        assert (printed.status, len(printed.document["data"]["calls"]), chain.sent) == (0, 6, [])
        assert all(call["calldata"].startswith("0x") for call in printed.document["data"]["calls"])
    done = pmm("wallet", "approve", "--yes", "--json", **settings)
    sent = [(one["to"], "0x" + one["data"]) for one in chain.sent]
    assert sent == [(call["address"].lower(), call["calldata"]) for call in done.document["data"]["calls"]]
    assert done.document["data"]["transactions"] == [one["hash"] for one in chain.sent]
    assert pmm("wallet", "verify", "--json", **settings).status == 0
    assert pmm("wallet", "approve", "--yes", "--json", **settings).document["data"]["calls"] == []
    assert len(chain.sent) == 6


def test_whoever_forbids_live_trading_forbids_transactions(
    pmm: Pmm, exchange: Exchange, kept: dict[str, str], chain: StubChain
) -> None:
    settings = {**exchange.env, **kept, "POLY_PRIVATE_KEY": KEY, "PMM_VENUE__RPC_URL": chain.url}
    done = pmm("wallet", "approve", "--yes", "--json", **settings, PMM_FORBID_LIVE="1")
    assert (done.status, chain.sent) == (7, [])


@pytest.mark.parametrize("kind", [1, 2])
def test_a_contract_wallet_is_approved_by_its_key(
    pmm: Pmm, exchange: Exchange, kept: dict[str, str], chain: StubChain, kind: int
) -> None:
    funder = wallets_of(ADDRESS)[kind].address
    chain.contracts.add(funder.lower())
    settings = {**exchange.env, **kept, "POLY_PRIVATE_KEY": KEY, "PMM_VENUE__RPC_URL": chain.url, "POLY_FUNDER": funder}
    assert pmm("wallet", "approve", "--yes", "--json", **settings).status == 0
    assert {owner for (_, owner, _), amount in chain.allowances.items() if amount} == {funder.lower()}
    assert pmm("wallet", "approve", "--json", **settings).document["data"]["calls"] == []


def test_a_deposit_wallet_gets_its_calls_printed_and_not_sent(
    pmm: Pmm, exchange: Exchange, kept: dict[str, str], chain: StubChain
) -> None:
    funder = wallets_of(ADDRESS)[3].address
    settings = {**exchange.env, **kept, "POLY_PRIVATE_KEY": KEY, "PMM_VENUE__RPC_URL": chain.url, "POLY_FUNDER": funder}
    assert len(pmm("wallet", "approve", "--json", **settings).document["data"]["calls"]) == 6
    done = pmm("wallet", "approve", "--yes", "--json", **settings)
    assert (done.status, chain.sent) == (7, [])
    assert "relayer only" in done.document["error"]["message"]


def test_money_is_split_into_shares_merged_and_redeemed(
    pmm: Pmm, exchange: Exchange, kept: dict[str, str], chain: StubChain
) -> None:
    settings = {**exchange.env, **kept, "POLY_PRIVATE_KEY": KEY, "PMM_VENUE__RPC_URL": chain.url}
    owner = ADDRESS.lower()
    chain.money[owner] = 10_000_000
    refused = pmm("wallet", "split", "--market", "demo", "--size", "4", "--yes", **settings)
    assert refused.status == 7
    assert "insufficient allowance" in refused.stderr
    chain.allow_everything(ADDRESS)
    pmm("wallet", "split", "--market", "demo", "--size", "4", "--yes", **settings)
    ((holder, condition),) = chain.shares
    assert (holder, chain.shares[holder, condition], chain.money[owner]) == (owner, [4_000_000] * 2, 6_000_000)
    pmm("wallet", "merge", "--market", "demo", "--size", "1.5", "--yes", **settings)
    assert (chain.shares[owner, condition], chain.money[owner]) == ([2_500_000] * 2, 7_500_000)
    chain.resolved[condition] = 0
    pmm("wallet", "redeem", "--market", "demo", "--yes", **settings)
    assert (chain.shares, chain.money[owner]) == ({}, 10_000_000)


@pytest.mark.skipif(os.name != "posix", reason="terminals are those of POSIX")
def test_a_typed_key_and_pass_phrase_do_not_show_on_the_terminal(tmp_path: Path, kept: dict[str, str]) -> None:
    shown = typed(tmp_path, ("wallet", "import"), (("Private key", KEY), ("New pass", WORDS), ("epeat", WORDS)), kept)
    assert ADDRESS in shown
    assert KEY[2:] not in shown
    assert WORDS not in shown
    assert stored(tmp_path).exists()


def typed(home: Path, arguments: tuple[str, ...], answers: tuple[tuple[str, str], ...], more: dict[str, str]) -> str:
    """What a terminal shows while a person answers each question; fails when a question does not come."""
    import pty
    import termios

    child, terminal = pty.fork()
    if child == 0:
        os.chdir(home)
        os.execve(sys.executable, [*PMM, *arguments], environment(home, **more))
    shown, place, waiting, deadline = "", 0, list(answers), time.monotonic() + LIMIT_S
    while time.monotonic() < deadline:
        if select.select([terminal], [], [], 0.05)[0]:
            try:
                shown += os.read(terminal, 4096).decode()
            except OSError:  # the terminal of a process that has ended
                break
        unseen = not termios.tcgetattr(terminal)[3] & termios.ECHO
        # Whoever types before the terminal stops to show it is overheard, and not listened to.
        if waiting and waiting[0][0] in shown[place:] and unseen:
            place = len(shown)
            os.write(terminal, waiting.pop(0)[1].encode() + b"\n")
    else:
        os.kill(child, SIGKILL)
    os.close(terminal)
    _, status = os.waitpid(child, 0)
    assert (os.waitstatus_to_exitcode(status), waiting) == (0, []), shown
    return shown
