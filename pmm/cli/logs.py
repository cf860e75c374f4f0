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


def start(level: str, *, color: bool = False) -> None:
    """Write everything at `level` and above to stderr from now on; the standard library's loggers too."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            *([] if level == "debug" else [_without_retries]),
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer(colors=color, exception_formatter=structlog.dev.plain_traceback),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(
        level=LEVELS[level], stream=sys.stderr, format="%(asctime)s [%(levelname)s] %(message)s", force=True
    )


    # This library tells every move of every machine; ours are announced with their causes instead.
    logging.getLogger("transitions").setLevel(logging.WARNING)


def _without_retries(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Attempts that are repeated are news for debugging only: the last one is reported by its error."""
    if str(event.get("event", "")).startswith("stamina."):
        raise structlog.DropEvent
    return event


def get(name: str) -> structlog.typing.FilteringBoundLogger:
    """A logger that names the part of the program that speaks."""
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger(part=name)
    return logger
