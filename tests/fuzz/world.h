/* Books as wire.pyx keeps them, without Python, and what must hold for them after anything that was fed.
 *
 * Allocations of the kernel's headers go through here: one of them can be made to fail, and none may be left over.
 */
#ifndef PMM_FUZZ_WORLD_H
#define PMM_FUZZ_WORLD_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static long blocks_live;      /* allocations not given back */
static unsigned blocks_until; /* the allocation that fails, counted down; 0: none does */

static int block_fails(void) { return blocks_until && !--blocks_until; }

static void *block_new(void *block) {
    blocks_live += block != NULL;
    return block;
}

static void *block_move(void *block, size_t size) {
    if (block_fails()) return NULL;
    void *moved = realloc(block, size);
    blocks_live += moved && !block;
    return moved;
}

static void block_free(void *block) {
    blocks_live -= block != NULL;
    free(block);
}

#define malloc(size) (block_fails() ? NULL : block_new((malloc)(size)))
#define calloc(count, size) (block_fails() ? NULL : block_new((calloc)(count, size)))
#define realloc(block, size) block_move(block, size)
#define free(block) block_free(block)

#include "apply.h"
#include "book.h"
#include "frame.h"
#include "query.h"
#include "quote.h"
#include "read.h"
#include "summary.h"
#include "tokens.h"

#define MUST(fact) do { if (!(fact)) broken(#fact, __LINE__); } while (0)

static void broken(const char *fact, int line) {
    fprintf(stderr, "world.h or its user, line %d: does not hold: %s\n", line, fact);
    abort();
}

static const struct { const char *token; int32_t tick; } FOLLOWED[] = {
    {"89103662922399853582210727094555628545682161257465140653230183411405552444242", 10},
    {"81991637217769173167120472548201162753479510171986166836308777400146642216229", 10},
    {"25245433628208476987364023432306601599125597948324625578977436890641930158259698", 100}, /* 80 digits */
    {"8910366292239985358221072709455562854568216125746514065323018341", 1}, /* the start of the first, 64 digits */
    {"8910366292239985", 1000},                                             /* the same hash again, 16 digits */
    {"7", 50},                                                              /* too short for the table */
};
#define FOLLOWED_COUNT (sizeof FOLLOWED / sizeof *FOLLOWED)

typedef struct {
    pmm_frame frame;
    pmm_tokens tokens;
    pmm_book books[FOLLOWED_COUNT];
    pmm_slot slots[FOLLOWED_COUNT], *list[FOLLOWED_COUNT];
    pmm_plan plans[FOLLOWED_COUNT];
} world;

static void world_follow(world *here, uint32_t at) {
    pmm_slot *slot = &here->slots[at];
    size_t length = strlen(FOLLOWED[at].token);
    MUST(pmm_book_init(&here->books[at], FOLLOWED[at].tick));
    slot->book = &here->books[at];
    slot->index = (int32_t)at;
    slot->agrees = 1;
    slot->best_bid = slot->best_ask = PMM_ABSENT;
    if (pmm_token_fits(length)) {
        slot->token_length = (uint8_t)length;
        memcpy(slot->token, FOLLOWED[at].token, length);
    }
    here->list[at] = slot;
    MUST(pmm_tokens_add(&here->tokens, here->list, at + 1, slot));
}

/* Plans from a few bits each: every fair value, skews and limits at their ends. */
static void world_plan(pmm_plan *plan, unsigned roll) {
    plan->half_spread = roll & 1 ? 20000 : 1000000;
    plan->skew = roll & 2 ? 1000000 : 0;
    plan->inventory = roll & 4 ? -9000000000000 : roll & 8 ? 9000000000000 : 3;
    plan->size = roll & 16 ? 9000000000000 : 10000000;
    plan->min_size = roll & 32 ? 5000000 : 0;
    plan->limit = roll & 64 ? 9000000000000 : 25000000;
    plan->threshold = roll & 128 ? 0 : 10000;
    plan->fair = (int32_t)(roll >> 8) % 3;
    plan->levels = plan->reach = 1 + (int32_t)(roll >> 10) % PMM_LADDER;
    plan->step = (int32_t[]){0, 1, 7, 10000}[roll >> 13 & 3];
    plan->post_only = (int32_t[]){0, 1, 2, 10000}[roll >> 15 & 3];
    plan->reference = roll >> 17 & 1 ? 480000 : PMM_CENTRE_NONE;
    plan->active = 1;
}

static void world_begin(world *here, unsigned roll) {
    memset(here, 0, sizeof *here);
    MUST(pmm_frame_init(&here->frame));
    for (uint32_t at = 0; at < FOLLOWED_COUNT; at++) {
        world_follow(here, at);
        world_plan(&here->plans[at], roll * 2654435761u >> (at + 3));
    }
}

static void world_end(world *here) {
    for (uint32_t at = 0; at < FOLLOWED_COUNT; at++) pmm_book_release(&here->books[at]);
    free(here->tokens.entries);
    pmm_frame_release(&here->frame);
}

static void world_drop(world *here) {
    here->frame.event_count = here->frame.level_count = here->frame.touched_count = 0;
    here->frame.unknown = here->frame.stale = here->frame.mismatches = 0;
}

/* A page is held by exactly one run of 16 ranks with a level in it, or it is free, or it was never used. */
static void check_pages(const pmm_book *book) {
    static uint8_t held[2 * PMM_GRID / PMM_PAGE + 2];
    uint32_t live = 0, spare = 0;
    memset(held, 0, sizeof held);
    for (int side = 0; side < 2; side++)
        for (int32_t page = 0; page < book->pages_side; page++) {
            uint64_t word = book->words[(size_t)side * book->words_side + page / 4];
            if (!(word & pmm_page_mask(page * PMM_PAGE))) continue;
            uint16_t number = book->directory[(size_t)side * book->pages_side + page];
            MUST(number < book->fresh && !held[number]);
            held[number] = 1;
            live++;
        }
    for (uint32_t page = book->free_page; page != PMM_NO_PAGE; page = (uint32_t)book->pages[page * PMM_PAGE]) {
        MUST(page < book->fresh && !held[page]);
        held[page] = 1;
        spare++;
    }
    MUST(live == book->live && live + spare == book->fresh);
    MUST(book->fresh <= book->capacity && book->capacity <= 2 * book->pages_side);
}

static void check_book(const pmm_book *book) {
    MUST(pmm_is_tick(book->tick) && book->ranks * book->tick == PMM_GRID);
    for (int side = 0; side < 2; side++) {
        int32_t levels = 0, last = 0;
        for (int32_t word = 0; word < book->words_side; word++) {
            uint64_t bits = book->words[(size_t)side * book->words_side + word];
            MUST((book->summary[side][word / 64] >> (word % 64) & 1) == (bits != 0));
            for (; bits; bits &= bits - 1, levels++) {
                int32_t rank = word * 64 + __builtin_ctzll(bits);
                MUST(rank > 0 && rank < book->ranks && pmm_book_size(book, side, rank) > 0);
                MUST((last ? pmm_book_next(book, side, last) : pmm_book_best(book, side)) == rank);
                MUST(pmm_book_before(book, side, rank) == last);
                last = rank;
            }
        }
        MUST(levels == pmm_book_depth(book, side));
        MUST(last ? pmm_book_next(book, side, last) == book->ranks : pmm_book_best(book, side) == book->ranks);
        MUST(pmm_book_before(book, side, book->ranks) == last);
    }
    check_pages(book);
}

/* Writing the levels as text stays inside the room that the kernel reckons with. */
static void check_text(const pmm_book *book) {
    size_t levels = (size_t)(pmm_book_depth(book, 0) + pmm_book_depth(book, 1));
    char *text = (malloc)(levels * PMM_LEVEL_TEXT_MAX + 1);
    MUST(text);
    char *end = pmm_summary_side(text, book, 0);
    end = pmm_summary_side(end, book, 1);
    MUST((size_t)(end - text) <= levels * PMM_LEVEL_TEXT_MAX);
    (free)(text);
}

static void mix(uint64_t *digest, const void *data, size_t length) {
    for (const uint8_t *at = data; length; at++, length--) *digest = (*digest ^ *at) * 0x100000001b3ull;
}
#define MIX(digest, value) mix(digest, &(value), sizeof(value))

/* Everything that a caller can see of the books. */
static uint64_t digest_books(const world *here) {
    uint64_t digest = 0xcbf29ce484222325ull;
    for (uint32_t at = 0; at < FOLLOWED_COUNT; at++) {
        const pmm_slot *slot = &here->slots[at];
        MIX(&digest, slot->book->tick);
        for (int side = 0; side < 2; side++)
            for (int32_t rank = pmm_book_best(slot->book, side); rank < slot->book->ranks;
                 rank = pmm_book_next(slot->book, side, rank)) {
                int64_t level[3] = {side, pmm_price(slot->book, side, rank), pmm_book_size(slot->book, side, rank)};
                MIX(&digest, level);
            }
        MIX(&digest, slot->at_ms);
        MIX(&digest, slot->snapshot_ms);
        MIX(&digest, slot->snapshots);
        MIX(&digest, slot->agrees);
        MIX(&digest, slot->stamped);
        MIX(&digest, slot->last_trade);
        mix(&digest, slot->hash, slot->hash_length);
    }
    return digest;
}

/* And of the last frame. */
static uint64_t digest_frame(const world *here) {
    uint64_t digest = digest_books(here);
    for (uint32_t at = 0; at < here->frame.touched_count; at++) MIX(&digest, here->frame.touched[at]->index);
    for (uint32_t at = 0; at < here->frame.event_count; at++) {
        const pmm_event *event = &here->frame.events[at];
        int64_t fields[5] = {event->kind, event->slot->index, event->kind == PMM_CHANGE && event->stale, event->new_tick,
                             event->kind == PMM_SNAPSHOT ? event->differences : 0};
        MIX(&digest, fields);
        if (event->kind == PMM_CHANGE || event->kind == PMM_PRINT) {
            int64_t level[3] = {event->side, event->price, event->size};
            MIX(&digest, level);
        }
    }
    MIX(&digest, here->frame.unknown);
    MIX(&digest, here->frame.stale);
    MIX(&digest, here->frame.mismatches);
    return digest;
}

#endif
