"""`pmm stream`: one line per change and per trade, in order, none lost."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from pmm.errors import Exit
from tests.cli.conftest import SECONDS_MAX, Exchange, Pmm

CHANGES = 10_000
PER_FRAME = 100


def test_ten_thousand_changes_and_trades_come_in_order_and_none_is_lost(
    pmm: Pmm, exchange: Exchange, environment: dict[str, str], tmp_path: Path
) -> None:
    market = pmm("markets", "show", "demo", "--json", **exchange.environment).document["data"]
    token, condition = market["tokens"][0]["token_id"], market["condition_id"]
    process = subprocess.Popen(
        [sys.executable, "-m", "pmm", "stream", token, "--json", "--limit", str(CHANGES + 1), "-v"],
        env={**environment, **exchange.environment},
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stderr is not None
        for line in process.stderr:
            if "first data" in line:
                break
        for start in range(0, CHANGES, PER_FRAME):
            exchange.control("/stream/inject", {"frame": _changes(condition, token, start)})
        exchange.control("/stream/inject", {"frame": _trade(condition, token)})
        stdout, _ = process.communicate(timeout=SECONDS_MAX)
    lines = [json.loads(line)["data"] for line in stdout.splitlines()]
    assert process.returncode == Exit.OK
    assert [line["size"] for line in lines[:-1]] == [str(n + 1) for n in range(CHANGES)]
    assert {(line["kind"], line["side"], line["price"]) for line in lines[:-1]} == {("change", "BUY", "0.01")}
    assert [lines[-1][key] for key in ("kind", "side", "price", "size")] == ["trade", "SELL", "0.31", "7.5"]


def _changes(condition: str, token: str, start: int) -> str:
    changes = [
        {"asset_id": token, "price": "0.01", "size": str(n + 1), "side": "BUY", "hash": ""}
        for n in range(start, start + PER_FRAME)
    ]
    frame = {"market": condition, "price_changes": changes, "timestamp": "9" * 13, "event_type": "price_change"}
    return json.dumps(frame)


def _trade(condition: str, token: str) -> str:
    body = {"market": condition, "asset_id": token, "price": "0.31", "size": "7.5", "side": "SELL"}
    return json.dumps({**body, "fee_rate_bps": "0", "timestamp": "9" * 13, "event_type": "last_trade_price"})


def test_a_silent_venue_is_given_up_with_a_clear_error(pmm: Pmm, exchange: Exchange) -> None:
    exchange.control("/stream/silent", {"on": True})
    try:
        done = pmm("stream", "demo", "-q", "--set", "ws.starting_limit=0.3", **exchange.environment)
    finally:
        exchange.control("/stream/silent", {"on": False})
    assert done.status == Exit.UNREACHABLE
    assert done.stderr.splitlines()[0] == "error PMM-E403: the venue accepted the subscription and sent no market data"


def test_a_socket_that_cannot_be_opened_is_given_up_after_the_last_attempt(pmm: Pmm, exchange: Exchange) -> None:
    environment = {**exchange.environment, "WS_MARKET_URL": "ws://127.0.0.1:9/ws/market"}
    done = pmm("stream", "demo", "-q", WS_RECONNECT_ATTEMPTS="2", WS_RECONNECT_BASE_DELAY="0.01", **environment)
    assert done.status == Exit.UNREACHABLE
    assert "2 attempts failed" in done.stderr


def test_a_duration_ends_the_stream(pmm: Pmm, exchange: Exchange) -> None:
    assert pmm("stream", "demo", "--duration", "0.2", **exchange.environment).status == Exit.OK
