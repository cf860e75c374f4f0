"""After a session: its trades as lines that re-read into the same, and why its orders were what they were."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pmm.cli.account import trade_of, trade_record
from tests.behaviours.pit import Pit
from tests.support.blackbox import Exchange, Finished, Quoter, Record, run

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the session is stopped by a signal")


class After:
    """A dry run that was filled on its bid, and is over."""

    def __init__(self, home: Path, exchange: Exchange) -> None:
        self.home, self.exchange = home, exchange
        pit = Pit(exchange)
        pit.open("0.49", "0.51")
        with Quoter(home, exchange, "--dry-run") as session:
            session.settled("0.48", "0.52")
            pit.sweep("SELL", "0.44", "200")
            session.until(lambda data: data["event"] == "fill")
            session.settled("0.48", "0.52")
            self.fills = session.events("fill")
            self.summary: Record = session.stop().documents[-1]["data"]

    def pmm(self, *arguments: str) -> Finished:
        return run(self.home, *arguments, **self.exchange.env)


@pytest.fixture(scope="module")
def after(tmp_path_factory: pytest.TempPathFactory) -> Iterator[After]:
    home = tmp_path_factory.mktemp("after")
    with Exchange(home) as exchange:
        yield After(home, exchange)


def test_b099_own_trades_are_json_lines_that_re_read_into_the_same_trades(after: After) -> None:
    lines = after.pmm("trades", "--dry-run", "-o", "jsonl").documents
    trades = [trade_of(line["data"]) for line in lines]
    assert [trade_record(trade) for trade in trades] == [line["data"] for line in lines]
    told = {(one["trade_id"], one["order_id"], one["side"], one["price"], one["size"]) for one in after.fills}
    assert {
        tuple(line["data"][key] for key in ("trade_id", "order_id", "side", "price", "size")) for line in lines
    } == told
    assert len(told) == len(after.fills) > 0


def test_b099_latency_percentiles_are_shown(after: After) -> None:
    times = [after.summary["step_time_us"], *after.summary["order_time_us"].values()]
    assert all(0 < float(one["p50"]) <= float(one["p99"]) for one in times), times


def test_an_order_is_explained_and_made_again_to_the_byte(after: After) -> None:
    order_id = after.fills[0]["order_id"]
    told = after.pmm("explain", order_id, "--json").document["data"]
    assert (told["order"]["order_id"], told["order"]["state"]) == (order_id, "FILLED")
    assert told["recomputed"] == {"equal": True}
    assert {one["name"] for one in told["terms"]} >= {"mid"}
    assert all(one["unit"] for one in told["terms"])
    assert (told["seen"]["best_bid"], told["seen"]["best_ask"], told["stage"]) == ("0.49", "0.51", "NONE")
    number = told["decision"]["number"]
    text = after.pmm("explain", f"#{number}").stdout
    assert f"decision #{number} of {told['decision']['at']}" in text
    assert "recomputed: equal" in text


def test_what_nobody_knows_is_said_with_what_is_near(after: After) -> None:
    done = after.pmm("explain", "dry-I", "--json")
    assert done.status == 5
    assert done.document["error"]["hint"].startswith("Did you mean dry-")
