/* One token's order book: two arrays indexed by tick, with an occupancy bitmap over each.
 *
 * A price is a number of ticks from the best end of its side, its rank: asks count up from 0, bids count down from 1.
 * The best price of either side is therefore the lowest set bit, nothing here branches on the side, and an empty side
 * has the best rank `ranks`: a bid of 0 or an ask of 1.
 * Sizes live in pages of 16 ranks that exist only where something rests, so a book costs what it holds.
 * All of it is plain C without Python: callable without the GIL, by one thread at a time.
 */
#ifndef PMM_BOOK_H
#define PMM_BOOK_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PMM_GRID 10000
#define PMM_PAGE 16       /* ranks a page: two cache lines, and few of them empty in a sparse book */
#define PMM_SUMMARY 3     /* words over the words: 3 * 64 * 64 ranks hold the finest tick, 10 000 ranks */
#define PMM_NO_PAGE 0xffffu
#define PMM_RECIPROCAL_SHIFT 27

typedef struct {
    uint64_t summary[2][PMM_SUMMARY]; /* which words of a side hold a level */
    uint64_t *words;                  /* [2][words_side]: which ranks hold a level */
    uint16_t *directory;              /* [2][pages_side]: the page of 16 ranks, valid while one of them is set */
    int64_t *pages;                   /* [capacity][PMM_PAGE] sizes; in a free page the number of the next free one */
    int32_t tick;                     /* grid units */
    int32_t ranks;                    /* PMM_GRID / tick */
    uint32_t reciprocal;              /* of the tick: price * reciprocal >> shift is price / tick, exactly */
    uint16_t words_side, pages_side;
    uint16_t capacity, live, fresh;   /* pages: allocated, in use, never used from here on */
    uint16_t free_page;               /* first of the free list, PMM_NO_PAGE when it is empty */
} pmm_book;

static inline int pmm_low_bit(uint64_t word) { return __builtin_ctzll(word); }

static inline int pmm_is_tick(int64_t tick) {
    return tick == 1000 || tick == 100 || tick == 50 || tick == 25 || tick == 10 || tick == 1;
}

/* The number of ticks in a price, or -1 when the price is outside (0, GRID) or between two ticks. */
static inline int32_t pmm_ticks(const pmm_book *book, int64_t price) {
    if (price <= 0 || price >= PMM_GRID) return -1;
    uint32_t ticks = (uint32_t)(((uint64_t)price * book->reciprocal) >> PMM_RECIPROCAL_SHIFT);
    return ticks * (uint32_t)book->tick == (uint32_t)price ? (int32_t)ticks : -1;
}

static inline int32_t pmm_rank(const pmm_book *book, int side, int32_t ticks) {
    return side ? ticks : book->ranks - ticks;
}

static inline int32_t pmm_price(const pmm_book *book, int side, int32_t rank) {
    return pmm_rank(book, side, rank) * book->tick;
}

static inline size_t pmm_grid_bytes(const pmm_book *book) {
    size_t bytes = 2u * book->words_side * sizeof(uint64_t) + 2u * book->pages_side * sizeof(uint16_t);
    return (bytes + 7u) & ~(size_t)7u;
}

static inline void pmm_book_point(pmm_book *book, void *block) {
    book->words = (uint64_t *)block;
    book->directory = (uint16_t *)(book->words + 2u * book->words_side);
    book->pages = (int64_t *)((char *)block + pmm_grid_bytes(book));
}

/* An empty book; 0 when there is no memory.  The tick must be one of the venue's. */
static inline int pmm_book_init(pmm_book *book, int32_t tick) {
    memset(book, 0, sizeof *book);
    book->tick = tick;
    book->ranks = PMM_GRID / tick;
    book->reciprocal = (1u << PMM_RECIPROCAL_SHIFT) / (uint32_t)tick + 1u;
    book->words_side = (uint16_t)((book->ranks + 63) / 64);
    book->pages_side = (uint16_t)((book->ranks + PMM_PAGE - 1) / PMM_PAGE);
    book->free_page = PMM_NO_PAGE;
    void *block = calloc(1, pmm_grid_bytes(book));
    if (!block) return 0;
    pmm_book_point(book, block);
    return 1;
}

static inline void pmm_book_release(pmm_book *book) {
    free(book->words);
    book->words = NULL;
}

static inline void pmm_book_clear(pmm_book *book) {
    memset(book->summary, 0, sizeof book->summary);
    memset(book->words, 0, 2u * book->words_side * sizeof(uint64_t));
    book->live = book->fresh = 0;
    book->free_page = PMM_NO_PAGE;
}

static inline int pmm_book_grow(pmm_book *book, uint32_t pages) {
    uint32_t most = 2u * book->pages_side, wanted = book->live + pages;
    uint32_t capacity = book->capacity + book->capacity / 4u;
    if (capacity < wanted) capacity = wanted;
    if (capacity > most) capacity = most;
    void *block = realloc(book->words, pmm_grid_bytes(book) + (size_t)capacity * PMM_PAGE * sizeof(int64_t));
    if (!block) return 0;
    pmm_book_point(book, block);
    book->capacity = (uint16_t)capacity;
    return 1;
}

/* After this, `pages` more pages can come into use without an allocation; 0 when there is no memory. */
static inline int pmm_book_reserve(pmm_book *book, uint32_t pages) {
    uint32_t spare = (uint32_t)(book->capacity - book->live);
    if (spare >= pages || book->capacity == 2u * book->pages_side) return 1;
    return pmm_book_grow(book, pages);
}

static inline uint16_t pmm_page_take(pmm_book *book) {
    uint16_t page = book->free_page;
    book->live++;
    if (page == PMM_NO_PAGE) return book->fresh++;
    book->free_page = (uint16_t)book->pages[(size_t)page * PMM_PAGE];
    return page;
}

static inline void pmm_page_give(pmm_book *book, uint16_t page) {
    book->live--;
    book->pages[(size_t)page * PMM_PAGE] = book->free_page;
    book->free_page = page;
}

static inline uint64_t pmm_page_mask(int32_t rank) { return 0xffffull << (rank & 48); }

/* Make `size` the size at a rank; a page must be reserved.  Nothing here can fail. */
static inline void pmm_book_put(pmm_book *book, int side, int32_t rank, int64_t size) {
    uint64_t *word = book->words + (size_t)side * book->words_side + (rank >> 6);
    uint16_t *page = book->directory + (size_t)side * book->pages_side + rank / PMM_PAGE;
    uint64_t bit = 1ull << (rank & 63), before = *word;
    uint64_t *summary = &book->summary[side][rank >> 12], summary_bit = 1ull << ((rank >> 6) & 63);
    /* Whether a size comes or goes cannot be predicted, so where the page is in use nothing branches on it. */
    if (__builtin_expect(!(before & pmm_page_mask(rank)), 0)) {
        if (!size) return;
        *page = pmm_page_take(book);
    }
    uint64_t after = (before & ~bit) | (size ? bit : 0);
    book->pages[(size_t)*page * PMM_PAGE + (rank & (PMM_PAGE - 1))] = size;
    *word = after;
    *summary |= summary_bit;
    if (__builtin_expect(!(after & pmm_page_mask(rank)), 0)) {
        pmm_page_give(book, *page);
        if (!after) *summary ^= summary_bit;
    }
}

/* The best rank of a side, `ranks` when it is empty. */
static inline int32_t pmm_book_best(const pmm_book *book, int side) {
    const uint64_t *summary = book->summary[side];
    int first = summary[0] ? 0 : summary[1] ? 1 : 2;
    if (!summary[first]) return book->ranks;
    int32_t word = first * 64 + pmm_low_bit(summary[first]);
    return word * 64 + pmm_low_bit(book->words[(size_t)side * book->words_side + word]);
}

/* The next rank behind `rank` that holds a level, `ranks` when there is none. */
static inline int32_t pmm_book_next(const pmm_book *book, int side, int32_t rank) {
    const uint64_t *words = book->words + (size_t)side * book->words_side;
    int32_t word = ++rank >> 6;
    if (word >= book->words_side) return book->ranks;
    uint64_t left = words[word] & ~((1ull << (rank & 63)) - 1);
    while (!left && ++word < book->words_side) left = words[word];
    return left ? word * 64 + pmm_low_bit(left) : book->ranks;
}

/* The next rank before `rank` that holds a level, 0 (where nothing can rest) when there is none. */
static inline int32_t pmm_book_before(const pmm_book *book, int side, int32_t rank) {
    const uint64_t *words = book->words + (size_t)side * book->words_side;
    int32_t word = --rank >> 6;
    uint64_t left = words[word] & (~0ull >> (63 - (rank & 63)));
    while (!left && word) left = words[--word];
    return left ? word * 64 + 63 - __builtin_clzll(left) : 0;
}

static inline int64_t pmm_book_size(const pmm_book *book, int side, int32_t rank) {
    if (!(book->words[(size_t)side * book->words_side + (rank >> 6)] >> (rank & 63) & 1)) return 0;
    uint16_t page = book->directory[(size_t)side * book->pages_side + rank / PMM_PAGE];
    return book->pages[(size_t)page * PMM_PAGE + (rank & (PMM_PAGE - 1))];
}

static inline int32_t pmm_book_depth(const pmm_book *book, int side) {
    int32_t levels = 0;
    for (int32_t word = 0; word < book->words_side; word++) {
        uint64_t bits = book->words[(size_t)side * book->words_side + word];
        if (bits) levels += __builtin_popcountll(bits); /* a call on old processors, and most words are empty */
    }
    return levels;
}

/* 0 when there is no bid. */
static inline int32_t pmm_best_bid(const pmm_book *book) {
    return (book->ranks - pmm_book_best(book, 0)) * book->tick;
}

/* GRID when there is no ask. */
static inline int32_t pmm_best_ask(const pmm_book *book) { return pmm_book_best(book, 1) * book->tick; }

/* `to` becomes equal to `from`, whatever it was; 0 when there is no memory, and then it is as it was. */
static inline int pmm_book_copy(pmm_book *to, const pmm_book *from) {
    size_t bytes = pmm_grid_bytes(from) + (size_t)from->capacity * PMM_PAGE * sizeof(int64_t);
    size_t used = pmm_grid_bytes(from) + (size_t)from->fresh * PMM_PAGE * sizeof(int64_t);
    void *block = malloc(bytes);
    if (!block) return 0;
    memcpy(block, from->words, used);
    pmm_book_release(to);
    *to = *from;
    pmm_book_point(to, block);
    return 1;
}

/* Put every level of `from` into `to`, on the other side at the mirrored price when `mirror` is set.
 * 1 done, 0 no memory, -1 a level does not lie on the tick of `to`; `to` is then to be thrown away. */
static inline int pmm_book_pour(pmm_book *to, const pmm_book *from, int mirror) {
    for (int side = 0; side < 2; side++)
        for (int32_t rank = pmm_book_best(from, side); rank < from->ranks; rank = pmm_book_next(from, side, rank)) {
            int32_t ticks = pmm_ticks(to, (int64_t)rank * from->tick);
            if (ticks < 0) return -1;
            if (!pmm_book_reserve(to, 1)) return 0;
            pmm_book_put(to, mirror ? 1 - side : side, ticks, pmm_book_size(from, side, rank));
        }
    return 1;
}

static inline int pmm_book_same(const pmm_book *one, const pmm_book *other) {
    if (one->tick != other->tick) return 0;
    if (memcmp(one->words, other->words, 2u * one->words_side * sizeof(uint64_t))) return 0;
    for (int side = 0; side < 2; side++)
        for (int32_t rank = pmm_book_best(one, side); rank < one->ranks; rank = pmm_book_next(one, side, rank))
            if (pmm_book_size(one, side, rank) != pmm_book_size(other, side, rank)) return 0;
    return 1;
}

#endif
