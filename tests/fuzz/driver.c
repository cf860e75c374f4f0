/* A small fuzzer for machines without libFuzzer: any LLVMFuzzerTestOneInput, any C compiler with sanitizers.
 *
 *   driver <seconds> <runs> <seed> <file for a finding> <start file>...
 *
 * Inputs that reach new code (gcc -fsanitize-coverage=trace-pc) join the start files as material for mutation.  The
 * input at hand is written to the file when the process is aborted; seconds or runs of 0 mean no such limit, and with
 * neither the start files are run once each.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define INPUT_MAX 16384
#define CORPUS_MAX 8192
#define EDGES (1u << 16)
#define STUCK_SECONDS 30

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length);

/* Aborting, not exiting, on a finding: so that the input can be saved. */
const char *__asan_default_options(void);
const char *__asan_default_options(void) { return "abort_on_error=1:detect_leaks=1:allocator_may_return_null=1"; }
const char *__ubsan_default_options(void);
const char *__ubsan_default_options(void) { return "abort_on_error=1:halt_on_error=1:print_stacktrace=1"; }

typedef struct {
    uint8_t *data;
    size_t length;
} input;

static input corpus[CORPUS_MAX];
static size_t corpus_count;
static uint8_t now[INPUT_MAX];
static size_t now_length;
static const char *finding;
static uint64_t dice_state;
static uint8_t edges[EDGES], known[EDGES];
static uintptr_t edge_before;

void __sanitizer_cov_trace_pc(void);
void __sanitizer_cov_trace_pc(void) {
    uintptr_t here = (uintptr_t)__builtin_return_address(0);
    uint32_t edge = (uint32_t)((here ^ edge_before << 1) * 0x9e3779b1u) >> 16;
    edge_before = here;
    if (edges[edge] < 255) edges[edge]++;
}

static void save(int signal_number) {
    int file = open(finding, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (file < 0 || write(file, now, now_length) < 0) _exit(3);
    if (signal_number == SIGALRM) (void)!write(2, "stuck\n", 6);
    _exit(1);
}

static uint32_t dice(uint32_t below) {
    dice_state ^= dice_state << 13;
    dice_state ^= dice_state >> 7;
    dice_state ^= dice_state << 17;
    return (uint32_t)((dice_state >> 32) * below >> 32);
}

static void keep(const uint8_t *data, size_t length) {
    size_t at = corpus_count < CORPUS_MAX ? corpus_count++ : dice(CORPUS_MAX);
    free(corpus[at].data);
    corpus[at].data = malloc(length ? length : 1);
    if (!corpus[at].data) exit(3);
    memcpy(corpus[at].data, data, length);
    corpus[at].length = length;
}

/* Put `length` bytes in the place of `gone` bytes at `at`. */
static void replace(size_t at, size_t gone, const uint8_t *with, size_t length) {
    if (gone > now_length - at) gone = now_length - at;
    if (now_length - gone + length > INPUT_MAX) return;
    memmove(now + at + length, now + at + gone, now_length - at - gone);
    memcpy(now + at, with, length);
    now_length += length - gone;
}

static void replace_by_word(size_t at) {
    static const char *words[] = {
        "\"", "\\", "{", "}", "[", "]", ",", ":", " ", "\x1e", "0", "9", ".", "0.5", "1", "0.480", "1e-1", "NaN", "-1",
        "9223372036854.775807", "9223372036854.775808", "99999999.999999", "BUY", "SELL", "\\u0030", "\xff", "null",
        "true", "[{}]", "\"price\":\"0.5\"", "\"size\":\"0\"", "\"bids\":[]", "\"asks\":[]", "\"tick_size\":\"0.01\"",
        "\"tick_size\":\"0.0001\"", "\"new_tick_size\":\"0.01\"", "\"event_type\":\"book\"", "\"changes\":[]",
        "\"event_type\":\"tick_size_change\"", "\"event_type\":\"price_change\"", "\"timestamp\":\"1\"", "\"hash\":\"\"",
        "\"last_trade_price\":\"\"", "\"last_trade_price\":\"0.620\"", "\"last_trade_price\":\"7\"",
    };
    const char *word = words[dice(sizeof words / sizeof *words)];
    replace(at, dice(2) ? strlen(word) : dice(3), (const uint8_t *)word, strlen(word));
}

/* The next text behind a colon becomes another one. */
static void replace_value(size_t at) {
    static const char *values[] = {
        "0.5", "0.48001", "0.480010", "0.4800", "0.00001", "0.0", "0", "1", "0.9999", "0.0001", "0.01", "0.001", "0.1",
        "0.005", "0.0025", "100000000", "99999999.999999", "999999999999.999999", "1234567890123", "0.0000001", "12.",
        ".5", "1.1234567", "1789156413830", "178915641383", "17891564138300", "BUY", "SELL", "SELK", "BUYS", "book", "",
        "price_change", "last_trade_price", "tick_size_change", "best_bid_ask", "8910366292239985", "7", "0.:8", "4/",
        "89103662922399853582210727094555628545682161257465140653230183411405552444242",
    };
    while (at < now_length && now[at] != ':') at++;
    while (at < now_length && now[at] != '"') at++;
    size_t end = ++at;
    while (end < now_length && now[end] != '"') end++;
    if (end >= now_length) return;
    const char *value = values[dice(sizeof values / sizeof *values)];
    replace(at, end - at, (const uint8_t *)value, strlen(value));
}

static void replace_by_part(size_t at) {
    const input *other = &corpus[dice((uint32_t)corpus_count)];
    if (!other->length) return;
    size_t from = dice((uint32_t)other->length), length = 1 + dice((uint32_t)(other->length - from));
    if (dice(2) && length > 40) length = 1 + dice(40);
    replace(at, dice(2) ? length : 0, other->data + from, length);
}

static void mutate(void) {
    size_t at = dice((uint32_t)now_length + 1);
    uint8_t copy[64], byte;
    switch (dice(11)) {
        case 0: if (at < now_length) now[at] ^= (uint8_t)(1u << dice(8)); break;
        case 1: byte = (uint8_t)dice(256); replace(at, dice(2), &byte, 1); break;
        case 2: replace(at, 1 + dice(dice(2) ? 4 : 300), copy, 0); break;
        case 3: byte = (uint8_t)('0' + dice(10)); replace(at, dice(2), &byte, 1); break;
        case 4: if (dice(4) == 0) now_length = at; break;
        case 5: replace_by_part(at); break;
        case 6:
            memcpy(copy, now + at, now_length - at < 64 ? now_length - at : 64);
            replace(dice((uint32_t)now_length + 1), 0, copy, now_length - at < 64 ? now_length - at : 64);
            break;
        case 7: case 8: case 9: replace_value(at); break;
        default: replace_by_word(at);
    }
}

static int brings_new(void) {
    int fresh = 0;
    for (uint32_t edge = 0; edge < EDGES; edge++) {
        if (!edges[edge]) continue;
        uint8_t often = (uint8_t)(1u << (31 - __builtin_clz(edges[edge])));
        fresh |= often & ~known[edge];
        known[edge] |= often;
    }
    return fresh != 0;
}

static void run(void) {
    memset(edges, 0, sizeof edges);
    edge_before = 0;
    uint8_t *exact = malloc(now_length ? now_length : 1); /* so that reading past the input is seen */
    if (!exact) exit(3);
    memcpy(exact, now, now_length);
    LLVMFuzzerTestOneInput(exact, now_length);
    free(exact);
    if (brings_new()) keep(now, now_length);
}

static void read_start(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) exit(3);
    now_length = fread(now, 1, sizeof now, file);
    fclose(file);
    keep(now, now_length);
    run();
}

int main(int count, char **arguments) {
    if (count < 5) return 2;
    double seconds = atof(arguments[1]);
    uint64_t runs = strtoull(arguments[2], NULL, 10), done = 0;
    dice_state = 0x9e3779b97f4a7c15ull * (strtoull(arguments[3], NULL, 10) + 1);
    finding = arguments[4];
    signal(SIGABRT, save);
    signal(SIGALRM, save);
    keep((const uint8_t *)"0", 1);
    for (int at = 5; at < count; at++) read_start(arguments[at]);
    time_t start = time(NULL);
    for (; seconds > 0 || runs; done++) {
        if (done % 256 == 0) alarm(STUCK_SECONDS);
        if ((runs && done >= runs) || (seconds > 0 && difftime(time(NULL), start) >= seconds)) break;
        const input *from = &corpus[dice((uint32_t)corpus_count)];
        now_length = from->length;
        memcpy(now, from->data, now_length);
        for (uint32_t left = 1 + dice(5); left; left--) mutate();
        run();
    }
    printf("%llu inputs, %zu kept\n", (unsigned long long)done + (unsigned long long)(count - 5), corpus_count);
    return 0;
}
