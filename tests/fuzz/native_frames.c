/* Frames for the kernel's own readers, each in a block of exactly its size, under the sanitizers.
 *
 * An input is one character and then frames with 0x1e between them.  The character says which allocation fails ('0':
 * none).  Two worlds see the frames: one reads as wire.pyx does, the venue's usual shape first, the other only in the
 * general way.  Both must agree; a frame that is not applied changes nothing; the books stay whole; the gate says what
 * it would say without its memory; what was placed needs no move; no allocation is left over.
 * Frames that neither reader takes are the business of the complete reader in Python and of the frames campaign.
 */
#include "world.h"

/* 1 applied, 0 left to the complete reader or without memory, negative refused: wire.pyx's take without Python. */
static int feed(world *here, const char *text, size_t length, int exactly) {
    pmm_frame_trim(&here->frame);
    pmm_frame_begin(&here->frame);
    if (exactly && pmm_exact(&here->frame, &here->tokens, text, length)) return 1;
    world_drop(here);
    int done = pmm_read(&here->frame, &here->tokens, text, length) ? pmm_apply(&here->frame) : 0;
    if (done != PMM_OK) world_drop(here);
    return done;
}

/* Random frames rarely carry the right best prices, so the gate is asked as if they had. */
static void ask_gate(world *here) {
    for (uint32_t at = 0; at < here->frame.touched_count; at++) {
        pmm_slot slot = *here->frame.touched[at];
        int32_t bid = pmm_best_bid(slot.book), ask = pmm_best_ask(slot.book);
        pmm_plan *plan = &here->plans[slot.index], anew = *plan, settled = *plan;
        MUST(slot.bid == bid && slot.ask == ask);
        MUST(slot.agrees || pmm_gate(&anew, &slot, bid, ask, 0));
        slot.agrees = 1;
        int answer = pmm_gate(plan, &slot, bid, ask, 0);
        anew.fresh = 0;
        MUST(pmm_gate(&anew, &slot, bid, ask, 0) == answer);
        MUST(pmm_gate(&settled, &slot, bid, ask, 1) == answer);
        MUST(!pmm_gate(&settled, &slot, bid, ask, 1));
        settled.fresh = 0;
        MUST(!pmm_gate(&settled, &slot, bid, ask, 0));
        if (here->frame.number % 2) continue;
        pmm_placed(plan, slot.book);
        MUST(!pmm_gate(plan, &slot, bid, ask, 0));
    }
}

static void feed_both(world *usual, world *general, const char *frame, size_t length) {
    char *text = (malloc)(length ? length : 1); /* past the counting: it is the caller's block */
    memcpy(text, frame, length);
    int failing = blocks_until != 0;
    uint64_t before = digest_books(usual);
    int done = feed(usual, text, length, 1);
    if (done != PMM_OK) MUST(digest_books(usual) == before && !usual->frame.touched_count);
    int spent = failing && !blocks_until; /* a failed allocation may send to the complete reader what fits */
    blocks_until = 0;
    if (!spent || done == PMM_OK) {
        MUST(feed(general, text, length, 0) == done);
        MUST(digest_frame(usual) == digest_frame(general));
    }
    for (uint32_t at = 0; at < FOLLOWED_COUNT; at++) check_book(&usual->books[at]);
    ask_gate(usual);
    (free)(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length) {
    static world usual, general;
    if (!length) return 0;
    unsigned roll = 0;
    for (size_t at = 0; at < length && at < 64; at++) roll = roll * 31 + data[at];
    long live = blocks_live;
    world_begin(&usual, roll);
    world_begin(&general, roll);
    unsigned fails = (uint8_t)(data[0] - '0');
    const char *at = (const char *)data + 1, *end = (const char *)data + length;
    while (at <= end) {
        const char *stop = at < end ? memchr(at, 0x1e, (size_t)(end - at)) : NULL;
        if (!stop) stop = end;
        blocks_until = fails;
        feed_both(&usual, &general, at, (size_t)(stop - at));
        at = stop + 1;
    }
    for (uint32_t book = 0; book < FOLLOWED_COUNT; book++) check_text(&usual.books[book]);
    world_end(&usual);
    world_end(&general);
    MUST(blocks_live == live);
    return 0;
}
