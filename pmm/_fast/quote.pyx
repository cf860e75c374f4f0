# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, auto_pickle=False, autotestdict=False
"""Plans, targets and the gate, compiled: quote.h behind the same face as pmm._fast.pure.quote."""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_CheckExact, PyBytes_GET_SIZE
from libc.stdint cimport int32_t, uint32_t
from libc.stdlib cimport free, realloc
from libc.string cimport memset

from pmm._fast.book cimport pmm_best_ask, pmm_best_bid
from pmm._fast.wire cimport Books, pmm_slot

from pmm._fast.pure.quote import checked_order, checked_plan, checked_reference, checked_size

MID = 0
MICRO = 1
REFERENCE = 2


cdef class Quoter:
    """Plans for the tokens of `books`: what should be working, and whether anything has to move.

    With `settle` what is wanted counts as working as soon as a frame made it move: for replays and simulations.
    """

    def __cinit__(self, Books books not None, *, bint settle=False):
        self.books = books
        self.settle = settle

    def __dealloc__(self):
        free(self.plans)
        free(self.moved_indexes)

    def plan(
        self, index, half_spread, size, *, fair=MID, skew=0, min_size=0, limit=9 * 10**12, levels=1, step=1, post_only=1,
        threshold=100,
    ):
        """Set the plan of one token; its inventory, reference and working orders stay.

        Micro-USD: `half_spread` to each side, `skew` per share held, `threshold` (how far the centre has to move).
        Micro-shares: `size` of each of `levels` orders a side, `step` ticks apart, dropped below `min_size`, and
        `limit` on the inventory either way.  `post_only` is the distance in ticks to the other side's best price, 0
        for none.  Raises ValueError for a number out of range, IndexError for an index not in use.
        """
        self.books.slot(index)
        values = checked_plan(half_spread, size, fair, skew, min_size, limit, levels, step, post_only, threshold)
        cdef pmm_plan *plan = _plan_at(self, index)
        plan.half_spread, plan.size, plan.fair, plan.skew, plan.min_size = values[:5]
        plan.limit, plan.levels, plan.step, plan.post_only, plan.threshold = values[5:]
        plan.active = True
        _look_again(plan)

    def drop(self, index):
        """Forget the plan of a token with all that belongs to it.  Raises IndexError where there is none."""
        memset(self.plan_of(index), 0, sizeof(pmm_plan))

    def reference(self, index, fair):
        """Give the outside fair value for plans with `fair=REFERENCE`, in micro-USD (0 to 1 000 000); None for none."""
        cdef pmm_plan *plan = self.plan_of(index)
        plan.reference = PMM_CENTRE_NONE if fair is None else checked_reference(fair)
        plan.fresh = False

    def inventory(self, index, size):
        """Say how many micro-shares are held (negative: the other token's)."""
        cdef pmm_plan *plan = self.plan_of(index)
        plan.inventory = checked_size(size)
        plan.fresh = False

    def working(self, index, side, level, price, size, centre=0):
        """Say what works at one level of one side: price, size left (0: nothing) and the centre it was placed for."""
        cdef pmm_plan *plan = self.plan_of(index)
        order = checked_order(side, level, price, size, centre)
        plan.working[<int>side][<int>level].price, plan.working[<int>side][<int>level].size = order[0], order[1]
        plan.working[<int>side][<int>level].centre = order[2]
        _look_again(plan)

    def placed(self, index):
        """Say that what is wanted now is what works, placed for the centre of now."""
        cdef pmm_plan *plan = self.plan_of(index)
        pmm_placed(plan, self.books.slot(index).book)

    def centre(self, index):
        """The fair value less the skew, in micro-USD; None without a fair value."""
        cdef pmm_plan *plan = self.plan_of(index)
        cdef int32_t centre = pmm_centre(plan, self.books.slot(index).book)
        return None if centre == PMM_CENTRE_NONE else centre

    def targets(self, index):
        """What should be working: bids and asks, each a list of (price, size) by level, size 0 where nothing should."""
        cdef pmm_plan *plan = self.plan_of(index)
        cdef pmm_order wanted[2][8]
        pmm_targets(plan, self.books.slot(index).book, wanted)
        return tuple([[(wanted[side][level].price, wanted[side][level].size) for level in range(plan.levels)] for side in range(2)])

    def must_move(self, index):
        """Whether a working order of this token has to move, be placed or be cancelled, or its book be looked at."""
        cdef pmm_plan *plan = self.plan_of(index)
        cdef pmm_slot *slot = self.books.slot(index)
        return bool(pmm_gate(plan, slot, pmm_best_bid(slot.book), pmm_best_ask(slot.book), False))

    @cython.binding(False)
    @cython.always_allow_keywords(False)
    def feed(self, frame):
        """Feed a frame to the books; how many planned tokens that it touched must move, or a negative `Refusal`."""
        cdef int done
        if PyBytes_CheckExact(frame):
            return self.take(PyBytes_AS_STRING(frame), PyBytes_GET_SIZE(frame))
        self.moved_count = 0
        done = self.books.feed(frame)
        return done if done <= 0 else self.gate()

    def feed_many(self, frames):
        """Feed several frames in order; the sum of what `feed` says, refusals counted as nothing."""
        cdef int64_t total = 0
        cdef int done
        for frame in frames:
            done = self.feed(frame)
            total += max(done, 0)
        return total

    @property
    def moved(self):
        """Indexes of the tokens that the last frame made move."""
        return [self.moved_indexes[at] for at in range(self.moved_count)]

    cdef int take(self, const char *data, size_t length) except? -100:
        cdef int done
        self.moved_count = 0
        done = self.books.take(data, length)
        return done if done <= 0 else self.gate()

    cdef int gate(self) except -1:
        cdef uint32_t at
        cdef pmm_slot *slot
        cdef pmm_plan *plan
        if self.moved_room < self.books.frame.touched_count:
            _make_room(self)
        for at in range(self.books.frame.touched_count):
            slot = self.books.frame.touched[at]
            if <uint32_t>slot.index >= self.room:
                continue
            plan = &self.plans[slot.index]
            if plan.active and pmm_gate(plan, slot, slot.bid, slot.ask, self.settle):
                self.moved_indexes[self.moved_count] = slot.index
                self.moved_count += 1
        return self.moved_count

    cdef pmm_plan *plan_of(self, index) except NULL:
        self.books.slot(index)
        if <uint32_t>index >= self.room or not self.plans[<uint32_t>index].active:
            raise IndexError(f"no plan at index {index}")
        return &self.plans[<uint32_t>index]


cdef pmm_plan *_plan_at(Quoter quoter, uint32_t index) except NULL:
    cdef uint32_t room = 2 * index + 16
    cdef pmm_plan *plans
    if index >= quoter.room:
        plans = <pmm_plan *>realloc(quoter.plans, room * sizeof(pmm_plan))
        if not plans:
            raise MemoryError
        memset(plans + quoter.room, 0, (room - quoter.room) * sizeof(pmm_plan))
        quoter.plans = plans
        quoter.room = room
    if not quoter.plans[index].active:
        quoter.plans[index].reference = PMM_CENTRE_NONE
    return &quoter.plans[index]


cdef void _look_again(pmm_plan *plan) noexcept:
    cdef int level
    plan.fresh = False
    plan.reach = plan.levels
    for level in range(plan.levels, PMM_LADDER):
        if plan.working[0][level].size or plan.working[1][level].size:
            plan.reach = level + 1


cdef int _make_room(Quoter quoter) except -1:
    cdef uint32_t room = 2 * quoter.books.frame.touched_count + 16
    cdef int32_t *moved = <int32_t *>realloc(quoter.moved_indexes, room * sizeof(int32_t))
    if not moved:
        raise MemoryError
    quoter.moved_indexes = moved
    quoter.moved_room = room
    return 0
