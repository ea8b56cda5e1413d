/* Ascending lists of numbers, most of which hold a single one. */
#ifndef POSTINGS_H
#define POSTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct postings {
    uint32_t n, cap; /* cap 0: the one number is in place */
    union {
        uint32_t one;
        uint32_t *list;
    } u;
};

/* The n numbers, in rising order. Valid until the next change. */
static inline const uint32_t *postings_list(const struct postings *p)
{
    return p->cap ? p->u.list : &p->u.one;
}

/* Adding what is there, and removing what is not, change nothing. True if it changed. */
bool postings_add(struct postings *p, uint32_t v);
bool postings_remove(struct postings *p, uint32_t v);
bool postings_has(const struct postings *p, uint32_t v);
void postings_free(struct postings *p);

#endif
