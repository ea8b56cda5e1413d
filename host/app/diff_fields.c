/* Field by field through two JSON values. */
#include <stdio.h>
#include <string.h>

#include "diff.h"
#include "jsondoc.h"
#include "mem.h"

#define PATH_MAX_BYTES 512

struct walk {
    char path[PATH_MAX_BYTES];
    size_t n;
    diff_field_fn fn;
    void *arg;
};

static void walk(struct walk *w, const struct jsonv *a, const struct jsonv *b);

/* Goes on below, with one more part of the path, which is taken off again. */
static void below(
    struct walk *w, struct str name, int index, const struct jsonv *a, const struct jsonv *b)
{
    size_t n = w->n;
    int more =
        name.p ? snprintf(w->path + n, sizeof(w->path) - n, "%s%.*s", n ? "." : "", STR_ARG(name))
               : snprintf(w->path + n, sizeof(w->path) - n, "[%d]", index);
    w->n = n + (size_t)more < sizeof(w->path) ? n + (size_t)more : sizeof(w->path) - 1;
    walk(w, a, b);
    w->n = n;
    w->path[n] = 0;
}

static bool same_number(const struct jsonv *a, const struct jsonv *b)
{
    struct decimal x, y;
    if (str_eq(a->text, b->text))
        return true;
    return decimal_parse(a->text, &x, NULL) == 0 && decimal_parse(b->text, &y, NULL) == 0 &&
           decimal_compare(&x, &y) == 0;
}

static bool is_number(const struct jsonv *v)
{
    return v->type == JSONV_INTEGER || v->type == JSONV_NUMBER;
}

static bool same_value(const struct jsonv *a, const struct jsonv *b)
{
    if (is_number(a) && is_number(b))
        return same_number(a, b);
    if (a->type != b->type)
        return false;
    if (a->type == JSONV_STRING)
        return str_eq(a->text, b->text);
    return a->type == JSONV_NULL || a->integer == b->integer;
}

static const struct jsonv *member(const struct jsonv *v, struct str key)
{
    for (const struct jsonv *c = v->child; c; c = c->next)
        if (str_eq(c->key, key))
            return c;
    return NULL;
}

static void walk_objects(struct walk *w, const struct jsonv *a, const struct jsonv *b)
{
    for (const struct jsonv *c = a->child; c; c = c->next)
        below(w, c->key, 0, c, member(b, c->key));
    for (const struct jsonv *c = b->child; c; c = c->next)
        if (!member(a, c->key))
            below(w, c->key, 0, NULL, c);
}

/* null and nothing mean the same to every system that is spoken to here. */
static bool is_none(const struct jsonv *v)
{
    return !v || v->type == JSONV_NULL;
}

static void walk(struct walk *w, const struct jsonv *a, const struct jsonv *b)
{
    if (is_none(a) && is_none(b))
        return;
    if (a && b && a->type == JSONV_OBJECT && b->type == JSONV_OBJECT) {
        walk_objects(w, a, b);
    } else if (a && b && a->type == JSONV_ARRAY && b->type == JSONV_ARRAY) {
        const struct jsonv *x = a->child, *y = b->child;
        for (int i = 1; x || y; i++) {
            below(w, STR_NONE, i, x, y);
            x = x ? x->next : NULL;
            y = y ? y->next : NULL;
        }
    } else if (is_none(a) || is_none(b) || !same_value(a, b)) {
        w->fn(w->arg, w->path, a, b);
    }
}

void diff_fields(struct str before, struct str now, diff_field_fn fn, void *arg)
{
    struct walk w = {.fn = fn, .arg = arg};
    if (str_eq(before, now))
        return;
    struct jsondoc *a = before.n ? jsondoc_parse(before, NULL) : NULL;
    struct jsondoc *b = now.n ? jsondoc_parse(now, NULL) : NULL;
    struct jsonv raw_a = {.type = JSONV_STRING, .text = before},
                 raw_b = {.type = JSONV_STRING, .text = now};
    if (a && b)
        walk(&w, jsondoc_root(a), jsondoc_root(b));
    else
        fn(arg, "", &raw_a, &raw_b);
    jsondoc_free(a);
    jsondoc_free(b);
}
