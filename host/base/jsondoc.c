/* A JSON document as a tree. Nodes and texts live in an arena that goes away as one. */
#include "jsondoc.h"

#include <stdalign.h>
#include <string.h>

#include "mem.h"

/* The first chunk is of most documents the only one; with its head it is what malloc is quick with.
 */
#define CHUNK       4096
#define CHUNK_FIRST 960
#define FEW         16 /* keys up to which comparing with all is the quicker way */

struct chunk {
    struct chunk *next;
    size_t used, size;
    alignas(max_align_t) char bytes[];
};

struct jsondoc {
    struct chunk *chunks;
    struct jsonv *root;
};

static void *arena_alloc(struct jsondoc *d, size_t n)
{
    n = (n + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    struct chunk *c = d->chunks;
    if (!c || c->size - c->used < n) {
        size_t usual = d->chunks ? CHUNK : CHUNK_FIRST, size = n > usual / 4 ? n : usual;
        c = mem_alloc(sizeof(*c) + size);
        c->used = 0;
        c->size = size;
        if (size == usual || !d->chunks) {
            c->next = d->chunks;
            d->chunks = c;
        } else {
            /* A big one of its own: the chunk in front still has room for small ones. */
            c->next = d->chunks->next;
            d->chunks->next = c;
        }
    }
    void *p = c->bytes + c->used;
    c->used += n;
    return p;
}

static struct str arena_text(struct jsondoc *d, struct str s)
{
    char *p = arena_alloc(d, s.n + 1);
    if (s.n)
        memcpy(p, s.p, s.n);
    p[s.n] = '\0';
    return (struct str){p, s.n};
}

/* Where the next value goes: the open containers and the end of each one's list of children. */
struct builder {
    struct jsondoc *d;
    struct jsonv **tail[JSON_DEPTH_MAX + 1];
    struct jsonv **first[JSON_DEPTH_MAX + 1];
    struct str key; /* for the next value; p NULL: in an array */
};

/* False for a key that the open object has already, or that comes behind too many to look through.
 */
static bool key_is_new(const struct builder *b, int depth, struct str key)
{
    int n = 0;
    for (const struct jsonv *m = *b->first[depth]; m; m = m->next)
        if (++n == FEW || (m->key.n == key.n && str_eq(m->key, key)))
            return false;
    return true;
}

static struct jsonv *add(struct builder *b, int depth, enum jsonv_type type)
{
    struct jsonv *v = arena_alloc(b->d, sizeof(*v));
    *v = (struct jsonv){.type = type, .key = b->key};
    b->key = STR_NONE;
    *b->tail[depth] = v;
    b->tail[depth] = &v->next;
    return v;
}

static void add_text(struct builder *b, const struct json_reader *r, enum jsonv_type type)
{
    add(b, r->depth, type)->text = arena_text(b->d, r->text);
}

static int has_nul(struct json_reader *r, struct err *e)
{
    r->problem = "a text with the character U+0000";
    r->at = (size_t)(r->p - r->start) - 1;
    return json_fail(r, e);
}

/* looks: duplicate keys are looked for, else the text was judged before. 1: that needs a judge. */
static int build(struct builder *b, struct json_reader *r, bool looks, struct err *e)
{
    for (;;) {
        enum json_token t = json_next(r);
        if ((t == JSON_STRING || t == JSON_KEY) && r->text.n && memchr(r->text.p, 0, r->text.n))
            return has_nul(r, e);
        switch (t) {
        case JSON_ERROR:
            return json_fail(r, e);
        case JSON_END:
            return 0;
        case JSON_OBJECT:
        case JSON_ARRAY: {
            struct jsonv *v = add(b, r->depth - 1, t == JSON_OBJECT ? JSONV_OBJECT : JSONV_ARRAY);
            b->tail[r->depth] = b->first[r->depth] = &v->child;
            break;
        }
        case JSON_OBJECT_END:
        case JSON_ARRAY_END:
            break;
        case JSON_KEY:
            if (looks && !key_is_new(b, r->depth, r->text))
                return 1;
            b->key = arena_text(b->d, r->text);
            break;
        case JSON_STRING:
            add_text(b, r, JSONV_STRING);
            break;
        case JSON_INTEGER: {
            struct jsonv *v = add(b, r->depth, JSONV_INTEGER);
            v->text = arena_text(b->d, r->text);
            v->integer = r->integer;
            break;
        }
        case JSON_NUMBER:
            add_text(b, r, JSONV_NUMBER);
            break;
        case JSON_TRUE:
        case JSON_FALSE:
            add(b, r->depth, JSONV_BOOL)->integer = t == JSON_TRUE;
            break;
        case JSON_NULL:
            add(b, r->depth, JSONV_NULL);
            break;
        }
    }
}

static struct jsondoc *parse(struct str src, bool looks, int *rc, struct err *e)
{
    struct jsondoc *d = mem_zalloc(1, sizeof(*d));
    struct builder b = {.d = d};
    struct json_reader r;
    b.tail[0] = b.first[0] = &d->root;
    json_reader_init(&r, src);
    *rc = build(&b, &r, looks, e);
    json_reader_free(&r);
    if (*rc == 0)
        return d;
    jsondoc_free(d);
    return NULL;
}

/* An object of many keys, or one that has a key twice, is left to who judges whole texts. */
struct jsondoc *jsondoc_parse(struct str src, struct err *e)
{
    int rc;
    struct jsondoc *d = parse(src, true, &rc, e);
    if (rc == 1 && json_check(src, e) == 0)
        d = parse(src, false, &rc, e);
    return d;
}

void jsondoc_free(struct jsondoc *d)
{
    if (!d)
        return;
    while (d->chunks) {
        struct chunk *c = d->chunks;
        d->chunks = c->next;
        mem_free(c);
    }
    mem_free(d);
}

const struct jsonv *jsondoc_root(const struct jsondoc *d)
{
    return d ? d->root : NULL;
}

static const struct jsonv *member(const struct jsonv *v, struct str key)
{
    if (!v || v->type != JSONV_OBJECT)
        return NULL;
    for (const struct jsonv *m = v->child; m; m = m->next) {
        if (str_eq(m->key, key))
            return m;
    }
    return NULL;
}

const struct jsonv *jsonv_get(const struct jsonv *v, const char *key)
{
    return member(v, str_of(key));
}

const struct jsonv *jsonv_path(const struct jsonv *v, const char *dotted)
{
    struct str rest = str_of(dotted);
    while (v && rest.p)
        v = member(v, str_cut(rest, '.', &rest));
    return v;
}

const char *jsonv_str(const struct jsonv *v, const char *fallback)
{
    return v && v->type == JSONV_STRING ? v->text.p : fallback;
}

int64_t jsonv_int(const struct jsonv *v, int64_t fallback)
{
    return v && v->type == JSONV_INTEGER ? v->integer : fallback;
}

bool jsonv_bool(const struct jsonv *v, bool fallback)
{
    return v && v->type == JSONV_BOOL ? v->integer != 0 : fallback;
}

/* The parser's depth limit bounds the recursion. */
static void write_children(struct buf *b, const struct jsonv *v)
{
    buf_addc(b, v->type == JSONV_OBJECT ? '{' : '[');
    for (const struct jsonv *c = v->child; c; c = c->next) {
        if (v->type == JSONV_OBJECT) {
            json_put_string(b, c->key);
            buf_addc(b, ':');
        }
        jsonv_write(b, c);
        if (c->next)
            buf_addc(b, ',');
    }
    buf_addc(b, v->type == JSONV_OBJECT ? '}' : ']');
}

int jsonv_write(struct buf *b, const struct jsonv *v)
{
    switch (v ? v->type : JSONV_NULL) {
    case JSONV_NULL:
        buf_adds(b, "null");
        break;
    case JSONV_BOOL:
        buf_adds(b, v->integer ? "true" : "false");
        break;
    case JSONV_INTEGER:
    case JSONV_NUMBER:
        buf_add(b, v->text.p, v->text.n);
        break;
    case JSONV_STRING:
        json_put_string(b, v->text);
        break;
    case JSONV_ARRAY:
    case JSONV_OBJECT:
        write_children(b, v);
        break;
    }
    return b->failed ? -1 : 0;
}
