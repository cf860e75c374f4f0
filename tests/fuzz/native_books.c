/* Operations on two books in C against plain arrays, under the sanitizers: six bytes of input are one operation. */
#include "world.h"

#define LIFE 400 /* operations of one input; the rest of a longer one is not looked at */

typedef struct {
    pmm_book book;
    int64_t sizes[2][PMM_GRID]; /* by price */
} shelf;

static int32_t plain_best(const shelf *here, int side) {
    int32_t price = side ? 1 : PMM_GRID - 1, step = side ? 1 : -1;
    while (price > 0 && price < PMM_GRID && !here->sizes[side][price]) price += step;
    return price;
}

static int fits(const shelf *here, int32_t tick) {
    for (int side = 0; side < 2; side++)
        for (int32_t price = 1; price < PMM_GRID; price++)
            if (here->sizes[side][price] && price % tick) return 0;
    return 1;
}

static void check_levels(const shelf *here) {
    check_book(&here->book);
    check_text(&here->book);
    for (int side = 0; side < 2; side++)
        for (int32_t price = here->book.tick; price < PMM_GRID; price += here->book.tick) {
            int32_t rank = pmm_rank(&here->book, side, pmm_ticks(&here->book, price));
            MUST(pmm_price(&here->book, side, rank) == price);
            MUST(pmm_book_size(&here->book, side, rank) == here->sizes[side][price]);
        }
}

/* The sum of the best `count` levels and what they cost, wide; the price at which `size` is reached. */
static unsigned __int128 plain_sum(const shelf *here, int side, int64_t count, int64_t size, int32_t *reached,
                                   unsigned __int128 *cost) {
    unsigned __int128 sum = 0;
    *reached = 0;
    *cost = 0;
    for (int32_t step = 1; step < PMM_GRID && count; step++) {
        int32_t price = side ? step : PMM_GRID - step;
        int64_t here_size = here->sizes[side][price];
        if (!here_size) continue;
        unsigned __int128 left = (unsigned __int128)size > sum ? (unsigned __int128)size - sum : 0;
        *cost += ((unsigned __int128)here_size < left ? (unsigned __int128)here_size : left) * (unsigned)price;
        sum += (unsigned __int128)here_size;
        if (!*reached && sum >= (unsigned __int128)size) *reached = price;
        count--;
    }
    return sum;
}

static void check_microprice(const shelf *here) {
    int32_t bid = plain_best(here, 0), ask = plain_best(here, 1), micro = pmm_microprice(&here->book);
    if (bid == 0 || ask == PMM_GRID) {
        MUST(micro == -1);
        return;
    }
    unsigned __int128 bids = (unsigned __int128)here->sizes[0][bid], asks = (unsigned __int128)here->sizes[1][ask];
    unsigned __int128 value = (bids * (unsigned)ask + asks * (unsigned)bid) * PMM_MICRO, whole = bids + asks;
    MUST(micro >= 0 && value >= whole * (unsigned)micro && value < whole * (unsigned)(micro + 1));
}

static void ask(const shelf *here, int side, int64_t size, int32_t n) {
    unsigned __int128 cost, sums[2];
    int32_t reached;
    unsigned __int128 all = plain_sum(here, side, PMM_GRID, size, &reached, &cost);
    int64_t paid;
    MUST(pmm_cut(&here->book, side, size) == reached);
    int64_t taken = pmm_walk(&here->book, side, size, &paid);
    MUST((unsigned __int128)taken == (all < (unsigned __int128)size ? all : (unsigned __int128)size));
    MUST((unsigned __int128)paid == cost / PMM_GRID);
    for (int other = 0; other < 2; other++) sums[other] = plain_sum(here, other, n, size, &reached, &cost);
    int32_t share = pmm_imbalance(&here->book, n);
    if (sums[0] + sums[1] == 0) {
        MUST(share == INT32_MIN);
    } else {
        __int128 wide = ((__int128)sums[0] - (__int128)sums[1]) * 1000000, whole = (__int128)(sums[0] + sums[1]);
        MUST(wide >= share * whole && wide < (share + (__int128)1) * whole);
    }
    check_microprice(here);
    int64_t *top = malloc((size_t)n * 4 * sizeof *top);
    if (!top) return;
    pmm_top(&here->book, n, top);
    int32_t best = plain_best(here, side);
    int there = best > 0 && best < PMM_GRID;
    MUST(top[2 * side * n] == (there ? best : 0));
    MUST(top[(2 * side + 1) * n] == (there ? here->sizes[side][best] : 0));
    free(top);
}

static int move_tick(shelf *here, int32_t tick) {
    pmm_book moved;
    if (!pmm_book_init(&moved, tick)) return 0;
    int poured = pmm_book_pour(&moved, &here->book, 0);
    MUST(!poured || (poured == 1) == fits(here, tick));
    if (poured == 1) {
        pmm_book swapped = here->book;
        here->book = moved;
        moved = swapped;
    }
    pmm_book_release(&moved);
    return 1;
}

static void mirror(shelf *here) {
    static int64_t turned[2][PMM_GRID];
    pmm_book moved;
    if (!pmm_book_init(&moved, here->book.tick)) return;
    if (pmm_book_pour(&moved, &here->book, 1) == 1) {
        pmm_book_release(&here->book);
        here->book = moved;
        for (int side = 0; side < 2; side++)
            for (int32_t price = 1; price < PMM_GRID; price++)
                turned[1 - side][PMM_GRID - price] = here->sizes[side][price];
        memcpy(here->sizes, turned, sizeof turned);
        return;
    }
    pmm_book_release(&moved);
}

static void put(shelf *here, int side, int32_t price, int64_t size, int asks) {
    int32_t ticks = pmm_ticks(&here->book, price);
    MUST((ticks >= 0) == (price > 0 && price < PMM_GRID && price % here->book.tick == 0));
    if (ticks < 0 || !pmm_book_reserve(&here->book, 1)) return;
    pmm_book_put(&here->book, side, pmm_rank(&here->book, side, ticks), size);
    here->sizes[side][price] = size;
    if (asks) MUST(pmm_best_bid(&here->book) == plain_best(here, 0) && pmm_best_ask(&here->book) == plain_best(here, 1));
}

static int same(const shelf *one, const shelf *other) {
    return one->book.tick == other->book.tick && !memcmp(one->sizes, other->sizes, sizeof one->sizes);
}

static void operate(shelf shelves[2], const uint8_t *op) {
    static const int32_t ticks[6] = {1000, 100, 50, 25, 10, 1};
    static const int64_t sizes[8] = {0, 0, 1, 7, 10000000, 1ll << 42, 1ll << 62, INT64_MAX};
    shelf *here = &shelves[op[0] >> 7], *other = &shelves[1 - (op[0] >> 7)];
    int side = op[0] >> 6 & 1;
    int32_t price = op[1] << 8 | op[2];
    int64_t size = op[3] & 128 ? sizes[op[3] & 7] : (int64_t)op[3] << op[4] % 56;
    blocks_until = op[5] < 16 ? 1u + (op[5] & 3) : 0;
    switch (op[0] & 63) {
        case 0: ask(here, side, size > 0 ? size : 1, 1 + op[4] % 20); break;
        case 1: move_tick(here, ticks[op[1] % 6]); break;
        case 2: mirror(here); break;
        case 3:
            if (pmm_book_copy(&other->book, &here->book)) memcpy(other->sizes, here->sizes, sizeof here->sizes);
            break;
        case 4: MUST(pmm_book_same(&here->book, &other->book) == same(here, other)); break;
        case 5:
            pmm_book_clear(&here->book);
            memset(here->sizes, 0, sizeof here->sizes);
            break;
        case 6: check_levels(here); break;
        default:
            if (op[4] & 1) price = price % PMM_GRID / here->book.tick * here->book.tick;
            put(here, side, price, size, op[5] % 8 == 7);
    }
    blocks_until = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length) {
    static shelf shelves[2];
    long live = blocks_live;
    memset(shelves, 0, sizeof shelves);
    for (int at = 0; at < 2; at++) MUST(pmm_book_init(&shelves[at].book, at ? 1 : 100));
    for (int left = LIFE; left && length >= 6; left--, data += 6, length -= 6) operate(shelves, data);
    for (int at = 0; at < 2; at++) {
        check_levels(&shelves[at]);
        pmm_book_release(&shelves[at].book);
    }
    MUST(blocks_live == live);
    return 0;
}
