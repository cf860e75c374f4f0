"""A bot that is killed comes back to the same state: what it holds, what rests, what may fail, what the day cost."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from signal import SIGKILL

import pytest

from pmm.core.state_image import StateImage
from pmm.sinks.image import image
from pmm.sinks.store import Store
from tests.behaviours.conftest import Pmm, Quote
from tests.behaviours.pit import Pit
from tests.support.blackbox import LIMIT_S, Quoter, Record
from tests.support.holder import Holder

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the story sends signals")

ALONE = {"PMM_LIVE__WATCHDOG": "false", "PMM_LIVE__HEARTBEAT": "false"}
CONFIRMED = [{"status": "CONFIRMED", "after_ms": 50}]
STUCK = [{"status": "MINED", "after_ms": 600_000}]


def test_a_killed_bot_comes_back_to_the_state_it_left(quote: Quote, pmm: Pmm, pit: Pit, tmp_path: Path) -> None:
    holder = Holder(pit.exchange)
    pit.open("0.49", "0.51")
    bot = start(quote, holder)
    bot.settled("0.48", "0.52")
    for steps, state in ((CONFIRMED, "CONFIRMED"), (STUCK, "")):
        pit.exchange.post("/venue/settlement", steps=steps)
        pit.sweep("SELL", "0.48", "4")
        bot.until(lambda data: data["event"] == "fill" and data["size"] == "4")
        bot.settled("0.48", "0.52")
        if state:
            bot.moved("settlement", state)
    left = agreed(pmm, holder, tmp_path)
    assert (len(left.orders), len(left.trades)) == (2, 1)
    (held,) = left.held
    assert (held.settled, held.bought) == (4_000_000, 4_000_000)
    bot.signal(SIGKILL)
    again = start(quote, holder)
    again.decided("0.48", "0.52")
    assert agreed(pmm, holder, tmp_path) == left
    assert not again.events("place"), "nothing had to be sent"


def start(quote: Quote, holder: Holder) -> Quoter:
    fast = {"PMM_LIVE__DEADLINE": "0.5", "PMM_LIVE__READ_INTERVAL": "0.5", "PMM_LIVE__BALANCE_INTERVAL": "0.5"}
    return quote(holder.exchange, "--live", "--yes", **{**holder.env, **ALONE, **fast})


def agreed(pmm: Pmm, holder: Holder, home: Path) -> StateImage:
    """What the running bot and its state file both say; fails when they do not come to agree."""
    deadline = time.monotonic() + LIMIT_S
    while True:
        running: Record = pmm("status", "--json", **holder.env).document["data"]
        on_file = found(home)
        if on_file.hexdigest() == running["state_hash"]:
            return on_file
        assert time.monotonic() < deadline, on_file


def found(home: Path) -> StateImage:
    """The state of the only live account in the state file."""
    (path,) = home.rglob("state.db")
    with Store.open(path.parent) as store:
        ((account,),) = store.rows("SELECT id FROM accounts")
        assert isinstance(account, int)
        return image(store, account)
