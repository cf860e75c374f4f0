"""One instance of the bot: its folder, its state file, and the right to be it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TypeAlias

from pmm.app.account import state_folder
from pmm.drivers.lease import LeaseTaken, take_instance
from pmm.errors import DiskError
from pmm.settings import Settings
from pmm.sinks.store import Store

Warn: TypeAlias = Callable[[str], None]


@contextmanager
def held(settings: Settings, instance: str, warn: Warn) -> Iterator[Store | None]:
    """Be the instance until the block ends; its state file, None for a dry run that cannot have one.

    For live trading it raises LeaseTaken where another process is the instance already, and DiskError.
    """
    folder = state_folder(settings, instance)
    with ExitStack() as stack:
        try:
            stack.enter_context(take_instance(folder, instance))
            store: Store | None = stack.enter_context(Store.open(folder))
        except (DiskError, LeaseTaken) as error:
            if not settings.dry_run:
                raise
            warn(f"{error.message}: this run keeps no state and cannot be asked how it stands")
            store = None
        yield store
