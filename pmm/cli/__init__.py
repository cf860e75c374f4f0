"""The command tree.  Building it imports no command's world: each imports what it needs when it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from pmm.cli.context import Cli
from pmm.cli.globals import FLAGS, VALUES
from pmm.cli.output import Format

EPILOG = "Global options may stand before or after the command: see `pmm --help`."
ABOUT = "A market maker for Polymarket. Dry run is the default: nothing is sent to the venue without --live."


def global_options() -> list[str]:
    return [*VALUES, *FLAGS]


def root(
    context: typer.Context,
    output: Annotated[Format, typer.Option("-o", "--output", help="How to write results.")] = Format.TABLE,
    json: Annotated[bool, typer.Option("--json", help="Same as -o json.")] = False,
    config: Annotated[
        Path | None, typer.Option("-c", "--config", metavar="FILE", help="Instead of ./pmm.toml.")
    ] = None,
    profile: Annotated[str | None, typer.Option(metavar="NAME", help="A named set of defaults.")] = None,
    sets: Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Any setting.")] = None,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Errors only.")] = False,
    verbose: Annotated[int, typer.Option("-v", "--verbose", count=True, help="More log lines.")] = 0,
    no_color: Annotated[bool, typer.Option("--no-color", help="No colours; NO_COLOR=1 does the same.")] = False,
    no_input: Annotated[bool, typer.Option("--no-input", help="Never ask.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Agree to every question.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
    data_dir: Annotated[str | None, typer.Option(metavar="DIR", help="Where runs keep their files.")] = None,
    instance: Annotated[str, typer.Option(metavar="NAME", help="Which of several bots.")] = "default",
    log_level: Annotated[str | None, typer.Option(metavar="LEVEL", help="debug, info, warning or error.")] = None,
) -> None:
    cli = Cli.current()
    cli.command = context.invoked_subcommand or ""
    cli.format = Format.JSON if json and output is Format.TABLE else output
    cli.config, cli.quiet, cli.verbose, cli.instance = config, quiet, verbose, instance
    cli.no_color, cli.no_input, cli.yes, cli.debug = no_color, no_input, yes, debug
    level = log_level or ("debug" if verbose else "error" if quiet else None)
    flags = {"profile": profile, "data_dir": data_dir, "log_level": level}
    cli.overrides = {**_pairs(sets or []), **{key: value for key, value in flags.items() if value is not None}}


def _pairs(sets: list[str]) -> dict[str, object]:
    pairs: dict[str, object] = {}
    for text in sets:
        key, equals, value = text.partition("=")
        if not equals or not key.strip():
            raise typer.BadParameter(f"{text!r} is not KEY=VALUE, such as mm.spread=0.02", param_hint="--set")
        pairs[key.strip()] = value
    return pairs


def build() -> Any:  # the parser library does not export the type of the tree it builds
    """The whole tree, ready to parse."""
    from pmm.cli import (
        account,
        bench,
        book,
        cancel,
        cancel_all,
        config,
        data,
        demo,
        doctor,
        drill,
        exchange,
        explain,
        kill,
        machines,
        markets,
        operate,
        quote,
        record,
        report,
        rewards,
        risk,
        schema,
        selftest,
        state,
        stream,
        version,
        wallet,
        watchdog,
    )

    app = typer.Typer(help=ABOUT, rich_markup_mode=None, pretty_exceptions_enable=False)
    app.callback()(root)
    for first in (quote.quote, demo.demo, doctor.doctor, selftest.selftest, drill.drill, exchange.exchange):
        app.command(epilog=EPILOG)(first)
    for action in (operate.status, operate.pause, operate.resume, operate.stop):
        app.command(epilog=EPILOG)(action)
    app.command(epilog=EPILOG)(kill.kill)
    app.command(epilog=EPILOG)(cancel.cancel)
    app.command("cancel-all", epilog=EPILOG)(cancel_all.cancel_all)
    app.command(hidden=True)(watchdog.watchdog)
    for read in (account.orders, account.trades, account.positions, account.pnl):
        app.command(epilog=EPILOG)(read)
    for told in (schema.schema, explain.explain, rewards.rewards, report.report):
        app.command(epilog=EPILOG)(told)
    app.add_typer(state.app, name="state")
    app.add_typer(risk.app, name="risk")
    app.add_typer(markets.app, name="markets")
    app.add_typer(markets.events, name="events")
    app.command(epilog=EPILOG)(book.book)
    app.command(epilog=EPILOG)(stream.stream)
    app.command(epilog=EPILOG)(record.record)
    app.add_typer(data.app, name="data")
    app.add_typer(wallet.app, name="wallet")
    app.add_typer(config.app, name="config")
    app.command(epilog=EPILOG)(bench.bench)
    app.command(epilog=EPILOG)(machines.machines)
    app.command(epilog=EPILOG)(version.version)
    return typer.main.get_command(app)
