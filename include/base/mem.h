/* Memory of the host. Running out ends the process with exit status 70 and a line on standard
 * error: everything that was promised is on disk, so a clean end and a restart lose nothing. It
 * does so too where a library asks (libevent, libcurl, SQLite), whose own ways to fail would leave
 * a request that never ends, or take want of memory for a damaged file. */
#ifndef MEM_H
#define MEM_H

#include <stddef.h>

/* Never NULL. Size 0 gives a pointer that may be freed. */
void *mem_alloc(size_t size);
/* Zeroed array of n elements; overflow of n * size ends the process. */
void *mem_zalloc(size_t n, size_t size);
void *mem_realloc(void *p, size_t size);
/* Copies n bytes and adds a NUL. */
char *mem_dupn(const char *s, size_t n);
/* Copies a C string; NULL gives NULL. */
char *mem_dup(const char *s);
/* printf into a new string. */
char *mem_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void mem_free(void *p);
/* What running out does, for libraries that are given allocators: no exit handlers run. */
_Noreturn void mem_exhausted(void);
/* Gives what is free to the system: for after a busy time. */
void mem_give_back(void);

#endif
