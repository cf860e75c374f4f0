"""The object every command works with: the global options of this run, its settings and its output.

def book(market: ...) -> None:
    cli = Cli.current()
    settings = cli.load({"mm.spread": spread}).settings      # None values are left out
    cli.emit("pmm.book/1", data, human=lambda: text)         # envelope, or text for people
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from pmm.cli import output
from pmm.cli.output import Format

if TYPE_CHECKING:
    from pmm.settings import Loaded

DRY_RUN = "dry-run"
LIVE = "live"


@dataclass
class Cli:
    """One run of the command line."""

    command: str = ""
    format: Format = Format.TABLE
    config: Path | None = None
    overrides: dict[str, object] = field(default_factory=dict)  # what flags say about settings, by dotted key
    quiet: bool = False
    verbose: int = 0
    no_color: bool = False
    no_input: bool = False
    yes: bool = False
    debug: bool = False
    instance: str = "default"
    warnings: list[str] = field(default_factory=list)
    loaded: Loaded | None = None
    environ: dict[str, str] | None = field(default=None, repr=False)  # with the secrets that children shall not inherit

    @classmethod
    def current(cls) -> Cli:
        """The object of the running command.  Raises LookupError outside of one."""
        from pmm.cli.frame import running

        return running()

    @property
    def json(self) -> bool:
        """Whether a program reads the answer; nothing but envelopes may go to stdout then."""
        return self.format is not Format.TABLE

    @property
    def mode(self) -> str:
        """ "dry-run" or "live".  Dry run is what one gets by forgetting."""
        return LIVE if self.loaded is not None and not self.loaded.settings.dry_run else DRY_RUN

    @property
    def banner(self) -> str:
        """The mode as every screen shows it."""
        return "LIVE" if self.mode == LIVE else "DRY RUN"

    @property
    def color(self) -> bool:
        """Whether stdout may carry colours."""
        plain = self.no_color or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
        return not plain and sys.stdout is not None and sys.stdout.isatty()

    @property
    def interactive(self) -> bool:
        """Whether a question may be asked: a person sits at both ends and did not forbid it."""
        ends = (sys.stdin, sys.stderr)
        return not self.no_input and not self.json and all(end is not None and end.isatty() for end in ends)

    @property
    def width(self) -> int | None:
        """Columns to fit tables into; None where no terminal limits them."""
        if "COLUMNS" in os.environ or (sys.stdout is not None and sys.stdout.isatty()):
            return shutil.get_terminal_size((80, 24)).columns
        return None

    def load(self, overrides: Mapping[str, object] | None = None) -> Loaded:
        """Read the settings, with `overrides` (dotted key to value, None left out) above every other source.

        Starts the log at the configured level and says there which mode this is.  Without `overrides` a second call
        returns what the first one read.  The first call takes every secret out of the process environment.  Raises
        ConfigError.
        """
        from pmm import settings
        from pmm.cli import logs
        from pmm.settings.sources import take_secrets

        chosen = {key: value for key, value in (overrides or {}).items() if value is not None}
        if self.loaded is not None and not chosen:
            return self.loaded
        if self.environ is None:
            self.environ = take_secrets(os.environ)
        self.loaded = settings.load({**self.overrides, **chosen}, config=self.config, environ=self.environ)
        logs.start(self.loaded.settings.log_level, color=self.color)
        for warning in self.loaded.warnings:
            self.warn(warning)
        logs.get("cli").info("start", command=self.command, mode=self.mode)
        return self.loaded

    def emit(
        self,
        schema: str,
        data: object,
        *,
        human: Callable[[], str] | None = None,
        mode: str | None = None,
        meta: Mapping[str, object] | None = None,
    ) -> None:
        """Write one answer: an envelope for programs, the text of `human` (when there is one) for people."""
        if self.json:
            document = output.envelope(schema, data, mode=mode or self.mode, warnings=self.warnings, meta=meta)
            output.write(output.json_line(document))
        elif human is not None:
            output.write(human())

    def emit_list(self, schema: str, key: str, items: Sequence[object], *, human: Callable[[], str]) -> None:
        """Write a list: one envelope with `data[key]`, one envelope per item under `-o jsonl`, text for people."""
        if self.format is Format.JSONL:
            for item in items:
                self.emit(schema, item)
        else:
            self.emit(schema, {key: items}, human=human)

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
        """A plain table that fits the terminal."""
        return output.table(columns, rows, width=self.width)

    def note(self, text: str) -> None:
        """Progress and remarks for people: stderr, silent under `-q`."""
        if not self.quiet:
            output.note(text)

    def warn(self, text: str) -> None:
        """A warning: part of every later envelope, and a line on stderr."""
        self.warnings.append(text)
        output.note(f"warning: {text}")

    def confirm(self, question: str, *, word: str = "YES") -> bool:
        """Whether the person agrees: `--yes`, or the typed `word`.  Never asks without a terminal."""
        if self.yes:
            return True
        if not self.interactive:
            return False
        return self.ask(f"{question} Type {word} to go on", default="", show_default=False) == word

    def ask(self, question: str, **options: Any) -> object:  # options of typer.prompt, which states no types
        """What a person types.  Call it only where `interactive` holds."""
        # The parser library writes a blank to stdout when it asks, wherever the question itself goes.
        with redirect_stdout(sys.stderr):
            answer: object = typer.prompt(question, err=True, **options)
        return answer

    @property
    def asker(self) -> Callable[[str], str] | None:
        """Asks a person for something that nobody else may see; None where nobody can be asked."""
        return (lambda question: str(self.ask(question, hide_input=True))) if self.interactive else None
