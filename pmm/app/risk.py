"""How risk stands: of a running instance by what it tells at its door, of one that rests by its state file.

STOP   trading is halted or latched, a rule lets the account quote nothing, or today cost more than a day may
WARN   a rule takes something back or would, a limit is near, or the operator paused
OK     nothing of that
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from pmm.app.account import SHADOW_WALLET
from pmm.core.daily_loss import DAY, RULE, reset_text
from pmm.core.guard import ACCOUNT, title
from pmm.core.rule import Mode, RiskEvent, Stage
from pmm.model import Money, Nanos, money_text
from pmm.rules.daily_loss import WARN_PERCENT
from pmm.settings import Settings
from pmm.sinks import risk_events
from pmm.sinks.records import Records
from pmm.sinks.store import Store, whole


class Verdict(StrEnum):
    OK = "OK"
    WARN = "WARN"
    STOP = "STOP"


_WORST = (Verdict.OK, Verdict.WARN, Verdict.STOP)


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that is not as it should be: which rule says so ("kill" and "halt" are latches), of what, and why."""

    verdict: Verdict
    rule: str
    scope: str
    text: str


@dataclass(frozen=True, slots=True)
class RiskStanding:
    """The worst of its reasons; `source` is "running" or "state file"."""

    source: str
    reasons: tuple[Reason, ...]

    @property
    def verdict(self) -> Verdict:
        return max((reason.verdict for reason in self.reasons), key=_WORST.index, default=Verdict.OK)


def of_running(told: Mapping[str, Any]) -> RiskStanding:  # a JSON record as `Standing` makes it
    """What the answer of a running instance amounts to."""
    return RiskStanding("running", tuple(_of_running(told)))


def of_state(store: Store, now: Nanos, max_loss: Money) -> RiskStanding:
    """What the state file of an instance that does not run says.  Raises DiskError."""
    latches = (Reason(Verdict.STOP, str(latch.name), ACCOUNT, latch.reason) for latch in store.latched())
    return RiskStanding("state file", (*latches, *_of_day(store, now, max_loss)))


def of_nothing() -> RiskStanding:
    """An instance that never ran."""
    return RiskStanding("state file", ())


def last_events(store: Store, *, limit: int, since: Nanos = 0, rule: str | None = None) -> list[RiskEvent]:
    """What rules said in the last run of a dry run, or in the life of the account that traded last; newest first.

    Raises DiskError.
    """
    found = store.rows(
        "SELECT r.account, CASE a.wallet WHEN ? THEN r.id ELSE 0 END FROM runs r JOIN accounts a ON a.id = r.account"
        " ORDER BY r.id DESC LIMIT 1",
        (SHADOW_WALLET,),
    )
    if not found:
        return []
    account, epoch = (whole(value) for value in found[0])
    records = Records(store, account, epoch=epoch)
    events = records.risk_events(since=since) if rule is not None else records.risk_events(limit=limit, since=since)
    return [event for event in events if rule in (None, event.rule)][:limit]


def reset_day_at_rest(folder: Path, reason: str) -> None:
    """Of an instance that does not run: what its accounts have brought today counts no longer.  Raises DiskError."""
    now = time.time_ns()
    if not Store.exists(folder):
        return
    with Store.open(folder) as store, store.writing() as db:
        day = now // DAY
        told = db.execute("SELECT account, money FROM days WHERE day = ?", (day,)).fetchall()
        db.execute("UPDATE days SET money = 0 WHERE day = ?", (day,))
        for account, money in told:
            text = reset_text(whole(money), reason)
            event = RiskEvent(now, RULE, "reset", ACCOUNT, text, enforced=True)
            for statement, values in risk_events.rows_of(whole(account), 0, [event]):
                db.execute(statement, values)


def max_day_loss(settings: Settings) -> Money:
    """What a day may cost by these settings, in micro-USD."""
    limit = settings.risk.max_daily_loss_micro
    return limit if settings.dry_run else min(limit, settings.live.max_daily_loss_micro)


def _of_running(told: Mapping[str, Any]) -> Iterator[Reason]:
    if told["outcome"] == "halted":
        yield Reason(Verdict.STOP, "halt", ACCOUNT, str(told["problem"]))
    if told["paused"]:
        yield Reason(Verdict.WARN, "pause", ACCOUNT, "paused by the operator")
    for said in told["rules"]["holding"]:
        stage = Stage[said["stage"]]
        stops = said["enforced"] and said["scope"] == ACCOUNT and stage >= Stage.CANCEL
        text = f"{title(said['rule'])}: {said['reason']}" + ("" if said["enforced"] else "; not enforced")
        yield Reason(Verdict.STOP if stops else Verdict.WARN, said["rule"], said["scope"], text)


def _of_day(store: Store, now: Nanos, max_loss: Money) -> Iterable[Reason]:
    """Of accounts at the venue: nobody counts what days of dry runs cost together."""
    for (money,) in store.rows("SELECT money FROM days WHERE day = ? ORDER BY account", (now // DAY,)):
        loss = -whole(money)
        text = f"{money_text(max(loss, 0))} USD lost today, {money_text(max_loss)} are allowed"
        if loss > max_loss:
            yield Reason(Verdict.STOP, "daily_loss", ACCOUNT, text)
        elif loss > 0 and loss * 100 >= max_loss * WARN_PERCENT:
            yield Reason(Verdict.WARN, "daily_loss", ACCOUNT, text)


def acts(modes: Mapping[str, str]) -> str:
    """Which rules act, in a few words."""
    enforced = [name for name, mode in modes.items() if mode == Mode.ENFORCE]
    off = [name for name, mode in modes.items() if mode == Mode.OFF]
    logged = len(modes) - len(enforced) - len(off)
    return f"{len(enforced)} enforced, {logged} logged only, {len(off)} off"
