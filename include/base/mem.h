/* Memory of the host. Running out ends the process with exit status 70 and a line on standard
 * error: everything that was promised is on disk, so a clean end and a restart lose nothing. */
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
/* Gives what is free to the system: for after a busy time. */
void mem_give_back(void);

#endif
