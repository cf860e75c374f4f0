# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, auto_pickle=False, autotestdict=False
"""One token's order book, compiled: book.h behind the same face as pmm._fast.pure.book."""

from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_Release, PyObject_GetBuffer
from libc.stdint cimport int32_t, int64_t
from libc.stdlib cimport free, malloc

from array import array
from hashlib import sha1
from json import dumps

GRID = PMM_GRID
BID = 0
ASK = 1
cdef dict _TICK_TEXT = {1_000: b"0.1", 100: b"0.01", 50: b"0.005", 25: b"0.0025", 10: b"0.001", 1: b"0.0001"}


cdef extern from "summary.h" nogil:
    size_t PMM_LEVEL_TEXT_MAX
    bint pmm_all_plain(const char *text, size_t length) noexcept
    char *pmm_append(char *end, const char *text, size_t length) noexcept
    char *pmm_summary_side(char *end, const pmm_book *book, int side) noexcept


cdef extern from "Python.h":
    int64_t PyLong_AsLongLongAndOverflow(object number, int *overflow) except? -1


cdef extern from "query.h" nogil:
    int32_t INT32_MIN
    int64_t INT64_MIN
    int32_t pmm_microprice(const pmm_book *book) noexcept
    int32_t pmm_imbalance(const pmm_book *book, int64_t levels) noexcept
    int32_t pmm_cut(const pmm_book *book, int side, int64_t size) noexcept
    int64_t pmm_walk(const pmm_book *book, int side, int64_t size, int64_t *cost) noexcept
    void pmm_top(const pmm_book *book, int32_t levels, int64_t *out) noexcept


cdef class Ladder:
    """Room for the best `levels` (1 to 10 000) of both sides, filled by `Book.top` without making objects.

    `view` is a memoryview of 64-bit integers: bid prices, bid sizes, ask prices, ask sizes, `levels` of each, best
    first, 0 where there is no level.  Raises ValueError for another number of levels.
    """

    def __cinit__(self, levels):
        if not 0 < levels <= PMM_GRID:
            raise ValueError(f"not a number of levels: {levels}")
        self.levels = levels
        self.view = memoryview(array("q", bytes(32 * levels)))
        PyObject_GetBuffer(self.view, &self.buffer, PyBUF_SIMPLE)

    def __dealloc__(self):
        PyBuffer_Release(&self.buffer)


cdef class Book:
    """The resting bids and asks of one token.

    `tick` is the price step in grid units (1000 100 50 25 10 1).  Raises ValueError for any other.
    """

    __hash__ = None

    def __cinit__(self, tick=100):
        if not _is_tick(tick):
            raise ValueError(f"not a tick of the venue: {tick}")
        if not pmm_book_init(&self.c, <int32_t>tick):
            raise MemoryError

    def __dealloc__(self):
        pmm_book_release(&self.c)

    @property
    def tick(self):
        """The price step, in grid units."""
        return self.c.tick

    @property
    def best_bid(self):
        """The highest bid, None when there is no bid."""
        cdef int32_t best = pmm_best_bid(&self.c)
        return best if best else None

    @property
    def best_ask(self):
        """The lowest ask, None when there is no ask."""
        cdef int32_t best = pmm_best_ask(&self.c)
        return best if best < PMM_GRID else None

    @property
    def mid2(self):
        """Best bid plus best ask, which is twice the midpoint; None unless both sides are there."""
        cdef int32_t bid = pmm_best_bid(&self.c), ask = pmm_best_ask(&self.c)
        return bid + ask if bid and ask < PMM_GRID else None

    @property
    def spread(self):
        """Best ask minus best bid (negative when crossed); None unless both sides are there."""
        cdef int32_t bid = pmm_best_bid(&self.c), ask = pmm_best_ask(&self.c)
        return ask - bid if bid and ask < PMM_GRID else None

    @property
    def microprice(self):
        """The best prices, each weighted with the other side's size, in micro-USD rounded down; None without both."""
        cdef int32_t price = pmm_microprice(&self.c)
        return None if price < 0 else price

    def imbalance(self, n=1):
        """Bid size less ask size over their sum, of the best `n` levels of each side, in millionths rounded down.

        None when nothing rests there.
        """
        cdef int32_t share = pmm_imbalance(&self.c, _count(n))
        return None if share == INT32_MIN else share

    def cut(self, side, size):
        """The first price from the best at which `size` rests cumulatively; None when the side holds less."""
        cdef int c_side = _side(side)
        cdef int32_t price = pmm_cut(&self.c, c_side, _positive(size))
        return price if price else None

    def cut_mid2(self, size):
        """`mid2` of the prices at which `size` rests on each side: the midpoint that the venue's rewards look at."""
        cdef int64_t c_size = _positive(size)
        cdef int32_t bid = pmm_cut(&self.c, 0, c_size), ask = pmm_cut(&self.c, 1, c_size)
        return bid + ask if bid and ask else None

    def walk(self, side, size):
        """Take up to `size` from one side, best first: the size that is there and its cost in micro-USD."""
        cdef int64_t cost = 0
        cdef int c_side = _side(side)
        cdef int64_t taken = pmm_walk(&self.c, c_side, _positive(size), &cost)
        return taken, cost

    def top(self, Ladder ladder not None):
        """Write the best levels of both sides into a ladder."""
        pmm_top(&self.c, ladder.levels, <int64_t *>ladder.buffer.buf)

    def set(self, side, price, size):
        """Make `size` the whole size resting at `price`; 0 removes the level.

        Raises ValueError for a side other than BID and ASK, a price off the tick or outside (0, GRID), and a size
        below 0 or above 2**63 - 1.
        """
        cdef int c_side = _side(side)
        cdef int32_t rank = _rank(&self.c, c_side, price)
        cdef int64_t c_size = _size(size)
        if not pmm_book_reserve(&self.c, 1):
            raise MemoryError
        pmm_book_put(&self.c, c_side, rank, c_size)

    def update(self, side, price, size):
        """`set`, and the best price of that side after it (None when it is empty) in the same call."""
        cdef int c_side = _side(side)
        cdef int32_t rank = _rank(&self.c, c_side, price)
        cdef int64_t c_size = _size(size)
        if not pmm_book_reserve(&self.c, 1):
            raise MemoryError
        pmm_book_put(&self.c, c_side, rank, c_size)
        rank = pmm_book_best(&self.c, c_side)
        return pmm_price(&self.c, c_side, rank) if rank < self.c.ranks else None

    def size_at(self, side, price):
        """The size resting at `price`, 0 where nothing rests.  Raises ValueError as `set` does."""
        cdef int c_side = _side(side)
        return pmm_book_size(&self.c, c_side, _rank(&self.c, c_side, price))

    def levels(self, side, n=None):
        """The (price, size) pairs of one side, best first, at most `n` of them."""
        cdef int c_side = _side(side)
        cdef int64_t left = PMM_GRID if n is None else _count(n)
        cdef list found = []
        cdef int32_t rank = pmm_book_best(&self.c, c_side)
        while rank < self.c.ranks and left:
            found.append((pmm_price(&self.c, c_side, rank), pmm_book_size(&self.c, c_side, rank)))
            rank = pmm_book_next(&self.c, c_side, rank)
            left -= 1
        return found

    def depth(self, side):
        """How many levels one side has."""
        return pmm_book_depth(&self.c, _side(side))

    def load(self, bids, asks):
        """Replace the whole book; a price given twice keeps its last size, a size of 0 is no level.

        Raises ValueError as `set` does, and leaves the book as it was.
        """
        cdef Book fresh = Book(self.c.tick)
        for price, size in bids:
            fresh.set(0, price, size)
        for price, size in asks:
            fresh.set(1, price, size)
        self.c, fresh.c = fresh.c, self.c

    def clear(self):
        """Remove every level; the tick stays."""
        pmm_book_clear(&self.c)

    def copy(self):
        """An independent book with the same tick and levels."""
        cdef Book twin = Book(self.c.tick)
        if not pmm_book_copy(&twin.c, &self.c):
            raise MemoryError
        return twin

    def mirrored(self):
        """The other token's book: a bid at p here is an ask at GRID - p there, with the same size."""
        return _poured(self, self.c.tick, True)

    def change_tick(self, new_tick):
        """Move the book to another tick, keeping its levels.

        Raises ValueError for a tick the venue does not have and for one that cannot hold a level of this book.
        """
        cdef Book moved = _poured(self, new_tick, False)
        self.c, moved.c = moved.c, self.c

    def hash(self, market, asset_id, timestamp, min_order_size, neg_risk, last_trade_price):
        """The venue's hash of this book: SHA-1 over its ten-key JSON form, as 40 hex digits.

        The texts are the venue's own (`timestamp` in ms, `last_trade_price` with three decimals or "").
        """
        cdef bytes text = _summary(
            self,
            (
                _inside(market), _inside(asset_id), _inside(timestamp), _inside(min_order_size),
                _TICK_TEXT[self.c.tick], b"true" if neg_risk else b"false", _inside(last_trade_price),
            ),
        )
        return sha1(text, usedforsecurity=False).hexdigest()

    def __eq__(self, other):
        if not isinstance(other, Book):
            return NotImplemented
        return pmm_book_same(&self.c, &(<Book>other).c)

    def __repr__(self):
        return f"Book(tick={self.tick}, best_bid={self.best_bid}, best_ask={self.best_ask})"


cdef bytes _inside(str text):
    # What stands between the quotes of a JSON string.
    cdef bytes raw = text.encode()
    if pmm_all_plain(raw, len(raw)):
        return raw
    cdef str quoted = dumps(text, ensure_ascii=False)
    return quoted[1:len(quoted) - 1].encode()


cdef bint _is_tick(tick) except -1:
    return isinstance(tick, int) and 0 < tick <= PMM_GRID and pmm_is_tick(tick)


cdef int64_t _integer(value) except? -1:
    # What does not fit 64 bits is out of every range that is asked for, and so is the number that stands for it.
    cdef int overflow = 0
    cdef int64_t number = PyLong_AsLongLongAndOverflow(value, &overflow)
    return INT64_MIN if overflow else number


cdef int _side(side) except -1:
    cdef int64_t number = _integer(side)
    if number == 0 or number == 1:
        return <int>number
    raise ValueError(f"not a side: {side}")


cdef int32_t _rank(const pmm_book *book, int side, price) except -1:
    cdef int32_t ticks = pmm_ticks(book, _integer(price))
    if ticks < 0:
        raise ValueError(f"not a price on the tick {book.tick}: {price}")
    return pmm_rank(book, side, ticks)


cdef int64_t _size(size) except -1:
    cdef int64_t number = _integer(size)
    if number < 0:
        raise ValueError(f"not a size: {size}")
    return number


cdef int64_t _positive(size) except -1:
    cdef int64_t number = _integer(size)
    if number <= 0:
        raise ValueError(f"not a size above 0: {size}")
    return number


cdef int64_t _count(n) except -1:
    if n < 0:
        raise ValueError(f"not a number of levels: {n}")
    return min(n, PMM_GRID)


cdef Book _poured(Book book, tick, bint mirror):
    cdef Book fresh = Book(tick)
    cdef int done = pmm_book_pour(&fresh.c, &book.c, mirror)
    if done < 0:
        raise ValueError(f"a level of this book is not on the tick {tick}")
    if not done:
        raise MemoryError
    return fresh


cdef bytes _summary(Book book, tuple texts):
    cdef size_t room = 256 + PMM_LEVEL_TEXT_MAX * (pmm_book_depth(&book.c, 0) + pmm_book_depth(&book.c, 1))
    for text in texts:
        room += len(<bytes>text)
    cdef char *buffer = <char *>malloc(room)
    if not buffer:
        raise MemoryError
    cdef char *end = _field(buffer, b'{"market":"', <bytes>texts[0])
    end = _field(end, b'","asset_id":"', <bytes>texts[1])
    end = _field(end, b'","timestamp":"', <bytes>texts[2])
    end = _field(end, b'","hash":"","bids":[', b"")
    end = pmm_summary_side(end, &book.c, 0)
    end = _field(end, b'],"asks":[', b"")
    end = pmm_summary_side(end, &book.c, 1)
    end = _field(end, b'],"min_order_size":"', <bytes>texts[3])
    end = _field(end, b'","tick_size":"', <bytes>texts[4])
    end = _field(end, b'","neg_risk":', <bytes>texts[5])
    end = _field(end, b',"last_trade_price":"', <bytes>texts[6])
    end = _field(end, b'"}', b"")
    try:
        return buffer[:end - buffer]
    finally:
        free(buffer)


cdef char *_field(char *end, bytes key, bytes value) noexcept:
    end = pmm_append(end, key, len(key))
    return pmm_append(end, value, len(value))
