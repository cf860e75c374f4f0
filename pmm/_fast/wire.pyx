# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, auto_pickle=False, autotestdict=False
"""Many books fed with the raw frames of the market socket, compiled: the same face as pmm._fast.pure.wire.

A frame goes through the single pass of read.h; what that does not know goes through pmm._fast.pure.frames.
"""

cimport cython
from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_CheckExact, PyBytes_GET_SIZE
from cpython.unicode cimport PyUnicode_Check
from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, realloc
from libc.string cimport memcmp, memcpy

from pmm._fast.book cimport Book

from pmm._fast.pure.frames import Change, NewTick, Print, Refused, Snapshot, decode
from pmm._fast.pure.wire import FRAME_BYTES_MAX, TOKEN_BYTES_MAX
from pmm._fast.refusal import Refusal


cdef extern from "Python.h":
    const char *PyUnicode_AsUTF8AndSize(object text, Py_ssize_t *size) except NULL


cdef extern from "apply.h" nogil:
    int pmm_apply(pmm_frame *frame) noexcept


cdef extern from "read.h" nogil:
    bint pmm_exact(pmm_frame *frame, const pmm_tokens *tokens, const char *text, size_t length) noexcept
    bint pmm_read(pmm_frame *frame, const pmm_tokens *tokens, const char *text, size_t length) noexcept


cdef int MALFORMED = Refusal.MALFORMED
cdef int TOO_LARGE = Refusal.TOO_LARGE


cdef class Books:
    """The books of many tokens, kept up to date by `feed`.

    `max_frame` bounds the bytes of one frame, and with them the memory that one call can take.
    """

    def __cinit__(self, max_frame=FRAME_BYTES_MAX):
        if max_frame <= 0:
            raise ValueError(f"not a number of bytes: {max_frame}")
        if not pmm_frame_init(&self.frame):
            raise MemoryError
        self.max_frame = max_frame
        self.books = []
        self.texts = []
        self.indexes = {}

    def __dealloc__(self):
        cdef uint32_t at
        for at in range(self.slot_count):
            free(self.slots[at])
        free(self.slots)
        free(self.tokens.entries)
        pmm_frame_release(&self.frame)

    def add(self, token, tick=100):
        """Follow a token and return its index; a token that is followed already keeps its index and its book.

        Raises ValueError for a tick the venue does not have and for a token that is empty or above 256 bytes.
        """
        known = self.indexes.get(token)
        if known is not None:
            return known
        cdef bytes text = token.encode()
        if not 0 < len(text) <= TOKEN_BYTES_MAX:
            raise ValueError(f"not a token id: {token!r}")
        cdef Book book = Book(tick)
        cdef pmm_slot *slot = _new_slot(self, book, text)
        if not pmm_tokens_add(&self.tokens, self.slots, self.slot_count, slot):
            self.slot_count -= 1
            free(slot)
            raise MemoryError
        self.books.append(book)
        self.texts.append(token)
        self.indexes[token] = slot.index
        return slot.index

    def remove(self, token):
        """Stop following a token; its index is not used again.  Raises KeyError for a token not followed."""
        cdef uint32_t index = self.indexes.pop(token)
        cdef pmm_slot *slot = self.slots[index]
        self.results()  # what the last frame said stays readable without the slot
        self.slots[index] = NULL
        if not pmm_tokens_build(&self.tokens, self.slots, self.slot_count):
            self.slots[index] = slot
            self.indexes[token] = index
            raise MemoryError
        free(slot)
        self.books[index] = self.texts[index] = None

    def index(self, token):
        """The index of a token, None when it is not followed."""
        return self.indexes.get(token)

    def book(self, index):
        """The live book of an index.  Raises IndexError for an index that is not in use."""
        return self.books[self.slot(index).index]

    def snapshots(self, index):
        """How many whole books were applied to this one."""
        return self.slot(index).snapshots

    def timestamp_ms(self, index):
        """The venue's time of the newest change or snapshot applied, in ms; 0 before the first."""
        return self.slot(index).at_ms

    def reported_hash(self, index):
        """The hash that the newest change or snapshot carried, "" when it carried none."""
        cdef pmm_slot *slot = self.slot(index)
        return slot.hash[:slot.hash_length].decode()

    def agrees(self, index):
        """Whether the best bid and ask carried by the newest change were ours after its frame."""
        return bool(self.slot(index).agrees)

    def last_trade(self, index):
        """The price of the last trade as the newest snapshot that carried one says; None before the first trade."""
        return self.slot(index).last_trade or None

    def verify(self, index, str market not None, str min_order_size not None, neg_risk, str last_trade_price not None):
        """Whether the hash of the newest message is that of the book as it is now, under that message's time.

        None when the newest change or snapshot carried no hash or no time.  The texts are as in `Book.hash`.
        """
        cdef pmm_slot *slot = self.slot(index)
        if not slot.hash_length or not slot.stamped:
            return None
        cdef str told = (<Book>self.books[slot.index]).hash(
            market, self.texts[slot.index], str(slot.at_ms), min_order_size, neg_risk, last_trade_price
        )
        cdef Py_ssize_t length
        cdef const char *text = PyUnicode_AsUTF8AndSize(told, &length)
        return length == slot.hash_length and not memcmp(text, slot.hash, length)

    @property
    def touched(self):
        """Indexes of the books whose levels or tick came in the last frame."""
        return self.results()[0]

    @property
    def changes(self):
        """(index, side, price, size) of every level change that the last frame applied."""
        return self.results()[1]

    @property
    def trades(self):
        """(index, taker's side, price, size, time in ms) of the last frame's trades; the side is 0 BUY or 1 SELL."""
        return self.results()[2]

    @property
    def ticks(self):
        """(index, new tick) for every tick that the last frame set."""
        return self.results()[3]

    @property
    def differences(self):
        """(index, levels with another size than before) for each snapshot of the last frame that was not a first one."""
        differences = self.results()[4]
        return [] if differences is None else differences

    @cython.binding(False)
    @cython.always_allow_keywords(False)
    def feed(self, frame):
        """Apply one frame, whole or not at all; the number of touched books, or a negative `Refusal`.

        A book is touched when its levels or its tick came in the frame.  Never raises for what a frame holds;
        TypeError for anything that is not text or bytes.
        """
        cdef Py_buffer view
        cdef const char *text
        cdef Py_ssize_t length
        if PyBytes_CheckExact(frame):
            return self.take(PyBytes_AS_STRING(frame), PyBytes_GET_SIZE(frame))
        if PyUnicode_Check(frame):
            try:
                text = PyUnicode_AsUTF8AndSize(frame, &length)
            except UnicodeEncodeError:
                self.begin()
                return self.refuse(MALFORMED)
            return self.take(text, length)
        try:
            PyObject_GetBuffer(frame, &view, PyBUF_SIMPLE)
        except BufferError:
            frame = bytes(memoryview(frame))
            return self.take(PyBytes_AS_STRING(frame), PyBytes_GET_SIZE(frame))
        try:
            return self.take(<const char *>view.buf, view.len)
        finally:
            PyBuffer_Release(&view)

    cdef int take(self, const char *data, size_t length) except? -100:
        cdef int done
        self.begin()
        if length > self.max_frame:
            return self.refuse(TOO_LARGE)
        if not pmm_exact(&self.frame, &self.tokens, data, length):
            done = self.take_unusual(data, length)
            if done != PMM_OK:
                return self.refuse(done)
            self.unknown += self.frame.unknown
        self.stale += self.frame.stale
        self.mismatches += self.frame.mismatches
        return self.frame.touched_count

    cdef int take_unusual(self, const char *data, size_t length) except? -100:
        cdef int done
        self.drop()
        if not pmm_read(&self.frame, &self.tokens, data, length):
            done = self.read_slowly(data, length)
            if done != PMM_OK:
                return done
        done = pmm_apply(&self.frame)
        if done == PMM_NO_MEMORY:
            self.drop()
            raise MemoryError
        return done

    cdef int read_slowly(self, const char *data, size_t length) except? -100:
        cdef list events
        self.drop()
        try:
            events, unknown = decode(data[:length], self.indexes.get)
        except Refused as refused:
            return refused.reason
        self.kept = events
        self.frame.unknown = unknown
        for event in events:
            _stage(self, event)
        return PMM_OK

    cdef void begin(self) noexcept:
        self.last = None
        self.frames += 1
        pmm_frame_trim(&self.frame)
        pmm_frame_begin(&self.frame)

    cdef void drop(self) noexcept:
        self.frame.event_count = self.frame.level_count = self.frame.touched_count = 0
        self.frame.unknown = self.frame.stale = self.frame.mismatches = 0

    cdef int refuse(self, int reason) noexcept:
        self.drop()
        self.refused += 1
        return reason

    cdef pmm_slot *slot(self, index) except NULL:
        if not 0 <= index < self.slot_count or not self.slots[<uint32_t>index]:
            raise IndexError(f"no book at index {index}")
        return self.slots[<uint32_t>index]

    cdef tuple results(self):
        if self.last is None:
            self.last = _results(&self.frame)
        return self.last


cdef pmm_slot *_new_slot(Books books, Book book, bytes text) except NULL:
    cdef pmm_slot **slots
    cdef uint32_t room
    if books.slot_count == books.slot_room:
        room = 2 * books.slot_room + 16
        slots = <pmm_slot **>realloc(books.slots, room * sizeof(pmm_slot *))
        if not slots:
            raise MemoryError
        books.slots = slots
        books.slot_room = room
    cdef pmm_slot *slot = <pmm_slot *>calloc(1, sizeof(pmm_slot))
    if not slot:
        raise MemoryError
    slot.book = &book.c
    slot.index = books.slot_count
    slot.agrees = True
    slot.best_bid = slot.best_ask = PMM_ABSENT
    # A token that does not fit stays out of the table; its frames go through the complete reader.
    if pmm_token_fits(len(text)):
        slot.token_length = len(text)
        memcpy(slot.token, PyBytes_AS_STRING(text), len(text))
    books.slots[books.slot_count] = slot
    books.slot_count += 1
    return slot


cdef tuple _results(const pmm_frame *frame):
    cdef list touched = [], changes = [], trades = [], ticks = []
    cdef list differences = None  # for snapshots only: a change is to cost no list
    cdef uint32_t at
    cdef const pmm_event *event
    for at in range(frame.touched_count):
        touched.append(frame.touched[at].index)
    for at in range(frame.event_count):
        event = &frame.events[at]
        if event.kind == PMM_CHANGE and not event.stale:
            changes.append((event.slot.index, event.side, event.price, event.size))
        elif event.kind == PMM_PRINT:
            trades.append((event.slot.index, event.side, event.price, event.size, max(event.at_ms, 0)))
        else:
            if event.new_tick:
                ticks.append((event.slot.index, event.tick))
            if event.kind == PMM_SNAPSHOT and event.differences != PMM_ABSENT:
                differences = [] if differences is None else differences
                differences.append((event.slot.index, event.differences))
    return touched, changes, trades, ticks, differences


cdef int _stage(Books books, event) except -1:
    cdef pmm_event *staged = pmm_event_add(&books.frame)
    if not staged:
        raise MemoryError
    staged.slot = books.slots[<uint32_t>event[0]]
    staged.stale = staged.new_tick = 0
    if isinstance(event, Change):
        staged.kind = PMM_CHANGE
        staged.side, staged.price, staged.size = event.side, event.price, event.size
        staged.best_bid = _carried(event.best_bid)
        staged.best_ask = _carried(event.best_ask)
        _stage_origin(staged, event)
    elif isinstance(event, Snapshot):
        staged.kind = PMM_SNAPSHOT
        staged.tick = _carried(event.tick)
        staged.last_trade = _carried(event.last_trade)
        _stage_origin(staged, event)
        _stage_levels(&books.frame, event.bids, &staged.first[0], &staged.count[0])
        _stage_levels(&books.frame, event.asks, &staged.first[1], &staged.count[1])
    elif isinstance(event, Print):
        staged.kind = PMM_PRINT
        staged.side, staged.price, staged.size, staged.at_ms = event.side, event.price, event.size, event.at_ms
    elif isinstance(event, NewTick):
        staged.kind = PMM_NEW_TICK
        staged.tick = event.tick
    else:
        staged.kind = PMM_TOUCH
    return 0


cdef int _stage_origin(pmm_event *staged, event) except -1:
    cdef Py_ssize_t length
    staged.hash = PyUnicode_AsUTF8AndSize(event.hash, &length)
    staged.hash_length = length
    staged.at_ms = _carried(event.at_ms)
    return 0


cdef int _stage_levels(pmm_frame *frame, list levels, uint32_t *first, uint32_t *count) except -1:
    cdef pmm_level *staged
    first[0] = frame.level_count
    count[0] = len(levels)
    for price, size in levels:
        staged = pmm_level_add(frame)
        if not staged:
            raise MemoryError
        staged.price, staged.size = price, size
    return 0


cdef int64_t _carried(value) except? -1:
    return PMM_ABSENT if value is None else value
