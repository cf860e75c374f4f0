/* The levels of a book as the JSON that its hash is taken over. */
#ifndef PMM_SUMMARY_H
#define PMM_SUMMARY_H

#include "book.h"
#include "text.h"

/* The longest level: {"price":"0.1234","size":"9223372036854.775807"}, */
#define PMM_LEVEL_TEXT_MAX 52

static inline char *pmm_append(char *end, const char *text, size_t length) {
    memcpy(end, text, length);
    return end + length;
}

/* Whether a text can stand between quotes as it is: printable ASCII without quotes and backslashes. */
static inline int pmm_all_plain(const char *text, size_t length) {
    for (size_t at = 0; at < length; at++)
        if ((unsigned char)text[at] < 0x20 || (unsigned char)text[at] > 0x7e || text[at] == '"' || text[at] == '\\') return 0;
    return 1;
}

/* Write the levels of one side, best last as the venue does; the end of what was written. */
static char *pmm_summary_side(char *end, const pmm_book *book, int side) {
    const char *start = end;
    for (int32_t rank = pmm_book_before(book, side, book->ranks); rank; rank = pmm_book_before(book, side, rank)) {
        if (end != start) *end++ = ',';
        end = pmm_append(end, "{\"price\":\"", 10);
        end += pmm_decimal_text(end, pmm_price(book, side, rank), 4);
        end = pmm_append(end, "\",\"size\":\"", 10);
        end += pmm_decimal_text(end, pmm_book_size(book, side, rank), 6);
        end = pmm_append(end, "\"}", 2);
    }
    return end;
}

#endif
