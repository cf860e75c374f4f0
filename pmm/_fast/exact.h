/* The frame that makes up nearly all of the stream, a price_change exactly as the venue writes it:
 *
 * {"market":"0x..", "price_changes":[{"asset_id":"..", "price":"0.48", "size":"10", "side":"BUY", "hash":"..",
 *  "best_bid":"0.47", "best_ask":"0.49"}, ..], "timestamp":"1789156413830", "event_type":"price_change"}
 *
 * Texts between the values are compared eight bytes at a time, values are read without a loop, and what does not fit
 * is gathered in one word that is looked at once per change.  Any difference ends with 0 and an untouched book.
 * Loads stay inside the frame: a change is read only when more bytes are left than it can use.
 */
#ifndef PMM_EXACT_H
#define PMM_EXACT_H

#include "scan.h"

#define PMM_EXACT_CHANGE 264 /* bytes that reading one change may look at; a shorter rest goes the general way */
#define PMM_EXACT_LEVEL 64
#define PMM_EXACT_CHANGES 64
#define PMM_EXACT_TOKEN 64   /* shorter ids go the general way */

static inline uint64_t pmm_load8(const char *at) {
    uint64_t word;
    memcpy(&word, at, 8);
    return word;
}

/* Non-zero where the bytes at `at` are not the literal of 8 to 16 characters. */
#define PMM_DIFFERS(at, literal) \
    ((pmm_load8(at) ^ pmm_load8(literal)) | \
     (pmm_load8((at) + sizeof(literal) - 9) ^ pmm_load8((literal) + sizeof(literal) - 9)))

/* Non-zero when a byte of the word is not 0 to 9. */
static inline uint64_t pmm_not_digits(uint64_t word) {
    return ((word + 0x7676767676767676ull) | word) & 0x8080808080808080ull;
}

/* Eight digits 0 to 9, the first in the lowest byte, as a number. */
static inline uint32_t pmm_eight(uint64_t digits) {
    digits = digits * 10 + (digits >> 8);
    return (uint32_t)(((digits & 0x000000ff000000ffull) * 0x000f424000000064ull +
                       (digits >> 16 & 0x000000ff000000ffull) * 0x0000271000000001ull) >> 32);
}

/* A price "0.d" to "0.dddd" up to its quote, in grid units; advances `at` to the quote. */
static inline uint32_t pmm_exact_price(const char **at, uint64_t *bad) {
    uint64_t word = pmm_load8(*at), text = word >> 16, quotes = text ^ 0x2222222222222222ull;
    uint64_t found = ((quotes - 0x0101010101010101ull) & ~quotes & 0x8080808080808080ull) | 1ull << 47;
    unsigned digits = (unsigned)__builtin_ctzll(found) >> 3;
    uint32_t mask = (uint32_t)((1ull << 8 * digits) - 1);
    uint32_t value = (((uint32_t)text & mask) | (0x30303030u & ~mask)) - 0x30303030u;
    *bad |= (uint64_t)((word & 0xffff) != ('0' | '.' << 8)) | (uint64_t)(digits - 1 > 3) |
            (((value + 0x76767676u) | value) & 0x80808080u);
    value = value * 10 + (value >> 8);
    *at += 2 + digits;
    return (value & 0xff) * 100 + (value >> 16 & 0xff);
}

/* A best price: as above, or "0" and "1" for an empty side. */
static inline uint32_t pmm_exact_best(const char **at, uint64_t *bad) {
    if (__builtin_expect((*at)[1] == '"', 0)) {
        unsigned whole = (unsigned)((*at)[0] - '0');
        *bad |= whole > 1;
        *at += 1;
        return whole * PMM_GRID;
    }
    return pmm_exact_price(at, bad);
}

static inline void pmm_marks(const char *at, unsigned *quotes, unsigned *points) {
#ifdef __SSE2__
    __m128i bytes = _mm_loadu_si128((const __m128i *)at);
    *quotes = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')));
    *points = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('.')));
#else
    *quotes = *points = 0;
    for (unsigned bit = 0; bit < 16; bit++) {
        *quotes |= (unsigned)(at[bit] == '"') << bit;
        *points |= (unsigned)(at[bit] == '.') << bit;
    }
#endif
}

/* A size of 1 to 8 whole digits and up to 6 decimals up to its quote, in micro-shares; advances `at` to the quote. */
static inline int64_t pmm_exact_size(const char **at, uint64_t *bad) {
    unsigned quotes, points;
    pmm_marks(*at, &quotes, &points);
    unsigned length = (unsigned)__builtin_ctz(quotes | 1u << 15);
    unsigned whole = (unsigned)__builtin_ctz(points | 1u << length), part = length - whole;
    *bad |= (uint64_t)(whole - 1 > 7) | (uint64_t)(part == 1) | (uint64_t)(part > 7);
    uint64_t left = (pmm_load8(*at) - 0x3030303030303030ull) << (64 - 8 * (whole & 7)) % 64;
    uint64_t right = (pmm_load8(*at + whole + 1) - 0x3030303030303030ull) & ((1ull << 8 * ((part - (part > 0)) & 7)) - 1);
    *bad |= pmm_not_digits(left) | pmm_not_digits(right);
    *at += length;
    return (int64_t)pmm_eight(left) * 1000000 + pmm_eight(right << 16);
}

/* Non-zero when one of 40 bytes is not a plain character of a JSON string. */
static inline unsigned pmm_not_plain40(const char *at) {
#ifdef __SSE2__
    __m128i odd = _mm_setzero_si128();
    for (int part = 0; part < 3; part++) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(at + (part == 2 ? 24 : 16 * part)));
        odd = _mm_or_si128(odd, _mm_or_si128(_mm_cmplt_epi8(bytes, _mm_set1_epi8(' ')),
                                             _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                                                          _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')))));
    }
    return (unsigned)_mm_movemask_epi8(odd);
#else
    for (int byte = 0; byte < 40; byte++)
        if (!pmm_plain((unsigned char)at[byte])) return 1;
    return 0;
#endif
}

static inline int pmm_exact_token(const pmm_slot *slot, const char *at) {
    if (slot->token_length < PMM_EXACT_TOKEN) return 0;
#ifdef __SSE2__
    const char *token = slot->token;
    __m128i same = _mm_set1_epi8(-1);
    for (int part = 0; part < 5; part++) {
        int offset = part == 4 ? slot->token_length - 16 : 16 * part;
        same = _mm_and_si128(same, _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(token + offset)),
                                                  _mm_loadu_si128((const __m128i *)(at + offset))));
    }
    return _mm_movemask_epi8(same) == 0xffff;
#else
    return !memcmp(slot->token, at, slot->token_length);
#endif
}

static inline pmm_slot *pmm_exact_slot(const pmm_tokens *tokens, const char *at) {
    uint32_t entry = pmm_token_hash(at) & tokens->mask;
    for (; tokens->entries[entry]; entry = (entry + 1) & tokens->mask)
        if (pmm_exact_token(tokens->entries[entry], at)) return tokens->entries[entry];
    return NULL;
}

/* One change, from its brace to behind the closing one; 0 when it is anything else, or not for the book's tick. */
static inline int pmm_exact_change(const char **cursor, pmm_event *event, const pmm_tokens *tokens) {
    const char *at = *cursor;
    uint64_t bad = PMM_DIFFERS(at, "{\"asset_id\":\"");
    at += 13;
    pmm_slot *slot = pmm_exact_slot(tokens, at);
    if (!slot) return 0;
    at += slot->token_length;
    bad |= PMM_DIFFERS(at, "\", \"price\":\"");
    at += 12;
    event->price = (int32_t)pmm_exact_price(&at, &bad);
    bad |= PMM_DIFFERS(at, "\", \"size\":\"");
    at += 11;
    event->size = pmm_exact_size(&at, &bad);
    bad |= PMM_DIFFERS(at, "\", \"side\":\"");
    at += 11;
    uint32_t side;
    memcpy(&side, at, 4);
    event->side = side == ('S' | 'E' << 8 | 'L' << 16 | (uint32_t)'L' << 24);
    bad |= (uint64_t)(!event->side && side != ('B' | 'U' << 8 | 'Y' << 16 | (uint32_t)'"' << 24));
    at += 3 + event->side;
    bad |= PMM_DIFFERS(at, "\", \"hash\":\"");
    at += 11;
    event->hash = at;
    bad |= pmm_not_plain40(at);
    at += 40;
    bad |= PMM_DIFFERS(at, "\", \"best_bid\":\"");
    at += 15;
    event->best_bid = (int32_t)pmm_exact_best(&at, &bad);
    bad |= PMM_DIFFERS(at, "\", \"best_ask\":\"");
    at += 15;
    event->best_ask = (int32_t)pmm_exact_best(&at, &bad);
    bad |= (uint64_t)(at[0] != '"') | (uint64_t)(at[1] != '}');
    int32_t ticks = pmm_ticks(slot->book, event->price);
    if (bad || ticks < 0) return 0;
    event->slot = slot;
    event->rank = pmm_rank(slot->book, event->side, ticks);
    event->kind = PMM_CHANGE;
    event->hash_length = 40;
    event->new_tick = 0;
    *cursor = at + 2;
    return 1;
}

/* The end of the frame, 60 bytes; its time in ms, -1 when it is anything else. */
static inline int64_t pmm_exact_end(const char *at, const char *end) {
    if (end - at != 60) return -1;
    uint64_t bad = PMM_DIFFERS(at, "], \"timestamp\":\"") | PMM_DIFFERS(at + 29, "\", \"event_type\":") |
                   PMM_DIFFERS(at + 44, ":\"price_change\"}");
    uint64_t head = (pmm_load8(at + 16) - 0x3030303030303030ull) << 24, tail = pmm_load8(at + 21) - 0x3030303030303030ull;
    bad |= pmm_not_digits(head) | pmm_not_digits(tail);
    return bad ? -1 : (int64_t)pmm_eight(head) * 100000000 + pmm_eight(tail);
}

static inline int64_t pmm_exact_stage(pmm_frame *frame, const pmm_tokens *tokens, const char *at, const char *end) {
    if (end - at < 97 + PMM_EXACT_CHANGE || !tokens->entries || frame->event_room < PMM_EXACT_CHANGES) return -1;
    /* {"market":" and 66 characters: two overlapping pieces of 40 */
    if (PMM_DIFFERS(at, "{\"market\":\"") | pmm_not_plain40(at + 11) | pmm_not_plain40(at + 37)) return -1;
    if (PMM_DIFFERS(at + 77, "\", \"price_change") | PMM_DIFFERS(at + 86, "_changes\":[")) return -1;
    at += 97;
    while (end - at >= PMM_EXACT_CHANGE && frame->event_count < PMM_EXACT_CHANGES) {
        if (!pmm_exact_change(&at, &frame->events[frame->event_count], tokens)) return -1;
        frame->event_count++;
        if (at[0] != ',') return pmm_exact_end(at, end);
        if (at[1] != ' ') return -1;
        at += 2;
    }
    return -1;
}

static inline void pmm_exact_commit(pmm_frame *frame, pmm_event *event, int64_t at_ms) {
    pmm_slot *slot = event->slot;
    event->stale = at_ms < slot->snapshot_ms;
    if (event->stale) {
        frame->stale++;
        return;
    }
    pmm_touch(frame, slot);
    pmm_book_put(slot->book, event->side, event->rank, event->size);
    slot->hash_length = 40;
    memcpy(slot->hash, event->hash, 40);
    slot->at_ms = at_ms;
    slot->best_bid = event->best_bid;
    slot->best_ask = event->best_ask;
    slot->reported = 1;
}

/* Read and apply a frame of exactly this shape: 1, or 0 and nothing has happened to a book. */
static inline int pmm_exact(pmm_frame *frame, const pmm_tokens *tokens, const char *text, size_t length) {
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    int64_t at_ms = pmm_exact_stage(frame, tokens, text, text + length);
    if (at_ms < 0) return 0;
    for (uint32_t at = 0; at < frame->event_count; at++)
        if (!pmm_book_reserve(frame->events[at].slot->book, frame->event_count)) return 0;
    for (uint32_t at = 0; at < frame->event_count; at++) pmm_exact_commit(frame, &frame->events[at], at_ms);
    pmm_compare(frame);
    return 1;
#else
    return 0;
#endif
}

/* Levels {"price":"0.48","size":"10"} with or without a space after a comma, as many as are of this form; the cursor
 * is left on the first that is not, behind its comma, or on the closing bracket.  0 without memory. */
static inline int pmm_exact_levels(pmm_cursor *cursor, pmm_frame *frame) {
    while (cursor->end - cursor->at >= PMM_EXACT_LEVEL) {
        const char *at = cursor->at;
        uint64_t bad = PMM_DIFFERS(at, "{\"price\":\"");
        at += 10;
        int32_t price = (int32_t)pmm_exact_price(&at, &bad);
        int space = at[2] == ' ';
        bad |= (uint64_t)(at[0] != '"') | (uint64_t)(at[1] != ',') | (pmm_load8(at + 2 + space) ^ pmm_load8("\"size\":\""));
        at += 10 + space;
        int64_t size = pmm_exact_size(&at, &bad);
        bad |= (uint64_t)(at[0] != '"') | (uint64_t)(at[1] != '}') | (uint64_t)(at[2] != ',') | (uint64_t)!price;
        if (bad) return 1;
        pmm_level *level = pmm_level_add(frame);
        if (!level) return 0;
        level->price = price;
        level->size = size;
        cursor->at = at + 3 + (at[3] == ' ');
    }
    return 1;
}

#endif
