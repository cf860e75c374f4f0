"""`pmm selftest`: one order through everything that live trading is made of, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pmm.cli.context import LIVE, Cli

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal

    from pmm.app.trial import Finding, Report
    from pmm.settings import Loaded

SCHEMA = "pmm.selftest/1"
# Where no market is named: the one that every embedded exchange has.
EMBEDDED_MARKET = "demo"


def selftest(
    live: Annotated[bool, typer.Option("--live", help="At the venue of the settings, with real money.")] = False,
    max_usd: Annotated[str, typer.Option(metavar="USD", help="Most that the order may be worth.")] = "5",
    market: Annotated[
        str | None, typer.Option("-m", "--market", help="Slug, URL, condition id or token id; else the busiest.")
    ] = None,
) -> None:
    """Place one small order far from the market, see it, cancel it, and prove that it is gone.

    On an embedded exchange with a fresh key unless --live.  Exit 0, 8 when a step fails, 9 when the order may remain.
    """
    from pmm.app.selftest import capped
    from pmm.errors import CheckFailed, OrdersMayRemain

    cli = Cli.current()
    loaded = capped(cli.load({"dry_run": not live}), _dollars(max_usd))
    report = _run(cli, loaded, market, live=live)
    cli.emit(SCHEMA, _record(report, live=live), human=lambda: _verdict(cli, report))
    if report.gone is False:
        raise OrdersMayRemain(
            "the order of the self-test is not proven gone", hint="`pmm cancel-all` cancels until the venue lists none."
        )
    if report.failed:
        raise CheckFailed(f"the self-test failed at: {', '.join(report.failed)}")


def _run(cli: Cli, loaded: Loaded, market: str | None, *, live: bool) -> Report:
    import asyncio

    from pmm.app.practice import practice
    from pmm.app.selftest import selftest as run
    from pmm.cli.armed import armed

    tell = _teller(cli)
    if live:
        limits = (
            f"one order of at most {loaded.settings.live.max_order_usd} USD, far from the market, cancelled at once"
        )
        wallet = armed(cli, loaded, [market or "the busiest market"], limits, flag=True)
        venue = loaded.settings.venue
        return asyncio.run(run(loaded, venue, wallet, market=market, instance=cli.instance, tell=tell))

    async def here() -> Report:
        async with practice(loaded) as there:
            name = market or EMBEDDED_MARKET
            return await run(there.loaded, there.venue, there.wallet, market=name, instance=cli.instance, tell=tell)

    return asyncio.run(here())


def _teller(cli: Cli) -> Callable[[Finding], None]:
    """One line for every step as it ends, where a person looks."""
    return lambda one: cli.note(f"{'ok' if one.ok else 'FAIL':>4}  {one.name}: {one.found}  ({_ms(one.took)} ms)")


def _dollars(text: str) -> Decimal:
    """Raises UsageError."""
    from decimal import Decimal, InvalidOperation

    from pmm.errors import UsageError

    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal(0)
    if not amount.is_finite() or amount <= 0:
        raise UsageError(f"--max-usd {text!r} is not an amount of dollars above 0")
    return amount


def _record(report: Report, *, live: bool) -> dict[str, object]:
    from pmm.model import price_text, size_text

    place, market = report.place, report.market
    return {
        "live": live,
        "venue": report.venue,
        "wallet": report.wallet,
        "market": None if market is None else market.slug,
        "order": None
        if place is None
        else {
            "order_id": place.order_id,
            "side": place.side,
            "price": price_text(place.price),
            "size": size_text(place.size),
        },
        "steps": [
            {"name": one.name, "ok": one.ok, "found": one.found, "took_ms": _ms(one.took)} for one in report.findings
        ],
        "failed": report.failed,
        "gone": report.gone,
    }


def _verdict(cli: Cli, report: Report) -> str:
    took = _ms(sum(one.took for one in report.findings))
    said = "passed" if not report.failed else f"failed at {', '.join(report.failed)}"
    where = report.venue if cli.mode == LIVE else "an exchange of its own"
    left = {True: "nothing is left of its order", False: "its order may remain", None: "nothing was sent"}[report.gone]
    return f"{cli.banner}  self-test {said} at {where} in {took} ms: {left}"


def _ms(nanos: int) -> int:
    return nanos // 1_000_000
