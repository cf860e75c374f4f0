#include "books.h"

#include "apply.h"
#include "read.h"

#define MOST 1024

struct books {
    pmm_frame frame;
    pmm_tokens tokens;
    pmm_slot *slots[MOST];
    uint32_t count;
};

books *books_new(void) {
    books *all = (books *)calloc(1, sizeof *all);
    return all && pmm_frame_init(&all->frame) ? all : NULL;
}

int books_add(books *all, const char *token, int32_t tick) {
    pmm_slot *slot = (pmm_slot *)calloc(1, sizeof *slot);
    if (!slot || all->count == MOST) return 0;
    slot->book = (pmm_book *)malloc(sizeof *slot->book);
    slot->index = (int32_t)all->count;
    slot->token_length = (uint8_t)strlen(token);
    memcpy(slot->token, token, strlen(token));
    all->slots[all->count++] = slot;
    return pmm_book_init(slot->book, tick) && pmm_tokens_add(&all->tokens, all->slots, all->count, slot);
}

int books_feed(books *all, const char *frame, size_t length) {
    pmm_frame_begin(&all->frame);
    if (pmm_exact(&all->frame, &all->tokens, frame, length)) return 1;
    all->frame.event_count = all->frame.level_count = 0;
    return pmm_read(&all->frame, &all->tokens, frame, length) && pmm_apply(&all->frame) == PMM_OK;
}

int books_put(books *all, const char *token, size_t token_length, int side, const char *price, size_t price_length,
              const char *size, size_t size_length) {
    pmm_slot *slot = pmm_token_find(&all->tokens, token, token_length);
    if (!slot) return 0;
    int64_t units = pmm_decimal(size, size_length, 12, 6);
    int32_t ticks = pmm_ticks(slot->book, pmm_decimal(price, price_length, 1, 4));
    if (ticks < 0 || units < 0 || !pmm_book_reserve(slot->book, 1)) return 0;
    pmm_book_put(slot->book, side, pmm_rank(slot->book, side, ticks), units);
    return 1;
}

int books_same(const books *one, const books *other) {
    for (uint32_t at = 0; at < one->count; at++)
        if (!pmm_book_same(one->slots[at]->book, other->slots[at]->book)) return 0;
    return 1;
}
