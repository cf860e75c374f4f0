/* Plain decimals of the venue as integers, and back.  Texts are given by pointer and length; nothing is read outside. */
#ifndef PMM_TEXT_H
#define PMM_TEXT_H

#include <stdint.h>
#include <string.h>

/* The digits of `text` as a number, -1 when one is not a digit; for at most 18 of them. */
static inline int64_t pmm_digits(const char *text, size_t length) {
    int64_t value = 0;
    for (size_t at = 0; at < length; at++) {
        unsigned digit = (unsigned char)text[at] - (unsigned)'0';
        if (digit > 9) return -1;
        value = value * 10 + (int64_t)digit;
    }
    return value;
}

/* A decimal as the venue writes it, "12" or "12.5", times 10**places; -1 for any other form, which is not an error
 * but the business of the complete reader.  `whole_max` digits before the point and, but for zeros, `places` after it at most. */
static inline int64_t pmm_decimal(const char *text, size_t length, size_t whole_max, size_t places) {
    static const int64_t power[7] = {1, 10, 100, 1000, 10000, 100000, 1000000};
    const char *point = length ? (const char *)memchr(text, '.', length) : NULL;
    size_t whole = point ? (size_t)(point - text) : length;
    size_t part = point ? length - whole - 1 : 0;
    if (!whole || whole > whole_max || part > 18 || (point && !part)) return -1;
    while (part > places && point[part] == '0') part--;
    if (part > places) return -1;
    int64_t left = pmm_digits(text, whole), right = part ? pmm_digits(point + 1, part) : 0;
    if (left < 0 || right < 0) return -1;
    return left * power[places] + right * power[places - part];
}

/* Two digits at once, because a division costs more than the rest of writing a digit. */
static const char pmm_pairs[201] =
    "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748495051525354555657"
    "5859606162636465666768697071727374757677787980818283848586878889909192939495969798" "99";

static inline size_t pmm_whole_text(char *out, uint64_t value) {
    char digits[20];
    size_t at = sizeof digits;
    for (; value >= 100; value /= 100) memcpy(digits + (at -= 2), pmm_pairs + value % 100 * 2, 2);
    memcpy(digits + (at -= 2), pmm_pairs + value * 2, 2);
    at += value < 10;
    memcpy(out, digits + at, sizeof digits - at);
    return sizeof digits - at;
}

/* Write `value` / 10**`places` (4 or 6) as the shortest plain decimal; the number of characters, at most 27. */
static inline size_t pmm_decimal_text(char *out, int64_t value, int places) {
    uint64_t whole = places == 4 ? (uint64_t)value / 10000 : (uint64_t)value / 1000000;
    uint32_t part = places == 4 ? (uint32_t)((uint64_t)value % 10000) : (uint32_t)((uint64_t)value % 1000000);
    char *end = out + 1;
    if (whole < 10)
        *out = (char)('0' + whole);
    else
        end = out + pmm_whole_text(out, whole);
    if (!part) return (size_t)(end - out);
    *end++ = '.';
    if (places == 6) {
        memcpy(end, pmm_pairs + part / 10000 * 2, 2);
        end += 2;
    }
    memcpy(end, pmm_pairs + part / 100 % 100 * 2, 2);
    memcpy(end + 2, pmm_pairs + part % 100 * 2, 2);
    for (end += 4; end[-1] == '0';) end--;
    return (size_t)(end - out);
}

#endif
