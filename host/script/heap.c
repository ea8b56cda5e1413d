#include "heap.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* The first chunk holds a small state, the later ones keep their number low. */
#define CHUNK_FIRST ((size_t)16 << 10)
#define CHUNK_MAX   ((size_t)128 << 10)
#define WARM        8 /* sizes that tables, texts and closures have */

struct heap_chunk {
    struct heap_chunk *next;
    char pad[HEAP_STEP - sizeof(struct heap_chunk *)]; /* blocks behind it are aligned */
};

void heap_init(struct heap *h)
{
    memset(h, 0, sizeof(*h));
    h->next = CHUNK_FIRST;
}

void heap_free(struct heap *h)
{
    for (struct heap_chunk *c = h->chunks, *next; c; c = next) {
        next = c->next;
        free(c);
    }
    heap_init(h);
}

static size_t class_of(size_t n)
{
    return (n - 1) / HEAP_STEP;
}

static void give_small(struct heap *h, void *p, size_t n)
{
    *(void **)p = h->free[class_of(n)];
    h->free[class_of(n)] = p;
}

/* What is left of a chunk is given to the sizes that it has room for. */
static int new_chunk(struct heap *h)
{
    struct heap_chunk *c = malloc(h->next);
    if (!c)
        return -1;
    while (h->end - h->at >= HEAP_STEP) {
        size_t left = (size_t)(h->end - h->at);
        size_t n = left < HEAP_SMALL ? left / HEAP_STEP * HEAP_STEP : HEAP_SMALL;
        give_small(h, h->at, n);
        h->at += n;
    }
    c->next = h->chunks;
    h->chunks = c;
    h->at = (char *)(c + 1);
    h->end = (char *)c + h->next;
    if (h->next < CHUNK_MAX)
        h->next *= 2;
    return 0;
}

static void *take_small(struct heap *h, size_t n)
{
    size_t class = class_of(n), bytes = (class + 1) * HEAP_STEP;
    void *p = h->free[class];
    if (p) {
        /* It has lain unused for long, and so has the next: that is fetched while this is filled.
         */
        h->free[class] = *(void **)p;
        __builtin_prefetch(h->free[class], 1);
        return p;
    }
    if ((size_t)(h->end - h->at) < bytes && new_chunk(h) < 0)
        return NULL;
    p = h->at;
    h->at += bytes;
    return p;
}

void heap_warm(const struct heap *h)
{
    for (size_t class = 0; class < WARM; class ++)
        __builtin_prefetch(h->free[class], 1);
}

static void *take(struct heap *h, size_t n)
{
    return n <= HEAP_SMALL ? take_small(h, n) : malloc(n);
}

static void give(struct heap *h, void *p, size_t n)
{
    if (n <= HEAP_SMALL)
        give_small(h, p, n);
    else
        free(p);
}

void *heap_resize(struct heap *h, void *p, size_t from, size_t to)
{
    if (!p)
        return to ? take(h, to) : NULL;
    if (!to) {
        give(h, p, from);
        return NULL;
    }
    bool small = from <= HEAP_SMALL, stays_small = to <= HEAP_SMALL;
    if (small && stays_small && class_of(from) == class_of(to))
        return p;
    if (!small && !stays_small) {
        void *q = realloc(p, to);
        return q ? q : to <= from ? p : NULL;
    }
    void *q = take(h, to);
    if (!q) /* a smaller one may stay where it is; that it is malloc's is then forgotten */
        return to <= from ? p : NULL;
    memcpy(q, p, from < to ? from : to);
    give(h, p, from);
    return q;
}
