/* Finding a followed token by the bytes of its id, without a Python string. */
#ifndef PMM_TOKENS_H
#define PMM_TOKENS_H

#include "frame.h"

#define PMM_TOKEN_SHORTEST 16 /* the table looks at the first 16 characters; shorter ids go the complete way */

typedef struct {
    pmm_slot **entries; /* open addressing, NULL is free; at most a quarter full */
    uint32_t mask, count;
} pmm_tokens;

static inline int pmm_token_fits(size_t length) { return length >= PMM_TOKEN_SHORTEST && length <= PMM_TOKEN_INLINE; }

static inline uint32_t pmm_token_hash(const char *text) {
    uint64_t head, tail;
    memcpy(&head, text, 8);
    memcpy(&tail, text + 8, 8);
    return (uint32_t)(((head ^ (tail << 4)) * 0x9e3779b97f4a7c15ull) >> 40);
}

static inline pmm_slot *pmm_token_find(const pmm_tokens *tokens, const char *text, size_t length) {
    if (!tokens->entries) return NULL;
    for (uint32_t at = pmm_token_hash(text) & tokens->mask; tokens->entries[at]; at = (at + 1) & tokens->mask) {
        pmm_slot *slot = tokens->entries[at];
        if (slot->token_length == length && !memcmp(slot->token, text, length)) return slot;
    }
    return NULL;
}

static inline void pmm_token_place(pmm_tokens *tokens, pmm_slot *slot) {
    uint32_t at = pmm_token_hash(slot->token) & tokens->mask;
    while (tokens->entries[at]) at = (at + 1) & tokens->mask;
    tokens->entries[at] = slot;
    tokens->count++;
}

/* Build the table anew from the slots of the followed tokens (NULL where one was removed); 0 without memory. */
static inline int pmm_tokens_build(pmm_tokens *tokens, pmm_slot **slots, uint32_t count) {
    uint32_t size = 64;
    while (size < 4u * count) size *= 2u;
    pmm_slot **entries = (pmm_slot **)calloc(size, sizeof *entries);
    if (!entries) return 0;
    free(tokens->entries);
    tokens->entries = entries;
    tokens->mask = size - 1;
    tokens->count = 0;
    for (uint32_t at = 0; at < count; at++)
        if (slots[at] && slots[at]->token_length) pmm_token_place(tokens, slots[at]);
    return 1;
}

/* Add one slot; 0 without memory. */
static inline int pmm_tokens_add(pmm_tokens *tokens, pmm_slot **slots, uint32_t count, pmm_slot *slot) {
    if (!slot->token_length) return 1;
    if (!tokens->entries || 4u * (tokens->count + 1) > tokens->mask + 1) return pmm_tokens_build(tokens, slots, count);
    pmm_token_place(tokens, slot);
    return 1;
}

#endif
