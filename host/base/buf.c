/* Growing byte buffer with a maximum. */
#include "buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "mem.h"

#define BUF_FIRST 64

void buf_init(struct buf *b, size_t max)
{
    *b = (struct buf){.max = max};
}

/* One byte more than asked is always allocated, so that buf_take can end the text with a NUL and
 * vsnprintf has somewhere to put its own. */
static void grow(struct buf *b, size_t need)
{
    size_t cap = b->cap ? b->cap : BUF_FIRST;
    while (cap <= need) {
        if (cap > b->max / 2) {
            cap = b->max + 1;
            break;
        }
        cap *= 2;
    }
    b->p = mem_realloc(b->p, cap);
    b->cap = cap;
}

char *buf_room(struct buf *b, size_t n)
{
    if (b->failed)
        return NULL;
    if (b->n > b->max || n > b->max - b->n) {
        b->failed = true;
        return NULL;
    }
    if (b->n + n >= b->cap)
        grow(b, b->n + n);
    return b->p + b->n;
}

void buf_expect(struct buf *b, size_t n)
{
    size_t left = b->max > b->n ? b->max - b->n : 0;
    buf_room(b, n < left ? n : left);
}

int buf_add(struct buf *b, const void *p, size_t n)
{
    char *to = buf_room(b, n);
    if (!to)
        return -1;
    if (n)
        memcpy(to, p, n);
    b->n += n;
    return 0;
}

int buf_adds(struct buf *b, const char *s)
{
    return buf_add(b, s, strlen(s));
}

int buf_addc_grown(struct buf *b, char c)
{
    char *to = buf_room(b, 1);
    if (!to)
        return -1;
    *to = c;
    b->n++;
    return 0;
}

int buf_addi(struct buf *b, int64_t v)
{
    char digits[24], *p = digits + sizeof(digits);
    uint64_t left = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    do {
        *--p = (char)('0' + left % 10);
        left /= 10;
    } while (left);
    if (v < 0)
        *--p = '-';
    return buf_add(b, p, (size_t)(digits + sizeof(digits) - p));
}

int buf_addf(struct buf *b, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    char *to = n < 0 ? NULL : buf_room(b, (size_t)n);
    if (to) {
        vsnprintf(to, (size_t)n + 1, fmt, again);
        b->n += (size_t)n;
    } else {
        b->failed = true;
    }
    va_end(again);
    return to ? 0 : -1;
}

void buf_drain(struct buf *b, size_t n)
{
    if (n >= b->n) {
        b->n = 0;
        return;
    }
    if (n == 0)
        return;
    memmove(b->p, b->p + n, b->n - n);
    b->n -= n;
}

struct str buf_str(const struct buf *b)
{
    return (struct str){b->p, b->n};
}

char *buf_take(struct buf *b, size_t *n)
{
    if (!b->p)
        grow(b, 0);
    char *p = b->p;
    p[b->n] = '\0';
    if (n)
        *n = b->n;
    buf_init(b, b->max);
    return p;
}

void buf_clear(struct buf *b)
{
    b->n = 0;
    b->failed = false;
}

void buf_free(struct buf *b)
{
    mem_free(b->p);
    buf_init(b, b->max);
}
