/* The host's memory: the only caller of malloc. */
#include "mem.h"

#include <malloc.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MEM_EXIT 70 /* EX_SOFTWARE of sysexits.h */

/* Nothing that might want memory again: no stdio, no exit handlers. */
_Noreturn void mem_exhausted(void)
{
    static const char line[] = "sauma: out of memory\n";
    ssize_t ignored = write(STDERR_FILENO, line, sizeof(line) - 1);
    (void)ignored;
    _exit(MEM_EXIT);
}

void *mem_alloc(size_t size)
{
    void *p = malloc(size ? size : 1);
    if (!p)
        mem_exhausted();
    return p;
}

void *mem_zalloc(size_t n, size_t size)
{
    /* calloc checks the product. */
    void *p = n && size ? calloc(n, size) : calloc(1, 1);
    if (!p)
        mem_exhausted();
    return p;
}

void *mem_realloc(void *p, size_t size)
{
    void *q = realloc(p, size ? size : 1);
    if (!q)
        mem_exhausted();
    return q;
}

char *mem_dupn(const char *s, size_t n)
{
    if (n == SIZE_MAX)
        mem_exhausted();
    char *p = mem_alloc(n + 1);
    if (n)
        memcpy(p, s, n);
    p[n] = '\0';
    return p;
}

char *mem_dup(const char *s)
{
    return s ? mem_dupn(s, strlen(s)) : NULL;
}

char *mem_printf(const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n < 0)
        mem_exhausted();
    char *p = mem_alloc((size_t)n + 1);
    vsnprintf(p, (size_t)n + 1, fmt, again);
    va_end(again);
    return p;
}

void mem_free(void *p)
{
    free(p);
}

void mem_give_back(void)
{
    malloc_trim(0);
}
