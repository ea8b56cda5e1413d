/* Memory of one Lua state. Its many small blocks come from chunks of its own, by size, so that they
 * cost a few instructions each and all go at once; larger ones come from malloc. */
#ifndef HEAP_H
#define HEAP_H

#include <stddef.h>

#define HEAP_SMALL 512 /* bytes; larger blocks are malloc's */
#define HEAP_STEP  16  /* sizes of small blocks are multiples of it */

struct heap_chunk;
struct heap {
    void *free[HEAP_SMALL / HEAP_STEP]; /* blocks of each size, linked through their first word */
    char *at, *end;                     /* what is left of the newest chunk */
    struct heap_chunk *chunks;
    size_t next; /* bytes of the next chunk */
};

void heap_init(struct heap *h);
/* All small blocks go, also those in use; larger ones must have been freed. */
void heap_free(struct heap *h);
/* As realloc for a block of `from` bytes (0: p is NULL) that shall have `to` (0: it is freed).
 * NULL: there is no memory, and the block is as it was; never when it gets smaller. */
void *heap_resize(struct heap *h, void *p, size_t from, size_t to);
/* Begins to fetch what the next small blocks of h lie in into the processor's cache. */
void heap_warm(const struct heap *h);

#endif
