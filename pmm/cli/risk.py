"""`pmm risk check`, `pmm risk events`: whether risk allows trading, and what the rules have said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from pmm.cli.context import Cli
from pmm.model import size_text, utc_text

if TYPE_CHECKING:
    from pmm.app.risk import RiskStanding
    from pmm.core.rule import RiskEvent

app = typer.Typer(help="Whether risk allows trading, and what the rules have said.", no_args_is_help=True)

LIMIT = 100


@app.command()
def check() -> None:
    """OK, WARN or STOP with reasons, from the running bot or from its state file.  Exit 8 for STOP."""
    from pmm.app.risk import Verdict
    from pmm.errors import CheckFailed

    cli = Cli.current()
    found, told = _standing(cli)
    data = {
        "verdict": found.verdict,
        "source": found.source,
        "reasons": [
            {"verdict": one.verdict, "rule": one.rule, "scope": one.scope, "text": one.text} for one in found.reasons
        ],
        "modes": _modes(cli, told),
    }
    mode = str(told.get("mode", cli.mode))
    cli.emit("pmm.risk-check/1", data, mode=mode, human=lambda: _standing_text(found))
    if found.verdict is Verdict.STOP:
        raise CheckFailed("; ".join(one.text for one in found.reasons), hint="`pmm kill --reset` takes latches off.")


@app.command()
def events(
    rule: Annotated[str | None, typer.Option(metavar="NAME", help="Of one rule only.")] = None,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="From then on: 2026-11-24 or 2026-11-24T12:00.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="At most so many, the newest first.")] = LIMIT,
) -> None:
    """What risk rules said, acted on or not: of the last dry run, or of the account that traded last."""
    from pmm.app.account import state_folder
    from pmm.app.risk import last_events
    from pmm.cli.account import moment
    from pmm.sinks.store import Store

    cli, begin = Cli.current(), moment(since)
    folder = state_folder(cli.load().settings, cli.instance)
    found: list[RiskEvent] = []
    if Store.exists(folder):
        with Store.open(folder) as store:
            found = last_events(store, limit=limit, since=begin, rule=rule)
    records = [event_record(one) for one in found]
    cli.emit_list("pmm.risk-events/1", "events", records, human=lambda: _events_text(cli, found))


@app.command("reset-day")
def reset_day(reason: Annotated[str, typer.Option(metavar="TEXT", help="Why; it is recorded.")] = "") -> None:
    """Count what today has brought anew, from nothing; a halt stays until `pmm kill --reset`."""
    from pmm.app.account import state_folder
    from pmm.app.risk import reset_day_at_rest
    from pmm.drivers.control import NothingRuns, ask
    from pmm.errors import UsageError
    from pmm.events import OperatorAction

    cli = Cli.current()
    folder = state_folder(cli.load().settings, cli.instance)
    if not cli.confirm(f"Forget what {cli.instance!r} lost today?"):
        raise UsageError("the day goes on as it was", hint="Type YES when asked, or say --yes.")
    try:
        ask(folder, OperatorAction.RESET_DAY, reason=reason)
        where = "running"
    except NothingRuns:
        where = "state file"
        reset_day_at_rest(folder, reason)
    cli.emit("pmm.risk-reset-day/1", {"reset": True, "source": where}, human=lambda: f"the day begins anew ({where})")


def event_record(event: RiskEvent) -> dict[str, object]:
    """An event for programs."""
    return {
        "at": utc_text(event.at),
        "rule": event.rule,
        "verdict": event.verdict,
        "subject": event.subject,
        "reason": event.reason,
        "enforced": event.enforced,
        "stage": event.stage.name.lower(),
        "size": None if event.size is None else size_text(event.size),
    }


def _standing(cli: Cli) -> tuple[RiskStanding, Mapping[str, object]]:
    """Of the bot that runs, with what it told; otherwise of what the last one left."""
    import time

    from pmm.app.account import state_folder
    from pmm.app.risk import max_day_loss, of_nothing, of_running, of_state
    from pmm.drivers.control import NothingRuns, ask
    from pmm.sinks.store import Store

    settings = cli.load().settings
    folder = state_folder(settings, cli.instance)
    try:
        told = ask(folder, "status")
    except NothingRuns:
        if not Store.exists(folder):
            return of_nothing(), {}
        with Store.open(folder) as store:
            return of_state(store, time.time_ns(), max_day_loss(settings)), {}
    return of_running(told), told


def _modes(cli: Cli, told: Mapping[str, object]) -> Mapping[str, object]:
    """Of the bot that runs, otherwise as a run with these settings would have them."""
    from pmm.app.rules import rules_for

    rules = told.get("rules")
    if isinstance(rules, Mapping):
        return dict(rules["modes"])
    return {rule.name: str(mode) for rule, mode in rules_for(cli.load().settings)}


def _standing_text(found: RiskStanding) -> str:
    return "\n".join([f"{found.verdict}  ({found.source})", *(f"{one.verdict}  {one.text}" for one in found.reasons)])


def _events_text(cli: Cli, found: Sequence[RiskEvent]) -> str:
    if not found:
        return "no rule spoke"
    rows = [
        (utc_text(one.at)[:19], one.rule, one.verdict, "yes" if one.enforced else "no", one.subject[:24], one.reason)
        for one in found
    ]
    return cli.table(("time", "rule", "verdict", "enforced", "subject", "reason"), rows)
