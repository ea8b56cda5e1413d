/* A growing byte buffer that must be given a maximum. Overflow sets `failed` and further
 * additions do nothing, so a caller may check once at the end. */
#ifndef BUF_H
#define BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "str.h"

struct buf {
    char *p;
    size_t n;
    size_t cap;
    size_t max;
    bool failed;
};

#define BUF_MAX_DEFAULT ((size_t)64 << 20)

void buf_init(struct buf *b, size_t max);
/* Makes room for n more bytes and returns where they go, or NULL over the maximum. The caller
 * adds what it has written to b->n. */
char *buf_room(struct buf *b, size_t n);
/* Has memory for n bytes more at once, or for what the maximum leaves, so that they are added
 * without growing step by step. */
void buf_expect(struct buf *b, size_t n);
int buf_add(struct buf *b, const void *p, size_t n);
int buf_adds(struct buf *b, const char *s);
int buf_addc_grown(struct buf *b, char c);
static inline int buf_addc(struct buf *b, char c)
{
    if (b->n + 1 >= b->cap || b->n >= b->max || b->failed)
        return buf_addc_grown(b, c);
    b->p[b->n++] = c;
    return 0;
}
/* The number in decimal digits: what buf_addf would do, at a tenth of its cost. */
int buf_addi(struct buf *b, int64_t v);
int buf_addf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Removes n bytes from the front. */
void buf_drain(struct buf *b, size_t n);
struct str buf_str(const struct buf *b);
/* The contents with a NUL behind, owned by the caller; the buffer is empty afterwards.
 * *n (may be NULL) gets the length. */
char *buf_take(struct buf *b, size_t *n);
void buf_clear(struct buf *b); /* keeps the memory */
void buf_free(struct buf *b);

#endif
