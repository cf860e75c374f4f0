/* What one frame of the market socket says, staged as integers, and its application to the books: whole or not at all.
 *
 * A reader fills a pmm_frame with events whose fields are already checked against the venue's grid.  pmm_apply then
 * checks them against the books and commits.  Only the last step writes to a book.
 */
#ifndef PMM_FRAME_H
#define PMM_FRAME_H

#include "book.h"

#define PMM_HASH_MAX 64
#define PMM_ABSENT (-1)
#define PMM_TOKEN_INLINE 80   /* the venue's tokens have 74 to 78 digits */
#define PMM_SPARE_PAGES 4     /* room left after a snapshot, so that the changes behind it need not allocate */
#define PMM_KEEP_EVENTS 4096  /* staging memory above this is given back after the frame that needed it */
#define PMM_KEEP_LEVELS 65536

enum { PMM_SNAPSHOT, PMM_CHANGE, PMM_PRINT, PMM_NEW_TICK, PMM_TOUCH };
enum { PMM_OK = 1, PMM_NO_MEMORY = 0, PMM_OFF_GRID = -3 };

/* One followed token: its book and what the venue last said about it. */
typedef struct {
    pmm_book *book;
    int64_t snapshot_ms, at_ms;
    uint64_t stamp;              /* number of the last frame that touched it */
    uint64_t saved;              /* number of the last frame that made a backup of it */
    int32_t index;
    int32_t bid, ask;            /* our best prices after the last frame that touched it, 0 and GRID where empty */
    int32_t best_bid, best_ask;  /* carried by the newest change, PMM_ABSENT where it carried none */
    int32_t snapshots;
    uint8_t reported, agrees, token_length;
    uint8_t hash_length, stamped; /* of the newest message: its hash, and whether it carried a time (one store) */
    char hash[PMM_HASH_MAX];
    char token[PMM_TOKEN_INLINE];
    int32_t last_trade;           /* the newest one that a snapshot carried, 0 where it was that of no trade */
} pmm_slot;

typedef struct {
    pmm_slot *slot;
    const char *hash;             /* into the frame, or into a text that outlives the call */
    int64_t size, at_ms;          /* at_ms is PMM_ABSENT where the event carries none */
    int32_t price, best_bid, best_ask;
    union {
        int32_t rank;             /* of a change's price, only between the two halves of exact.h */
        int32_t differences;      /* set on commit: levels that a snapshot changed, PMM_ABSENT for a first one */
    };
    int32_t tick;                 /* of a snapshot (PMM_ABSENT when not carried) or a new tick */
    int32_t last_trade;           /* of a snapshot: PMM_ABSENT when not carried, 0 when nobody has traded */
    uint32_t first[2], count[2];  /* a snapshot's bids and asks in the frame's array of levels */
    uint8_t kind, side, hash_length;
    uint8_t stale;                /* set on commit: older than the snapshot, so not applied */
    uint8_t new_tick;             /* set on commit: the snapshot moved its book to another tick */
} pmm_event;

typedef struct {
    int64_t size;
    int32_t price;
    int32_t rank; /* set when the level was checked against its book */
} pmm_level;

typedef struct {
    pmm_event *events;
    pmm_level *levels;
    pmm_slot **touched;
    uint32_t event_count, event_room, level_count, level_room, touched_count, touched_room;
    uint64_t unknown, stale, mismatches;  /* of this frame */
    uint64_t number;
} pmm_frame;

static inline int pmm_room(void **array, uint32_t *room, uint32_t wanted, size_t item) {
    if (wanted <= *room) return 1;
    uint32_t larger = *room * 2u < 64u ? 64u : *room * 2u;
    if (larger < wanted) larger = wanted;
    void *moved = realloc(*array, (size_t)larger * item);
    if (!moved) return 0;
    *array = moved;
    *room = larger;
    return 1;
}

static inline pmm_event *pmm_event_add(pmm_frame *frame) {
    if (frame->event_count == frame->event_room &&
        !pmm_room((void **)&frame->events, &frame->event_room, frame->event_count + 1, sizeof(pmm_event)))
        return NULL;
    return &frame->events[frame->event_count++];
}

static inline pmm_level *pmm_level_add(pmm_frame *frame) {
    if (frame->level_count == frame->level_room &&
        !pmm_room((void **)&frame->levels, &frame->level_room, frame->level_count + 1, sizeof(pmm_level)))
        return NULL;
    return &frame->levels[frame->level_count++];
}

static inline void pmm_frame_begin(pmm_frame *frame) {
    frame->event_count = frame->level_count = frame->touched_count = 0;
    frame->unknown = frame->stale = frame->mismatches = 0;
    frame->number++;
}

static inline void pmm_frame_release(pmm_frame *frame) {
    free(frame->events);
    free(frame->levels);
    free(frame->touched);
    memset(frame, 0, sizeof *frame);
}

/* Give back what one huge frame needed; called before a frame, when the last one's events were read. */
static inline void pmm_frame_trim(pmm_frame *frame) {
    if (frame->event_room > PMM_KEEP_EVENTS) {
        free(frame->events);
        frame->events = NULL;
        frame->event_room = 0;
        pmm_room((void **)&frame->events, &frame->event_room, 64, sizeof(pmm_event));
    }
    if (frame->level_room > PMM_KEEP_LEVELS) {
        free(frame->levels);
        frame->levels = NULL;
        frame->level_room = 0;
    }
}

/* Room for one frame of the usual shape, so that reading it allocates nothing; 0 without memory. */
static inline int pmm_frame_init(pmm_frame *frame) {
    memset(frame, 0, sizeof *frame);
    return pmm_room((void **)&frame->events, &frame->event_room, 64, sizeof(pmm_event)) &&
           pmm_room((void **)&frame->touched, &frame->touched_room, 64, sizeof(pmm_slot *));
}

static inline void pmm_touch(pmm_frame *frame, pmm_slot *slot) {
    if (slot->stamp == frame->number) return;
    slot->stamp = frame->number;
    slot->reported = 0;
    frame->touched[frame->touched_count++] = slot;
}

static inline void pmm_keep_hash(pmm_slot *slot, const pmm_event *event) {
    slot->hash_length = event->hash_length;
    slot->stamped = event->at_ms != PMM_ABSENT;
    if (event->hash_length) memcpy(slot->hash, event->hash, event->hash_length);
}

static inline int32_t pmm_rank_of_price(const pmm_book *book, int side, int32_t price) {
    return pmm_rank(book, side, pmm_ticks(book, price));
}

static inline void pmm_commit_change(pmm_frame *frame, pmm_event *event) {
    pmm_slot *slot = event->slot;
    event->stale = event->at_ms != PMM_ABSENT && event->at_ms < slot->snapshot_ms;
    if (event->stale) {
        frame->stale++;
        return;
    }
    pmm_touch(frame, slot);
    pmm_book_put(slot->book, event->side, pmm_rank_of_price(slot->book, event->side, event->price), event->size);
    pmm_keep_hash(slot, event);
    if (event->at_ms != PMM_ABSENT) slot->at_ms = event->at_ms;
    slot->best_bid = event->best_bid;
    slot->best_ask = event->best_ask;
    slot->reported = 1;
}

/* Put the levels of one side into a book that was cleared; a page is looked up only where the levels enter it. */
static inline void pmm_load_side(pmm_book *book, int side, const pmm_level *level, const pmm_level *end) {
    uint64_t *words = book->words + (size_t)side * book->words_side;
    uint16_t *directory = book->directory + (size_t)side * book->pages_side;
    int64_t *page = NULL;
    for (int32_t entered = -1; level < end; level++) {
        int32_t rank = level->rank;
        if (__builtin_expect(!level->size, 0)) {
            pmm_book_put(book, side, rank, 0);
            entered = -1;
            continue;
        }
        if (rank / PMM_PAGE != entered) {
            entered = rank / PMM_PAGE;
            if (!(words[rank >> 6] & pmm_page_mask(rank))) directory[entered] = pmm_page_take(book);
            page = book->pages + (size_t)directory[entered] * PMM_PAGE;
            book->summary[side][rank >> 12] |= 1ull << ((rank >> 6) & 63);
        }
        words[rank >> 6] |= 1ull << (rank & 63);
        page[rank & (PMM_PAGE - 1)] = level->size;
    }
}

static inline void pmm_commit_snapshot(pmm_frame *frame, const pmm_event *event) {
    pmm_slot *slot = event->slot;
    pmm_touch(frame, slot);
    pmm_book_clear(slot->book);
    for (int side = 0; side < 2; side++) {
        if (!event->count[side]) continue; /* there may be no array yet */
        const pmm_level *level = frame->levels + event->first[side];
        pmm_load_side(slot->book, side, level, level + event->count[side]);
    }
    pmm_keep_hash(slot, event);
    if (event->at_ms != PMM_ABSENT) slot->at_ms = slot->snapshot_ms = event->at_ms;
    if (event->last_trade != PMM_ABSENT) slot->last_trade = event->last_trade;
    slot->snapshots++;
    slot->best_bid = slot->best_ask = PMM_ABSENT;
    slot->reported = 0;
    slot->agrees = 1;
}

/* Whether every level of a snapshot lies on the tick of its book, and `spare` pages beyond it have room. */
static inline int pmm_prepare_snapshot(const pmm_frame *frame, const pmm_event *event, pmm_book *book, uint32_t spare) {
    uint32_t pages = spare + PMM_SPARE_PAGES;
    for (int side = 0; side < 2; side++) {
        if (!event->count[side]) continue; /* there may be no array yet */
        pmm_level *level = frame->levels + event->first[side], *end = level + event->count[side];
        /* The venue sorts its levels, so counting the changes of page counts the pages. */
        for (int32_t last = -1; level < end; level++) {
            int32_t ticks = pmm_ticks(book, level->price);
            if (ticks < 0) return PMM_OFF_GRID;
            level->rank = pmm_rank(book, side, ticks);
            pages += level->rank / PMM_PAGE != last;
            last = level->rank / PMM_PAGE;
        }
    }
    if (pages > 2u * book->pages_side) pages = 2u * book->pages_side;
    if (pages <= book->capacity || pmm_book_reserve(book, pages - book->live)) return PMM_OK;
    return PMM_NO_MEMORY;
}

/* Check one event against its book, whose tick it must leave alone, and make room for it. */
static inline int pmm_prepare(const pmm_frame *frame, const pmm_event *event, uint32_t changes) {
    pmm_book *book = event->slot->book;
    if (event->kind == PMM_SNAPSHOT) return pmm_prepare_snapshot(frame, event, book, changes);
    if (event->kind != PMM_CHANGE) return PMM_OK;
    if (pmm_ticks(book, event->price) < 0) return PMM_OFF_GRID;
    return pmm_book_reserve(book, changes) ? PMM_OK : PMM_NO_MEMORY;
}

static inline int pmm_moves_tick(const pmm_event *event) {
    if (event->kind == PMM_NEW_TICK) return 1;
    return event->kind == PMM_SNAPSHOT && event->tick != PMM_ABSENT && event->tick != event->slot->book->tick;
}

static inline void pmm_commit(pmm_frame *frame, pmm_event *event) {
    if (event->kind == PMM_CHANGE)
        pmm_commit_change(frame, event);
    else if (event->kind == PMM_SNAPSHOT)
        pmm_commit_snapshot(frame, event);
}

/* After the last event: is what the newest change of each book said about the touch what we have? */
static inline void pmm_compare(pmm_frame *frame) {
    for (uint32_t at = 0; at < frame->touched_count; at++) {
        pmm_slot *slot = frame->touched[at];
        slot->bid = pmm_best_bid(slot->book);
        slot->ask = pmm_best_ask(slot->book);
        if (!slot->reported || (slot->best_bid == PMM_ABSENT && slot->best_ask == PMM_ABSENT)) continue;
        slot->agrees = (slot->best_bid == PMM_ABSENT || slot->best_bid == slot->bid) &&
                       (slot->best_ask == PMM_ABSENT || slot->best_ask == slot->ask);
        frame->mismatches += !slot->agrees;
    }
}

#endif
