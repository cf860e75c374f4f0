"""B067, B082: a small order goes to the venue and back before anything is quoted; nothing goes without agreement."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest

from tests.behaviours.conftest import Pmm
from tests.behaviours.test_kill import leaks
from tests.support.blackbox import Exchange, Finished, Process, Record
from tests.support.holder import Holder

STEPS = [
    "clock",
    "credentials",
    "market",
    "account",
    "user socket",
    "balances",
    "place",
    "seen by id",
    "in the list",
    "told by the user socket",
    "cancel",
    "gone from the list",
    "balance unchanged",
    "nothing left",
]
LIVE = ("selftest", "--live", "--yes", "--market", "demo", "--json")


@pytest.fixture
def holder(exchange: Exchange) -> Holder:
    return Holder(exchange)


def told(done: Finished) -> Record:
    data: Record = done.documents[0]["data"]
    return data


def posts(exchange: Exchange) -> list[Record]:
    return [one for one in exchange.requests() if one["method"] == "POST" and one["path"] in {"/order", "/orders"}]


def test_b082_an_exchange_of_its_own_takes_the_order_and_gives_it_back(pmm: Pmm) -> None:
    done = pmm("selftest", "--json")
    data = told(done)
    assert (done.status, done.document["mode"], data["failed"], data["gone"]) == (0, "dry-run", [], True)
    assert [step["name"] for step in data["steps"]] == STEPS
    assert data["venue"].startswith("http://127.0.0.1:")


def test_b082_the_venue_of_the_settings_sees_one_small_order_and_keeps_nothing(pmm: Pmm, holder: Holder) -> None:
    done = pmm(*LIVE, "--max-usd", "5", **holder.env)
    data = told(done)
    assert (done.status, done.document["mode"], data["failed"], data["gone"]) == (0, "live", [], True)
    assert data["order"] | {"order_id": ""} == {"order_id": "", "side": "BUY", "price": "0.01", "size": "5"}
    assert len(posts(holder.exchange)) == 1
    assert holder.open() == []
    assert not any(secret in done.stdout + done.stderr for secret in holder.secrets)


def test_b082_the_cap_cannot_be_passed(pmm: Pmm, holder: Holder) -> None:
    for cap in (("--max-usd", "0.04"), ("--max-usd", "5", "--set", "live.max_order_usd=0.04")):
        done = pmm(*LIVE, *cap, **holder.env)
        assert (done.status, told(done)["failed"], told(done)["gone"]) == (8, ["market"], None)
        assert "0.05 USD, the cap is 0.04 USD" in told(done)["steps"][-1]["found"]
    assert posts(holder.exchange) == []


@pytest.mark.parametrize("seconds", [-1.4, 1.4])
def test_b082_clocks_that_differ_by_less_than_two_seconds_do_no_harm(pmm: Pmm, holder: Holder, seconds: float) -> None:
    holder.exchange.post("/clock/shift", seconds=seconds)
    assert told(pmm(*LIVE, **holder.env))["failed"] == []


@pytest.mark.parametrize("amount", ["0", "-1", "much", "nan", "inf"])
def test_b082_an_amount_that_is_none_is_refused(pmm: Pmm, amount: str) -> None:
    assert pmm("selftest", f"--max-usd={amount}").status == 2


@pytest.mark.parametrize(
    ("fault", "failed"),
    [
        ({"on": "GET /data/order/*", "harm": "fail", "times": None}, "seen by id"),
        ({"on": "GET /data/orders", "harm": "fail", "times": None}, "credentials"),
        ({"on": "POST /order", "harm": "fail", "status": 400, "text": "not enough balance / allowance"}, "place"),
        ({"on": "DELETE /order", "harm": "lie_canceled"}, "gone from the list"),
        ({"on": "POST /order", "harm": "fail_done"}, "place"),
    ],
)
def test_b082_whatever_fails_is_named_and_nothing_is_left(
    pmm: Pmm, holder: Holder, fault: dict[str, object], failed: str
) -> None:
    holder.exchange.post("/faults/requests", **fault)
    done = pmm(*LIVE, **holder.env)
    assert (done.status, told(done)["failed"]) == (8, [failed])
    holder.exchange.post("/faults/clear")
    assert holder.open() == []


def test_b082_an_order_that_cannot_be_cancelled_is_said_to_remain(pmm: Pmm, holder: Holder) -> None:
    holder.exchange.post("/faults/requests", on="DELETE /order", harm="lose", times=None)
    done = pmm(*LIVE, **holder.env)
    assert (done.status, told(done)["gone"]) == (9, False)
    assert done.documents[-1]["error"]["exit"] == 9
    assert len(holder.open()) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="the story sends a signal")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_b082_an_interruption_leaves_nothing(tmp_path: Path, holder: Holder, number: int) -> None:
    holder.exchange.post("/faults/requests", on="GET /data/order/*", harm="lose", seconds=1.5)
    with Process(tmp_path, *LIVE, **holder.env) as trying:
        while not holder.open():
            assert not trying.said
        trying.signal(number)
        done = trying.finish()
    assert (done.status, told(done)["failed"], told(done)["gone"]) == (8, ["interrupted"], True)
    assert holder.open() == []


@pytest.mark.parametrize("command", ["selftest", "quote"])
def test_b067_without_agreement_nothing_is_sent(pmm: Pmm, holder: Holder, command: str) -> None:
    before = len(holder.exchange.requests())
    done = pmm(command, "--live", "--market", "demo", **holder.env)
    assert done.status == 3
    assert "live trading was not agreed to" in done.stderr
    assert len(holder.exchange.requests()) == before


@pytest.mark.parametrize("command", ["selftest", "quote"])
def test_b067_forbidden_wins_over_agreement(pmm: Pmm, holder: Holder, command: str) -> None:
    before = len(holder.exchange.requests())
    done = pmm(command, "--live", "--yes", "--market", "demo", PMM_FORBID_LIVE="1", **holder.env)
    assert done.status == 3
    assert "forbidden" in done.stderr
    assert len(holder.exchange.requests()) == before


def test_b093_no_secret_is_kept(pmm: Pmm, holder: Holder, tmp_path: Path) -> None:
    done = pmm(*LIVE, "--debug", "-v", **holder.env)
    assert done.status == 0
    assert leaks(tmp_path, holder.secrets, done.stdout, done.stderr) == []
