/* Applying a staged frame: all of its events, or none and the reason. */
#ifndef PMM_APPLY_H
#define PMM_APPLY_H

#include "frame.h"

typedef struct {
    pmm_slot *slot, before;
    pmm_book book;
} pmm_backup;

typedef struct {
    pmm_backup *items;
    uint32_t count, room;
} pmm_backups;

static int pmm_backup_slot(pmm_backups *backups, pmm_slot *slot, uint64_t number) {
    if (slot->saved == number) return 1;
    if (!pmm_room((void **)&backups->items, &backups->room, backups->count + 1, sizeof(pmm_backup))) return 0;
    pmm_backup *backup = &backups->items[backups->count];
    memset(backup, 0, sizeof *backup);
    if (!pmm_book_copy(&backup->book, slot->book)) return 0;
    backup->slot = slot;
    backup->before = *slot;
    slot->saved = number;
    backups->count++;
    return 1;
}

static void pmm_backups_end(pmm_backups *backups, int restore) {
    for (uint32_t at = 0; at < backups->count; at++) {
        pmm_backup *backup = &backups->items[at];
        if (restore) {
            pmm_book_release(backup->slot->book);
            *backup->slot->book = backup->book;
            *backup->slot = backup->before;
        } else {
            pmm_book_release(&backup->book);
        }
    }
    free(backups->items);
}

/* How many levels of a side a prepared snapshot changes, when they are sorted as the venue sorts them; else -1. */
static inline int32_t pmm_sorted_differences(const pmm_book *book, int side, const pmm_level *level, uint32_t count) {
    static const int64_t empty[PMM_PAGE];
    const uint64_t *words = book->words + (size_t)side * book->words_side;
    const uint16_t *directory = book->directory + (size_t)side * book->pages_side;
    const int64_t *page = empty;
    int32_t differ = pmm_book_depth(book, side), entered = -1, last = book->ranks, unsorted = 0;
    for (uint32_t at = 0; at < count; at++) {
        int32_t rank = level[at].rank;
        uint64_t word = words[rank >> 6], held = word >> (rank & 63) & 1;
        if (rank / PMM_PAGE != entered) {
            entered = rank / PMM_PAGE;
            page = word & pmm_page_mask(rank) ? book->pages + (size_t)directory[entered] * PMM_PAGE : empty;
        }
        int64_t before = page[rank & (PMM_PAGE - 1)] & -(int64_t)held;
        differ += (before != level[at].size) - (int32_t)held;
        unsorted |= rank >= last;
        last = rank;
    }
    return unsorted ? -1 : differ;
}

/* The same before a snapshot is prepared, compared by price as it may move the tick.  A price may come twice and then
 * its last size counts, so the levels are read backwards.  PMM_ABSENT for a book that has had no snapshot. */
static int32_t pmm_differences(const pmm_frame *frame, const pmm_event *event) {
    const pmm_book *book = event->slot->book;
    int32_t differ = 0;
    if (!event->slot->snapshots) return PMM_ABSENT;
    for (int side = 0; side < 2; side++) {
        uint64_t seen[PMM_GRID / 64 + 1] = {0};
        int32_t left = pmm_book_depth(book, side); /* levels that the snapshot has not named yet */
        for (uint32_t at = event->count[side]; at--;) {
            const pmm_level *level = &frame->levels[event->first[side] + at];
            uint64_t *word = &seen[level->price >> 6], bit = 1ull << (level->price & 63);
            if (*word & bit) continue;
            *word |= bit;
            int32_t ticks = pmm_ticks(book, level->price);
            int64_t before = ticks < 0 ? 0 : pmm_book_size(book, side, pmm_rank(book, side, ticks));
            left -= before != 0;
            differ += before != level->size;
        }
        differ += left;
    }
    return differ;
}

static int32_t pmm_differences_prepared(const pmm_frame *frame, const pmm_event *event) {
    int32_t differ = 0;
    if (!event->slot->snapshots) return PMM_ABSENT;
    for (int side = 0; side < 2; side++) {
        const pmm_level *level = event->count[side] ? frame->levels + event->first[side] : NULL;
        int32_t here = pmm_sorted_differences(event->slot->book, side, level, event->count[side]);
        if (here < 0) return pmm_differences(frame, event);
        differ += here;
    }
    return differ;
}

static int pmm_move_tick(pmm_frame *frame, pmm_event *event) {
    pmm_slot *slot = event->slot;
    pmm_book moved;
    if (!pmm_book_init(&moved, event->tick)) return PMM_NO_MEMORY;
    /* A snapshot brings its own levels; a new tick alone must be able to hold the levels that are there. */
    int poured = event->kind == PMM_SNAPSHOT ? 1 : pmm_book_pour(&moved, slot->book, 0);
    if (poured != 1) {
        pmm_book_release(&moved);
        return poured ? PMM_OFF_GRID : PMM_NO_MEMORY;
    }
    pmm_book_release(slot->book);
    *slot->book = moved;
    event->new_tick = 1;
    pmm_touch(frame, slot);
    return PMM_OK;
}

/* The way for frames that move a tick: apply in order and go back to the backups when an event does not fit. */
static int pmm_apply_carefully(pmm_frame *frame, uint32_t changes) {
    pmm_backups backups = {0};
    int done = PMM_OK;
    for (uint32_t at = 0; at < frame->event_count && done == PMM_OK; at++) {
        pmm_event *event = &frame->events[at];
        if (!pmm_backup_slot(&backups, event->slot, frame->number)) done = PMM_NO_MEMORY;
        if (event->kind == PMM_SNAPSHOT) event->differences = pmm_differences(frame, event);
        if (done == PMM_OK && pmm_moves_tick(event)) done = pmm_move_tick(frame, event);
        if (done == PMM_OK) done = pmm_prepare(frame, event, changes);
        if (done == PMM_OK) pmm_commit(frame, event);
    }
    pmm_backups_end(&backups, done != PMM_OK);
    return done;
}

static int pmm_apply_plainly(pmm_frame *frame, uint32_t changes) {
    for (uint32_t at = 0; at < frame->event_count; at++) {
        int done = pmm_prepare(frame, &frame->events[at], changes);
        if (done != PMM_OK) return done;
    }
    for (uint32_t at = 0; at < frame->event_count; at++) {
        pmm_event *event = &frame->events[at];
        if (event->kind == PMM_SNAPSHOT) event->differences = pmm_differences_prepared(frame, event);
        pmm_commit(frame, event);
    }
    return PMM_OK;
}

/* PMM_OK and the books are what the frame says; anything else and they are what they were. */
static int pmm_apply(pmm_frame *frame) {
    uint32_t changes = 0;
    int moves = 0;
    if (!pmm_room((void **)&frame->touched, &frame->touched_room, frame->event_count, sizeof(pmm_slot *)))
        return PMM_NO_MEMORY;
    for (uint32_t at = 0; at < frame->event_count; at++) {
        changes += frame->events[at].kind == PMM_CHANGE;
        moves |= pmm_moves_tick(&frame->events[at]);
    }
    int done = moves ? pmm_apply_carefully(frame, changes) : pmm_apply_plainly(frame, changes);
    if (done == PMM_OK) pmm_compare(frame);
    return done;
}

#endif
