/* The frame that makes up nearly all of the stream, a price_change exactly as the venue writes it:
 *
 * {"market":"0x..", "price_changes":[{"asset_id":"..", "price":"0.48", "size":"10", "side":"BUY", "hash":"..",
 *  "best_bid":"0.47", "best_ask":"0.49"}, ..], "timestamp":"1789156413830", "event_type":"price_change"}
 *
 * Texts between the values are compared without a branch, values are read without a loop, and what does not fit is
 * gathered and looked at once per frame, before the first write.  Any difference ends with 0 and an untouched book.
 * Loads stay inside the frame: a change is read only when more bytes are left than it can use.
 */
#ifndef PMM_EXACT_H
#define PMM_EXACT_H

#include "scan.h"

#define PMM_EXACT_CHANGE 276 /* bytes that reading one change may look at; a shorter rest goes the general way */
#define PMM_EXACT_LEVEL 64
#define PMM_EXACT_PAGES PMM_SPARE_PAGES /* changes at most: room for so many is made before it is known what they need */
/* A length that is guessed lets the bytes behind it be read before the guess is confirmed.  The compiler must not make
 * one data dependency of the two ways, so it is kept from knowing what the length is. */
#define PMM_GUESS(length) __asm__ volatile("" : "+r"(length))
#define PMM_EXACT_TOKEN 64   /* shorter ids go the general way */

/* What has to be true of the texts between the values, gathered over the frame and looked at once in the end:
 * `differs` is what was not the literal it should be, `low` and `high` bound the characters of texts that are skipped
 * (0x30 to 0x7a without the backslash: more than the hexadecimal digits that the venue writes). */
#ifdef __SSE2__
typedef struct {
    __m128i differs, low, high;
} pmm_check;

static inline void pmm_check_begin(pmm_check *check) {
    check->differs = check->high = _mm_setzero_si128();
    check->low = _mm_set1_epi8(-1);
}

static inline void pmm_expect(pmm_check *check, const char *at, const char *literal, int length) {
    static const char ones[32] = {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};
    __m128i differs = _mm_xor_si128(_mm_loadu_si128((const __m128i *)at), _mm_loadu_si128((const __m128i *)literal));
    if (length < 16) differs = _mm_and_si128(differs, _mm_loadu_si128((const __m128i *)(ones + 16 - length)));
    check->differs = _mm_or_si128(check->differs, differs);
}

static inline void pmm_expect_plain(pmm_check *check, const char *at, int length) {
    for (int from = 0; from < length; from += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(at + (from + 16 > length ? length - 16 : from)));
        check->low = _mm_min_epu8(check->low, bytes);
        check->high = _mm_max_epu8(check->high, _mm_or_si128(bytes, _mm_set1_epi8(0x20)));
    }
}

static inline int pmm_check_holds(const pmm_check *check) {
    __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(check->low, _mm_set1_epi8('0')), _mm_set1_epi8('0'));
    __m128i high = _mm_cmpeq_epi8(_mm_max_epu8(check->high, _mm_set1_epi8('z')), _mm_set1_epi8('z'));
    __m128i same = _mm_cmpeq_epi8(check->differs, _mm_setzero_si128());
    return _mm_movemask_epi8(_mm_and_si128(same, _mm_and_si128(low, high))) == 0xffff;
}
#else
typedef struct {
    int differs;
} pmm_check;

static inline void pmm_check_begin(pmm_check *check) { check->differs = 0; }

static inline void pmm_expect(pmm_check *check, const char *at, const char *literal, int length) {
    check->differs |= memcmp(at, literal, (size_t)length);
}

static inline void pmm_expect_plain(pmm_check *check, const char *at, int length) {
    for (int byte = 0; byte < length; byte++) check->differs |= at[byte] < '0' || (at[byte] | 0x20) > 'z';
}

static inline int pmm_check_holds(const pmm_check *check) { return !check->differs; }
#endif

/* The literal, of at most 16 characters, is at `at`. */
#define PMM_EXPECT(check, at, literal) \
    pmm_expect(check, at, literal "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", sizeof(literal) - 1)

static inline uint64_t pmm_load8(const char *at) {
    uint64_t word;
    memcpy(&word, at, 8);
    return word;
}

/* What was wrong with the values of a frame so far: the top bit of a byte of `digits`, any bit of `other`, and the sign
 * of `range`. */
typedef struct {
    uint64_t digits, other;
    int64_t range;
} pmm_faults;

/* Every byte of the word should be 0 to 9. */
static inline void pmm_expect_digits(pmm_faults *faults, uint64_t word) {
    faults->digits |= (word + 0x7676767676767676ull) | word;
}

static inline int pmm_faultless(const pmm_faults *faults) {
    return !(faults->digits & 0x8080808080808080ull) && !faults->other && faults->range >= 0;
}

/* Eight digits 0 to 9, the first in the lowest byte, as a number. */
static inline uint32_t pmm_eight(uint64_t digits) {
    digits = digits * 10 + (digits >> 8);
    return (uint32_t)(((digits & 0x000000ff000000ffull) * 0x000f424000000064ull +
                       (digits >> 16 & 0x000000ff000000ffull) * 0x0000271000000001ull) >> 32);
}

/* The decimals of a price up to its quote, in grid units; advances `at` from behind "0." to the quote.
 * A digit has bit 0x10 and a quote has not, so the lowest byte without it is where the digits end; that a quote is
 * there is for the literal that follows to see.  More than four decimals are wrong unless they are zeros. */
static inline uint32_t pmm_exact_price(const char **at, pmm_faults *faults) {
    uint64_t text = pmm_load8(*at);
    int end = __builtin_ctzll((~text & 0x101010101000ull) | 1ull << 52) - 4;
    uint64_t digits = (text - 0x3030303030303030ull) & ((1ull << end) - 1);
    pmm_expect_digits(faults, digits);
    faults->other |= digits >> 32;
    *at += end >> 3;
    uint32_t pairs = (uint32_t)digits * 10 + (uint32_t)(digits >> 8);
    return (pairs & 0x00ff00ff) * 6553601u >> 16;
}

/* A best price: as above, or "0" and "1" for an empty side. */
static inline uint32_t pmm_exact_best(const char **at, pmm_faults *faults) {
    uint16_t head;
    memcpy(&head, *at, 2);
    if (__builtin_expect(head == ('0' | '.' << 8), 1)) {
        *at += 2;
        return pmm_exact_price(at, faults);
    }
    uint16_t whole = (uint16_t)(head - ('0' | '"' << 8));
    faults->other |= (uint64_t)(whole > 1);
    *at += 1;
    return (uint32_t)whole * PMM_GRID;
}

/* Whether SELL follows a size of 1 to 15 characters that begins at `at`: looked up before the end of the size is known,
 * so that nothing has to wait for it.  A wrong answer shows when the side is compared. */
static inline int pmm_exact_sells(const char *at) {
#ifdef __SSE2__
    __m128i bytes = _mm_loadu_si128((const __m128i *)(at + 12));
    return _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('S'))) != 0;
#else
    return memchr(at + 12, 'S', 16) != NULL;
#endif
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
static inline int64_t pmm_exact_size(const char **at, pmm_faults *faults) {
    /* By the length of the part that begins with the point: which bytes behind the point are digits. */
    static const uint64_t decimals[16] = {0, 0, 0xff, 0xffff, 0xffffff, 0xffffffff, 0xffffffffff, 0xffffffffffff};
    unsigned quotes, points;
    pmm_marks(*at, &quotes, &points);
    int length = __builtin_ctz(quotes | 1u << 15), whole = __builtin_ctz(points | 1u << length), part = length - whole;
    faults->range |= (8 - whole) | (7 - part) | ((part ^ 1) - 1);
    uint64_t left = (pmm_load8(*at) - 0x3030303030303030ull) << (-8 * whole & 63);
    uint64_t right = (pmm_load8(*at + whole + 1) - 0x3030303030303030ull) & decimals[part];
    pmm_expect_digits(faults, left);
    pmm_expect_digits(faults, right);
    *at += length;
    return (int64_t)pmm_eight(left) * 1000000 + pmm_eight(right << 16);
}

/* The slot whose id begins like the text; the rest of the id is left to the check. */
static inline pmm_slot *pmm_exact_slot(const pmm_tokens *tokens, const char *at) {
    uint64_t head = pmm_load8(at), tail = pmm_load8(at + 8);
    uint32_t entry = pmm_token_hash(at) & tokens->mask;
    for (; tokens->entries[entry]; entry = (entry + 1) & tokens->mask) {
        pmm_slot *slot = tokens->entries[entry];
        if (pmm_load8(slot->token) == head && pmm_load8(slot->token + 8) == tail) return slot;
    }
    return NULL;
}

static inline void pmm_expect_token(pmm_check *check, const char *at, const pmm_slot *slot, int length) {
    for (int from = 16; from < 64; from += 16) pmm_expect(check, at + from, slot->token + from, 16);
    pmm_expect(check, at + length - 16, slot->token + length - 16, 16);
}

/* One change, from its brace to behind the closing one; 0 for a token that is not followed (or no memory), everything else that is
 * wrong shows in the check and in the faults. */
static inline int pmm_exact_change(const char **cursor, pmm_event *event, const pmm_tokens *tokens, pmm_check *check,
                                   pmm_faults *faults) {
    const char *at = *cursor;
    PMM_EXPECT(check, at, "{\"asset_id\":\"");
    at += 13;
    pmm_slot *slot = pmm_exact_slot(tokens, at);
    if (!slot || slot->token_length < PMM_EXACT_TOKEN) return 0;
    /* Nearly every id has 77 digits. */
    if (__builtin_expect(slot->token_length == 77, 1)) {
        pmm_expect_token(check, at, slot, 77);
        at += 77;
    } else {
        int length = slot->token_length;
        PMM_GUESS(length);
        pmm_expect_token(check, at, slot, length);
        at += length;
    }
    PMM_EXPECT(check, at, "\", \"price\":\"0.");
    at += 14;
    event->price = (int32_t)pmm_exact_price(&at, faults);
    PMM_EXPECT(check, at, "\", \"size\":\"");
    at += 11;
    event->side = (uint8_t)pmm_exact_sells(at);
    event->size = pmm_exact_size(&at, faults);
    PMM_EXPECT(check, at, "\", \"side\":\"");
    at += 11;
    static const uint32_t sides[2] = {'B' | 'U' << 8 | 'Y' << 16 | (uint32_t)'"' << 24,
                                      'S' | 'E' << 8 | 'L' << 16 | (uint32_t)'L' << 24};
    uint32_t side;
    memcpy(&side, at, 4);
    faults->other |= side ^ sides[event->side];
    at += 3 + event->side;
    PMM_EXPECT(check, at, "\", \"hash\":\"");
    at += 11;
    event->hash = at;
    pmm_expect_plain(check, at, 40);
    at += 40;
    PMM_EXPECT(check, at, "\", \"best_bid\":\"");
    at += 15;
    event->best_bid = (int32_t)pmm_exact_best(&at, faults);
    PMM_EXPECT(check, at, "\", \"best_ask\":\"");
    at += 15;
    event->best_ask = (int32_t)pmm_exact_best(&at, faults);
    uint16_t tail;
    memcpy(&tail, at, 2);
    faults->other |= (uint64_t)(tail ^ ('"' | '}' << 8));
    int32_t ticks = pmm_ticks(slot->book, event->price);
    faults->range |= ticks;
    if (!pmm_book_reserve(slot->book, PMM_EXACT_PAGES)) return 0;
    event->slot = slot;
    event->rank = pmm_rank(slot->book, event->side, ticks);
    event->kind = PMM_CHANGE;
    event->hash_length = 40;
    event->new_tick = 0;
    *cursor = at + 2;
    return 1;
}

/* The end of the frame, 60 bytes: its time in ms. */
static inline int64_t pmm_exact_end(const char *at, pmm_check *check, pmm_faults *faults) {
    PMM_EXPECT(check, at, "], \"timestamp\":\"");
    PMM_EXPECT(check, at + 29, "\", \"event_type\":");
    PMM_EXPECT(check, at + 44, ":\"price_change\"}");
    uint64_t head = (pmm_load8(at + 16) - 0x3030303030303030ull) << 24, tail = pmm_load8(at + 21) - 0x3030303030303030ull;
    pmm_expect_digits(faults, head);
    pmm_expect_digits(faults, tail);
    return (int64_t)pmm_eight(head) * 100000000 + pmm_eight(tail);
}

/* Stage a whole frame of this shape: its time in ms, or -1. */
static inline int64_t pmm_exact_stage(pmm_frame *frame, const pmm_tokens *tokens, const char *at, const char *end) {
    pmm_check check;
    pmm_faults faults = {0};
    if (end - at < 97 + PMM_EXACT_CHANGE || !tokens->entries || frame->event_room < PMM_EXACT_PAGES) return -1;
    pmm_check_begin(&check);
    PMM_EXPECT(&check, at, "{\"market\":\"");
    pmm_expect_plain(&check, at + 11, 66);
    PMM_EXPECT(&check, at + 77, "\", \"price_change");
    PMM_EXPECT(&check, at + 86, "_changes\":[");
    at += 97;
    for (;; at += 2) {
        if (end - at < PMM_EXACT_CHANGE || frame->event_count == PMM_EXACT_PAGES) return -1;
        if (!pmm_exact_change(&at, &frame->events[frame->event_count], tokens, &check, &faults)) return -1;
        frame->event_count++;
        if (at[0] != ',') break;
        faults.other |= (uint64_t)(at[1] != ' ');
    }
    if (end - at != 60) return -1;
    int64_t at_ms = pmm_exact_end(at, &check, &faults);
    return pmm_faultless(&faults) && pmm_check_holds(&check) ? at_ms : -1;
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
    slot->stamped = 1;
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
    for (uint32_t at = 0; at < frame->event_count; at++) pmm_exact_commit(frame, &frame->events[at], at_ms);
    pmm_compare(frame);
    return 1;
#else
    return 0;
#endif
}

/* `length`, and one more where a space is: a branch, as all commas of a frame are alike. */
static inline int pmm_exact_space(const char *at, int length) {
    if (*at == ' ') {
        length++;
        PMM_GUESS(length);
    }
    return length;
}

/* Levels {"price":"0.48","size":"10"} with or without a space after a comma, as long as they are of this form.  1 and
 * the cursor is on the next level, 2 and it is on the closing bracket, 0 without memory.  What was wrong is looked at
 * once, in the end: if anything was, nothing of this happened, and the general reader takes the levels one by one. */
static inline int pmm_exact_levels(pmm_cursor *cursor, pmm_frame *frame) {
    const char *at = cursor->at;
    uint32_t before = frame->level_count;
    pmm_faults faults = {0};
    int more = 1;
    while (more && cursor->end - at >= PMM_EXACT_LEVEL) {
        pmm_level *level = pmm_level_add(frame);
        uint16_t comma, brace;
        if (__builtin_expect(!level, 0)) return 0;
        faults.other |= (pmm_load8(at) ^ pmm_load8("{\"price\"")) | (pmm_load8(at + 4) ^ pmm_load8("ice\":\"0."));
        at += 12;
        level->price = (int32_t)pmm_exact_price(&at, &faults);
        memcpy(&comma, at, 2);
        at += pmm_exact_space(at + 2, 2);
        faults.other |= (uint64_t)(comma ^ ('"' | ',' << 8)) | (pmm_load8(at) ^ pmm_load8("\"size\":\""));
        at += 8;
        level->size = pmm_exact_size(&at, &faults);
        memcpy(&brace, at, 2);
        faults.other |= (uint64_t)(brace ^ ('"' | '}' << 8));
        faults.range |= level->price - 1;
        more = at[2] == ',';
        at += more ? pmm_exact_space(at + 3, 3) : 2;
    }
    if (!pmm_faultless(&faults) || (!more && *at != ']')) {
        frame->level_count = before;
        return 1;
    }
    cursor->at = at;
    return more ? 1 : 2;
}

#endif
