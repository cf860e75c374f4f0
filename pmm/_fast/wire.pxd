"""The C face of Books: `from pmm._fast.wire cimport Books`.

`Books.take(data, length)` is `feed` for C callers: no Python object is made for a frame of the venue's own shape.  It
needs the GIL, because an unusual frame goes to the complete reader in Python.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t

from pmm._fast.book cimport Book, pmm_book


cdef extern from "frame.h" nogil:
    enum:
        PMM_SNAPSHOT
        PMM_CHANGE
        PMM_PRINT
        PMM_NEW_TICK
        PMM_TOUCH
        PMM_OK
        PMM_NO_MEMORY
        PMM_ABSENT
        PMM_TOKEN_INLINE

    ctypedef struct pmm_slot:
        pmm_book *book
        int64_t snapshot_ms
        int64_t at_ms
        int32_t index
        int32_t bid
        int32_t ask
        int32_t best_bid
        int32_t best_ask
        int32_t snapshots
        uint8_t agrees
        uint8_t token_length
        uint8_t hash_length
        uint8_t stamped
        char *hash
        char *token
        int32_t last_trade

    ctypedef struct pmm_level:
        int64_t size
        int32_t price

    ctypedef struct pmm_event:
        pmm_slot *slot
        const char *hash
        int64_t size
        int64_t at_ms
        int32_t price
        int32_t best_bid
        int32_t best_ask
        int32_t differences
        int32_t tick
        int32_t last_trade
        uint32_t first[2]
        uint32_t count[2]
        uint8_t kind
        uint8_t side
        uint8_t hash_length
        uint8_t stale
        uint8_t new_tick

    ctypedef struct pmm_frame:
        pmm_event *events
        pmm_level *levels
        pmm_slot **touched
        uint32_t event_count
        uint32_t level_count
        uint32_t touched_count
        uint64_t unknown
        uint64_t stale
        uint64_t mismatches

    pmm_event *pmm_event_add(pmm_frame *frame) noexcept
    pmm_level *pmm_level_add(pmm_frame *frame) noexcept
    bint pmm_frame_init(pmm_frame *frame) noexcept
    void pmm_frame_begin(pmm_frame *frame) noexcept
    void pmm_frame_trim(pmm_frame *frame) noexcept
    void pmm_frame_release(pmm_frame *frame) noexcept


cdef extern from "tokens.h" nogil:
    ctypedef struct pmm_tokens:
        pmm_slot **entries

    bint pmm_token_fits(size_t length) noexcept
    bint pmm_tokens_build(pmm_tokens *tokens, pmm_slot **slots, uint32_t count) noexcept
    bint pmm_tokens_add(pmm_tokens *tokens, pmm_slot **slots, uint32_t count, pmm_slot *slot) noexcept


cdef class Books:
    cdef pmm_frame frame
    cdef pmm_tokens tokens
    cdef pmm_slot **slots
    cdef uint32_t slot_count
    cdef uint32_t slot_room
    cdef list books
    cdef list texts  # the tokens by index
    cdef list kept  # the complete reader's events: the staged frame points into their texts
    cdef dict indexes
    cdef tuple last  # the lists of the last frame, once somebody asked
    cdef readonly size_t max_frame
    cdef readonly uint64_t frames
    cdef readonly uint64_t refused
    cdef readonly uint64_t unknown
    cdef readonly uint64_t stale
    cdef readonly uint64_t mismatches

    cdef int take(self, const char *data, size_t length) except? -100
    cdef int take_unusual(self, const char *data, size_t length) except? -100
    cdef int read_slowly(self, const char *data, size_t length) except? -100
    cdef void begin(self) noexcept
    cdef void drop(self) noexcept
    cdef int refuse(self, int reason) noexcept
    cdef pmm_slot *slot(self, index) except NULL
    cdef tuple results(self)
