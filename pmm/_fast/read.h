/* The events of the market socket out of the scanner's strings: objects, arrays, levels and changes. */
#ifndef PMM_READ_H
#define PMM_READ_H

#include "exact.h"
#include "scan.h"

typedef struct {
    pmm_span fields[PMM_F_COUNT];
    uint32_t first[2], count[2]; /* bids and asks */
    uint32_t seen;               /* bit per field, so that no key counts twice */
} pmm_object;

/* The next key of an object after '{' or ','; 0 for the end of the known. */
static inline int pmm_read_key(pmm_cursor *cursor, pmm_object *object, int *field) {
    pmm_span key;
    if (!pmm_take_string(cursor, &key) || !pmm_take(cursor, ':')) return 0;
    *field = pmm_field(key);
    if (*field == PMM_F_OTHER) return 1;
    uint32_t bit = 1u << *field;
    if (object->seen & bit) return 0;
    object->seen |= bit;
    return 1;
}

/* A flat object of strings: a level or a change. */
static int pmm_read_flat(pmm_cursor *cursor, pmm_object *object) {
    int field;
    memset(object, 0, sizeof *object);
    if (!pmm_take(cursor, '{')) return 0;
    do {
        if (!pmm_read_key(cursor, object, &field)) return 0;
        if (field < PMM_F_COUNT ? !pmm_take_string(cursor, &object->fields[field])
                                : field != PMM_F_OTHER || !pmm_skip(cursor))
            return 0;
    } while (pmm_take(cursor, ','));
    return pmm_take(cursor, '}');
}

static int pmm_read_level(pmm_cursor *cursor, pmm_frame *frame) {
    pmm_object object;
    pmm_level *level = pmm_level_add(frame);
    return level && pmm_read_flat(cursor, &object) && pmm_scan_price(object.fields[PMM_F_PRICE], &level->price) &&
           pmm_scan_size(object.fields[PMM_F_SIZE], &level->size);
}

static int pmm_read_levels(pmm_cursor *cursor, pmm_frame *frame, uint32_t *first, uint32_t *count) {
    *first = frame->level_count;
    if (!pmm_take(cursor, '[')) return 0;
    if (pmm_take(cursor, ']')) return 1;
    pmm_space(cursor);
    int usual = pmm_exact_levels(cursor, frame);
    if (!usual) return 0;
    if (usual == 1) do {
            if (!pmm_read_level(cursor, frame)) return 0;
        } while (pmm_take(cursor, ','));
    *count = frame->level_count - *first;
    return pmm_take(cursor, ']');
}

static int pmm_read_change(pmm_cursor *cursor, pmm_frame *frame, const pmm_tokens *tokens) {
    pmm_object object;
    pmm_slot *slot;
    const pmm_span *fields = object.fields;
    if (!pmm_read_flat(cursor, &object) || !pmm_scan_token(fields[PMM_F_ASSET], tokens, &slot)) return 0;
    if (!slot) {
        frame->unknown++;
        return 1;
    }
    pmm_event *event = pmm_event_add(frame);
    if (!event || fields[PMM_F_HASH].length > PMM_HASH_MAX) return 0;
    *event = (pmm_event){.slot = slot, .kind = PMM_CHANGE, .hash = fields[PMM_F_HASH].text};
    event->hash_length = (uint8_t)fields[PMM_F_HASH].length;
    return pmm_scan_side(fields[PMM_F_SIDE], &event->side) && pmm_scan_price(fields[PMM_F_PRICE], &event->price) &&
           pmm_scan_size(fields[PMM_F_SIZE], &event->size) && pmm_scan_best(fields[PMM_F_BID], &event->best_bid) &&
           pmm_scan_best(fields[PMM_F_ASK], &event->best_ask);
}

static int pmm_read_changes(pmm_cursor *cursor, pmm_frame *frame, const pmm_tokens *tokens) {
    if (!pmm_take(cursor, '[')) return 0;
    if (pmm_take(cursor, ']')) return 1;
    do {
        if (!pmm_read_change(cursor, frame, tokens)) return 0;
    } while (pmm_take(cursor, ','));
    return pmm_take(cursor, ']');
}

static int pmm_end_changes(pmm_frame *frame, const pmm_object *object, uint32_t first_event) {
    int64_t at_ms;
    if (!pmm_scan_time(object->fields[PMM_F_TIME], &at_ms)) return 0;
    for (uint32_t at = first_event; at < frame->event_count; at++) frame->events[at].at_ms = at_ms;
    return 1;
}

static int pmm_end_book(const pmm_object *object, pmm_event *event) {
    const pmm_span *fields = object->fields;
    if (fields[PMM_F_HASH].length > PMM_HASH_MAX) return 0;
    event->kind = PMM_SNAPSHOT;
    event->hash = fields[PMM_F_HASH].text;
    event->hash_length = (uint8_t)fields[PMM_F_HASH].length;
    memcpy(event->first, object->first, sizeof event->first);
    memcpy(event->count, object->count, sizeof event->count);
    return pmm_scan_time(fields[PMM_F_TIME], &event->at_ms) && pmm_scan_tick(fields[PMM_F_TICK], &event->tick) &&
           pmm_scan_last_trade(fields[PMM_F_LAST_TRADE], &event->last_trade);
}

static int pmm_end_trade(const pmm_object *object, pmm_event *event) {
    const pmm_span *fields = object->fields;
    event->kind = PMM_PRINT;
    return pmm_scan_side(fields[PMM_F_SIDE], &event->side) && pmm_scan_price(fields[PMM_F_PRICE], &event->price) &&
           pmm_scan_size(fields[PMM_F_SIZE], &event->size) && pmm_scan_time(fields[PMM_F_TIME], &event->at_ms);
}

static int pmm_end_tick(const pmm_object *object, pmm_event *event) {
    event->kind = PMM_NEW_TICK;
    return pmm_scan_tick(object->fields[PMM_F_NEW_TICK], &event->tick) && event->tick != PMM_ABSENT;
}

static int pmm_end_touch(const pmm_object *object, pmm_event *event) {
    event->kind = PMM_TOUCH;
    return pmm_scan_best(object->fields[PMM_F_BID], &event->best_bid) &&
           pmm_scan_best(object->fields[PMM_F_ASK], &event->best_ask) && event->best_bid != PMM_ABSENT &&
           event->best_ask != PMM_ABSENT;
}

/* What the object was, now that its event type (usually the last key) is known. */
static int pmm_end_object(pmm_frame *frame, const pmm_tokens *tokens, const pmm_object *object, uint32_t first_event) {
    pmm_span kind = object->fields[PMM_F_TYPE];
    int has_changes = object->seen >> PMM_F_CHANGES & 1;
    int has_levels = object->seen >> PMM_F_BIDS & 1;
    pmm_slot *slot;
    if ((object->seen >> PMM_F_ASKS & 1) != (uint32_t)has_levels) return 0;
    if (kind.text && PMM_IS(kind, "price_change"))
        return has_changes && !has_levels && pmm_end_changes(frame, object, first_event);
    if (has_changes || !pmm_scan_token(object->fields[PMM_F_ASSET], tokens, &slot)) return 0;
    int is_book = kind.text ? PMM_IS(kind, "book") : has_levels;
    if (is_book != has_levels) return 0;
    int is_trade = !is_book && kind.text && PMM_IS(kind, "last_trade_price");
    int is_tick = !is_book && kind.text && PMM_IS(kind, "tick_size_change");
    int is_touch = !is_book && kind.text && PMM_IS(kind, "best_bid_ask");
    if (!is_book && !is_trade && !is_tick && !is_touch) return 0;
    if (!slot) {
        frame->unknown++;
        return 1;
    }
    pmm_event *event = pmm_event_add(frame);
    if (!event) return 0;
    *event = (pmm_event){.slot = slot, .tick = PMM_ABSENT};
    return is_book ? pmm_end_book(object, event) : is_trade ? pmm_end_trade(object, event)
         : is_tick ? pmm_end_tick(object, event) : pmm_end_touch(object, event);
}

static int pmm_read_value(pmm_cursor *cursor, pmm_frame *frame, const pmm_tokens *tokens, pmm_object *object, int field) {
    if (field < PMM_F_COUNT) return pmm_take_string(cursor, &object->fields[field]);
    switch (field) {
        case PMM_F_BIDS: return pmm_read_levels(cursor, frame, &object->first[0], &object->count[0]);
        case PMM_F_ASKS: return pmm_read_levels(cursor, frame, &object->first[1], &object->count[1]);
        case PMM_F_CHANGES: return pmm_read_changes(cursor, frame, tokens);
        case PMM_F_OTHER: return pmm_skip(cursor);
        default: return 0;
    }
}

static int pmm_read_object(pmm_cursor *cursor, pmm_frame *frame, const pmm_tokens *tokens) {
    pmm_object object;
    uint32_t first_event = frame->event_count;
    int field;
    memset(&object, 0, sizeof object);
    if (!pmm_take(cursor, '{')) return 0;
    do {
        if (!pmm_read_key(cursor, &object, &field) || !pmm_read_value(cursor, frame, tokens, &object, field)) return 0;
    } while (pmm_take(cursor, ','));
    return pmm_take(cursor, '}') && pmm_end_object(frame, tokens, &object, first_event);
}

/* Stage a whole frame; 0 when anything in it is for the complete reader (what was staged is then to be dropped). */
static int pmm_read(pmm_frame *frame, const pmm_tokens *tokens, const char *text, size_t length) {
    pmm_cursor cursor = {text, text + length};
    int many = pmm_take(&cursor, '[');
    do {
        if (!pmm_read_object(&cursor, frame, tokens)) return 0;
    } while (many && pmm_take(&cursor, ','));
    if (many && !pmm_take(&cursor, ']')) return 0;
    pmm_space(&cursor);
    return cursor.at == cursor.end;
}

#endif
