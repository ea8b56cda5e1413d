/* With each request libcurl takes some hundred blocks and gives them back; that was a twelfth of
 * what a request cost. Of what glibc keeps at hand it keeps seven of a size and none of more than 1
 * KB, while sixty requests that are answered at once give back sixty of each. Here a block says in
 * front of itself which list it goes back to. */
#include "http_out_memory.h"

#include <curl/curl.h>
#include <stdint.h>
#include <string.h>
#include "mem.h"

#define SMALL_STEP 16U
#define SMALL_MAX  1024U
#define LARGE_STEP 1024U
#define LARGE_MAX  (20U << 10) /* libcurl's buffer has 16 KB and a little */
#define NSMALL     (SMALL_MAX / SMALL_STEP)
#define NLISTS     (NSMALL + (LARGE_MAX - SMALL_MAX) / LARGE_STEP)
#define NO_LIST    NLISTS            /* of larger ones, which are not kept */
#define KEPT_MAX   ((size_t)8 << 20) /* bytes of all lists */

union head {
    struct {
        uint32_t list;
        size_t size; /* of what comes behind it */
    } of;
    max_align_t align;
};

/* A block on a list. */
struct idle {
    struct idle *next;
};

/* libcurl's functions for memory are told nothing of whom they are for; its resolver's threads call
 * them as well, and keep nothing. */
static _Thread_local struct {
    bool keeping;
    size_t bytes;
    struct idle *lists[NLISTS];
} kept;

static uint32_t list_for(size_t size)
{
    if (size <= SMALL_MAX)
        return size ? (uint32_t)(size - 1) / SMALL_STEP : 0;
    return size <= LARGE_MAX ? NSMALL + (uint32_t)(size - 1) / LARGE_STEP - 1 : NO_LIST;
}

/* What the blocks of a list hold, of which one shall hold size. */
static size_t room_of(uint32_t list, size_t size)
{
    if (list == NO_LIST)
        return size;
    return list < NSMALL ? (list + 1) * SMALL_STEP : (list - NSMALL + 2) * LARGE_STEP;
}

static union head *head_of(void *p)
{
    return (union head *)p - 1;
}

static void *with_head(union head *h, uint32_t list, size_t size)
{
    h->of.list = list;
    h->of.size = size;
    return h + 1;
}

static size_t whole(size_t size)
{
    if (size > SIZE_MAX - sizeof(union head))
        mem_exhausted();
    return sizeof(union head) + size;
}

void *http_out_memory_take(size_t size)
{
    uint32_t list = list_for(size);
    struct idle *p = list == NO_LIST ? NULL : kept.lists[list];
    if (p) {
        kept.lists[list] = p->next;
        kept.bytes -= head_of(p)->of.size;
        return p;
    }
    size_t room = room_of(list, size);
    return with_head(mem_alloc(whole(room)), list, room);
}

void *http_out_memory_zeroed(size_t n, size_t size)
{
    if (size && n > SIZE_MAX / size)
        mem_exhausted();
    return memset(http_out_memory_take(n * size), 0, n * size);
}

void *http_out_memory_change(void *p, size_t size)
{
    if (!p)
        return http_out_memory_take(size);
    union head *h = head_of(p);
    if (h->of.list == NO_LIST && size > LARGE_MAX)
        return with_head(mem_realloc(h, whole(size)), NO_LIST, size);
    if (size <= h->of.size && h->of.list != NO_LIST)
        return p;
    void *q = http_out_memory_take(size);
    memcpy(q, p, h->of.size < size ? h->of.size : size);
    http_out_memory_give(p);
    return q;
}

char *http_out_memory_copy(const char *text)
{
    size_t n = strlen(text) + 1;
    return memcpy(http_out_memory_take(n), text, n);
}

void http_out_memory_give(void *p)
{
    if (!p)
        return;
    union head *h = head_of(p);
    if (!kept.keeping || h->of.list == NO_LIST || kept.bytes + h->of.size > KEPT_MAX) {
        mem_free(h);
        return;
    }
    struct idle *idle = p;
    idle->next = kept.lists[h->of.list];
    kept.lists[h->of.list] = idle;
    kept.bytes += h->of.size;
}

void http_out_memory_keep(void)
{
    kept.keeping = true;
}

void http_out_memory_drop(void)
{
    kept.keeping = false;
    kept.bytes = 0;
    for (uint32_t list = 0; list < NLISTS; list++)
        for (struct idle *p; (p = kept.lists[list]);) {
            kept.lists[list] = p->next;
            mem_free(head_of(p));
        }
}

bool http_out_memory_begin(void)
{
/* Sanitizers see more of blocks that go. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    CURLcode code = curl_global_init_mem(
        CURL_GLOBAL_DEFAULT, mem_alloc, mem_free, mem_realloc, mem_dup, mem_zalloc);
#else
    CURLcode code = curl_global_init_mem(CURL_GLOBAL_DEFAULT, http_out_memory_take,
        http_out_memory_give, http_out_memory_change, http_out_memory_copy, http_out_memory_zeroed);
#endif
    if (code != CURLE_OK)
        return false;
    http_out_memory_keep();
    return true;
}

void http_out_memory_end(void)
{
    curl_global_cleanup();
    http_out_memory_drop();
}
