/* Where libcurl's memory comes from: as mem.h has it, but that large blocks are kept for its next
 * request. */
#ifndef HTTP_OUT_MEMORY_H
#define HTTP_OUT_MEMORY_H

#include <stddef.h>

/* From here on blocks that this thread gives back are kept; and no longer, and none of them. */
void http_out_memory_keep(void);
void http_out_memory_drop(void);

/* As malloc, calloc and free, with an end of the process in place of NULL. Blocks are malloc's:
 * they may be given to another thread, and to mem_realloc. */
void *http_out_memory_take(size_t size);
void *http_out_memory_zeroed(size_t n, size_t size);
void http_out_memory_give(void *p);

#endif
