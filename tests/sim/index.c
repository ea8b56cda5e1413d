/* Text to anything: open addressing in the memory of a seed; and arrays that grow there. */
#include <string.h>
#include "disk.h"

static uint32_t hash_of(const char *s)
{
    uint32_t h = 2166136261u;
    for (; *s; s++)
        h = (h ^ (unsigned char)*s) * 16777619u;
    return h ^ h >> 15;
}

static struct index_entry *place_of(const struct index *x, const char *key)
{
    uint32_t i = hash_of(key);
    for (;; i++) {
        struct index_entry *e = &x->at[i & (uint32_t)(x->room - 1)];
        if (!e->key || strcmp(e->key, key) == 0)
            return e;
    }
}

void *index_get(const struct index *x, const char *key)
{
    return x->room ? place_of(x, key)->value : NULL;
}

void index_set(struct index *x, const char *key, void *value)
{
    if (x->n * 2 >= x->room) {
        struct index old = *x;
        x->room = old.room ? old.room * 2 : 64;
        x->at = arena_zalloc((size_t)x->room * sizeof *x->at);
        for (int i = 0; i < old.room; i++)
            if (old.at[i].key)
                *place_of(x, old.at[i].key) = old.at[i];
    }
    struct index_entry *e = place_of(x, key);
    if (!e->key) {
        e->key = arena_text(key);
        x->n++;
    }
    e->value = value;
}

void *arena_grow(void *old, int n, int *room, size_t size)
{
    if (n < *room)
        return old;
    *room = *room ? *room * 2 : 8;
    void *p = arena_zalloc((size_t)*room * size);
    if (n)
        memcpy(p, old, (size_t)n * size);
    return p;
}
