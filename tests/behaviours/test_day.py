"""B070, B071, B077: a day that costs too much ends, across restarts; and what an account held before is known."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.behaviours.conftest import Pmm, Quote
from tests.behaviours.pit import Pit
from tests.support.blackbox import Exchange, Quoter, Record
from tests.support.holder import Holder

FAST = {
    "PMM_LIVE__READ_INTERVAL": "1",
    "PMM_LIVE__BALANCE_INTERVAL": "1",
    "PMM_LIVE__WATCHDOG": "false",
    "PMM_LIVE__MAX_DAILY_LOSS_USD": "0.5",
    # Its ladder would take quotes back on the way there.
    "PMM_RULES__DRAWDOWN": "log",
}
Live = Callable[..., Quoter]


@pytest.fixture
def holder(exchange: Exchange) -> Holder:
    return Holder(exchange)


@pytest.fixture
def live(tmp_path: Path, holder: Holder) -> Iterator[Live]:
    """Start `pmm quote --live` on the demo market; it is gone when the test is over."""
    with ExitStack() as stack:

        def start(*arguments: str, **more: str) -> Quoter:
            own = {**holder.env, **FAST, **more}
            return stack.enter_context(Quoter(tmp_path, holder.exchange, "--live", "--yes", *arguments, **own))

        yield start


def give(holder: Holder, size: int, outcome: str = "YES") -> None:
    holder.exchange.post("/accounts/give", account=holder.address, outcome=outcome, size=str(size))


def fallen(quoting: Quoter) -> Record:
    return quoting.moved("risk", "HALTED")


def test_b070_a_loss_of_the_day_halts_takes_orders_away_and_holds_after_a_restart(
    pit: Pit, holder: Holder, live: Live, pmm: Pmm
) -> None:
    give(holder, 40)
    pit.open("0.49", "0.51")
    quoting = live()
    quoting.settled("0.48", "0.52")
    pit.move("0.47", "0.49")  # two cents of 40 shares
    assert "USD lost today, 0.5 are allowed" in fallen(quoting)["cause"]
    assert quoting.finish().status == 10
    holder.until_empty()
    assert live().finish().status == 10  # latched
    assert pmm("kill", "--reset", "--yes", **holder.env).status == 0
    again = live()
    assert "USD lost today, 0.5 are allowed" in fallen(again)["cause"]  # a reset gives nothing back
    assert again.finish().status == 10


def test_b071_four_fifths_are_announced_and_quoting_goes_on(pit: Pit, holder: Holder, live: Live) -> None:
    give(holder, 45)
    pit.open("0.49", "0.51")
    quoting = live()
    quoting.settled("0.48", "0.52")
    pit.move("0.48", "0.50")  # a cent of 45 shares
    assert quoting.moved("daily loss", "NEAR")["cause"] == "0.45 USD lost today, 0.5 are allowed"
    quoting.decided("0.47", "0.51")
    assert quoting.stop().status == 0


def test_b077_a_dry_run_only_logs_unless_it_is_told_to_act(pit: Pit, quote: Quote) -> None:
    for enforce, outcome in (("", 0), ("true", 10)):
        pit.open("0.49", "0.51")
        quoting = quote(pit.exchange, RISK_MAX_DAILY_LOSS="0.1", RISK_ENFORCE=enforce)
        quoting.settled("0.48", "0.52")
        pit.sweep("SELL", "0.47", "10")
        quoting.until(lambda data: data["event"] == "fill")
        pit.move("0.38", "0.40")
        quoting.moved("daily loss", "BEYOND")
        assert (quoting.finish() if outcome else quoting.stop()).status == outcome


def test_shares_of_before_are_sold_rather_than_the_other_outcome_bought(pit: Pit, holder: Holder, live: Live) -> None:
    give(holder, 30)
    pit.open("0.49", "0.51")
    quoting = live()
    quoting.settled("0.48", "0.52")
    ask = next(one for one in quoting.events("place") if one["price"] == "0.52")
    assert (ask["side"], ask["outcome"]) == ("SELL", "Yes")
    decision = quoting.decided("0.48", "0.52")
    assert decision["position"] == "30"
    summary = quoting.stop().documents[-1]["data"]
    (position,) = summary["positions"].values()
    assert (position["net"], summary["pnl"]["total"], summary["pnl"]["residual"]) == ("30", "0", "0")


def test_a_fill_that_is_told_again_after_a_crash_is_no_second_loss(pit: Pit, holder: Holder, live: Live) -> None:
    full = {"MM_POSITION_LIMIT": "10"}  # no second bid, which the fall of the price would meet
    pit.open("0.49", "0.51")
    quoting = live(**full)
    quoting.settled("0.48", "0.52")
    pit.sweep("SELL", "0.47", "10")
    quoting.until(lambda data: data["event"] == "fill")
    pit.move("0.44", "0.46")  # three cents of ten shares
    quoting.settled(None, "0.47")  # nothing is on its way
    quoting.signal(signal.SIGKILL)
    quoting.finish()
    again = live(**full)
    assert again.until(lambda data: data["event"] == "fill")["price"] == "0.48"
    assert again.decided(None, "0.47")["position"] == "10"
    assert [one for one in again.events("change") if one["machine"] == "daily loss"] == []
    assert again.stop().status == 0
