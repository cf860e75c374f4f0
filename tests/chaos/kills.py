"""`python -m tests.chaos.kills` from the root of the repository: a bot that quotes live is killed again and again.

Real processes, real SIGKILL, at random moments; after each it is started again on the same state file.  What came of it
is read from the log of the exchange and from the state file, without a word of the program's own code.
"""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from random import Random
from signal import SIGKILL
from typing import Any

from coincurve import PrivateKey

from tests.support.blackbox import LIMIT_S, Exchange, Process, Record

KEY = bytes([0x5C]) * 32
GOAL_S = 3.0
# Beyond this many seconds after the first quotes a life is as it was before them.
LIVES_S = 1.5
MICRO = 1_000_000
OVER = ("FILLED", "CANCELED", "EXPIRED", "REJECTED", "DENIED")
FINAL = ("CONFIRMED", "FAILED")
ORDERS_MAY_REMAIN = 9


@dataclass
class Outcome:
    """What many kills showed: seconds from the start of a process to its quotes, and everything that was wrong.

    `kept` counts orders that rested at a kill and still did when the next run quoted.
    """

    recoveries: list[float] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    kills: int = 0
    kept: int = 0
    orders: int = 0
    trades: int = 0
    sweeps: int = 0


class Kills:
    """A venue, a wallet and a folder, in which one bot after the other lives; `run` kills so many of them."""

    def __init__(self, home: Path, exchange: Exchange, log: Path, seed: int) -> None:
        self.outcome = Outcome()
        self._home = home
        self._exchange = exchange
        self._log = log
        self._dice = Random(seed)
        self._data = home / "data"
        self._address = "0x" + _address_of(KEY)
        self._tokens: list[str] = []

    def run(self, kills: int) -> Outcome:
        for _ in range(kills):
            self._live_and_die()
        self._live_and_end()
        return self.outcome

    # --- lives ----------------------------------------------------------------------------------------------------

    def _live_and_die(self) -> None:
        with self._bot() as bot:
            if self._dice.random() < 0.1:
                time.sleep(self._dice.uniform(0.0, 2.0))  # wherever it is by then
            else:
                self._quoting(bot)
                if self._dice.random() < 0.5:
                    self._take()
                time.sleep(self._dice.uniform(0.0, LIVES_S))
            bot.signal(SIGKILL)
        self.outcome.kills += 1

    def _live_and_end(self) -> None:
        with self._bot() as bot:
            self._quoting(bot)
            self._exchange.post("/traders", on=False)
            _until(lambda: self._settled() and not list(self._wrong_trades()), 2 * LIMIT_S)
            ended = bot.stop()
        # An order that was written down and never sent is in doubt to its end: nobody can prove that it will not come.
        if ended.status != 0 and not (ended.status == ORDERS_MAY_REMAIN and self._never_came()):
            self._blame(f"the last run ended with status {ended.status}: {ended.complaint}")
        if left := self._resting():
            self._blame(f"{len(left)} orders rest after the stop")

    def _never_came(self) -> bool:
        """Whether the venue has never seen the orders that the state file takes for open."""
        rows = self._rows(
            "SELECT i.venue_id, o.state FROM intents i JOIN orders o"
            " ON o.account = i.account AND o.epoch = 0 AND o.order_id = i.order_id"
        )
        doubtful = {venue_id for venue_id, state in rows if state not in OVER}
        return not doubtful & {event["id"] for event in self._logged("order")}

    def _settled(self) -> bool:
        status = {trade["id"]: trade["status"] for trade in self._logged("trade")}
        return all(one in FINAL for one in status.values())

    def _bot(self) -> Process:
        self._before = self._resting()
        self._began = time.monotonic()
        where = ("--market", "demo", "--data-dir", str(self._data))
        settings = {
            "POLY_PRIVATE_KEY": "0x" + KEY.hex(),
            "MM_LOOP_INTERVAL": "0.1",
            "MM_REQUOTE_THRESHOLD": "0.01",
            "PMM_LIVE__MAX_DAILY_LOSS_USD": "5000",
        }
        return Process(self._home, "quote", *where, "--live", "--yes", "--json", **self._exchange.env, **settings)

    def _quoting(self, bot: Process) -> None:
        bot.until(lambda data: data["event"] == "decision" and (data["bid"] or data["ask"]))
        self.outcome.recoveries.append(time.monotonic() - self._began)
        self._tokens = [token["token_id"] for token in bot.until(lambda data: data["event"] == "start")["tokens"]]
        self.outcome.kept += len(self._resting() & self._before)
        if not _until(lambda: not self._orphans(), 5.0):
            self._blame(f"orphans: {self._orphans()}")

    def _take(self) -> None:
        """Somebody trades through the touch and some cents more, where the bot rests."""
        book = self._exchange.book(self._tokens[0])
        if book["bids"] and book["asks"]:
            sells = self._dice.random() < 0.5
            touch = max(map(Decimal, book["bids"])) if sells else min(map(Decimal, book["asks"]))
            price = touch - Decimal("0.03") if sells else touch + Decimal("0.03")
            if 0 < price < 1:
                side = "SELL" if sells else "BUY"
                self._exchange.post("/orders", side=side, price=str(price), size="5", tif="FAK", sweep=True)

    # --- what is wrong --------------------------------------------------------------------------------------------

    def _blame(self, violation: str) -> None:
        self.outcome.violations.append(f"after {self.outcome.kills} kills: {violation}")

    def _resting(self) -> set[str]:
        return set(self._exchange.post("/accounts", account=self._address)["open_orders"])

    def _orphans(self) -> set[str]:
        """Orders that rest and that the state file does not know, or takes for over."""
        known = self._rows(
            "SELECT i.venue_id, o.state FROM intents i LEFT JOIN orders o"
            " ON o.account = i.account AND o.epoch = 0 AND o.order_id = i.order_id"
        )
        return self._resting() - {str(venue_id) for venue_id, state in known if state not in OVER}

    def _wrong_trades(self) -> Iterator[str]:
        """Differences between the trades of the log and those of the state file."""
        names = dict(self._rows("SELECT venue_id, order_id FROM intents"))
        there = {}
        for trade in self._logged("trade"):
            for order_id, side, token, size, price in _parts(trade, self._address):
                key = trade["id"], names.get(order_id, order_id)
                there[key] = side, token, _micro(size), round(Decimal(price) * 10_000), trade["status"]
        here = {
            (row[0], row[1]): row[2:]
            for row in self._rows("SELECT trade_id, order_id, side, token, size, price, status FROM trades")
        }
        for key in there.keys() | here.keys():
            if there.get(key) != here.get(key):
                yield f"trade {key} is {here.get(key)} here and {there.get(key)} at the venue"
        self.outcome.trades = len(there)

    def judge(self) -> None:
        """Look at everything once more when all is over; the exchange still answers."""
        for line in self._wrong_trades():
            self._blame(line)
        for line in (*self._wrong_orders(), *self._wrong_money()):
            self._blame(line)
        folder = self._data / "default" / "watchdog.log"
        self.outcome.sweeps = folder.read_text().count("sweep:")

    def _wrong_orders(self) -> Iterator[str]:
        """Every order that came was written down once, and no slot had two at the same time."""
        names = dict(self._rows("SELECT venue_id, order_id FROM intents"))
        resting: dict[str, bool] = {}
        seen: Counter[str] = Counter()
        for event in self._logged("order"):
            order_id = event["id"]
            if event["type"] == "PLACEMENT":
                seen[names.get(order_id, "")] += 1
                resting[order_id] = (event["side"] == "BUY") == (event["asset_id"] == self._tokens[0])
                if Counter(resting.values()).most_common(1)[0][1] > 1:
                    yield f"two orders rest in one slot: {sorted(resting)}"
            elif event["type"] == "CANCELLATION" or event["size_matched"] == event["original_size"]:
                resting.pop(order_id, None)
        if seen[""]:
            yield f"{seen['']} orders came to the venue and were never written down"
        yield from (f"{name} came to the venue {count} times" for name, count in seen.items() if count > 1)
        self.outcome.orders = sum(seen.values())

    def _wrong_money(self) -> Iterator[str]:
        """The state file's sums are what the account has more or less than at the beginning."""
        told = self._exchange.post("/accounts", account=self._address)
        ((paid,),) = self._rows("SELECT coalesce(sum(paid), 0) FROM trades WHERE status <> 'FAILED'")
        if _micro(told["collateral"]) != 10_000 * MICRO - paid:
            yield f"{paid} micro-dollars were paid here, and {told['collateral']} are left of 10,000 at the venue"
        held = dict(
            self._rows(
                "SELECT token, sum(CASE side WHEN 'BUY' THEN size ELSE -size END) FROM trades"
                " WHERE status <> 'FAILED' GROUP BY token"
            )
        )
        there = {token: _micro(size) for token, size in told["positions"].items()}
        if {token: size for token, size in held.items() if size} != there:
            yield f"{held} are held here and {there} at the venue"

    def _rows(self, statement: str) -> list[tuple[Any, ...]]:
        """What the state file has; nothing while there is none."""
        with suppress(sqlite3.OperationalError):
            file = sqlite3.connect(f"file:{self._data / 'default' / 'state.db'}?mode=ro", uri=True)
            try:
                return file.execute(statement).fetchall()
            finally:
                file.close()
        return []

    def _logged(self, kind: str) -> Iterator[Record]:
        """Events of the account in the log of the exchange, in order."""
        with self._log.open() as lines:
            for line in lines:
                if line.endswith("\n") and f'"kind":"{kind}"' in line:
                    row = json.loads(line)
                    if row["account"] == self._address:
                        yield row["event"]


def _parts(trade: Record, address: str) -> Iterator[tuple[str, str, str, str, str]]:
    """Order, side, token, size and price of every part of an account in a trade."""
    if trade["trader_side"] == "TAKER":
        yield trade["taker_order_id"], trade["side"], trade["asset_id"], trade["size"], trade["price"]
    for maker in trade["maker_orders"]:
        if maker["maker_address"].lower() == address:
            yield maker["order_id"], maker["side"], maker["asset_id"], maker["matched_amount"], maker["price"]


def _micro(text: str) -> int:
    return int(Decimal(text) * MICRO)


def _until(condition: Any, seconds: float) -> bool:
    """Look every so often whether something has become true."""
    deadline = time.monotonic() + seconds
    while not (found := condition()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return bool(found)


def _address_of(key: bytes) -> str:
    """The account of a key, computed without the program."""
    from Crypto.Hash import keccak

    return keccak.new(digest_bits=256, data=PrivateKey(key).public_key.format(compressed=False)[1:]).hexdigest()[-40:]


def campaign(home: Path, kills: int, seed: int) -> Outcome:
    """So many kills in a folder."""
    log = home / "exchange.log"
    with Exchange(home, "--seed", str(seed), "--log", str(log)) as exchange:
        killing = Kills(home, exchange, log, seed)
        try:
            killing.run(kills)
            killing.judge()
        finally:
            _end_watchdogs(home)
        return killing.outcome


def _end_watchdogs(home: Path) -> None:
    """Those of killed bots stay for a while, to see that the last one is in good hands."""
    listed = subprocess.run(["ps", "-eo", "pid,args"], capture_output=True, text=True, check=False).stdout
    for line in listed.splitlines():
        number, _, command = line.strip().partition(" ")
        if "pmm watchdog" in command and _runs_in(number, home):
            with suppress(ProcessLookupError):
                os.kill(int(number), SIGKILL)


def _runs_in(number: str, home: Path) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{number}/cwd").resolve().is_relative_to(home.resolve())
    return False


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.kills", description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        outcome = campaign(Path(folder), chosen.kills, chosen.seed)
    took = sorted(outcome.recoveries)
    p50, p99 = took[len(took) // 2], took[min(len(took) - 1, len(took) * 99 // 100)]
    print(
        f"{outcome.kills} kills in {time.monotonic() - began:.0f} s, {outcome.orders} orders, {outcome.trades} trades"
    )
    print(f"{outcome.kept} orders kept their places; watchdogs swept {outcome.sweeps} times")
    print(f"from the start of the process to its quotes: p50 {p50:.2f} s, p99 {p99:.2f} s, max {took[-1]:.2f} s")
    print(f"{len(outcome.violations)} violations; goal p99 <= {GOAL_S:g} s")
    for line in outcome.violations:
        print(line, file=sys.stderr)
    return int(bool(outcome.violations) or p99 > GOAL_S)


if __name__ == "__main__":
    sys.exit(main())
