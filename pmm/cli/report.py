"""`pmm report`: what a run came to, in tables and charts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pmm.cli.context import LIVE, Cli
from pmm.model import SECOND, decimal_text, money_text, size_text, utc_text

if TYPE_CHECKING:
    from pmm.app.report import After, MarketReport, Report

SCHEMA = "pmm.report/1"


def report(
    run: Annotated[int | None, typer.Argument(help="Number of the run; the last one if left out.", min=1)] = None,
    png: Annotated[
        Path | None, typer.Option("--png", metavar="FILE", help="Save the charts as a picture (extra report).")
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Save tables and charts as one page (extra report).")
    ] = None,
) -> None:
    """What a run came to: profit by cause, quoting, inventory, rewards; dry run and live alike."""
    from pmm.app.report import report as read
    from pmm.app.report import simulated

    cli = Cli.current()
    found = read(cli.load().settings, cli.instance, run)
    saved = []
    if png is not None or html is not None:
        from pmm.cli import report_page

        saved = [str(path) for path in report_page.save(found, tables(found), png=png, html=html)]
    mode = cli.mode if simulated(found.run) else LIVE
    cli.emit(SCHEMA, record(found) | {"saved": saved}, mode=mode, human=lambda: _text(found, saved))


def record(found: Report) -> dict[str, object]:
    """The JSON form."""
    return {
        "run": found.run.number,
        "began": utc_text(found.run.began_at),
        "net": money_text(found.net),
        "max_drawdown": money_text(found.drawdown),
        "rule_events": found.spoken,
        "markets": [_market(one) for one in found.markets.values()],
    }


def _market(one: MarketReport) -> dict[str, object]:
    from pmm.app.report import cents_a_share
    from pmm.metrics.pnl import pnl_text

    how = one.performance
    return {
        "market": one.slug,
        "pnl": {
            "total": pnl_text(one.pnl.total),
            "spread_captured": pnl_text(one.pnl.spread),
            "inventory_move": pnl_text(one.pnl.inventory),
            "residual": pnl_text(one.pnl.residual),
            "rebates": money_text(one.rebates),
            "rewards_expected": money_text(how.reward),
            "fees": "0",
            "net": money_text(one.net),
        },
        "markout": {
            str(after.seconds): {
                "fills": after.fills,
                "adverse_selection": pnl_text(after.adverse),
                "held": pnl_text(one.pnl.inventory - after.adverse),
                "cents_per_share": _number(cents_a_share(after)),
            }
            for after in one.after
        },
        "fills": one.fills,
        "volume": size_text(one.volume),
        "uptime": _number(how.uptime),
        "time_at_best": _number(how.at_best),
        "time_within_one_tick": _number(how.one_tick),
        "reward_share": _number(how.reward_share),
        "mean_held": size_text(how.mean_held),
        "most_held": size_text(how.most_held),
        "max_drawdown": money_text(how.drawdown),
        "quoted_s": decimal_text(how.span // (SECOND // 1_000), 3),
        "samples": how.samples,
    }


def tables(found: Report) -> list[tuple[str, list[str], list[list[str]]]]:
    """Every table: its name, its columns, its rows."""
    markets = list(found.markets.values())
    return [
        (
            "Profit in USD",
            ["market", "spread", "inventory", "rebates", "rewards expected", "net", "drawdown"],
            [
                [
                    one.slug,
                    _usd(one.pnl.spread),
                    _usd(one.pnl.inventory),
                    money_text(one.rebates),
                    money_text(one.performance.reward),
                    money_text(one.net),
                    money_text(one.performance.drawdown),
                ]
                for one in markets
            ],
        ),
        (
            "Mid after our fills, cents a share for us",
            ["market", "fills", *(f"{after.seconds} s" for after in (markets[0].after if markets else ()))],
            [[one.slug, str(one.fills), *(_after(after) for after in one.after)] for one in markets],
        ),
        (
            "Quoting",
            ["market", "both sides", "at best", "within a tick", "reward share", "mean held", "most held", "volume"],
            [
                [
                    one.slug,
                    _percent(one.performance.uptime),
                    _percent(one.performance.at_best),
                    _percent(one.performance.one_tick),
                    _percent(one.performance.reward_share),
                    size_text(one.performance.mean_held),
                    size_text(one.performance.most_held),
                    size_text(one.volume),
                ]
                for one in markets
            ],
        ),
    ]


def _text(found: Report, saved: list[str]) -> str:
    from pmm.cli.output import table

    cli = Cli.current()
    head = f"run {found.run.number}, began {utc_text(found.run.began_at)}: net {money_text(found.net)} USD"
    parts = [f"{head}, greatest fall {money_text(found.drawdown)} USD, rules spoke {found.spoken} times"]
    parts += [f"{name}\n{table(columns, rows, width=cli.width)}" for name, columns, rows in tables(found)]
    parts += [f"saved {path}" for path in saved]
    return "\n\n".join(parts)


def _usd(units: int) -> str:
    from pmm.metrics.pnl import MICRO

    return money_text(units // MICRO)


def _after(after: After) -> str:
    from pmm.app.report import cents_a_share

    cents = cents_a_share(after)
    return "-" if cents is None else f"{cents:+.3f}"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"


def _number(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
