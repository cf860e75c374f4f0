"""One run of the command line: parse, run the command, turn whatever happened into an exit status.

This is the only place that catches everything.  A failure leaves as one JSON line on stdout when a program reads, and
as one to three lines on stderr when a person does; a traceback needs `--debug`.
"""

from __future__ import annotations

import difflib
import os
import re
import signal
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

import typer

from pmm import cli as tree
from pmm.cli import output
from pmm.cli.context import Cli
from pmm.cli.globals import hoist
from pmm.cli.output import Format
from pmm.errors import ConfigError, DiskError, Exit, LocalError, OrdersMayRemain, PmmError, UsageError

PROG = "pmm"
_MAYBE_A_KEY = re.compile(r"[0-9a-fA-F]{64}")
INTERRUPTED = 130
TERMINATED = 143

# The parser library's own base of usage errors; where it lives depends on the version of typer.
ParserError: type[Exception] = typer.BadParameter.__mro__[1]

_run: list[Cli] = []


class Terminated(BaseException):
    """SIGTERM arrived before the command had anything to undo."""


class Defect(LocalError):
    """An exception nobody foresaw."""

    hint = "Run again with --debug for the traceback, and report it."


def running() -> Cli:
    """The run that is in progress.  Raises LookupError when there is none."""
    if not _run:
        raise LookupError("no command is running")
    return _run[-1]


def run(argv: Sequence[str]) -> int:
    """Run one command line and return its exit status; never raises."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    cli = Cli()
    _run.append(cli)
    try:
        with _sigterm():
            return _invoke(cli, argv)
    except BrokenPipeError:
        return Exit.OK  # the reader has seen enough
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except Terminated:
        return TERMINATED
    finally:
        _run.remove(cli)
        _settle_stdout()


def _invoke(cli: Cli, argv: Sequence[str]) -> int:
    try:
        cli.format, cli.debug = _peek(argv)
        root = tree.build()
        args = hoist(root, argv)
        cli.format, cli.debug = _peek(args)
        if not args:
            args = ["--help"]
        if f"_{PROG.upper()}_COMPLETE" in os.environ:
            root(args, prog_name=PROG)
        with root.make_context(PROG, args) as context:
            return int(root.invoke(context) or Exit.OK)
    except typer.Exit as leave:
        return leave.exit_code
    except ParserError as error:
        return report(cli, _usage(error))
    except PmmError as error:
        return report(cli, error)
    except BaseExceptionGroup as group:
        return report(cli, _foremost(group))
    except (BrokenPipeError, typer.Abort):
        raise
    except Exception as error:  # noqa: BLE001  the last line of defence: a person gets one line, not a traceback
        return report(cli, _defect(error))


def report(cli: Cli, error: PmmError) -> int:
    """Tell the user about a failure and return its exit status."""
    if cli.debug:
        output.note("".join(traceback.format_exception(error)).rstrip())
    if not (cli.json and _written(error)):
        output.note(f"error {error.code}: {_what(error)}")
        if error.hint:
            output.note(f"  {error.hint}")
    return int(error.exit)


def _written(error: PmmError) -> bool:
    """Whether stdout took the envelope of a failure; where it is gone, stderr has to do."""
    try:
        output.write(output.json_line(output.error_envelope(error)))
    except (BrokenPipeError, DiskError):
        return False
    return True


def _what(error: PmmError) -> str:
    if isinstance(error, ConfigError) and len(error.problems) > 1:
        listed = "".join(f"\n  {problem}" for problem in error.problems)
        return f"{len(error.problems)} settings are wrong{listed}"
    return output.printable(error.message)


def _peek(args: Sequence[str]) -> tuple[Format, bool]:
    """How to report a failure of parsing itself: the output format and whether to show the traceback."""
    chosen = Format.TABLE
    for word, following in zip(args, [*args[1:], ""], strict=False):
        name, _, value = word.partition("=")
        if word == "--":
            break
        if word == "--json":
            chosen = Format.JSON
        elif name in {"-o", "--output"} and (value or following) in set(Format):
            chosen = Format(value or following)
        elif word[:2] == "-o" and word[2:] in set(Format):
            chosen = Format(word[2:])
    return chosen, "--debug" in args


def _usage(error: Exception) -> UsageError:
    """The parser's complaint in our words, with the nearest name when one was misspelt."""
    message = str(getattr(error, "format_message", error.__str__)()).partition(" Did you mean")[0]
    message = _MAYBE_A_KEY.sub("...", message)  # somebody may have put one on the command line
    context = getattr(error, "ctx", None)
    where = getattr(context, "command_path", PROG)
    near = _nearest(error, context)
    hint = f"Did you mean {near}?" if near else f"See `{where} --help`."
    return UsageError(message.splitlines()[0] if message else "wrong usage", hint=hint)


def _nearest(error: Exception, context: object) -> str:
    option = getattr(error, "option_name", "")
    command = getattr(context, "command", None)
    if option:
        known = [name for param in getattr(command, "params", []) for name in param.opts]
        close = difflib.get_close_matches(option, [*known, *tree.global_options()], n=1)
        return "".join(f"`{name}`" for name in close)
    _, quote, rest = str(error).partition("No such command '")
    if not quote:
        return ""
    close = difflib.get_close_matches(rest.split("'")[0], list(getattr(command, "commands", {})), n=1)
    path = getattr(context, "command_path", PROG)
    return "".join(f"`{path} {name}`" for name in close)


def _foremost(group: BaseExceptionGroup[BaseException]) -> PmmError:
    """What to tell of several failures of concurrent tasks: orders that may remain first, then what we foresaw."""
    leaves = list(_leaves(group))
    for leaf in leaves:
        if isinstance(leaf, KeyboardInterrupt | Terminated | BrokenPipeError):
            raise leaf
    known = [leaf for leaf in leaves if isinstance(leaf, PmmError)]
    severe = [leaf for leaf in known if isinstance(leaf, OrdersMayRemain)]
    return (severe or known or [_defect(leaves[0])])[0]


def _leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error


def _defect(error: BaseException) -> Defect:
    defect = Defect(f"unexpected {type(error).__name__}: {error}")
    defect.__cause__ = error
    return defect


@contextmanager
def _sigterm() -> Iterator[None]:
    """Until the command installs its own handler, SIGTERM ends it as Ctrl-C does."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise Terminated

    try:
        before = signal.signal(signal.SIGTERM, stop)
    except ValueError:  # not the main thread: the embedding program owns the signals
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _settle_stdout() -> None:
    """Where stdout is gone, point it at nothing: the interpreter would complain about the rest while shutting down."""
    if sys.stdout is None:
        return
    try:
        sys.stdout.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
