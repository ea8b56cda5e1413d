/* With each request libcurl takes two large blocks, its buffer and what might become a connection,
 * and gives them back. glibc keeps blocks of more than 1 KB at hand for nobody, and each time
 * tidies up all small ones before it looks for such a one. */
#include "http_out_memory.h"

#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include "mem.h"

#define SMALL    1032        /* up to here glibc is quick itself */
#define LARGE    (32U << 10) /* libcurl's buffer has half of this */
#define SIZES    4           /* of blocks that are kept */
#define KEPT_MAX 64          /* of each size */
#define SLACK    64          /* a block may be larger than what is asked for by so much */

struct blocks {
    size_t size;
    int n;
    void *at[KEPT_MAX];
};

/* libcurl's functions for memory are told nothing of whom they are for; its resolver's threads call
 * them as well. */
static _Thread_local struct {
    bool keeping;
    struct blocks blocks[SIZES];
} kept;

static bool is_large(size_t size)
{
    return kept.keeping && size > SMALL && size <= LARGE;
}

static void *take_kept(size_t size)
{
    for (struct blocks *b = kept.blocks; b != kept.blocks + SIZES; b++)
        if (b->n && b->size >= size && b->size - size <= SLACK)
            return b->at[--b->n];
    return NULL;
}

void *http_out_memory_take(size_t size)
{
    void *p = is_large(size) ? take_kept(size) : NULL;
    return p ? p : mem_alloc(size);
}

void *http_out_memory_zeroed(size_t n, size_t size)
{
    void *p = size && n <= LARGE / size && is_large(n * size) ? take_kept(n * size) : NULL;
    return p ? memset(p, 0, n * size) : mem_zalloc(n, size);
}

/* Where blocks of that size are kept, or none at all are. */
static struct blocks *place_for(size_t size)
{
    struct blocks *empty = NULL;
    for (struct blocks *b = kept.blocks; b != kept.blocks + SIZES; b++) {
        if (b->n && b->size == size)
            return b->n < KEPT_MAX ? b : NULL;
        if (!b->n)
            empty = b;
    }
    return empty;
}

void http_out_memory_give(void *p)
{
    size_t size = malloc_usable_size(p);
    struct blocks *b = is_large(size) ? place_for(size) : NULL;
    if (!b) {
        mem_free(p);
        return;
    }
    b->size = size;
    b->at[b->n++] = p;
}

/* Sanitizers see more of blocks that go. */
void http_out_memory_keep(void)
{
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    kept.keeping = true;
#endif
}

void http_out_memory_drop(void)
{
    kept.keeping = false;
    for (struct blocks *b = kept.blocks; b != kept.blocks + SIZES; b++)
        while (b->n)
            mem_free(b->at[--b->n]);
}
