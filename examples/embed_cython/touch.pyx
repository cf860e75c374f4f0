# cython: language_level=3
"""A second package that reads a Book in C: no Python object is made inside the loop, and the GIL is not held."""

from libc.stdint cimport int32_t, int64_t

from pmm._fast.book cimport Book, pmm_best_ask, pmm_best_bid, pmm_book_best, pmm_book_next, pmm_book_size


def width(Book book not None):
    """Best ask less best bid in grid units; an empty side counts as the end of the price range."""
    return pmm_best_ask(&book.c) - pmm_best_bid(&book.c)


def resting(Book book not None, int side):
    """All the size that rests on one side (0 bids, 1 asks), in micro-shares."""
    if side not in (0, 1):
        raise ValueError(f"not a side: {side}")
    cdef int64_t total = 0
    cdef int32_t rank
    with nogil:
        rank = pmm_book_best(&book.c, side)
        while rank < book.c.ranks:
            total += pmm_book_size(&book.c, side, rank)
            rank = pmm_book_next(&book.c, side, rank)
    return total
