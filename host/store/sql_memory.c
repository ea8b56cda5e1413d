/* SQLite's memory: running out ends the process as it does everywhere (mem.h). SQLite itself would
 * go on and say now and then that a file is damaged of which it could not read a page. */
#include <pthread.h>

#include "mem.h"
#include "store_private.h"

static sqlite3_mem_methods usual;

static void *enough(void *p)
{
    if (!p)
        mem_exhausted();
    return p;
}

static void *allocate(int n)
{
    return enough(usual.xMalloc(n));
}

static void *reallocate(void *p, int n)
{
    return enough(usual.xRealloc(p, n));
}

static void configure(void)
{
    /* It counts its memory under a lock at each allocation unless told not to. */
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &usual) != SQLITE_OK)
        return; /* it is in use already */
    sqlite3_mem_methods m = usual;
    m.xMalloc = allocate;
    m.xRealloc = reallocate;
    sqlite3_config(SQLITE_CONFIG_MALLOC, &m);
}

void sql_memory(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, configure);
}
