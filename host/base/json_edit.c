#include "json_edit.h"

#include <string.h>

#include "jsondoc.h"
#include "mem.h"

/* One more step of a path. */
struct part {
    struct str name; /* of a member; p NULL: an element */
    int64_t index;
};

/* Cuts the first part off *path. 1; 0 at the end; -1 and e. */
static int next_part(struct str *path, struct part *part, struct err *e)
{
    struct str p = *path;
    if (p.n == 0)
        return 0;
    if (p.p[0] == '[' && p.n > 1 && p.p[1] == '"') {
        size_t end = 2;
        while (end < p.n && p.p[end] != '"')
            end++;
        if (end + 1 >= p.n || p.p[end + 1] != ']')
            return err_set(e, ERR_INPUT, "the path's [\"...\"] does not end");
        *part = (struct part){{p.p + 2, end - 2}, 0};
        *path = (struct str){p.p + end + 2, p.n - end - 2};
    } else if (p.p[0] == '[') {
        size_t end = 1;
        while (end < p.n && p.p[end] != ']')
            end++;
        *part = (struct part){STR_NONE, 0};
        if (end == p.n || !str_to_i64((struct str){p.p + 1, end - 1}, &part->index) ||
            part->index < 0)
            return err_set(e, ERR_INPUT, "[...] in a path holds a number from 0 or a \"name\"");
        *path = (struct str){p.p + end + 1, p.n - end - 1};
    } else {
        size_t end = 0;
        while (end < p.n && p.p[end] != '.' && p.p[end] != '[')
            end++;
        if (end == 0)
            return err_set(e, ERR_INPUT, "the path names nothing between two dots");
        *part = (struct part){{p.p, end}, 0};
        *path = (struct str){p.p + end, p.n - end};
    }
    if (path->n && path->p[0] == '.') {
        *path = (struct str){path->p + 1, path->n - 1};
        if (path->n == 0)
            return err_set(e, ERR_INPUT, "the path ends with a dot");
    }
    return 1;
}

int json_change_parse(struct str text, struct json_change *c, struct err *e)
{
    size_t i = 0;
    bool quoted = false;
    for (; i < text.n && (quoted || text.p[i] != '='); i++)
        quoted ^= text.p[i] == '"';
    if (i == text.n || i == 0)
        return err_set(e, ERR_USAGE,
            "'%.*s': write PATH=VALUE, such as customer.business_id=1234567-1", STR_ARG(text));
    bool json = text.p[i - 1] == ':';
    *c = (struct json_change){json ? JSON_CHANGE_JSON : JSON_CHANGE_TEXT,
        {text.p, json ? i - 1 : i}, {text.p + i + 1, text.n - i - 1}};
    struct str rest = c->path;
    struct part part;
    int rc;
    if (rest.n == 0)
        return err_set(e, ERR_USAGE, "'%.*s': there is no path before =", STR_ARG(text));
    while ((rc = next_part(&rest, &part, e)) == 1) {
    }
    if (rc < 0)
        return err_prefix(e, "%.*s", STR_ARG(c->path));
    if (json && json_check(c->value, e) < 0)
        return err_prefix(e, "%.*s:=", STR_ARG(c->path));
    return 0;
}

/* ---- writing a document with one change ---- */

struct editing {
    const struct json_change *c;
    struct buf *out;
    struct err *e;
};

static int fail_at(struct editing *ed, struct str rest, const char *why)
{
    struct str path = ed->c->path;
    /* The part of the path up to where it went wrong. */
    size_t n = rest.n <= path.n ? path.n - rest.n : path.n;
    while (n && (path.p[n - 1] == '.'))
        n--;
    return err_set(ed->e, ERR_INPUT, "%.*s: %s", (int)n, path.p, why);
}

static bool is_scalar_word(const struct jsonv *v)
{
    return v && (v->type == JSONV_INTEGER || v->type == JSONV_NUMBER || v->type == JSONV_BOOL);
}

/* A text stays a text; what is a number or a truth value now must remain one. */
static int put_value(struct editing *ed, const struct jsonv *now)
{
    const struct json_change *c = ed->c;
    if (c->kind == JSON_CHANGE_JSON) {
        buf_add(ed->out, c->value.p, c->value.n);
        return 0;
    }
    if (!is_scalar_word(now)) {
        if (now && (now->type == JSONV_OBJECT || now->type == JSONV_ARRAY))
            return fail_at(
                ed, STR_NONE, "a whole object or list stands there: write PATH:=JSON for it");
        if (!str_utf8_valid(c->value))
            return fail_at(ed, STR_NONE, "the new text is not UTF-8");
        json_put_string(ed->out, c->value);
        return 0;
    }
    struct jsondoc *d = jsondoc_parse(c->value, NULL);
    const struct jsonv *v = jsondoc_root(d);
    bool number = now->type != JSONV_BOOL;
    bool fits =
        v && (number ? v->type == JSONV_INTEGER || v->type == JSONV_NUMBER : v->type == JSONV_BOOL);
    jsondoc_free(d);
    if (!fits)
        return fail_at(ed, STR_NONE,
            number ? "a number stands there, written like 1234.56; PATH:=\"...\" makes it a text"
                   : "true or false stands there; PATH:=\"...\" makes it a text");
    buf_add(ed->out, c->value.p, c->value.n);
    return 0;
}

static int put_edited(struct editing *ed, const struct jsonv *v, struct str rest);

static void put_name(struct buf *out, struct str name, int *n)
{
    if ((*n)++)
        buf_addc(out, ',');
    if (name.p) {
        json_put_string(out, name);
        buf_addc(out, ':');
    }
}

/* The members or elements of v, the one that part names changed, or added if it is missing. */
static int put_container(
    struct editing *ed, const struct jsonv *v, const struct part *part, struct str rest)
{
    bool remove = ed->c->kind == JSON_CHANGE_REMOVE && rest.n == 0;
    bool found = false;
    int64_t at = 0;
    int n = 0;
    buf_addc(ed->out, part->name.p ? '{' : '[');
    for (const struct jsonv *m = v ? v->child : NULL; m; m = m->next, at++) {
        bool here = part->name.p ? str_eq(m->key, part->name) : at == part->index;
        found = found || here;
        if (here && remove)
            continue;
        put_name(ed->out, part->name.p ? m->key : STR_NONE, &n);
        if (!here)
            jsonv_write(ed->out, m);
        else if (put_edited(ed, m, rest) < 0)
            return -1;
    }
    if (!found && ed->c->kind == JSON_CHANGE_REMOVE)
        return fail_at(ed, rest, "there is nothing to remove");
    if (!found && !part->name.p && part->index != at)
        return fail_at(ed, rest, "the list is shorter");
    if (!found) {
        put_name(ed->out, part->name, &n);
        if (put_edited(ed, NULL, rest) < 0)
            return -1;
    }
    buf_addc(ed->out, part->name.p ? '}' : ']');
    return 0;
}

/* v (NULL: nothing is there yet) with the change at the rest of the path. Each part of the path
 * needs a container of the document or makes one; JSON_DEPTH_MAX bounds both. */
static int put_edited(struct editing *ed, const struct jsonv *v, struct str rest)
{
    struct part part;
    struct str before = rest;
    int rc = next_part(&rest, &part, ed->e);
    if (rc < 0)
        return -1;
    if (rc == 0)
        return put_value(ed, v);
    if (v && v->type == JSONV_NULL)
        v = NULL;
    if (v && v->type != (part.name.p ? JSONV_OBJECT : JSONV_ARRAY))
        return fail_at(ed, before,
            !part.name.p             ? "this is no list"
            : v->type == JSONV_ARRAY ? "a list stands there: which of it? [0] is the first"
                                     : "this is no object");
    return put_container(ed, v, &part, rest);
}

static int depth_of(struct str path)
{
    int n = 0;
    for (size_t i = 0; i < path.n; i++)
        n += path.p[i] == '.' || path.p[i] == '[';
    return n;
}

int json_edit(struct str src, const struct json_change *c, struct buf *out, struct err *e)
{
    struct editing ed = {c, out, e};
    if (c->path.n == 0)
        return err_set(e, ERR_INPUT, "the path is empty");
    if (depth_of(c->path) >= JSON_DEPTH_MAX)
        return err_set(e, ERR_LIMIT, "the path is deeper than %d", JSON_DEPTH_MAX);
    struct jsondoc *d = jsondoc_parse(src, e);
    if (!d)
        return -1;
    int rc = put_edited(&ed, jsondoc_root(d), c->path);
    jsondoc_free(d);
    if (rc == 0 && out->failed)
        rc = err_set(e, ERR_LIMIT, "the changed data is larger than %zu MB", out->max >> 20);
    if (rc < 0)
        return rc;
    /* What was put in may be too deep, name a member twice, or hold what nobody can read. */
    d = jsondoc_parse(buf_str(out), e);
    jsondoc_free(d);
    return d ? 0 : -1;
}

/* ---- what differs ---- */

struct diff {
    struct buf *out, path;
    int n, max;
};

/* The list of differences and who keeps it stand around a value: with them it must be readable. */
#define SHOWN_DEPTH (JSON_DEPTH_MAX - 8)

static int levels_of(const struct jsonv *v)
{
    int most = 0;
    for (const struct jsonv *c = v ? v->child : NULL; c; c = c->next) {
        int n = 1 + levels_of(c);
        most = n > most ? n : most;
    }
    return most;
}

static void put_shown(struct buf *out, const struct jsonv *v)
{
    if (levels_of(v) < SHOWN_DEPTH)
        jsonv_write(out, v);
    else
        json_put_cstring(out, "(nested too deeply to be shown)");
}

static void put_difference(struct diff *d, const struct jsonv *before, const struct jsonv *after)
{
    if (d->n++ >= d->max)
        return;
    buf_adds(d->out, d->n > 1 ? ",{" : "{");
    json_put_key(d->out, "path");
    json_put_string(d->out, d->path.n ? buf_str(&d->path) : STR_LIT(""));
    json_put_key(d->out, "before");
    put_shown(d->out, before);
    json_put_key(d->out, "after");
    put_shown(d->out, after);
    buf_addc(d->out, '}');
}

static bool is_container(const struct jsonv *v)
{
    return v && (v->type == JSONV_OBJECT || v->type == JSONV_ARRAY);
}

static void compare(struct diff *d, const struct jsonv *a, const struct jsonv *b);

static void compare_at(
    struct diff *d, struct str name, int64_t index, const struct jsonv *a, const struct jsonv *b)
{
    size_t before = d->path.n;
    if (!name.p)
        buf_addf(&d->path, "[%lld]", (long long)index);
    else if (memchr(name.p, '.', name.n) || memchr(name.p, '[', name.n) || !name.n)
        buf_addf(&d->path, "[\"%.*s\"]", STR_ARG(name));
    else
        buf_addf(&d->path, "%s%.*s", before ? "." : "", STR_ARG(name));
    compare(d, a, b);
    d->path.n = before;
    d->path.failed = false;
}

static const struct jsonv *same_member(const struct jsonv *v, struct str key)
{
    for (const struct jsonv *m = v->child; m; m = m->next)
        if (str_eq(m->key, key))
            return m;
    return NULL;
}

static void compare_children(struct diff *d, const struct jsonv *a, const struct jsonv *b)
{
    const struct jsonv *x = a->child, *y = b->child;
    if (a->type == JSONV_ARRAY) {
        for (int64_t i = 0; x || y; i++) {
            compare_at(d, STR_NONE, i, x, y);
            x = x ? x->next : NULL;
            y = y ? y->next : NULL;
        }
        return;
    }
    for (; x; x = x->next)
        compare_at(d, x->key, 0, x, same_member(b, x->key));
    for (; y; y = y->next)
        if (!same_member(a, y->key))
            compare_at(d, y->key, 0, NULL, y);
}

static void compare(struct diff *d, const struct jsonv *a, const struct jsonv *b)
{
    if (is_container(a) && is_container(b) && a->type == b->type) {
        compare_children(d, a, b);
        return;
    }
    bool same = a && b && a->type == b->type && !is_container(a) && a->integer == b->integer &&
                str_eq(a->text, b->text);
    if (!same && (a || b))
        put_difference(d, a, b);
}

int json_diff(struct str before, struct str after, int max, struct buf *out)
{
    struct diff d = {.out = out, .max = max};
    struct jsondoc *a = jsondoc_parse(before, NULL), *b = jsondoc_parse(after, NULL);
    buf_init(&d.path, 4096);
    buf_addc(out, '[');
    compare(&d, jsondoc_root(a), jsondoc_root(b));
    if (d.n > d.max)
        buf_adds(out, ",{\"path\":\"...\",\"before\":null,\"after\":null}");
    buf_addc(out, ']');
    buf_free(&d.path);
    jsondoc_free(a);
    jsondoc_free(b);
    return d.n;
}
