"""The log: lines with time and level on stderr.  stdout never carries one."""

from __future__ import annotations

import logging
import sys

import structlog

LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}


# What the libraries' own loggers say below this is about frames and sockets; their frames may hold credentials.
LIBRARIES = logging.WARNING


def start(level: str, *, color: bool = False) -> None:
    """Write everything at `level` and above to stderr from now on, and the warnings of libraries with it."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            *([] if level == "debug" else [_without_retries]),
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer(
                colors=color and sys.stderr is not None and sys.stderr.isatty(),
                exception_formatter=structlog.dev.plain_traceback,
            ),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        # Given no stream, the print logger would take stdout, which is for data only.
        logger_factory=structlog.ReturnLoggerFactory()
        if sys.stderr is None
        else structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(level=max(LEVELS[level], LIBRARIES), handlers=[_Pipe()], force=True)


class _Pipe(logging.Handler):
    """Records of the standard library's loggers, as lines of our log."""

    def emit(self, record: logging.LogRecord) -> None:
        get(record.name).log(record.levelno, record.getMessage())


def _without_retries(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Attempts that are repeated are news for debugging only: the last one is reported by its error."""
    if str(event.get("event", "")).startswith("stamina."):
        raise structlog.DropEvent
    return event


def get(name: str) -> structlog.typing.FilteringBoundLogger:
    """A logger that names the part of the program that speaks."""
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger(part=name)
    return logger
