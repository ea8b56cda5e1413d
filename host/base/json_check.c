/* Whole documents: well formed and without duplicate keys. Small objects compare each key with
 * those before it; the keys of large ones are hashed at their end, with a seed that nobody knows,
 * so a hostile object of a million keys costs no more than as many small ones. */
#include "json.h"

#include <sodium.h>
#include <string.h>

#include "mem.h"

#define SMALL 16 /* keys up to which comparing with all is the quicker way */

struct key {
    const char *p; /* NULL: decoded, at `decoded` of the keys' buffer */
    size_t decoded;
    size_t n;
    size_t at; /* byte offset in the source, for the message */
};

/* The keys of all objects that are open, innermost last. */
struct keys {
    struct key *key;
    size_t n, cap;
    struct buf text;                      /* of keys with escapes */
    size_t first[JSON_DEPTH_MAX + 1];     /* index of each object's first key */
    size_t text_mark[JSON_DEPTH_MAX + 1]; /* what text held when it was opened */
    uint64_t *slot;                       /* of a large object, see keys_differ; NULL: none yet */
    size_t slots;
    unsigned char seed[crypto_shorthash_KEYBYTES];
};

static struct str key_str(const struct keys *k, const struct key *key)
{
    return (struct str){key->p ? key->p : k->text.p + key->decoded, key->n};
}

static int duplicate(struct json_reader *r, size_t at)
{
    r->problem = "a key that the object has already";
    r->at = at;
    return -1;
}

static int keys_add(struct keys *k, struct json_reader *r)
{
    if (k->n == k->cap) {
        k->cap = k->cap ? k->cap * 2 : 64;
        k->key = mem_realloc(k->key, k->cap * sizeof(*k->key));
    }
    struct key new = {r->text.p, 0, r->text.n, (size_t)(r->p - r->start) - 1};
    if (r->text.p == r->scratch.p) {
        new.p = NULL;
        new.decoded = k->text.n;
        buf_add(&k->text, r->text.p, r->text.n);
    } else {
        new.at = (size_t)(r->text.p - r->start) - 1;
    }
    size_t first = k->first[r->depth];
    if (k->n - first < SMALL) {
        for (size_t i = first; i < k->n; i++) {
            if (k->key[i].n == new.n && str_eq(key_str(k, &k->key[i]), r->text))
                return duplicate(r, new.at);
        }
    }
    k->key[k->n++] = new;
    return 0;
}

/* A table of at least twice as many empty slots, a power of two. */
static size_t keys_slots(struct keys *k, size_t n)
{
    size_t size = 4 * SMALL;
    while (size < 2 * n)
        size *= 2;
    if (!k->slot)
        randombytes_buf(k->seed, sizeof(k->seed));
    if (size > k->slots) {
        mem_free(k->slot);
        k->slot = mem_zalloc(size, sizeof(*k->slot));
        k->slots = size;
    } else {
        memset(k->slot, 0, size * sizeof(*k->slot));
    }
    return size;
}

/* A slot is 0, or half of the key's hash and behind it the key's number; the other half is where it
 * is looked for first. The slots of several keys are fetched at once: each is a miss of the cache.
 */
static int keys_differ(struct keys *k, struct json_reader *r, const struct key *key, size_t n)
{
    const uint64_t half = UINT64_MAX << 32;
    size_t mask = keys_slots(k, n) - 1;
    uint64_t hash[SMALL];
    for (size_t i = 0; i < n; i++) {
        for (size_t m = 0; i % SMALL == 0 && m < SMALL && i + m < n; m++) {
            struct str text = key_str(k, &key[i + m]);
            crypto_shorthash(
                (unsigned char *)&hash[m], (const unsigned char *)text.p, text.n, k->seed);
            __builtin_prefetch(&k->slot[hash[m] & mask], 1);
        }
        uint64_t h = hash[i % SMALL];
        size_t at = h & mask;
        for (; k->slot[at]; at = (at + 1) & mask) {
            const struct key *there = &key[(uint32_t)k->slot[at] - 1];
            if (((k->slot[at] ^ h) & half) == 0 && str_eq(key_str(k, there), key_str(k, &key[i])))
                return duplicate(r, key[i].at);
        }
        k->slot[at] = (h & half) | (uint32_t)(i + 1);
    }
    return 0;
}

/* At the end of the object at depth. */
static int keys_close(struct keys *k, struct json_reader *r, int depth)
{
    size_t first = k->first[depth], n = k->n - first;
    if (n > SMALL && keys_differ(k, r, k->key + first, n) < 0)
        return -1;
    k->n = first;
    k->text.n = k->text_mark[depth];
    return 0;
}

/* ---- what is to be found ---- */

struct finds {
    struct json_find *f;
    int n;
    bool here; /* of one of them */
};

static void finds_init(struct finds *w)
{
    for (int i = 0; i < w->n; i++) {
        struct json_find *f = &w->f[i];
        f->key = str_cut(str_of(f->path), '.', &f->rest);
        f->depth = 0;
        f->here = false;
    }
}

/* A key is at depth + 1 only in the object that was entered last: each has it once. */
static void finds_key(struct finds *w, const struct json_reader *r)
{
    for (int i = 0; i < w->n; i++) {
        struct json_find *f = &w->f[i];
        f->here = f->path[0] && r->depth == f->depth + 1 && str_eq(r->text, f->key);
        w->here |= f->here;
    }
}

static void finds_value(struct finds *w, const struct json_reader *r, enum json_token t)
{
    bool text = t == JSON_STRING || t == JSON_INTEGER || t == JSON_NUMBER;
    w->here = false;
    for (int i = 0; i < w->n; i++) {
        struct json_find *f = &w->f[i];
        if (!f->here)
            continue;
        f->here = false;
        if (!f->rest.n && text) {
            f->fn(f->arg, r->text);
        } else if (f->rest.n && t == JSON_OBJECT) {
            f->key = str_cut(f->rest, '.', &f->rest);
            f->depth++;
        }
    }
}

/* What is not found in the object that it would be in is nowhere. */
static void finds_close(struct finds *w, const struct json_reader *r)
{
    for (int i = 0; i < w->n; i++)
        if (r->depth == w->f[i].depth)
            w->f[i].depth = JSON_DEPTH_MAX;
}

static int check(struct json_reader *r, struct keys *k, struct finds *w)
{
    for (;;) {
        enum json_token t = json_next(r);
        if (w->here)
            finds_value(w, r, t);
        switch (t) {
        case JSON_ERROR:
            return -1;
        case JSON_END:
            return 0;
        case JSON_OBJECT:
            k->first[r->depth] = k->n;
            k->text_mark[r->depth] = k->text.n;
            break;
        case JSON_KEY:
            if (keys_add(k, r) < 0)
                return -1;
            finds_key(w, r);
            break;
        case JSON_OBJECT_END:
            if (keys_close(k, r, r->depth + 1) < 0)
                return -1;
            finds_close(w, r);
            break;
        default:
            break;
        }
    }
}

int json_check(struct str src, struct err *e)
{
    return json_check_find(src, NULL, 0, e);
}

int json_check_find(struct str src, struct json_find *f, int n, struct err *e)
{
    struct json_reader r;
    struct keys k = {0};
    struct finds w = {.f = f, .n = n};
    json_reader_init(&r, src);
    buf_init(&k.text, src.n);
    finds_init(&w);
    int rc = check(&r, &k, &w);
    if (rc < 0)
        json_fail(&r, e);
    buf_free(&k.text);
    mem_free(k.key);
    mem_free(k.slot);
    json_reader_free(&r);
    return rc;
}
