"""The kernel: books by integer price and size, fed with raw frames of the venue's market socket.

Compiled where a compiler was there at install time, otherwise the plain twin with the same behaviour; PMM_PURE=1
chooses the twin.  `COMPILED` says which one this is.
"""

from os import environ
from typing import TYPE_CHECKING

from pmm._fast.refusal import Refusal

if TYPE_CHECKING:
    from pmm._fast.book import ASK, BID, GRID, Book, Ladder
    from pmm._fast.quote import MICRO, MID, REFERENCE, Quoter
    from pmm._fast.wire import Books

    COMPILED: bool
else:
    COMPILED = environ.get("PMM_PURE") != "1"
    if COMPILED:
        try:
            from pmm._fast.book import ASK, BID, GRID, Book, Ladder
            from pmm._fast.quote import MICRO, MID, REFERENCE, Quoter
            from pmm._fast.wire import Books
        except ImportError:
            COMPILED = False
    if not COMPILED:
        from pmm._fast.pure.book import ASK, BID, GRID, Book, Ladder
        from pmm._fast.pure.quote import MICRO, MID, REFERENCE, Quoter
        from pmm._fast.pure.wire import Books

__all__ = [
    "ASK", "BID", "COMPILED", "GRID", "MICRO", "MID", "REFERENCE",
    "Book", "Books", "Ladder", "Quoter", "Refusal", "get_include",
]  # fmt: skip


def get_include() -> str:
    """The folder of the kernel's C headers, for the include path of a module that cimports from here."""
    return __path__[0]
