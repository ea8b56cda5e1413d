/* Ascending lists of numbers. */
#include "postings.h"

#include <string.h>

#include "mem.h"

static uint32_t lower_bound(const uint32_t *list, uint32_t n, uint32_t v)
{
    uint32_t at = 0;
    while (n > 0) {
        uint32_t half = n / 2;
        if (list[at + half] < v) {
            at += half + 1;
            n -= half + 1;
        } else {
            n = half;
        }
    }
    return at;
}

bool postings_add(struct postings *p, uint32_t v)
{
    if (p->n == 0) {
        postings_free(p);
        p->u.one = v;
        p->n = 1;
        return true;
    }
    const uint32_t *list = postings_list(p);
    uint32_t at = list[p->n - 1] < v ? p->n : lower_bound(list, p->n, v);
    if (at < p->n && list[at] == v)
        return false;
    if (p->cap == 0) {
        uint32_t one = p->u.one;
        p->cap = 4;
        p->u.list = mem_alloc(p->cap * sizeof(uint32_t));
        p->u.list[0] = one;
    } else if (p->n == p->cap) {
        /* Small steps: there are many lists, and what is spare is spent on all of them. */
        p->cap += p->cap < 64 ? p->cap / 2 : p->cap / 4;
        p->u.list = mem_realloc(p->u.list, p->cap * sizeof(uint32_t));
    }
    memmove(p->u.list + at + 1, p->u.list + at, (p->n - at) * sizeof(uint32_t));
    p->u.list[at] = v;
    p->n++;
    return true;
}

bool postings_remove(struct postings *p, uint32_t v)
{
    const uint32_t *list = postings_list(p);
    uint32_t at = lower_bound(list, p->n, v);
    if (at == p->n || list[at] != v)
        return false;
    if (p->cap)
        memmove(p->u.list + at, p->u.list + at + 1, (p->n - at - 1) * sizeof(uint32_t));
    p->n--;
    if (p->n == 0)
        postings_free(p);
    return true;
}

bool postings_has(const struct postings *p, uint32_t v)
{
    const uint32_t *list = postings_list(p);
    uint32_t at = lower_bound(list, p->n, v);
    return at < p->n && list[at] == v;
}

void postings_free(struct postings *p)
{
    if (p->cap)
        mem_free(p->u.list);
    memset(p, 0, sizeof(*p));
}
