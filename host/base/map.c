/* Hash map: an array of entries in the order of their insertion, and a table of indexes into it.
 * A removed entry leaves a hole until the next rebuild, so that iteration survives removal. */
#include "map.h"

#include <sodium.h>
#include <stdint.h>
#include <string.h>

#include "mem.h"

struct entry {
    char *key; /* NULL: a hole */
    size_t n;
    uint64_t hash;
    void *value;
};

struct map {
    unsigned char secret[crypto_shorthash_KEYBYTES];
    struct entry *entries;
    size_t used;     /* entries and holes */
    size_t count;    /* entries alone */
    uint32_t *slots; /* 0: empty, else index of the entry + 1 */
    size_t nslots;   /* a power of two */
};

#define FIRST_SLOTS 8

/* At most three quarters of the slots are taken. */
static size_t entries_of(size_t nslots)
{
    return nslots / 4 * 3;
}

static uint64_t hash_of(const struct map *m, struct str key)
{
    uint64_t h;
    unsigned char out[crypto_shorthash_BYTES];
    crypto_shorthash(out, (const unsigned char *)key.p, key.n, m->secret);
    memcpy(&h, out, sizeof(h));
    return h;
}

struct map *map_new(void)
{
    struct map *m = mem_zalloc(1, sizeof(*m));
    randombytes_buf(m->secret, sizeof(m->secret));
    m->nslots = FIRST_SLOTS;
    m->slots = mem_zalloc(m->nslots, sizeof(*m->slots));
    m->entries = mem_zalloc(entries_of(m->nslots), sizeof(*m->entries));
    return m;
}

void map_free(struct map *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < m->used; i++)
        mem_free(m->entries[i].key);
    mem_free(m->entries);
    mem_free(m->slots);
    mem_free(m);
}

/* The slot where the key is, or the empty one where it would go. */
static size_t slot_of(const struct map *m, struct str key, uint64_t hash)
{
    size_t mask = m->nslots - 1;
    for (size_t s = hash & mask;; s = (s + 1) & mask) {
        uint32_t i = m->slots[s];
        if (i == 0)
            return s;
        const struct entry *e = &m->entries[i - 1];
        if (e->hash == hash && str_eq((struct str){e->key, e->n}, key))
            return s;
    }
}

void *map_get(const struct map *m, struct str key)
{
    uint32_t i = m->slots[slot_of(m, key, hash_of(m, key))];
    return i ? m->entries[i - 1].value : NULL;
}

/* Closes the holes, and doubles the table if the holes are not what filled it. */
static void rebuild(struct map *m)
{
    if (m->count > entries_of(m->nslots) / 2)
        m->nslots *= 2;
    mem_free(m->slots);
    m->slots = mem_zalloc(m->nslots, sizeof(*m->slots));
    struct entry *to = mem_zalloc(entries_of(m->nslots), sizeof(*to));
    size_t mask = m->nslots - 1, n = 0;
    for (size_t i = 0; i < m->used; i++) {
        if (!m->entries[i].key)
            continue;
        to[n++] = m->entries[i];
        size_t s = m->entries[i].hash & mask;
        while (m->slots[s])
            s = (s + 1) & mask;
        m->slots[s] = (uint32_t)n;
    }
    mem_free(m->entries);
    m->entries = to;
    m->used = n;
}

void *map_set(struct map *m, struct str key, void *value)
{
    uint64_t hash = hash_of(m, key);
    size_t s = slot_of(m, key, hash);
    if (m->slots[s]) {
        struct entry *e = &m->entries[m->slots[s] - 1];
        void *old = e->value;
        e->value = value;
        return old;
    }
    if (m->used == entries_of(m->nslots)) {
        rebuild(m);
        s = slot_of(m, key, hash);
    }
    m->entries[m->used++] = (struct entry){mem_dupn(key.p, key.n), key.n, hash, value};
    m->slots[s] = (uint32_t)m->used;
    m->count++;
    return NULL;
}

/* Empties slot s and moves those behind it up, as linear probing needs no gap before a key. */
static void slot_clear(struct map *m, size_t s)
{
    size_t mask = m->nslots - 1;
    size_t gap = s;
    for (size_t at = (gap + 1) & mask; m->slots[at]; at = (at + 1) & mask) {
        size_t home = m->entries[m->slots[at] - 1].hash & mask;
        if (((at - home) & mask) >= ((at - gap) & mask)) {
            m->slots[gap] = m->slots[at];
            gap = at;
        }
    }
    m->slots[gap] = 0;
}

void *map_remove(struct map *m, struct str key)
{
    size_t s = slot_of(m, key, hash_of(m, key));
    if (!m->slots[s])
        return NULL;
    struct entry *e = &m->entries[m->slots[s] - 1];
    void *value = e->value;
    slot_clear(m, s);
    mem_free(e->key);
    *e = (struct entry){NULL, 0, 0, NULL};
    m->count--;
    return value;
}

size_t map_count(const struct map *m)
{
    return m->count;
}

bool map_next(const struct map *m, size_t *at, struct str *key, void **value)
{
    while (*at < m->used) {
        const struct entry *e = &m->entries[(*at)++];
        if (!e->key)
            continue;
        if (key)
            *key = (struct str){e->key, e->n};
        if (value)
            *value = e->value;
        return true;
    }
    return false;
}
