"""Live trading from outside: what is sent, what is refused before it is sent, and how every run ends."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGTERM
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data

from tests.behaviours.conftest import Pmm
from tests.behaviours.pit import Pit
from tests.support.blackbox import Exchange, Quoter, Record, plain
from tests.support.holder import DEMO, Holder

NEVER_COOLS = {"RISK_MAX_ERRORS_PER_MINUTE": "1000"}
FAST = {"PMM_LIVE__DEADLINE": "0.5", "PMM_LIVE__READ_INTERVAL": "0.5", "MM_REQUOTE_THRESHOLD": "0.01"}
ALONE = {"PMM_LIVE__WATCHDOG": "false", "PMM_LIVE__HEARTBEAT": "false"}

Session = Callable[..., Quoter]


@pytest.fixture
def holder(pit: Pit) -> Holder:
    """Somebody with money in a market whose touch is 0.49 to 0.51."""
    holder = Holder(pit.exchange)
    pit.open("0.49", "0.51")
    return holder


@pytest.fixture
def live(tmp_path: Path, holder: Holder) -> Iterator[Session]:
    """Start `pmm quote --live`; it is gone when the test is over."""
    with ExitStack() as stack:

        def start(*arguments: str, kind: type[Quoter] = Quoter, **more: str) -> Quoter:
            return stack.enter_context(
                kind(tmp_path, holder.exchange, "--live", "--yes", *arguments, **{**holder.env, **more})
            )

        yield start


def truth(holder: Holder) -> Record:
    told: Record = holder.exchange.post("/accounts", account=holder.address)
    return told


def foreign(holder: Holder, count: int = 1) -> list[str]:
    """Orders of the account that no bot sent."""
    terms: dict[str, str] = {"account": holder.address, "side": "BUY", "size": "20"}
    return [
        holder.exchange.post("/accounts/order", price=f"0.0{number + 2}", **terms)["order_id"]
        for number in range(count)
    ]


def sent(exchange: Exchange) -> list[Record]:
    """Requests that could have placed an order."""
    return [one for one in exchange.requests() if one["method"] == "POST" and one["path"].startswith("/order")]


# --- what is sent -----------------------------------------------------------------------------------------------------

ORDER_FIELDS = {
    "salt": "uint256",
    "maker": "address",
    "signer": "address",
    "tokenId": "uint256",
    "makerAmount": "uint256",
    "takerAmount": "uint256",
    "side": "uint8",
    "signatureType": "uint8",
    "timestamp": "uint256",
    "metadata": "bytes32",
    "builder": "bytes32",
}
DOMAIN = {
    "name": "Polymarket CTF Exchange",
    "version": "2",
    "chainId": 137,
    "verifyingContract": "0xE111180000d2663C0091e4f400237545B87B996B",
}


def signer_of(order: dict[str, Any]) -> str:
    """Who signed, by a library of others."""
    message: dict[str, Any] = {
        name: int(order[name]) if kind.startswith("uint") and name != "side" else order[name]
        for name, kind in ORDER_FIELDS.items()
    }
    message["side"] = ("BUY", "SELL").index(order["side"])
    types = {"Order": [{"name": name, "type": kind} for name, kind in ORDER_FIELDS.items()]}
    signed = encode_typed_data(domain_data=DOMAIN, message_types=types, message_data=message)
    return str(Account.recover_message(signed, signature=order["signature"]))


def test_b056_an_order_at_the_venue_carries_a_signature_that_others_find_valid(live: Session, holder: Holder) -> None:
    live().settled("0.48", "0.52")
    (batch,) = sent(holder.exchange)
    assert batch["authenticated"]
    bodies = json.loads(batch["body"])
    assert {signer_of(body["order"]) for body in bodies} == {holder.address}
    assert {(body["orderType"], body["postOnly"]) for body in bodies} == {("GTD", True)}
    assert {body["order"]["tokenId"] for body in bodies} == {DEMO.yes, DEMO.no}
    assert len(truth(holder)["open_orders"]) == 2


def test_b056_a_rejection_carries_the_words_of_the_venue(live: Session, holder: Holder) -> None:
    words = "the market is not yet ready to process new orders"
    holder.exchange.post("/faults/requests", on="POST /order*", harm="fail", status=400, text=words)
    session = live()
    rejected = session.until(lambda data: data["event"] == "rejected")
    assert rejected["reason"] == words
    session.settled("0.48", "0.52")


def test_b005_a_hundred_reads_need_no_new_connection(live: Session, holder: Holder) -> None:
    session = live(PMM_LIVE__READ_INTERVAL="0.1", PMM_LIVE__BALANCE_INTERVAL="0.2")
    session.settled("0.48", "0.52")
    before, first = holder.exchange.ask("GET", "/stats")["connects"], len(holder.exchange.requests())
    holder.exchange.until_asked("/data/orders", 28)
    reads = [one for one in holder.exchange.requests()[first:] if one["method"] == "GET"]
    assert len(reads) >= 100
    assert holder.exchange.ask("GET", "/stats")["connects"] == before <= 16


# --- limits -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("size", "words"), [("4", "5"), ("51", "50")])
def test_b052_a_size_outside_of_the_limits_is_refused_with_the_reason(
    pmm: Pmm, holder: Holder, size: str, words: str
) -> None:
    done = pmm("quote", "--market", "demo", "--live", "--yes", "--size", size, **holder.env)
    assert done.status == 3
    assert "mm.size" in done.complaint[0]
    assert words in done.complaint[0]
    assert sent(holder.exchange) == []


def test_b052_an_order_below_the_markets_own_minimum_is_not_placed(live: Session, holder: Holder) -> None:
    holder.exchange.post("/venue/terms", market="demo", min_size="20")
    session = live()
    refused = session.until(lambda data: data["event"] == "decision" and "minimum" in data["reason"])
    assert "20" in refused["reason"]
    assert sent(holder.exchange) == []


def test_b052_an_order_above_the_hard_cap_is_denied_before_it_is_signed(live: Session, holder: Holder) -> None:
    session = live(PMM_LIVE__MAX_ORDER_USD="4.7")
    denied = session.until(lambda data: data["event"] == "change" and data["new"] == "DENIED")
    assert "4.7" in denied["cause"]
    assert sent(holder.exchange) == []


def test_b053_a_position_limit_counts_what_rests(live: Session, pit: Pit, holder: Holder) -> None:
    session = live(RISK_MAX_POSITION="15", **FAST)
    session.settled("0.48", "0.52")
    pit.sweep("SELL", "0.47", "10")
    denied = session.until(lambda data: data["event"] == "change" and data["new"] == "DENIED")
    assert denied["cause"] == "position limit: 20 shares would be possible, 15 are allowed"
    session.settled(None, "0.52")
    assert len(truth(holder)["open_orders"]) == 1


# --- how runs end -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", [SIGINT, SIGTERM, "stop"])
def test_b065_whatever_ends_a_run_its_orders_are_gone_and_those_of_others_stay(
    live: Session, pmm: Pmm, holder: Holder, way: int | str
) -> None:
    strangers = foreign(holder, 2)
    session = live()
    session.settled("0.48", "0.52")
    assert len(truth(holder)["open_orders"]) == 4
    if isinstance(way, str):
        assert pmm("stop", "--json", **holder.env).document["data"]["stopped"]
        done = session.finish()
    else:
        done = session.stop(way)
    assert (done.status, done.documents[-1]["data"]["open_orders"]) == (0, 0)
    assert truth(holder)["open_orders"] == strangers


def test_b065_a_second_signal_does_not_wait_and_says_what_may_remain(live: Session, holder: Holder) -> None:
    session = live(**ALONE)
    session.settled("0.48", "0.52")
    holder.exchange.post("/faults/requests", on="DELETE /*", harm="lose", times=None)
    session.signal(SIGINT)
    session.until(lambda data: data["event"] == "cancel")
    done = session.stop(SIGINT, limit=5)
    assert done.status == 9
    assert "2 orders were not confirmed gone, a second time: SIGINT" in done.documents[-1]["error"]["message"]
    assert len(truth(holder)["open_orders"]) == 2


class Clumsy(Quoter):
    """A bot whose strategy fails each third time."""

    program = (
        sys.executable,
        "-c",
        """
import sys
from itertools import count
from pmm.app.strategies import STRATEGIES
from pmm.cli.frame import run

class Clumsy:
    name = "clumsy"
    def __init__(self, settings):
        self.good, self.times = STRATEGIES["fixed_spread"](settings), count(1)
    def decide(self, view):
        if next(self.times) % 3 == 0:
            raise ZeroDivisionError("a third of everything")
        return self.good.decide(view)

STRATEGIES["clumsy"] = Clumsy
sys.exit(run(sys.argv[1:]))
""",
    )


def test_b068_a_bot_survives_its_strategy_and_cools_down(live: Session, holder: Holder) -> None:
    limits = {"RISK_MAX_ERRORS_PER_MINUTE": "3", "RISK_ERROR_COOLDOWN": "1"}
    session = live("--strategy", "clumsy", kind=Clumsy, **limits, **FAST)
    session.moved("order", "LIVE")
    failed = session.until(lambda data: data["event"] == "decision" and "clumsy failed" in data["reason"])
    assert "a third of everything" in failed["reason"]
    assert (failed["bid"], failed["ask"]) == (None, None)
    session.moved("risk", "COOLDOWN")
    place = session.mark()
    session.moved("risk", "NORMAL", after=place)
    session.moved("order", "LIVE", after=place)
    assert session.stop().status == 0
    assert truth(holder)["open_orders"] == []


# --- a venue that fails -----------------------------------------------------------------------------------------------

FAULTS: dict[str, Record] = {
    "425": {"harm": "fail", "status": 425, "text": "Too Early"},
    "429": {"harm": "fail", "status": 429, "text": "Too Many Requests", "retry_after": 1},
    "500, not placed": {"harm": "fail", "status": 500},
    "500, placed": {"harm": "fail_done", "status": 500},
    "placed after the time-out": {"harm": "answer_late", "seconds": 2},
    "placed and cut": {"harm": "cut"},
    "lost": {"harm": "lose"},
}


def test_b088_after_a_script_of_faults_orders_and_positions_are_the_venues(
    live: Session, pmm: Pmm, pit: Pit, holder: Holder
) -> None:
    session = live(**FAST, **NEVER_COOLS)
    session.settled("0.48", "0.52")
    for number, fault in enumerate(FAULTS.values()):
        holder.exchange.post("/faults/requests", on="POST /order*", **fault)
        middle = (47, 50)[number % 2]
        pit.move(f"0.{middle - 1}", f"0.{middle + 1}")
        session.settled(f"0.{middle - 2}", f"0.{middle + 2}".rstrip("0"))
        resting = {yes_price(order) for order in orders(pmm, holder)}
        assert resting == {f"0.{middle - 2}", f"0.{middle + 2}"}, fault
    assert [one["status"] for one in sent(holder.exchange)].count(425) == 1
    holder.exchange.post("/venue/settlement", steps=[{"status": "FAILED", "after_ms": 50}])
    fill(session, pit)  # a ghost
    session.moved("settlement", "FAILED")
    holder.exchange.post("/venue/settlement", steps=[{"status": "CONFIRMED", "after_ms": 50}])
    fill(session, pit)
    done = session.stop()
    assert done.status == 0
    summary = done.documents[-1]["data"]
    holder.exchange.post("/clock/speed", speed=0)
    holder.exchange.post("/clock/advance", seconds=120)  # every trade is settled, and its shares are shown
    account = truth(holder)
    assert (account["open_orders"], summary["open_orders"], summary["fills"]) == ([], 0, account["trades"])
    assert account["positions"] == booked(session)
    found = pmm("positions", "--live", "--json", **holder.env).document["data"]["positions"]
    assert {one["token_id"]: one["size"] for one in found} == account["positions"]


def booked(session: Quoter) -> dict[str, str]:
    """Shares by token as the session told of its fills and of those that failed."""
    failed = {one["subject"].split()[1] for one in session.events("change") if one["new"] == "FAILED"}
    assert len(failed) == 1
    held = dict.fromkeys((DEMO.yes, DEMO.no), 0.0)
    for one in session.events("fill"):
        if one["trade_id"] not in failed:
            token = DEMO.yes if one["outcome"] == "Yes" else DEMO.no
            held[token] += float(one["size"]) * (1 if one["side"] == "BUY" else -1)
    return {token: plain(f"{size:.6f}") for token, size in held.items() if size}


def fill(session: Quoter, pit: Pit) -> None:
    place = session.mark()
    pit.sweep("SELL", "0.44", "10")
    session.until(lambda data: data["event"] == "fill", after=place)


def orders(pmm: Pmm, holder: Holder) -> list[Record]:
    found: list[Record] = pmm("orders", "--live", "--json", **holder.env).document["data"]["orders"]
    return found


def yes_price(order: Record) -> str:
    units = round(float(order["price"]) * 100)
    return f"0.{units if order['outcome'] == 'Yes' else 100 - units}"


# --- what was there before --------------------------------------------------------------------------------------------


def test_b098_strange_orders_are_left_alone_and_those_of_a_killed_run_keep_their_place(
    live: Session, holder: Holder
) -> None:
    strangers = foreign(holder, 3)
    killed = live(**ALONE)
    killed.settled("0.48", "0.52")
    killed.signal(SIGKILL)
    before = truth(holder)["open_orders"]
    assert len(before) == 5
    session = live(**ALONE)
    names = [session.moved("order", "LIVE")["subject"], *[one["subject"] for one in session.events("change")]]
    session.until(lambda data: data["event"] == "decision" and data["bid"] and not data["reason"])
    session.until(lambda data: data["event"] == "decision", after=session.mark())
    assert session.events("place") == []
    assert {place["order_id"] for place in killed.events("place")} <= set(names)
    assert truth(holder)["open_orders"] == before
    assert session.stop().status == 0
    assert truth(holder)["open_orders"] == strangers


def test_b098_a_loss_of_money_that_no_fill_explains_kills(live: Session, holder: Holder) -> None:
    session = live(PMM_LIVE__BALANCE_INTERVAL="0.3", **FAST)
    session.settled("0.48", "0.52")
    holder.exchange.post("/accounts/fund", account=holder.address, usd=-2_100)
    done = session.finish()
    assert (done.status, done.documents[-1]["error"]["code"]) == (10, "PMM-E501")
    assert "21" in done.documents[-1]["error"]["message"]
    assert truth(holder)["open_orders"] == []


def test_b098_a_smaller_loss_is_announced_and_quoting_goes_on(live: Session, holder: Holder) -> None:
    session = live(PMM_LIVE__BALANCE_INTERVAL="0.3", **FAST)
    session.settled("0.48", "0.52")
    holder.exchange.post("/accounts/fund", account=holder.address, usd=-1_500)
    session.until(lambda data: data["event"] == "change" and "1500" in data["cause"])
    assert len(truth(holder)["open_orders"]) == 2
    assert session.stop().status == 0


# --- screens ----------------------------------------------------------------------------------------------------------


def test_b007_b078_every_screen_and_every_envelope_of_a_live_run_says_live(
    live: Session, pmm: Pmm, holder: Holder
) -> None:
    session = live()
    session.settled("0.48", "0.52")
    assert {document["mode"] for document in session.envelopes} == {"live"}
    for command in (("status",), *[(name, "--live") for name in ("orders", "trades", "positions", "pnl")]):
        assert "LIVE" in pmm(*command, **holder.env).stdout.splitlines()[0], command
    told = pmm("status", "--json", **holder.env).document
    assert (told["mode"], told["data"]["risk_enforced"]) == ("live", True)
    session.stop()
    quoted = pmm("quote", "--market", "demo", "--live", "--yes", "--once", **holder.env)
    assert quoted.status == 0
    assert quoted.stdout.startswith("LIVE")
    assert "DRY" not in quoted.stdout + quoted.stderr
