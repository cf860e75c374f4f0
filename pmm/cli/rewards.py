"""`pmm rewards`: what rewards and rebates of a day were expected to be, against what the venue paid."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from pmm.cli.account import Live
from pmm.cli.context import Cli
from pmm.model import SECOND, Money, money_text

if TYPE_CHECKING:
    from pmm.app.rewards import DayRewards, MarketRewards

HOUR = 3_600 * SECOND


def rewards(
    live: Live = None,
    day: Annotated[str | None, typer.Option("--date", metavar="DAY", help="A day in UTC: 2026-11-24; today.")] = None,
) -> None:
    """Rewards and rebates of a day: expected by our own samples, and paid by the venue."""
    import asyncio
    import time

    from pmm.app.rewards import day_rewards

    cli = Cli.current()
    loaded = cli.load({"dry_run": None if live is None else not live})
    now = time.time_ns()
    asked = _day(day, now)
    found = asyncio.run(day_rewards(loaded, cli.instance, asked, now, cli.asker))
    cli.emit("pmm.rewards/1", _record(found), human=lambda: _text(cli, found))


def _day(text: str | None, now: int) -> date:
    from pmm.errors import UsageError

    if text is None:
        return datetime.fromtimestamp(now // SECOND, UTC).date()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text!r} is no day", hint="Write 2026-11-24.") from None


def _record(found: DayRewards) -> dict[str, object]:
    return {
        "date": found.day.isoformat(),
        "over": found.over,
        "expected": money_text(found.expected),
        "paid": _money(found.paid),
        "markets": [_market(one) for one in found.markets],
    }


def _market(one: MarketRewards) -> dict[str, object]:
    return {
        "market": one.slug,
        "condition_id": one.market,
        "watched_s": one.watched // SECOND,
        "share": None if one.share is None else round(one.share, 6),
        "expected": money_text(one.expected),
        "paid": _money(one.paid),
        "difference": None if one.paid is None else money_text(one.paid - one.expected),
        "rebate_expected": money_text(one.rebate_expected),
        "rebate_paid": _money(one.rebate_paid),
    }


def _text(cli: Cli, found: DayRewards) -> str:
    from pmm.app.rewards import LEAST_PAID

    head = f"{cli.banner}  rewards of {found.day.isoformat()}{'' if found.over else ', which is not over'}"
    if not found.markets:
        return f"{head}: none"
    columns = ("market", "hours", "share", "expected", "paid", "difference", "rebate expected", "rebate paid")
    rows = [
        (
            one.slug[:40],
            f"{one.watched / HOUR:.2f}",
            "" if one.share is None else f"{100 * one.share:.2f} %",
            _shown(one.expected),
            _shown(one.paid),
            "" if one.paid is None else _shown(one.paid - one.expected),
            _shown(one.rebate_expected),
            _shown(one.rebate_paid),
        )
        for one in found.markets
    ]
    total = f"expected {_shown(found.expected)} USD, paid {_shown(found.paid) or 'unknown: a dry run has no account'}"
    small = "" if found.expected >= LEAST_PAID else "; a day below 1 USD is not paid"
    return f"{head}\n{cli.table(columns, rows)}\n{total}{small}"


def _money(money: Money | None) -> str | None:
    return None if money is None else money_text(money)


def _shown(money: Money | None) -> str:
    """USD to a hundredth of a cent, for people."""
    return "" if money is None else f"{money / 1_000_000:.4f}"
