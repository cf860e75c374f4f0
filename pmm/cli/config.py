"""`pmm config`: what the settings are, where they come from, and whether they are right."""

from __future__ import annotations

from typing import Annotated

import orjson
import typer

from pmm.cli import output
from pmm.cli.context import Cli

app = typer.Typer(help="Settings: show, validate, schema, env.", no_args_is_help=False)


@app.command()
def show(
    origin: Annotated[bool, typer.Option("--origin", help="Also say where each value comes from.")] = False,
) -> None:
    """Every setting with its value; secrets are masked."""
    from pmm.settings import example
    from pmm.settings.names import knobs

    cli = Cli.current()
    loaded = cli.load()
    values = example.shown(loaded.settings)
    data = {
        key: {"value": value, "origin": str(loaded.origins[key]), "env": knobs()[key].env}
        for key, value in values.items()
    }
    columns = ("setting", "value", "variable", *(["origin"] if origin else []))
    rows = [
        (key, value or "-", knobs()[key].env, *([str(loaded.origins[key])] if origin else []))
        for key, value in values.items()
    ]
    cli.emit("pmm.config/1", {"settings": data}, human=lambda: output.table(columns, rows))


@app.command()
def validate() -> None:
    """Check every setting; all problems are listed at once.  Exit 3 when one is wrong."""
    cli = Cli.current()
    loaded = cli.load()
    named = sorted({str(origin) for origin in loaded.origins.values() if origin.kind != "default"})
    data = {"valid": True, "settings": len(loaded.origins), "sources": named}
    cli.emit("pmm.config-check/1", data, human=lambda: f"ok: {len(loaded.origins)} settings are valid")


@app.command()
def schema() -> None:
    """The JSON schema of pmm.toml, for editors."""
    from pmm.settings import example

    cli = Cli.current()
    document = example.json_schema()
    cli.emit("pmm.config-schema/1", document, human=lambda: orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())


@app.command()
def env() -> None:
    """A complete .env with every setting at its default."""
    from pmm.settings import example
    from pmm.settings.names import knobs

    cli = Cli.current()
    text = example.env_example()
    data = {"text": text, "variables": {knob.env: key for key, knob in knobs().items()}}
    cli.emit("pmm.config-env/1", data, human=lambda: text.rstrip("\n"))
