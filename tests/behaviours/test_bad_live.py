"""Wrong input before and during live trading: what is wrong, what to do, the right exit status, and nothing is sent."""

from __future__ import annotations

import resource
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import ClassVar

import pytest

from pmm.sinks.store import Store
from pmm.wallets.kinds import wallets_of
from tests.behaviours.conftest import Pmm
from tests.behaviours.pit import Pit
from tests.support.blackbox import LIMIT_S, PMM, Exchange, Finished, Quoter, environment
from tests.support.holder import Holder

LIVE = ("quote", "--market", "demo", "--live", "--yes", "--duration", "3")
NUMBERS = count(0x20)
STRANGER = "0x" + "ab" * 20
NOBODY = {"POLY_API_KEY": "wrong", "POLY_API_SECRET": "d3Jvbmc=", "POLY_PASSPHRASE": "wrong"}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    with Exchange(tmp_path_factory.mktemp("shop")) as exchange:
        Pit(exchange).open("0.49", "0.51")
        yield exchange


@pytest.fixture
def holder(shop: Exchange) -> Holder:
    """A wallet that no other test uses."""
    return Holder(shop, next(NUMBERS))


def refused(done: Finished, holder: Holder, status: int, *words: str) -> None:
    """A person is told with these words, in two lines, and the venue has seen no order."""
    assert done.status == status, done.stderr
    error = [line for line in done.complaint if line.startswith(("error", "  ")) and "USD an order" not in line]
    assert 1 <= len(error) <= 3, error
    for word in words:
        assert word in " ".join(error), error
    assert not any(secret in done.stdout + done.stderr for secret in holder.secrets)
    assert orders_of(holder) == []


def orders_of(holder: Holder) -> list[object]:
    """What could have placed an order, in the log of the venue."""
    requests = [one for one in holder.exchange.requests() if one["method"] == "POST" and "/order" in one["path"]]
    return [one for one in requests if holder.address in one["body"]]


# --- one wrong setting ------------------------------------------------------------------------------------------------


def safe_of(holder: Holder) -> str:
    return wallets_of(holder.address)[2].address


WRONG: dict[str, tuple[Callable[[Holder], dict[str, str]], int, tuple[str, ...]]] = {
    "key": (lambda _: {"POLY_PRIVATE_KEY": "0x12"}, 3, ("wallet.private_key", "64 hexadecimal digits")),
    "zero key": (lambda _: {"POLY_PRIVATE_KEY": "0x" + "00" * 32}, 4, ("key",)),
    "no key": (lambda _: {"POLY_PRIVATE_KEY": ""}, 4, ("POLY_PRIVATE_KEY", "pmm wallet import")),
    "credentials": (lambda _: NOBODY, 4, ("API credentials are not those of the key", "pmm wallet derive-key")),
    "a part of the credentials": (lambda _: {"POLY_API_KEY": "k"}, 4, ("POLY_API_SECRET, POLY_PASSPHRASE",)),
    "funder": (lambda _: {"POLY_FUNDER": STRANGER}, 4, ("does not follow from the key", "POLY_FUNDER")),
    "funder of a stated type": (
        lambda _: {"POLY_FUNDER": STRANGER, "POLY_SIGNATURE_TYPE": "2"},
        4,
        ("is no wallet of the key", "Correct POLY_FUNDER", "Nothing was sent"),
    ),
    "type": (
        lambda holder: {"POLY_FUNDER": safe_of(holder), "POLY_SIGNATURE_TYPE": "1"},
        4,
        ("1 is not the type of", "Set POLY_SIGNATURE_TYPE=2", "Nothing was sent"),
    ),
    "type whose wallet is empty": (
        lambda holder: {"POLY_FUNDER": safe_of(holder)},
        4,
        ("2 (Safe) holds nothing, 10000 USD are in type 0", "Set POLY_SIGNATURE_TYPE=0"),
    ),
    "venue": (lambda _: {"CLOB_API_URL": "http://192.0.2.1"}, 3, ("credentials travel over https only",)),
}


@pytest.mark.parametrize("name", WRONG)
def test_one_wrong_setting_is_named_with_its_remedy(pmm: Pmm, holder: Holder, name: str) -> None:
    wrong, status, words = WRONG[name]
    refused(pmm(*LIVE, **{**holder.env, **wrong(holder)}), holder, status, *words)


def test_credentials_of_somebody_else_are_named(pmm: Pmm, shop: Exchange, holder: Holder) -> None:
    other = Holder(shop, next(NUMBERS)).credentials
    env = dict(zip(NOBODY, other, strict=True))
    refused(pmm(*LIVE, **holder.env, **env), holder, 4, "API credentials are not those of the key")


def test_b066_without_a_market_a_pipe_gets_an_error_and_nothing_is_sent(pmm: Pmm, holder: Holder) -> None:
    refused(pmm("quote", "--live", "--yes", **holder.env), holder, 2, "no market was named", "--market")


# --- an account that cannot trade -------------------------------------------------------------------------------------


def test_an_account_that_may_only_close_is_named(pmm: Pmm, holder: Holder) -> None:
    holder.exchange.post("/accounts/restrict", account=holder.address, closed_only=True)
    refused(pmm(*LIVE, **holder.env), holder, 7, "may only close positions", "Nothing was sent")


def test_a_wallet_without_money_is_named(pmm: Pmm, holder: Holder) -> None:
    holder.exchange.post("/accounts/fund", account=holder.address, usd=-10_000)
    refused(pmm(*LIVE, **holder.env), holder, 7, "holds no money", f"Send pUSD to {holder.address}")


def test_an_exchange_that_may_not_move_the_money_is_named(pmm: Pmm, holder: Holder) -> None:
    holder.exchange.post("/accounts/allow", account=holder.address, amount=0)
    refused(pmm(*LIVE, **holder.env), holder, 7, "CTF Exchange may not move", "pmm wallet approve")


def test_a_clock_that_is_five_seconds_off_is_named(pmm: Pmm, exchange: Exchange) -> None:
    holder = Holder(exchange)
    exchange.post("/clock/shift", seconds=-5)
    refused(pmm(*LIVE, **holder.env), holder, 8, "s behind ours", "NTP")


@pytest.mark.parametrize(("path", "status"), [("/gamma/*", 502), ("/auth/*", 200), ("/balance-allowance", 200)])
def test_an_answer_that_is_none_of_the_venues_is_said(pmm: Pmm, holder: Holder, path: str, status: int) -> None:
    holder.exchange.post("/faults/requests", on=f"* {path}", harm="fail", status=status, text="<html>", times=None)
    done = pmm(*LIVE, **holder.env)
    holder.exchange.post("/faults/clear")
    refused(done, holder, 6)


class Page(BaseHTTPRequestHandler):
    """Answers whatever it is asked with the page of a proxy."""

    status = 200
    posted: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        body = b"<html><body>Just a moment...</body></html>"
        self.send_response(self.status)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.posted.append(self.path)
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.mark.parametrize("status", [200, 403])
def test_a_page_in_the_place_of_the_venue_is_said_and_not_repeated(pmm: Pmm, holder: Holder, status: int) -> None:
    handler = type("Handler", (Page,), {"status": status, "posted": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        done = pmm(*LIVE, **{**holder.env, "CLOB_API_URL": f"http://127.0.0.1:{server.server_port}"})
        server.shutdown()
        thread.join()
    refused(done, holder, 4 if status == 403 else 6, str(status))
    assert "Just a moment" not in done.stderr
    assert not any("order" in path for path in handler.posted)


# --- this machine -----------------------------------------------------------------------------------------------------


def folder_of(tmp_path: Path) -> Path:
    return tmp_path / "data" / "default"


def in_folder(tmp_path: Path) -> dict[str, str]:
    return {"PMM_DATA_DIR": str(tmp_path / "data")}


def test_a_file_in_the_place_of_the_folder_is_named(pmm: Pmm, holder: Holder, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("no folder")
    done = pmm(*LIVE, **holder.env, **in_folder(tmp_path))
    refused(done, holder, 1, str(tmp_path / "data"), "--data-dir")


def test_a_folder_that_may_only_be_read_is_named(pmm: Pmm, holder: Holder) -> None:
    refused(pmm(*LIVE, **holder.env, PMM_DATA_DIR="/proc/pmm"), holder, 1, "/proc/pmm", "--data-dir")


@pytest.mark.parametrize("damage", [b"garbage" * 1_000, b""], ids=["garbage", "cut"])
def test_a_damaged_state_file_is_named_and_left_as_it_is(
    pmm: Pmm, holder: Holder, tmp_path: Path, damage: bytes
) -> None:
    with Store.open(folder_of(tmp_path)) as store:
        store.account(holder.address, holder.env["CLOB_API_URL"])
    (path,) = folder_of(tmp_path).glob("*.db")
    path.write_bytes(damage or path.read_bytes()[: 2 * 4_096])
    before = path.read_bytes()
    refused(pmm(*LIVE, **holder.env, **in_folder(tmp_path)), holder, 1, str(path))
    assert path.read_bytes() == before


@pytest.mark.skipif(sys.platform == "win32", reason="the story limits a process as the system does")
@pytest.mark.parametrize("blocks", [1, 400])
def test_a_disk_that_is_full_is_told_before_anything_is_sent(holder: Holder, tmp_path: Path, blocks: int) -> None:
    line = f"ulimit -f {blocks}; exec {' '.join((*PMM, *LIVE))}"
    done = subprocess.run(
        ["sh", "-c", line],
        cwd=tmp_path,
        env=environment(tmp_path, **holder.env, **in_folder(tmp_path)),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    refused(Finished(done.returncode, done.stdout, done.stderr).clean(), holder, 1, "state.db", "--data-dir")


@pytest.fixture
def session(tmp_path: Path, holder: Holder) -> Iterator[Callable[..., Quoter]]:
    with ExitStack() as stack:

        def start(**more: str) -> Quoter:
            one = stack.enter_context(Quoter(tmp_path, holder.exchange, "--live", "--yes", **{**holder.env, **more}))
            one.settled("0.48", "0.52")
            return one

        yield start


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits another process")
def test_a_disk_that_fills_up_ends_the_run_with_every_order_gone(
    session: Callable[..., Quoter], holder: Holder
) -> None:
    running = session()
    resource.prlimit(running.pid, resource.RLIMIT_FSIZE, (0, 0))
    done = running.finish()
    assert (done.status, done.documents[-1]["error"]["code"]) == (1, "PMM-E302")
    assert done.documents[-2]["data"]["event"] == "summary"
    assert holder.exchange.post("/accounts", account=holder.address)["open_orders"] == []


@pytest.mark.parametrize(("instance", "words"), [("default", "the instance 'default'"), ("other", "the wallet 0x")])
def test_a_second_bot_is_refused_and_the_first_goes_on(
    pmm: Pmm, session: Callable[..., Quoter], holder: Holder, tmp_path: Path, instance: str, words: str
) -> None:
    running = session(**in_folder(tmp_path))
    before = len(orders_of(holder))
    done = pmm(*LIVE, "--instance", instance, **holder.env, **in_folder(tmp_path))
    assert done.status == 7
    assert f"{words}" in done.stderr
    assert f"in use by process {running.pid}" in done.stderr
    assert "pmm stop" in done.stderr
    assert len(orders_of(holder)) == before
    assert len(holder.exchange.post("/accounts", account=holder.address)["open_orders"]) == 2
    assert running.stop().status == 0
