/* Questions about a book beyond its best prices.  Sums are taken wide: sizes go up to 2**63 - 1. */
#ifndef PMM_QUERY_H
#define PMM_QUERY_H

#include "book.h"

#define PMM_MICRO 100 /* micro-USD in a grid unit */

/* The mean of the best prices, each weighted with the other side's size, in micro-USD rounded down; -1 without both. */
static inline int32_t pmm_microprice(const pmm_book *book) {
    int32_t bid = pmm_book_best(book, 0), ask = pmm_book_best(book, 1);
    if (bid == book->ranks || ask == book->ranks) return -1;
    uint64_t bids = (uint64_t)pmm_book_size(book, 0, bid), asks = (uint64_t)pmm_book_size(book, 1, ask);
    uint64_t low = (uint64_t)pmm_price(book, 0, bid) * PMM_MICRO, high = (uint64_t)pmm_price(book, 1, ask) * PMM_MICRO;
    if ((bids | asks) < 1ull << 42) return (int32_t)((low * asks + high * bids) / (bids + asks));
    return (int32_t)(((unsigned __int128)low * asks + (unsigned __int128)high * bids) / ((unsigned __int128)bids + asks));
}

/* Size on the bid side less size on the ask side over their sum, in millionths rounded down, over the best `levels` of
 * each side; INT32_MIN when nothing rests there. */
static inline int32_t pmm_imbalance(const pmm_book *book, int64_t levels) {
    __int128 sums[2] = {0, 0};
    for (int side = 0; side < 2; side++) {
        int32_t rank = pmm_book_best(book, side);
        for (int64_t left = levels; rank < book->ranks && left; left--, rank = pmm_book_next(book, side, rank))
            sums[side] += pmm_book_size(book, side, rank);
    }
    __int128 all = sums[0] + sums[1], share = (sums[0] - sums[1]) * 1000000;
    if (!all) return INT32_MIN;
    return (int32_t)(share / all - (share % all < 0));
}

/* The first price from the best at which `size` rests cumulatively, 0 when the side holds less. */
static inline int32_t pmm_cut(const pmm_book *book, int side, int64_t size) {
    for (int32_t rank = pmm_book_best(book, side); rank < book->ranks; rank = pmm_book_next(book, side, rank)) {
        int64_t here = pmm_book_size(book, side, rank);
        if (here >= size) return pmm_price(book, side, rank);
        size -= here;
    }
    return 0;
}

/* Take up to `size` from one side, best first: the size that is there and its cost in micro-USD, rounded down. */
static inline int64_t pmm_walk(const pmm_book *book, int side, int64_t size, int64_t *cost) {
    int64_t left = size;
    unsigned __int128 sum = 0;
    for (int32_t rank = pmm_book_best(book, side); rank < book->ranks && left; rank = pmm_book_next(book, side, rank)) {
        int64_t here = pmm_book_size(book, side, rank);
        if (here > left) here = left;
        sum += (unsigned __int128)here * (uint64_t)pmm_price(book, side, rank);
        left -= here;
    }
    *cost = (int64_t)(sum / PMM_GRID);
    return size - left;
}

/* The best `levels` of both sides: bid prices, bid sizes, ask prices, ask sizes, `levels` of each, 0 where none is. */
static inline void pmm_top(const pmm_book *book, int32_t levels, int64_t *out) {
    for (int side = 0; side < 2; side++) {
        int64_t *prices = out + 2 * side * levels, *sizes = prices + levels;
        int32_t rank = pmm_book_best(book, side), at = 0;
        for (; rank < book->ranks && at < levels; at++, rank = pmm_book_next(book, side, rank)) {
            prices[at] = pmm_price(book, side, rank);
            sizes[at] = pmm_book_size(book, side, rank);
        }
        for (; at < levels; at++) prices[at] = sizes[at] = 0;
    }
}

#endif
