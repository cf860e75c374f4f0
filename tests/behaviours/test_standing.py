"""B080, B081, B083: a run says how it stands, its day can be counted anew, and what it came to can be told again."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from decimal import Decimal

from tests.behaviours.conftest import Pmm, Quote
from tests.behaviours.pit import Pit

FAST = {"PMM_MM__STATUS_INTERVAL": "0.5", "RISK_MAX_DAILY_LOSS": "0.1", "MM_POSITION_LIMIT": "10"}


def test_b080_b081_b083_a_run_says_how_it_stands_and_what_it_came_to(pit: Pit, quote: Quote, pmm: Pmm) -> None:
    pit.open("0.49", "0.51")
    quoting = quote(pit.exchange, **FAST)
    quoting.settled("0.48", "0.52")
    first = quoting.until(lambda data: data["event"] == "status")
    assert (first["mode"], first["pnl"], first["fills"], first["risk_events"]) == ("dry-run", "0", 0, 0)
    pit.sweep("SELL", "0.47", "10")
    filled = datetime.fromisoformat(quoting.until(lambda data: data["event"] == "fill")["at"])
    pit.move("0.38", "0.40")  # nine cents of ten shares
    quoting.moved("daily loss", "BEYOND")
    place = quoting.mark()
    lost = quoting.until(lambda data: data["event"] == "status", after=place)
    assert (lost["pnl"], lost["net"], lost["fills"], lost["risk_enforced"]) == ("-0.9", "10", 1, 0)
    assert lost["risk_events"] == len(quoting.events("risk")) >= 1

    told = pmm("risk", "reset-day", "--reason", "a new start", "--yes", "--json", **pit.exchange.env)
    assert told.document["data"] == {"reset": True, "source": "running"}
    assert (
        quoting.moved("daily loss", "INSIDE")["cause"] == "the operator counts the day anew after -0.9 USD: a new start"
    )
    reset = quoting.until(lambda data: data["event"] == "risk" and data["verdict"] == "reset")
    assert reset["rule"] == "daily_loss"

    old = filled + timedelta(seconds=1.5)  # its markout after a second is known
    quoting.until(lambda data: data["event"] == "decision" and datetime.fromisoformat(data["at"]) > old)
    summary = quoting.stop().documents[-1]["data"]
    report = json.loads(pmm("report", "--json", **pit.exchange.env).stdout)["data"]
    (market,) = report["markets"]
    for cause in ("total", "spread_captured", "inventory_move", "residual"):
        assert Decimal(market["pnl"][cause]) == Decimal(summary["pnl"][cause]), cause
    assert (market["fills"], market["volume"]) == (summary["fills"], summary["volume"]) == (1, "10")
    assert Decimal(market["markout"]["1"]["adverse_selection"]) == Decimal(summary["markout"]["1"]["adverse_selection"])
    assert set(summary["step_time_us"]) == {"p50", "p99"}
    assert summary["risk"]["by_rule"]["daily_loss"]["reset"] == 1
