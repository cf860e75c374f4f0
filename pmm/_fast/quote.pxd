"""The C face of Quoter: `from pmm._fast.quote cimport Quoter`."""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t

from pmm._fast.book cimport pmm_best_ask, pmm_best_bid, pmm_book
from pmm._fast.wire cimport Books, pmm_slot


cdef extern from "quote.h" nogil:
    enum:
        PMM_LADDER
        PMM_CENTRE_NONE

    ctypedef struct pmm_order:
        int64_t size
        int32_t price
        int32_t centre

    ctypedef struct pmm_plan:
        int64_t half_spread
        int64_t skew
        int64_t size
        int64_t min_size
        int64_t limit
        int64_t threshold
        int64_t inventory
        int32_t reference
        int32_t fair
        int32_t levels
        int32_t step
        int32_t post_only
        int32_t reach
        uint8_t active
        uint8_t fresh
        pmm_order working[2][8]

    int32_t pmm_centre(const pmm_plan *plan, const pmm_book *book) noexcept
    int32_t pmm_targets(const pmm_plan *plan, const pmm_book *book, pmm_order wanted[2][8]) noexcept
    void pmm_placed(pmm_plan *plan, const pmm_book *book) noexcept
    bint pmm_gate(pmm_plan *plan, const pmm_slot *slot, int32_t bid, int32_t ask, bint settle) noexcept


cdef class Quoter:
    cdef readonly Books books
    cdef readonly bint settle
    cdef pmm_plan *plans
    cdef uint32_t room
    cdef int32_t *moved_indexes
    cdef uint32_t moved_count
    cdef uint32_t moved_room

    cdef int take(self, const char *data, size_t length) except? -100
    cdef int gate(self) except -1
    cdef pmm_plan *plan_of(self, index) except NULL
