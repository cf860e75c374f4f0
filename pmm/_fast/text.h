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
 * but the business of the complete reader.  `whole_max` digits before the point and `places` after it at most. */
static inline int64_t pmm_decimal(const char *text, size_t length, size_t whole_max, size_t places) {
    static const int64_t power[7] = {1, 10, 100, 1000, 10000, 100000, 1000000};
    const char *point = length ? (const char *)memchr(text, '.', length) : NULL;
    size_t whole = point ? (size_t)(point - text) : length;
    size_t part = point ? length - whole - 1 : 0;
    if (!whole || whole > whole_max || part > places || (point && !part)) return -1;
    int64_t left = pmm_digits(text, whole), right = part ? pmm_digits(point + 1, part) : 0;
    if (left < 0 || right < 0) return -1;
    return left * power[places] + right * power[places - part];
}

/* Write `value` / 10**places as the shortest plain decimal; the number of characters, at most 27. */
static inline size_t pmm_decimal_text(char *out, int64_t value, int places) {
    char digits[24];
    int count = 0, low = 0;
    for (uint64_t rest = (uint64_t)value; rest || count <= places; rest /= 10) digits[count++] = (char)('0' + rest % 10);
    while (low < places && digits[low] == '0') low++;
    char *start = out;
    while (count > places) *out++ = digits[--count];
    if (low < places) *out++ = '.';
    while (count > low) *out++ = digits[--count];
    return (size_t)(out - start);
}

#endif
