"""The C face of Book: `from pmm._fast.book cimport Book`.

The struct is the book itself; `Book` owns one.  Everything is `noexcept nogil` and checks nothing that the Python face
checks: give it ranks and sides that exist.  Compile with `pmm._fast.get_include()` on the include path.
"""

from libc.stdint cimport int32_t, int64_t


cdef extern from "book.h" nogil:
    int PMM_GRID

    ctypedef struct pmm_book:
        int32_t tick
        int32_t ranks

    bint pmm_is_tick(int64_t tick) noexcept
    int32_t pmm_ticks(const pmm_book *book, int64_t price) noexcept
    int32_t pmm_rank(const pmm_book *book, int side, int32_t ticks) noexcept
    int32_t pmm_price(const pmm_book *book, int side, int32_t rank) noexcept
    bint pmm_book_init(pmm_book *book, int32_t tick) noexcept
    void pmm_book_release(pmm_book *book) noexcept
    void pmm_book_clear(pmm_book *book) noexcept
    bint pmm_book_reserve(pmm_book *book, unsigned int pages) noexcept
    void pmm_book_put(pmm_book *book, int side, int32_t rank, int64_t size) noexcept
    int32_t pmm_book_best(const pmm_book *book, int side) noexcept
    int32_t pmm_book_next(const pmm_book *book, int side, int32_t rank) noexcept
    int64_t pmm_book_size(const pmm_book *book, int side, int32_t rank) noexcept
    int32_t pmm_book_depth(const pmm_book *book, int side) noexcept
    int32_t pmm_best_bid(const pmm_book *book) noexcept
    int32_t pmm_best_ask(const pmm_book *book) noexcept
    bint pmm_book_copy(pmm_book *to, const pmm_book *source) noexcept
    int pmm_book_pour(pmm_book *to, const pmm_book *source, bint mirror) noexcept
    bint pmm_book_same(const pmm_book *one, const pmm_book *other) noexcept


cdef class Ladder:
    cdef readonly int32_t levels
    cdef readonly object view
    cdef Py_buffer buffer


cdef class Book:
    cdef pmm_book c
