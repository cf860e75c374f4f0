/* The kernel's C as a library for the comparison in C++: the headers are C11, so one C file includes them. */
#ifndef BOOKS_H
#define BOOKS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct books books;

books *books_new(void);
int books_add(books *all, const char *token, int32_t tick);
/* The kernel's own way with a frame: 1 when it was applied. */
int books_feed(books *all, const char *frame, size_t length);
/* The steps of another parser's way: find the token, read the decimals, change the level; 1 when it was applied. */
int books_put(books *all, const char *token, size_t token_length, int side, const char *price, size_t price_length,
              const char *size, size_t size_length);
int books_same(const books *one, const books *other);

#ifdef __cplusplus
}
#endif

#endif
