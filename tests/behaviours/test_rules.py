"""B069, B072-B074, B078, B079: limits over the wire, just inside and just outside, enforced and only told."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from pmm.sim.catalog import default_listings
from tests.behaviours.conftest import Pmm, Quote
from tests.behaviours.pit import Pit
from tests.behaviours.test_live import FAST, Session, holder, live, sent, truth
from tests.support.blackbox import Exchange, Quoter, Record
from tests.support.holder import Holder

__all__ = ["holder", "live"]

# Ten shares at 0.48 on either side, a tick behind the touch: what exactly allows both orders ...
INSIDE = {
    "PMM_LIVE__MAX_ORDER_USD": "4.8",
    "PMM_LIVE__MAX_MARKET_USD": "4.8",
    "PMM_RULES__MAX_EVENT_USD": "4.8",
    "PMM_RULES__COLLAR_TOUCH": "0.01",
    "PMM_RULES__MAX_RESTING_SIZE": "10",
    "PMM_RULES__MESSAGES_PER_SECOND": "2",
    "RISK_MAX_POSITION": "10.000001",
    "RISK_MAX_TOTAL_EXPOSURE": "4.8",
}
# ... and what does not.
OUTSIDE = {
    "PMM_LIVE__MAX_ORDER_USD": "4.799999",
    "PMM_LIVE__MAX_MARKET_USD": "4.799999",
    "PMM_RULES__MAX_EVENT_USD": "4.799999",
    "PMM_RULES__COLLAR_TOUCH": "0.0099",
    "PMM_RULES__MAX_RESTING_SIZE": "9.999999",
    "PMM_RULES__MESSAGES_PER_SECOND": "1",
    "RISK_MAX_POSITION": "9.999999",
    "RISK_MAX_TOTAL_EXPOSURE": "4.799999",
}
SPEAK = {
    "order_notional",
    "market_exposure",
    "event_exposure",
    "price_collar",
    "resting_size",
    "message_rate",
    "position_limit",
    "account_exposure",
}


def checked(pmm: Pmm, env: dict[str, str]) -> tuple[int, dict[str, Any]]:
    done = pmm("risk", "check", "--json", **env)
    return done.status, done.documents[0]["data"]


def said(pmm: Pmm, env: dict[str, str]) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = pmm("risk", "events", "--json", **env).document["data"]["events"]
    return told


def refusals(session: Quoter) -> list[str]:
    return [one["cause"] for one in session.events("change") if one["new"] == "DENIED"]


def test_b069_b079_outside_of_every_limit_a_dry_run_tells_each_of_them_and_quotes_on(
    pit: Pit, quote: Quote, pmm: Pmm
) -> None:
    env = pit.exchange.env
    assert checked(pmm, env) == (0, {**checked(pmm, env)[1], "verdict": "OK", "source": "state file", "reasons": []})
    pit.open("0.49", "0.51")
    session = quote(pit.exchange, **OUTSIDE)
    session.settled("0.48", "0.52")
    assert refusals(session) == []
    status, found = checked(pmm, env)
    assert (status, found["verdict"], found["source"]) == (0, "WARN", "running")
    assert {one["rule"] for one in found["reasons"]} == {"account_exposure"}
    assert {found["modes"][rule] for rule in SPEAK} == {"log"}
    assert pmm("kill", "--reason", "seen enough", **env).status == 0
    summary = session.finish().documents[-2]["data"]
    events = said(pmm, env)
    assert {one["rule"] for one in events} == SPEAK
    assert {one["enforced"] for one in events} == {False}
    assert {one["subject"] for one in events if one["verdict"] == "refuse"} == {"dry-1", "dry-2"}
    counted = Counter((one["rule"], one["verdict"]) for one in events)
    by_rule = summary["risk"]["by_rule"]
    assert {(rule, verdict): count for rule, said in by_rule.items() for verdict, count in said.items()} == counted
    assert (summary["risk"]["events"], summary["risk"]["enforced"]) == (len(events), 0)
    status, found = checked(pmm, env)
    assert (status, found["verdict"], found["reasons"][0]["text"]) == (8, "STOP", "seen enough")


def test_b069_b078_exactly_at_every_limit_real_orders_rest_and_no_rule_says_a_word(
    live: Session, pmm: Pmm, holder: Holder
) -> None:
    session = live(**INSIDE, **FAST)
    session.settled("0.48", "0.52")
    status, found = checked(pmm, holder.env)
    assert (status, found["verdict"], found["reasons"]) == (0, "OK", [])
    assert {found["modes"][rule] for rule in SPEAK} == {"enforce"}
    assert len(truth(holder)["open_orders"]) == 2
    assert "enforced, 0 logged only, 0 off" in pmm("status", **holder.env).stdout
    assert session.stop().status == 0
    assert said(pmm, holder.env) == []


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("PMM_RULES__COLLAR_TOUCH", "price collar: a bid at 0.48 is more than 0.0099 USD away from the touch 0.49"),
        ("PMM_RULES__MAX_EVENT_USD", "event exposure: 4.8 USD could be lost in its event, 4.799999 are allowed"),
    ],
)
def test_outside_of_a_limit_that_acts_nothing_is_sent(
    live: Session, pmm: Pmm, holder: Holder, key: str, words: str
) -> None:
    session = live(**{key: OUTSIDE[key]})
    session.until(lambda data: data["event"] == "change" and data["new"] == "DENIED" and data["cause"] == words)
    session.decided("0.48", "0.52")
    assert sent(holder.exchange) == []
    assert session.stop().status == 0
    first = said(pmm, holder.env)[-1]
    assert (first["verdict"], first["enforced"], words.endswith(first["reason"])) == ("refuse", True, True)


def test_what_may_not_rest_is_cut_off_and_what_may_not_be_sent_yet_waits(live: Session, holder: Holder) -> None:
    limits = {"PMM_RULES__MAX_RESTING_SIZE": "9", "PMM_RULES__MESSAGES_PER_SECOND": "1"}
    session = live(**limits)
    session.settled("0.48", "0.52")
    places = session.events("place")
    assert [one["size"] for one in places] == ["9", "9"]
    assert refusals(session) == ["message rate: 1 messages within a second are allowed"]
    assert len(truth(holder)["open_orders"]) == 2
    assert session.events("cancel") == []


@pytest.mark.parametrize(("enforce", "bid"), [("true", None), ("false", "0.48")], ids=["enforced", "told"])
def test_b072_a_position_beyond_its_limit_is_told_and_only_taken_home_where_limits_act(
    live: Session, pmm: Pmm, holder: Holder, enforce: str, bid: str | None
) -> None:
    holder.exchange.post("/accounts/give", account=holder.address, outcome="YES", size="100.01")
    session = live(MM_POSITION_LIMIT="1000", RISK_ENFORCE=enforce, **FAST)
    session.settled(bid, "0.52")
    status, found = checked(pmm, holder.env)
    assert (status, found["verdict"]) == (0, "WARN")
    (reason,) = found["reasons"]
    acted = "" if enforce == "true" else "; not enforced"
    assert reason["text"] == f"position limit: 100.01 of 100 shares are held{acted}"
    assert session.stop().status == 0


def test_b073_three_markets_together_pass_a_limit_that_none_of_them_passes_alone(
    exchange: Exchange, quote: Quote, pmm: Pmm
) -> None:
    others = [one.market.slug for one in default_listings()[1:3]]
    more = [argument for slug in others for argument in ("--market", slug)]
    session = quote(exchange, *more, RISK_MAX_TOTAL_EXPOSURE="10")
    session.until(lambda data: data["event"] == "risk" and data["rule"] == "account_exposure")
    assert session.stop().status == 0
    told = [one["reason"] for one in said(pmm, exchange.env) if one["rule"] == "account_exposure"]
    assert all(reason.endswith(" USD could be lost, 10 are allowed") for reason in told)
    assert all(10 < float(reason.split()[0]) <= 30 for reason in told)


def test_b074_five_errors_in_a_minute_rest_and_trading_resumes_by_itself(live: Session, holder: Holder) -> None:
    words = "the market is not yet ready to process new orders"
    holder.exchange.post("/faults/requests", on="POST /order*", harm="fail", status=400, text=words, times=3)
    session = live(RISK_ERROR_COOLDOWN="2", **FAST)
    cooled = session.moved("risk", "COOLDOWN")
    assert cooled["cause"] == "error rate: 5 refusals within a minute, 5 are too many"
    session.moved("risk", "NORMAL")
    session.settled("0.48", "0.52")
    told = [one["new"] if one["event"] == "change" else "place" for one in session.said if is_rest(one)]
    assert told[told.index("COOLDOWN") + 1] == "NORMAL"


def is_rest(one: Record) -> bool:
    """Whether it is a placement, or the risk state moved."""
    return one["event"] == "place" or (one["event"] == "change" and one["machine"] == "risk")
