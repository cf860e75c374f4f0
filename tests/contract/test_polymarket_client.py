"""The unmodified `polymarket-client`, in an environment of its own, trades at the local exchange and cannot tell.

It does not go together with other packages of this project (it pins `websockets`); `make sdk` builds the environment.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from coincurve import PrivateKey

from pmm.eip712 import address_of, checksummed
from pmm.model import Market
from tests.contract.conftest import Running

STORY = Path(__file__).with_name("sdk_story.py")
# PMM_SDK_PYTHON names the interpreter when it is somewhere else than where `make sdk` puts it.
PYTHON = Path(os.environ.get("PMM_SDK_PYTHON", Path(__file__).parents[2] / ".venv" / "sdk" / "bin" / "python"))


def told(running: Running, market: Market, number: int) -> Any:
    """What the client saw and did, as wallet number so."""
    key = PrivateKey(bytes([number]) * 32)
    task = {
        "urls": running.exchange.urls,
        "token": market.yes,
        "market": market.condition_id,
        "key": "0x" + key.secret.hex(),
        "wallet": checksummed(address_of(key.public_key)),
    }
    done = subprocess.run(
        [PYTHON, STORY, json.dumps(task)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"PATH": os.environ["PATH"], "NO_PROXY": "127.0.0.1"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.mark.skipif(not PYTHON.exists(), reason="`make sdk` has not built the environment of polymarket-client")
@pytest.mark.parametrize(
    ("number", "soft", "refusal"),
    [
        (11, False, ["raised", "invalid post-only order: order crosses book"]),
        (12, True, ["answered", "post_only_would_cross"]),
    ],
)
def test_it_reads_trades_and_listens(
    running: Running, market: Market, number: int, soft: bool, refusal: list[str]
) -> None:
    running.act("/switches", soft_refusals=soft)
    running.rest("SELL", "0.50")
    running.rest("BUY", "0.30")
    facts = told(running, market, number)
    assert facts.pop("balance") <= 10_000_000_000 - 5_000_000
    assert facts == {
        "best_ask": "0.5",
        "midpoint": "0.4",
        "placed": [True, "live"],
        "listed": True,
        "order": "0.4",
        "canceled": True,
        "batch": ["live", "live"],
        "cancel_market": 2,
        "cancel_all": 0,
        "taken": ["matched", "5", "10"],
        "hashes": 1,
        "trades": [["10", "TAKER"]],
        "heartbeat": True,
        "notifications": True,
        "refused": refusal,
        "market": True,
        "positions": [["10", "0.5"]],
        "user_events": ["order", "trade"],
        "market_events": ["book", "price_change"],
        "dropped": [0, 0],
    }
