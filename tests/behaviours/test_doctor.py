"""The doctor from outside: everything right is green, and one wrong thing is one red row."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pmm.model import Side
from pmm.ports import Intent
from pmm.sinks.store import Intents, Store
from pmm.wallets.kinds import wallets_of
from tests.behaviours.conftest import Pmm
from tests.support.blackbox import Exchange, Finished, Record, run
from tests.support.chain import StubChain

KEY = "0x" + "01" * 32
ADDRESS = "0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1"
PROXY, SAFE = (one.address for one in wallets_of(ADDRESS)[1:3])
LIVE = ("doctor", "--live", "--json")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    """A venue for tests that change nothing but an account."""
    with Exchange(tmp_path_factory.mktemp("shop")) as exchange:
        yield exchange


@pytest.fixture(scope="module")
def chain() -> Iterator[StubChain]:
    with StubChain() as chain:
        chain.allow_everything(ADDRESS)
        chain.contracts |= {PROXY.lower(), SAFE.lower()}
        yield chain


@pytest.fixture(scope="module")
def place() -> Iterator[dict[str, object]]:
    """What the pretend geoblock answers; its address is under `url`."""
    answer: dict[str, object] = {"blocked": False, "country": "PT", "region": "11"}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    answer["url"] = f"http://127.0.0.1:{server.server_port}/api/geoblock"
    yield answer
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def ready(
    shop: Exchange, chain: StubChain, place: dict[str, object], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """Settings with which everything is right."""
    home = tmp_path_factory.mktemp("ready")
    settings = {
        **shop.env,
        "POLY_PRIVATE_KEY": KEY,
        "PMM_DATA_DIR": str(home / "data"),
        "PMM_VENUE__RPC_URL": chain.url,
        "PMM_VENUE__GEOBLOCK_URL": str(place["url"]),
    }
    assert run(home, "wallet", "derive-key", **settings).status == 0
    return settings


def rows(done: Finished) -> dict[str, Record]:
    """The rows of an examination by name; its exit status must be what they say."""
    found = {row["name"]: row for row in done.documents[0]["data"]["checks"]}
    assert done.status == (8 if any(row["state"] == "fail" for row in found.values()) else 0), done.stderr
    return found


def only(done: Finished, state: str = "fail") -> Record:
    """The one row in that state; every other one is right, or skipped because it needs it."""
    found = rows(done)
    bad = [row for row in found.values() if row["state"] not in ("ok", "skip")]
    assert [row["state"] for row in bad] == [state], bad
    assert bad[0]["fix"]
    assert all(row["found"].startswith("needs: ") for row in found.values() if row["state"] == "skip")
    return bad[0]


def test_b034_b040_when_everything_is_right_every_row_is_green(pmm: Pmm, ready: dict[str, str]) -> None:
    for live in (("--live",), ()):
        done = pmm("doctor", *live, "--json", **ready)
        assert {row["state"] for row in rows(done).values()} == {"ok"}
        assert done.document["data"]["healthy"] is True
    people = pmm("doctor", "--live", **ready)
    assert (people.status, "fail" in people.stdout) == (0, False)


def test_b040_without_a_wallet_a_dry_run_is_healthy_and_live_is_not(pmm: Pmm, shop: Exchange) -> None:
    assert rows(pmm("doctor", "--json", **shop.env))["key"]["state"] == "skip"
    found = rows(pmm(*LIVE, **shop.env))
    assert [name for name, row in found.items() if row["state"] == "fail"] == ["key"]


WRONG: dict[str, dict[str, str]] = {
    "settings": {"CHAIN_ID": "5"},
    "CLOB": {"CLOB_API_URL": "http://127.0.0.1:9"},
    "Gamma": {"GAMMA_API_URL": "http://127.0.0.1:9/gamma"},
    "Data API": {"PMM_VENUE__DATA_API_URL": "http://127.0.0.1:9"},
    "market socket": {"WS_MARKET_URL": "ws://127.0.0.1:9/ws/market"},
    "user socket": {"WS_USER_URL": "ws://127.0.0.1:9/ws/user"},
    "key": {"POLY_PRIVATE_KEY": "0x" + "00" * 32},
    "funder": {"POLY_FUNDER": "0x" + "ab" * 20},
    "wallet type": {"POLY_FUNDER": SAFE, "POLY_SIGNATURE_TYPE": "1"},
    "credentials": {"POLY_API_KEY": "wrong", "POLY_API_SECRET": "d3Jvbmc=", "POLY_PASSPHRASE": "wrong"},
    "data folder": {"PMM_DATA_DIR": "/proc/nowhere"},
}


@pytest.mark.parametrize("name", WRONG)
def test_b034_one_wrong_setting_is_one_red_row_with_its_fix(pmm: Pmm, ready: dict[str, str], name: str) -> None:
    found = rows(pmm(*LIVE, **{**ready, **WRONG[name]}))
    failed = [row for row in found.values() if row["state"] == "fail"]
    if name == "data folder":
        # Its credentials are in that folder.
        failed = [row for row in failed if row["name"] != "credentials"]
    assert [row["name"] for row in failed] == [name]
    assert failed[0]["fix"]


@pytest.mark.parametrize("lacking", ["POLY_API_KEY", "POLY_API_SECRET", "POLY_PASSPHRASE"])
def test_a_part_of_the_credentials_that_is_missing_is_named(pmm: Pmm, ready: dict[str, str], lacking: str) -> None:
    parts = {name: value for name, value in WRONG["credentials"].items() if name != lacking}
    row = only(pmm(*LIVE, **{**ready, **parts}))
    assert (row["name"], row["found"].partition(" ")[0]) == ("credentials", lacking)


def test_credentials_of_another_key_and_a_new_key_are_told_apart(pmm: Pmm, ready: dict[str, str]) -> None:
    wrong = only(pmm(*LIVE, **{**ready, **WRONG["credentials"]}))
    assert "401: these credentials are not those of the key" in wrong["found"]
    stranger = only(pmm(*LIVE, **{**ready, **WRONG["credentials"], "POLY_PRIVATE_KEY": "0x" + "03" * 32}))
    assert "a wrong key, or a new one" in stranger["found"]


def test_a_wallet_type_whose_wallet_is_empty_is_named_with_the_right_one(pmm: Pmm, ready: dict[str, str]) -> None:
    row = only(pmm(*LIVE, **{**ready, "POLY_FUNDER": SAFE}))
    assert row["name"] == "wallet type"
    assert "10000 USD are in type 0" in row["found"]


def allow(chain: StubChain, number: int, amount: int) -> None:
    pair = list(chain.allowances)[number]
    chain.allowances[pair] = amount


@pytest.mark.parametrize("number", range(6))
def test_b038_an_approval_that_is_missing_is_one_red_row(
    pmm: Pmm, ready: dict[str, str], chain: StubChain, number: int
) -> None:
    allow(chain, number, 0)
    row = only(pmm(*LIVE, **ready))
    allow(chain, number, 2**256 - 1)
    assert " to " in row["name"]
    assert (row["found"], row["fix"]) == ("not approved, says the chain", "Run `pmm wallet approve`.")


def test_an_allowance_below_the_balance_is_a_warning(pmm: Pmm, ready: dict[str, str], chain: StubChain) -> None:
    allow(chain, 0, 5_000_000)
    row = only(pmm(*LIVE, **ready), "warn")
    allow(chain, 0, 2**256 - 1)
    assert row["found"] == "5 USD, less than there is, says the chain"


def test_no_contract_at_the_funder_is_named(pmm: Pmm, ready: dict[str, str], chain: StubChain) -> None:
    chain.contracts.discard(SAFE.lower())
    row = only(pmm(*LIVE, **{**ready, "POLY_FUNDER": SAFE}))
    chain.contracts.add(SAFE.lower())
    assert (row["name"], row["found"]) == ("funder", f"there is no contract at {SAFE}")


def test_a_place_where_the_venue_does_not_trade_is_named(
    pmm: Pmm, ready: dict[str, str], place: dict[str, object]
) -> None:
    place["blocked"] = True
    row = only(pmm(*LIVE, **ready))
    place["blocked"] = False
    assert (row["name"], row["found"]) == ("geoblock", "the venue does not trade with PT 11")


def test_a_chain_that_cannot_be_asked_is_a_warning_and_the_venue_is_believed(pmm: Pmm, ready: dict[str, str]) -> None:
    found = rows(pmm(*LIVE, **{**ready, "PMM_VENUE__RPC_URL": "http://127.0.0.1:9"}))
    assert [name for name, row in found.items() if row["state"] in ("warn", "fail")] == ["chain"]
    assert found["pUSD to CTF Exchange"]["found"] == "unlimited, says the venue"


Act = Callable[[Exchange], object]
ACTS: dict[str, tuple[str, Act, Act]] = {
    "balance": (
        "fail",
        lambda shop: shop.post("/accounts/fund", account=ADDRESS, usd=-10_000),
        lambda shop: shop.post("/accounts/fund", account=ADDRESS, usd=10_000),
    ),
    "closed-only": (
        "fail",
        lambda shop: shop.post("/accounts/restrict", account=ADDRESS, closed_only=True),
        lambda shop: shop.post("/accounts/restrict", account=ADDRESS),
    ),
    "open orders": (
        "warn",
        lambda shop: shop.post("/accounts/order", account=ADDRESS, side="BUY", price="0.02", size="10"),
        lambda shop: shop.post("/accounts/wipe", account=ADDRESS),
    ),
    "version": (
        "warn",
        lambda shop: shop.post("/faults/requests", on="GET /version", harm="alter", fields={"version": 3}),
        lambda shop: shop.post("/faults/clear"),
    ),
}


@pytest.mark.parametrize("name", ACTS)
def test_b034_what_is_wrong_with_the_account_is_one_row(
    pmm: Pmm, ready: dict[str, str], shop: Exchange, name: str
) -> None:
    state, spoil, mend = ACTS[name]
    spoil(shop)
    done = pmm(*LIVE, **ready)
    mend(shop)
    assert only(done, state)["name"] == name


def test_orders_of_an_earlier_run_are_told_from_those_of_others(
    pmm: Pmm, ready: dict[str, str], shop: Exchange
) -> None:
    mine, _ = (
        shop.post("/accounts/order", account=ADDRESS, side="BUY", price=price, size="10")["order_id"]
        for price in ("0.02", "0.03")
    )
    with Store.open(Path(ready["PMM_DATA_DIR"]) / "default") as store:
        account = store.account(ADDRESS, ready["CLOB_API_URL"])
        Intents(store, account).intend(
            [Intent("live-1-1", mine, "0x1", "1", Side.BUY, 200, 10_000_000, None, 0, b"{}")]
        )
    row = only(pmm(*LIVE, **ready), "warn")
    shop.post("/accounts/wipe", account=ADDRESS)
    assert (row["name"], row["found"]) == ("open orders", "1 open orders of this bot, 1 of others")


def test_b004_a_venue_whose_clock_is_off_is_a_warning_and_live_a_failure(pmm: Pmm, exchange: Exchange) -> None:
    exchange.post("/clock/shift", seconds=90)
    found = rows(pmm("doctor", "--json", **exchange.env))
    assert [name for name, row in found.items() if row["state"] in ("warn", "fail")] == ["clock"]
    assert found["clock"]["found"].startswith(("the venue's clock is 90.", "the venue's clock is 89."))
    assert rows(pmm(*LIVE, **exchange.env))["clock"]["state"] == "fail"


def test_b004_a_right_clock_is_green(pmm: Pmm, shop: Exchange) -> None:
    assert rows(pmm("doctor", "--json", **shop.env))["clock"]["state"] == "ok"


def test_offline_nothing_is_asked(pmm: Pmm, exchange: Exchange) -> None:
    before = len(exchange.requests())
    found = rows(pmm("doctor", "--offline", "--json", POLY_PRIVATE_KEY=KEY, **exchange.env))
    assert len(exchange.requests()) == before
    assert found["key"]["state"] == found["wallet type"]["state"] == "ok"
    assert found["CLOB"]["found"] == "offline"


def test_what_the_settings_remark_on_is_a_warning(pmm: Pmm, ready: dict[str, str]) -> None:
    row = only(pmm(*LIVE, **ready, PMM_MM__SPRAED="1"), "warn")
    assert row["name"] == "settings"
    assert "did you mean PMM_MM__SPREAD?" in row["found"]


def test_credentials_do_not_travel_in_the_clear(pmm: Pmm, ready: dict[str, str]) -> None:
    found = rows(pmm(*LIVE, **{**ready, "CLOB_API_URL": "http://192.0.2.1"}))
    assert found["settings"]["state"] == "fail"
    assert "credentials travel over https only" in found["settings"]["found"]


def test_a_keystore_whose_pass_phrase_nobody_says_is_the_key(pmm: Pmm, ready: dict[str, str], tmp_path: Path) -> None:
    words = tmp_path / "words.txt"
    words.write_text("words that nobody guesses")
    words.chmod(0o600)
    settings = {**ready, "PMM_DATA_DIR": str(tmp_path / "data"), "POLY_PRIVATE_KEY": ""}
    pmm("wallet", "import", stdin=KEY, **settings, PMM_KEYSTORE_PASSWORD_FILE=str(words))
    pmm("wallet", "derive-key", **settings, PMM_KEYSTORE_PASSWORD_FILE=str(words))
    assert only_key(pmm(*LIVE, **settings)) == "key"
    words.write_text("words that are wrong")
    assert only_key(pmm(*LIVE, **settings, PMM_KEYSTORE_PASSWORD_FILE=str(words))) == "key"


def only_key(done: Finished) -> str:
    return str(only(done)["name"])
