/* Where libcurl's memory comes from: as mem.h has it, but that blocks are kept for its next
 * request.
 */
#ifndef HTTP_OUT_MEMORY_H
#define HTTP_OUT_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* Initialises libcurl, with blocks kept for this thread; false: it cannot be. Each but a failed one
 * is undone by its end. */
bool http_out_memory_begin(void);
void http_out_memory_end(void);

/* From here on blocks that this thread gives back are kept; and no longer, and none of them. */
void http_out_memory_keep(void);
void http_out_memory_drop(void);

/* As malloc, calloc, realloc, strdup and free, with an end of the process in place of NULL. A block
 * is no other allocator's: it comes back here, be it from another thread. */
void *http_out_memory_take(size_t size);
void *http_out_memory_zeroed(size_t n, size_t size);
void *http_out_memory_change(void *p, size_t size);
char *http_out_memory_copy(const char *text);
void http_out_memory_give(void *p);

#endif
