"""B055, B075, B076, B093: everything can be cancelled at once, with and without a bot, and emptiness is proven."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from pmm.model import SHARE, Side
from pmm.ports import Intent
from pmm.sinks.store import Intents, Store
from tests.behaviours.conftest import Pmm, Quote
from tests.support.blackbox import Exchange, Process, environment
from tests.support.holder import DEMO, OTHER, Holder

ROOT = Path(__file__).parents[2]
DEAD = {"CLOB_API_URL": "http://127.0.0.1:9"}

Bot = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def holder(exchange: Exchange) -> Holder:
    return Holder(exchange)


@pytest.fixture
def bot(tmp_path: Path) -> Iterator[Bot]:
    """A bot that only keeps its door open; it is up when this returns."""
    folder = tmp_path / "data" / "pmm" / "default"
    with ExitStack() as stack:

        def start(*arguments: str) -> subprocess.Popen[str]:
            command = [sys.executable, "-m", "tests.support.bot", str(folder), *arguments]
            process = stack.enter_context(
                subprocess.Popen(command, cwd=ROOT, env=environment(tmp_path), stdout=subprocess.PIPE, text=True)
            )
            stack.callback(process.kill)
            assert json.loads(line(process))["up"]
            return process

        yield start


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def data_dir(tmp_path: Path) -> dict[str, str]:
    return {"PMM_DATA_DIR": str(tmp_path / "data" / "pmm")}


def leaks(home: Path, secrets: list[str], *texts: str) -> list[str]:
    """Where a secret can be read: files below `home`, or what was printed."""
    files = {str(path): path.read_bytes() for path in home.rglob("*") if path.is_file()}
    seen = {**files, **{f"text {number}": text.encode() for number, text in enumerate(texts)}}
    return [name for name, body in seen.items() if any(secret.encode() in body for secret in secrets)]


def test_b055_everything_is_cancelled_and_the_venue_lists_nothing(pmm: Pmm, holder: Holder, tmp_path: Path) -> None:
    holder.rest(40)
    done = pmm("cancel-all", "--json", **holder.env)
    told = done.document
    assert (done.status, told["mode"], told["data"]["empty"], told["data"]["left"]) == (0, "live", True, [])
    assert holder.open() == []
    assert leaks(tmp_path, holder.secrets, done.stdout, done.stderr) == []


def test_b055_one_market_alone(pmm: Pmm, holder: Holder) -> None:
    holder.rest(2)
    holder.rest(2, OTHER)
    assert pmm("cancel-all", "--market", DEMO.slug, **holder.env).status == 0
    assert (len(holder.open(DEMO)), len(holder.open(OTHER))) == (0, 2)
    assert pmm("cancel-all", "--market", "no-such-market", **holder.env).status == 5


def test_b055_what_could_not_be_cancelled_is_said(pmm: Pmm, holder: Holder) -> None:
    holder.rest(2)
    holder.exchange.post("/faults/requests", on="DELETE /*", harm="lie_canceled", times=None)
    done = pmm("cancel-all", "--timeout", "1", "--json", **holder.env)
    error = done.document["error"]
    assert (done.status, error["code"], error["exit"]) == (9, "PMM-E502", 9)
    assert "2 orders were listed last" in error["message"]
    assert holder.open()[0] in error["message"]


def test_b055_a_venue_that_is_not_there_proves_nothing(pmm: Pmm, holder: Holder) -> None:
    done = pmm("cancel-all", "--timeout", "0.5", **{**holder.env, **DEAD})
    assert done.status == 9
    assert "it is not known what is left" in done.complaint[-2]


def test_b055_a_bot_that_goes_on_is_mentioned(pmm: Pmm, holder: Holder, bot: Bot, tmp_path: Path) -> None:
    running = bot()
    done = pmm("cancel-all", "--json", **holder.env, **data_dir(tmp_path))
    assert done.status == 0
    (warning,) = done.document["warnings"]
    assert f"process {running.pid} runs as 'default' and may quote again" in warning


def test_a_dry_run_without_a_key_asks_the_venue_nothing(pmm: Pmm, exchange: Exchange) -> None:
    for command in ("cancel-all", "kill"):
        done = pmm(command, **exchange.env)
        assert done.status == 0
        assert "nothing of ours can be at the venue" in done.stdout
    assert exchange.requests() == []


def test_b035_live_without_a_key_is_told_what_is_missing(pmm: Pmm, exchange: Exchange) -> None:
    done = pmm("cancel-all", "--json", DRY_RUN="false", **exchange.env)
    assert done.status == 4
    assert "POLY_PRIVATE_KEY" in done.document["error"]["message"]


@pytest.mark.parametrize("command", ["cancel-all", "kill"])
def test_orders_that_were_sent_and_a_key_that_is_not_there_are_no_emptiness(
    pmm: Pmm, exchange: Exchange, tmp_path: Path, command: str
) -> None:
    with Store.open(tmp_path / "data" / "pmm" / "default") as store:
        account = store.account("0x01", exchange.urls["clob_url"])
        sent = Intent("live-1-1", "0x02", "0x03", "4", Side.BUY, 200, 20 * SHARE, None, 1, b"{}")
        Intents(store, account).intend([sent])
    done = pmm(command, "--json", **exchange.env, **data_dir(tmp_path))
    assert (done.status, done.document["error"]["code"]) == (9, "PMM-E502")
    assert "1 orders that this instance sent may rest" in done.document["error"]["message"]
    assert "POLY_PRIVATE_KEY" in done.document["error"]["message"]
    assert exchange.requests() == []


def test_an_interruption_is_no_proof(tmp_path: Path, holder: Holder) -> None:
    holder.exchange.post("/faults/requests", on="* /*", harm="lose", times=None)
    with Process(tmp_path, "kill", "--json", **holder.env) as process:
        process.until_logged("/auth/api-key")
        process.signal(signal.SIGINT)
        done = process.finish()
    assert done.status == 9
    assert "SIGINT received" in done.document["error"]["message"]


def test_b075_kill_empties_the_book_and_tells_the_bot(pmm: Pmm, holder: Holder, bot: Bot, tmp_path: Path) -> None:
    holder.rest(3)
    running = bot()
    done = pmm("kill", "--reason", "too wide", "--json", **holder.env, **data_dir(tmp_path))
    assert json.loads(line(running)) == {"action": "kill", "reason": "too wide"}
    told = done.document["data"]
    assert (done.status, told["latched"], told["empty"]) == (0, True, True)
    assert told["bot"] == f"the bot of process {running.pid} was told"
    assert holder.open() == []
    assert running.wait(20) == 0
    assert leaks(tmp_path, holder.secrets, done.stdout, done.stderr) == []


def test_b075_kill_does_not_wait_for_a_bot_that_stands_still(
    pmm: Pmm, holder: Holder, bot: Bot, tmp_path: Path
) -> None:
    holder.rest(3)
    running = bot()
    running.send_signal(signal.SIGSTOP)
    done = pmm("kill", "--json", **holder.env, **data_dir(tmp_path))
    assert done.status == 0
    assert (
        f"process {running.pid} runs as 'default' and does not answer: end its process" in done.document["data"]["bot"]
    )
    assert holder.open() == []


def test_b075_kill_ends_a_dry_run_whatever_its_limits_do(pmm: Pmm, exchange: Exchange, quote: Quote) -> None:
    session = quote(exchange, RISK_ENFORCE="false")
    session.moved("order", "LIVE")
    assert pmm("kill", "--reason", "too wide", **exchange.env).status == 0
    end = session.finish()
    assert (end.status, end.documents[-1]["error"]["code"]) == (10, "PMM-E501")
    assert "too wide" in end.documents[-1]["error"]["message"]
    assert not any(session.resting().values())


def test_b076_a_kill_is_undone_on_purpose_only(pmm: Pmm, exchange: Exchange) -> None:
    assert pmm("kill", "--reason", "enough", **exchange.env).status == 0
    latched = pmm("quote", "--market", "demo", "--once", **exchange.env)
    assert latched.status == 10
    assert "enough" in latched.stderr
    assert "pmm kill --reset" in latched.stderr
    refused = pmm("kill", "--reset", **exchange.env)
    assert refused.status == 2
    assert "stays latched" in refused.stderr
    done = pmm("kill", "--reset", "--yes", "--json", **exchange.env)
    assert done.document["data"] == {"latched": False, "reset": [{"name": "kill", "reason": "enough"}]}
    assert pmm("kill", "--reset", "--json", **exchange.env).document["data"]["reset"] == []
    assert pmm("quote", "--market", "demo", "--once", **exchange.env).status == 0


def test_a_damaged_state_file_keeps_nobody_from_cancelling(pmm: Pmm, holder: Holder, tmp_path: Path) -> None:
    holder.rest(2)
    folder = tmp_path / "data" / "pmm" / "default"
    folder.mkdir(parents=True)
    (folder / "state.db").write_bytes(b"garbage" * 1_000)
    done = pmm("kill", "--json", **holder.env, **data_dir(tmp_path))
    assert (done.status, done.document["error"]["code"]) == (1, "PMM-E331")
    assert "pmm cancel-all" in done.document["error"]["hint"]
    assert holder.open() == []
    assert (folder / "state.db").read_bytes() == b"garbage" * 1_000
