/* What a token's plan wants to have working, and whether what works has to move for it.
 *
 * The centre is the fair value less the inventory skew, in micro-USD.  From it the half-spread goes to both sides, bids
 * round down and asks up, the post-only distance and the price range come last, and a ladder follows outward.
 */
#ifndef PMM_QUOTE_H
#define PMM_QUOTE_H

#include "frame.h"
#include "query.h"

#define PMM_LADDER 8
#define PMM_CENTRE_NONE INT32_MIN
#define PMM_SHIFT_MAX 2000000 /* two dollars: beyond it every price is out of range anyway */

enum { PMM_FAIR_MID, PMM_FAIR_MICRO, PMM_FAIR_REFERENCE };

typedef struct {
    int64_t size;
    int32_t price;
    int32_t centre; /* of a working order: the centre it was placed for */
} pmm_order;

typedef struct {
    /* What the gate looks at first, together. */
    int32_t seen_bid, seen_ask, seen_tick; /* the touch that `answer` was given for */
    int32_t fair;
    uint8_t active, fresh, answer;
    int64_t half_spread, skew, size, min_size, limit, threshold; /* micro-USD and micro-shares */
    int64_t inventory;
    int32_t reference; /* micro-USD, PMM_CENTRE_NONE when there is none */
    int32_t levels, step, post_only;
    int32_t reach;     /* levels that are wanted or work: the gate looks no further */
    pmm_order working[2][PMM_LADDER];
} pmm_plan;

static inline int64_t pmm_floor(int64_t value, int64_t by) {
    int64_t quotient = value / by;
    return quotient - (value % by < 0);
}

/* The same for what fits 32 bits, where dividing is several times cheaper. */
static inline int32_t pmm_floor32(int32_t value, int32_t by) {
    int32_t quotient = value / by;
    return quotient - (value % by < 0);
}

static inline int32_t pmm_centre(const pmm_plan *plan, const pmm_book *book) {
    int64_t fair = plan->reference;
    if (plan->fair == PMM_FAIR_MICRO) fair = pmm_microprice(book);
    if (plan->fair == PMM_FAIR_MID) {
        int32_t bid = pmm_best_bid(book), ask = pmm_best_ask(book);
        fair = bid && ask < PMM_GRID ? (int64_t)(bid + ask) * (PMM_MICRO / 2) : -1;
    }
    if (fair < 0) return PMM_CENTRE_NONE;
    if (!plan->skew || !plan->inventory) return (int32_t)fair;
    int64_t shift = pmm_floor(plan->skew * plan->inventory, 1000000);
    if (shift > PMM_SHIFT_MAX) shift = PMM_SHIFT_MAX;
    if (shift < -PMM_SHIFT_MAX) shift = -PMM_SHIFT_MAX;
    return (int32_t)(fair - shift);
}

/* The innermost prices of both sides in grid units; outside (0, GRID) where a side has no legal price. */
static inline void pmm_inner(const pmm_plan *plan, const pmm_book *book, int32_t centre, int64_t *bid, int64_t *ask) {
    int64_t tick = book->tick, away = plan->post_only * tick;
    int32_t unit = book->tick * PMM_MICRO, half = (int32_t)plan->half_spread;
    int32_t best_bid = pmm_best_bid(book), best_ask = pmm_best_ask(book);
    *bid = pmm_floor32(centre - half, unit) * tick;
    *ask = -pmm_floor32(-(centre + half), unit) * tick;
    if (away && best_ask < PMM_GRID && *bid > best_ask - away) *bid = best_ask - away;
    if (away && best_bid && *ask < best_bid + away) *ask = best_bid + away;
    if (*bid > PMM_GRID - tick) *bid = PMM_GRID - tick;
    if (*ask < tick) *ask = tick;
    if (*bid >= *ask) *ask = *bid + tick;
}

static inline void pmm_ladder(const pmm_plan *plan, int64_t tick, int side, int64_t inner, pmm_order *wanted) {
    int64_t outward = side ? plan->step * tick : -plan->step * tick;
    int64_t room = side ? plan->limit + plan->inventory : plan->limit - plan->inventory;
    for (int level = 0; level < plan->levels; level++, inner += outward) {
        int64_t size = plan->size < room ? plan->size : room;
        int wants = size > 0 && size >= plan->min_size && inner >= tick && inner <= PMM_GRID - tick;
        wanted[level].price = wants ? (int32_t)inner : 0;
        wanted[level].size = wants ? size : 0;
        if (wants) room -= size;
    }
}

/* What the plan wants up to its reach, size 0 where it wants nothing.  The centre, PMM_CENTRE_NONE without one. */
static inline int32_t pmm_targets(const pmm_plan *plan, const pmm_book *book, pmm_order wanted[2][PMM_LADDER]) {
    int32_t centre = pmm_centre(plan, book);
    int64_t inner[2];
    for (int level = 0; level < plan->reach; level++) wanted[0][level] = wanted[1][level] = (pmm_order){0};
    if (centre == PMM_CENTRE_NONE) return centre;
    pmm_inner(plan, book, centre, &inner[0], &inner[1]);
    for (int side = 0; side < 2; side++) pmm_ladder(plan, book->tick, side, inner[side], wanted[side]);
    return centre;
}

/* One order: it gives way when it is off the tick, larger than wanted, eaten to less than half of what is wanted, or
 * when the centre moved by the threshold since it was placed and its price is no longer the wanted one. */
static inline int pmm_moves(const pmm_plan *plan, const pmm_order *works, const pmm_order *wants, int32_t centre,
                            int32_t tick) {
    if (!works->size || !wants->size) return works->size != wants->size;
    if (works->price % tick || works->size > wants->size || works->size < wants->size - works->size) return 1;
    int64_t far = (int64_t)centre - works->centre;
    return (far >= plan->threshold || -far >= plan->threshold) && works->price != wants->price;
}

static inline int pmm_any_moves(const pmm_plan *plan, int32_t tick, pmm_order wanted[2][PMM_LADDER], int32_t centre) {
    for (int side = 0; side < 2; side++)
        for (int level = 0; level < plan->reach; level++)
            if (pmm_moves(plan, &plan->working[side][level], &wanted[side][level], centre, tick)) return 1;
    return 0;
}

/* What is wanted now is what works. */
static inline void pmm_adopt(pmm_plan *plan, pmm_order wanted[2][PMM_LADDER], int32_t centre) {
    for (int side = 0; side < 2; side++)
        for (int level = 0; level < plan->reach; level++) {
            plan->working[side][level] = wanted[side][level];
            plan->working[side][level].centre = wanted[side][level].size ? centre : 0;
        }
    plan->reach = plan->levels;
    plan->fresh = 0;
}

static inline void pmm_placed(pmm_plan *plan, const pmm_book *book) {
    pmm_order wanted[2][PMM_LADDER];
    int32_t centre = pmm_targets(plan, book, wanted);
    pmm_adopt(plan, wanted, centre);
}

/* The gate: does anything have to move?  A book that disagrees with the venue is always for the caller to look at.
 * While neither the touch nor the plan changed the answer is the one given before (a microprice also sees sizes).
 * With `settle` what is wanted works from now on. */
static inline int pmm_gate(pmm_plan *plan, const pmm_slot *slot, int32_t bid, int32_t ask, int settle) {
    const pmm_book *book = slot->book;
    pmm_order wanted[2][PMM_LADDER];
    if (__builtin_expect(!slot->agrees, 0)) {
        if (settle) pmm_placed(plan, book);
        return 1;
    }
    if (plan->fresh && plan->seen_bid == bid && plan->seen_ask == ask && plan->seen_tick == book->tick &&
        plan->fair != PMM_FAIR_MICRO && !(plan->answer && settle))
        return plan->answer;
    int32_t centre = pmm_targets(plan, book, wanted);
    int moves = pmm_any_moves(plan, book->tick, wanted, centre);
    plan->seen_bid = bid;
    plan->seen_ask = ask;
    plan->seen_tick = book->tick;
    plan->fresh = 1;
    plan->answer = (uint8_t)moves;
    if (moves && settle) {
        pmm_adopt(plan, wanted, centre);
        /* The same touch wants the same again, so the next answer is known. */
        plan->answer = 0;
        plan->fresh = 1;
    }
    return moves;
}

#endif
