/* One pass over the bytes of a frame in any key order and spacing.
 *
 * It knows the venue's events in plain text: no escapes, no characters above 127, numbers as strings, no key twice.
 * Whatever else it meets, it gives up (0) and the complete reader decides; it never refuses a frame by itself.
 */
#ifndef PMM_SCAN_H
#define PMM_SCAN_H

#include "frame.h"
#include "text.h"
#include "tokens.h"
#ifdef __SSE2__
#include <emmintrin.h>
#endif

typedef struct {
    const char *at, *end;
} pmm_cursor;

typedef struct {
    const char *text; /* NULL: not there */
    size_t length;
} pmm_span;

/* The string fields that some event needs. */
enum {
    PMM_F_ASSET, PMM_F_PRICE, PMM_F_SIZE, PMM_F_SIDE, PMM_F_HASH, PMM_F_BID, PMM_F_ASK, PMM_F_TIME, PMM_F_TYPE,
    PMM_F_TICK, PMM_F_NEW_TICK, PMM_F_LAST_TRADE, PMM_F_COUNT,
    PMM_F_BIDS, PMM_F_ASKS, PMM_F_CHANGES, PMM_F_LEGACY, PMM_F_OTHER
};

static inline int pmm_plain(unsigned char byte) { return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\'; }

static inline void pmm_space(pmm_cursor *cursor) {
    while (cursor->at < cursor->end &&
           (*cursor->at == ' ' || *cursor->at == '\n' || *cursor->at == '\r' || *cursor->at == '\t'))
        cursor->at++;
}

/* Take `byte` after any space. */
static inline int pmm_take(pmm_cursor *cursor, char byte) {
    pmm_space(cursor);
    if (cursor->at == cursor->end || *cursor->at != byte) return 0;
    cursor->at++;
    return 1;
}

static inline int pmm_take_string(pmm_cursor *cursor, pmm_span *span) {
    if (!pmm_take(cursor, '"')) return 0;
    const char *at = cursor->at;
#ifdef __SSE2__
    while (cursor->end - at >= 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)at);
        /* Signed: below a space are the control characters and everything above 127. */
        __m128i odd = _mm_or_si128(_mm_cmplt_epi8(bytes, _mm_set1_epi8(' ')),
                                   _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                                                _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))));
        int found = _mm_movemask_epi8(odd);
        at += found ? __builtin_ctz((unsigned)found) : 16;
        if (found) break;
    }
#endif
    while (at < cursor->end && pmm_plain((unsigned char)*at)) at++;
    if (at == cursor->end || *at != '"') return 0;
    span->text = cursor->at;
    span->length = (size_t)(at - cursor->at);
    cursor->at = at + 1;
    return 1;
}

static inline int pmm_is(pmm_span span, const char *text, size_t length) {
    return span.length == length && !memcmp(span.text, text, length);
}
#define PMM_IS(span, literal) pmm_is(span, literal, sizeof(literal) - 1)

static int pmm_field(pmm_span key) {
    switch (key.length) {
        case 4: return PMM_IS(key, "size") ? PMM_F_SIZE : PMM_IS(key, "side") ? PMM_F_SIDE
                     : PMM_IS(key, "hash") ? PMM_F_HASH : PMM_IS(key, "bids") ? PMM_F_BIDS
                     : PMM_IS(key, "asks") ? PMM_F_ASKS : PMM_F_OTHER;
        case 5: return PMM_IS(key, "price") ? PMM_F_PRICE : PMM_F_OTHER;
        case 7: return PMM_IS(key, "changes") ? PMM_F_LEGACY : PMM_F_OTHER;
        case 8: return PMM_IS(key, "asset_id") ? PMM_F_ASSET : PMM_IS(key, "best_bid") ? PMM_F_BID
                     : PMM_IS(key, "best_ask") ? PMM_F_ASK : PMM_F_OTHER;
        case 9: return PMM_IS(key, "timestamp") ? PMM_F_TIME : PMM_IS(key, "tick_size") ? PMM_F_TICK : PMM_F_OTHER;
        case 10: return PMM_IS(key, "event_type") ? PMM_F_TYPE : PMM_F_OTHER;
        case 13: return PMM_IS(key, "price_changes") ? PMM_F_CHANGES
                      : PMM_IS(key, "new_tick_size") ? PMM_F_NEW_TICK : PMM_F_OTHER;
        case 16: return PMM_IS(key, "last_trade_price") ? PMM_F_LAST_TRADE : PMM_F_OTHER;
        default: return PMM_F_OTHER;
    }
}

/* The value of a key that no event needs: a string, true, false or null; the rest is for the complete reader. */
static int pmm_skip(pmm_cursor *cursor) {
    static const struct { const char *text; size_t length; } words[3] = {{"true", 4}, {"false", 5}, {"null", 4}};
    pmm_span unused;
    pmm_space(cursor);
    if (cursor->at < cursor->end && *cursor->at == '"') return pmm_take_string(cursor, &unused);
    for (int at = 0; at < 3; at++)
        if ((size_t)(cursor->end - cursor->at) >= words[at].length &&
            !memcmp(cursor->at, words[at].text, words[at].length)) {
            cursor->at += words[at].length;
            return 1;
        }
    return 0;
}

static inline int pmm_scan_price(pmm_span span, int32_t *price) {
    *price = span.text ? (int32_t)pmm_decimal(span.text, span.length, 1, 4) : -1;
    return *price > 0 && *price < PMM_GRID;
}

/* A best price that may be absent or "", and whose 0 and GRID mean an empty side. */
static inline int pmm_scan_best(pmm_span span, int32_t *price) {
    *price = PMM_ABSENT;
    if (!span.text || !span.length) return 1;
    *price = (int32_t)pmm_decimal(span.text, span.length, 1, 4);
    return *price >= 0 && *price <= PMM_GRID;
}

static inline int pmm_scan_size(pmm_span span, int64_t *size) {
    *size = span.text ? pmm_decimal(span.text, span.length, 12, 6) : -1;
    return *size >= 0;
}

static inline int pmm_scan_side(pmm_span span, uint8_t *side) {
    *side = span.text && PMM_IS(span, "SELL");
    return *side || (span.text && PMM_IS(span, "BUY"));
}

static inline int pmm_scan_time(pmm_span span, int64_t *at_ms) {
    *at_ms = PMM_ABSENT;
    if (!span.text) return 1;
    if (!span.length || span.length > 18) return 0;
    *at_ms = pmm_digits(span.text, span.length);
    return *at_ms >= 0;
}

static inline int pmm_scan_tick(pmm_span span, int32_t *tick) {
    *tick = PMM_ABSENT;
    if (!span.text || !span.length) return 1;
    *tick = (int32_t)pmm_decimal(span.text, span.length, 1, 4);
    return pmm_is_tick(*tick);
}

/* The price of the last trade, which may be absent or "" for none; one that cannot be a price is as if absent. */
static inline int pmm_scan_last_trade(pmm_span span, int32_t *price) {
    *price = span.text && !span.length ? 0 : PMM_ABSENT;
    if (!span.length) return 1;
    int64_t read = pmm_decimal(span.text, span.length, 1, 4);
    if (read > 0 && read < PMM_GRID) *price = (int32_t)read;
    return read >= 0;
}

/* The slot of a token, NULL when it is not followed; 0 when the table does not know tokens of this length. */
static inline int pmm_scan_token(pmm_span span, const pmm_tokens *tokens, pmm_slot **slot) {
    if (!span.text || !pmm_token_fits(span.length)) return 0;
    *slot = pmm_token_find(tokens, span.text, span.length);
    return 1;
}

#endif
