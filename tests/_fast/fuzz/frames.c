/* Fuzzing of the C readers with the address and undefined-behaviour sanitizers.
 *
 * Every input is fed to two sets of books: one reads with exact.h first, the other only with the general reader.  What
 * the first accepts the second must accept, and both must then hold the same books.  Build it with libFuzzer
 * (-fsanitize=fuzzer) or, where there is none, as a program that mutates the frames of a file, one a line:
 *
 *   cc -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -DPMM_ALONE -Ipmm/_fast tests/_fast/fuzz/frames.c -o fuzz
 *   ./fuzz FRAMES SECONDS SEED
 */
#include <stdio.h>
#include <time.h>

#include "apply.h"
#include "quote.h"
#include "read.h"

#define TOKENS 4

static const char *const names[TOKENS] = {
    "89103662922399853582210727094555628545682161257465140653230183411405552444242",
    "81991637217769173167120472548201162753479510171986166836308777400146642216229",
    "25245433628208476987364023432306599125597948324625578977436890641930158259698",
    "8910366292239985358221072709455562854568216125746514065323018341140555244421",
};
static const int32_t ticks[TOKENS] = {10, 10, 100, 1};

typedef struct {
    pmm_frame frame;
    pmm_tokens tokens;
    pmm_slot slots[TOKENS], *known[TOKENS];
    pmm_book books[TOKENS];
} side;

static side exact, general;

static void must(int holds, const char *what) {
    if (!holds) {
        fprintf(stderr, "broken: %s\n", what);
        abort();
    }
}

static void begin(side *one) {
    must(pmm_frame_init(&one->frame), "memory");
    for (int at = 0; at < TOKENS; at++) {
        must(pmm_book_init(&one->books[at], ticks[at]), "memory");
        one->slots[at] = (pmm_slot){.book = &one->books[at], .index = at, .agrees = 1};
        one->slots[at].token_length = (uint8_t)strlen(names[at]);
        memcpy(one->slots[at].token, names[at], strlen(names[at]));
        one->known[at] = &one->slots[at];
    }
    must(pmm_tokens_build(&one->tokens, one->known, TOKENS), "memory");
}

static int feed_general(side *one, const char *text, size_t length) {
    one->frame.event_count = one->frame.level_count = one->frame.touched_count = 0;
    one->frame.unknown = one->frame.stale = one->frame.mismatches = 0;
    return pmm_read(&one->frame, &one->tokens, text, length) && pmm_apply(&one->frame) == PMM_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (!exact.frame.events) {
        begin(&exact);
        begin(&general);
    }
    char *text = (char *)malloc(size ? size : 1); /* of exactly this size, so that one byte too far is seen */
    memcpy(text, data, size);
    pmm_frame_trim(&exact.frame);
    pmm_frame_trim(&general.frame);
    pmm_frame_begin(&exact.frame);
    pmm_frame_begin(&general.frame);
    int fast = pmm_exact(&exact.frame, &exact.tokens, text, size);
    int slow = feed_general(&general, text, size);
    must(!fast || slow, "the exact reader took what the general one did not");
    if (!fast) must(feed_general(&exact, text, size) == slow, "the general reader differs from itself");
    must(exact.frame.touched_count == general.frame.touched_count || !slow, "touched");
    must(exact.frame.mismatches == general.frame.mismatches || !slow, "mismatches");
    for (int at = 0; at < TOKENS; at++) {
        const pmm_slot *one = &exact.slots[at], *other = &general.slots[at];
        must(pmm_book_same(&exact.books[at], &general.books[at]), "books");
        must(one->at_ms == other->at_ms && one->agrees == other->agrees && one->hash_length == other->hash_length &&
                 !memcmp(one->hash, other->hash, one->hash_length) && one->best_bid == other->best_bid,
             "what was reported");
    }
    free(text);
    return 0;
}

#ifdef PMM_ALONE
static uint64_t dice_state;

static uint32_t dice(uint32_t sides) {
    dice_state = dice_state * 6364136223846793005ull + 1442695040888963407ull;
    return (uint32_t)((dice_state >> 33) % sides);
}

/* Cut, flip, copy within, insert a telling character, or change a digit. */
static size_t mutate(char *text, size_t length, size_t room) {
    static const char telling[] = "\"\\{}[],:.0159 -eE\n\x80\xff";
    size_t at = length ? dice((uint32_t)length) : 0, from = length ? dice((uint32_t)length) : 0;
    switch (length ? dice(7) : 3) {
        case 0: return at;
        case 1: text[at] = (char)dice(256); return length;
        case 2: text[at] = text[from]; return length;
        case 3:
            if (length == room) return length;
            memmove(text + at + 1, text + at, length - at);
            text[at] = telling[dice(sizeof telling - 1)];
            return length + 1;
        case 4: memmove(text + at, text + at + 1, length - at - 1); return length - 1;
        case 5: text[at] = telling[dice(sizeof telling - 1)]; return length;
        default:
            for (size_t look = at; look < length; look++)
                if (text[look] >= '0' && text[look] <= '9') {
                    text[look] = (char)('0' + dice(10));
                    break;
                }
            return length;
    }
}

int main(int count, char **words) {
    must(count == 4, "usage: fuzz FRAMES SECONDS SEED");
    static char *frames[20000], line[1 << 17], text[1 << 17];
    uint32_t known = 0;
    unsigned long long done = 0, taken = 0;
    FILE *file = fopen(words[1], "r");
    must(file != NULL, "no such file");
    while (known < 20000 && fgets(line, sizeof line, file)) frames[known++] = strdup(line);
    fclose(file);
    dice_state = (uint64_t)atoll(words[3]);
    for (time_t end = time(NULL) + atoi(words[2]); time(NULL) < end;)
        for (int round = 0; round < 1000; round++, done++) {
            const char *seed = frames[dice(known)];
            size_t length = strlen(seed) - 1;
            memcpy(text, seed, length);
            for (uint32_t times = dice(4); times; times--) length = mutate(text, length, sizeof text);
            LLVMFuzzerTestOneInput((const uint8_t *)text, length);
            taken += exact.frame.event_count != 0;
        }
    printf("%llu inputs, %llu with events, no finding\n", done, taken);
    return 0;
}
#endif
