#include "redact.h"

#include <ctype.h>
#include <string.h>
#include "err.h"
#include "ids.h"
#include "json.h"
#include "jsondoc.h"

#define MASKED    "***"
#define DEPTH_MAX 128

struct redaction {
    struct buf *out;
    const struct jsonv *rules; /* the first of the list */
    struct str path[DEPTH_MAX];
    int depth;
    int data; /* from this part of the path on it is data; 0: not yet */
};

void redact_text(struct buf *out, struct str text)
{
    size_t at, n;
    while (ids_find_personal(text, &at, &n)) {
        buf_add(out, text.p, at);
        buf_add(out, "******-****", n < 11 ? n : 11);
        text = (struct str){text.p + at + n, text.n - at - n};
    }
    buf_add(out, text.p, text.n);
}

static void put_text(struct buf *out, struct str text)
{
    struct buf b;
    buf_init(&b, text.n + 1);
    redact_text(&b, text);
    json_put_string(out, buf_str(&b));
    buf_free(&b);
}

/* True if the path of a member of data ends as the rule says. A part * is any one, or none: arrays
 * are no part of a path, and "*.phone" is meant to be wherever a phone is. ends: whether the rest
 * of the rule may end there; a star keeps what is there and adds what is one further up. */
static bool names(const struct redaction *r, struct str rule)
{
    bool ends[DEPTH_MAX + 1] = {false};
    int depth = r->depth, lowest = depth;
    ends[depth] = true;
    while (rule.n) {
        size_t dot = rule.n;
        while (dot > 0 && rule.p[dot - 1] != '.')
            dot--;
        struct str part = {rule.p + dot, rule.n - dot};
        bool star = str_is(part, "*");
        lowest = lowest > r->data ? lowest - 1 : lowest;
        for (int at = lowest; at <= depth; at++)
            ends[at] = (star && ends[at]) ||
                       (at < depth && ends[at + 1] && (star || str_eq(part, r->path[at])));
        rule.n = dot > 0 ? dot - 1 : 0;
    }
    for (int at = lowest; at <= depth; at++)
        if (ends[at])
            return true;
    return false;
}

static bool hidden(const struct redaction *r)
{
    if (!r->data || r->depth <= r->data)
        return false;
    for (const struct jsonv *v = r->rules; v; v = v->next)
        if (v->type == JSONV_STRING && names(r, v->text))
            return true;
    return false;
}

static bool is_data(struct str key)
{
    static const char *const keys[] = {"body", "result", "about", "data", "before", "after"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (str_is(key, keys[i]))
            return true;
    return false;
}

/* { path = "rows[1].price", before, after (or now) } says what changed: the path of what stands in
 * it. NULL: the object is something else. */
static const struct jsonv *path_of_change(const struct jsonv *object)
{
    const struct jsonv *path = jsonv_get(object, "path");
    bool change =
        jsonv_get(object, "before") && (jsonv_get(object, "after") || jsonv_get(object, "now"));
    return change && path && path->type == JSONV_STRING ? path : NULL;
}

/* What follows is data at that path. */
static void go_down(struct redaction *r, struct str path)
{
    r->data = r->depth;
    while (path.n) {
        struct str part = str_cut(path, '.', &path), name = str_cut(part, '[', &part);
        if (!name.n)
            continue;
        if (r->depth < DEPTH_MAX)
            r->path[r->depth] = name;
        r->depth++;
    }
}

static void put_value(struct redaction *r, const struct jsonv *v);

/* ---- members of objects that stand in words, whole or cut ---- */

/* A quote with the backslashes before it: how many bytes, 0 if none is there. */
static size_t quote_at(struct str s, size_t at)
{
    size_t n = 0;
    while (at + n < s.n && s.p[at + n] == '\\')
        n++;
    return at + n < s.n && s.p[at + n] == '"' ? n + 1 : 0;
}

static size_t spaces_at(struct str s, size_t at)
{
    size_t n = 0;
    while (at + n < s.n && (s.p[at + n] == ' ' || s.p[at + n] == '\t'))
        n++;
    return n;
}

/* Where the value that begins at `at` ends; the end of the text if it is cut. A quote with more
 * backslashes than that which the member's name has stands within a text. */
static size_t value_end(struct str s, size_t at, size_t quote)
{
    int depth = 0;
    bool quoted = false;
    for (size_t n; at < s.n; at += n ? n : 1) {
        n = quote_at(s, at);
        char c = s.p[at];
        if (n == quote && quoted && depth == 0)
            return at + n;
        if (n == quote)
            quoted = !quoted;
        else if (!quoted && !n && (c == '{' || c == '['))
            depth++;
        else if (!quoted && !n && (c == '}' || c == ']') && --depth <= 0)
            return depth < 0 ? at : at + 1;
        else if (!quoted && !n && depth == 0 && (c == ',' || c == '\n' || c == ' '))
            return at;
    }
    return s.n;
}

/* The last part of a rule; empty where that says no name. */
static struct str last_part(const struct jsonv *rule)
{
    struct str name = rule->type == JSONV_STRING ? rule->text : STR_NONE;
    for (size_t i = name.n; i > 0; i--)
        if (name.p[i - 1] == '.')
            name = (struct str){name.p + i, name.n - i};
    return str_is(name, "*") ? STR_NONE : name;
}

static bool stands_at(struct str s, size_t at, struct str name)
{
    return name.n && name.n <= s.n - at && !memcmp(s.p + at, name.p, name.n);
}

/* `"name": ` at `at`: the length of that, and of its quotes; 0 if it is none that a rule ends with.
 */
static size_t member_at(const struct jsonv *rules, struct str s, size_t at, size_t *quote)
{
    size_t q = quote_at(s, at);
    *quote = q;
    for (const struct jsonv *v = rules; v && q; v = v->next) {
        struct str name = last_part(v);
        size_t end = at + q + name.n;
        if (!stands_at(s, at + q, name) || quote_at(s, end) != q)
            continue;
        end += q + spaces_at(s, end + q);
        if (end < s.n && s.p[end] == ':')
            return end + 1 + spaces_at(s, end + 1) - at;
    }
    return 0;
}

/* `name=` of a query or form at `at`: the length of that; 0 if it is none. */
static size_t field_at(const struct jsonv *rules, struct str s, size_t at)
{
    if (at > 0 && s.p[at - 1] != '?' && s.p[at - 1] != '&')
        return 0;
    for (const struct jsonv *v = rules; v; v = v->next) {
        struct str name = last_part(v);
        size_t end = at + name.n;
        if (stands_at(s, at, name) && end < s.n && s.p[end] == '=')
            return name.n + 1;
    }
    return 0;
}

static size_t field_end(struct str s, size_t at)
{
    while (at < s.n && s.p[at] != '&' && s.p[at] != '"' && !isspace((unsigned char)s.p[at]))
        at++;
    return at;
}

static void put_hidden(const struct jsonv *rules, struct buf *out, struct str s)
{
    struct buf b;
    size_t length, quote;
    if (!rules || !s.n) {
        redact_text(out, s);
        return;
    }
    buf_init(&b, SIZE_MAX / 4);
    for (size_t at = 0; at < s.n;) {
        if ((length = member_at(rules, s, at, &quote)) > 0) {
            buf_add(&b, s.p + at, length);
            buf_add(&b, s.p + at, quote);
            buf_adds(&b, MASKED);
            buf_add(&b, s.p + at, quote);
            at = value_end(s, at + length, quote);
        } else if ((length = field_at(rules, s, at)) > 0) {
            buf_add(&b, s.p + at, length);
            buf_adds(&b, MASKED);
            at = field_end(s, at + length);
        } else {
            buf_add(&b, s.p + at, quote ? quote : 1);
            at += quote ? quote : 1;
        }
    }
    redact_text(out, buf_str(&b));
    buf_free(&b);
}

void redact_words(struct buf *out, struct str rules, struct str text)
{
    struct jsondoc *list = rules.n ? jsondoc_parse(rules, NULL) : NULL;
    const struct jsonv *root = list ? jsondoc_root(list) : NULL;
    put_hidden(root ? root->child : NULL, out, text);
    jsondoc_free(list);
}

static void put_words(const struct redaction *r, struct str text)
{
    struct buf b;
    buf_init(&b, SIZE_MAX / 4);
    put_hidden(r->rules, &b, text);
    json_put_string(r->out, buf_str(&b));
    buf_free(&b);
}

/* change: the path that the object of this member says, or NULL. */
static void put_member(struct redaction *r, const struct jsonv *v, const struct jsonv *change)
{
    int data = r->data, depth = r->depth;
    put_text(r->out, v->key);
    buf_addc(r->out, ':');
    if (r->depth < DEPTH_MAX)
        r->path[r->depth] = v->key;
    r->depth++;
    if (!r->data && r->depth > 0 && is_data(v->key))
        r->data = r->depth;
    if (change && !str_is(v->key, "path"))
        go_down(r, change->text);
    if (r->depth <= DEPTH_MAX && v->type != JSONV_NULL && hidden(r))
        buf_adds(r->out, "\"" MASKED "\"");
    else
        put_value(r, v);
    r->depth = depth;
    r->data = data;
}

static void put_value(struct redaction *r, const struct jsonv *v)
{
    bool object = v->type == JSONV_OBJECT;
    if (v->type == JSONV_STRING) {
        put_words(r, v->text);
    } else if (object || v->type == JSONV_ARRAY) {
        const struct jsonv *change = object ? path_of_change(v) : NULL;
        buf_addc(r->out, object ? '{' : '[');
        for (const struct jsonv *c = v->child; c; c = c->next) {
            if (c != v->child)
                buf_addc(r->out, ',');
            if (object)
                put_member(r, c, change);
            else
                put_value(r, c);
        }
        buf_addc(r->out, object ? '}' : ']');
    } else {
        jsonv_write(r->out, v);
    }
}

/* Most rows hold nothing to hide, and need not be taken apart to see that. */
static bool harmless(struct str row)
{
    size_t at, n;
    return !ids_find_personal(row, &at, &n) && !memmem(row.p, row.n, "\\u", 2);
}

void redact_row(struct buf *out, struct str rules, struct str row)
{
    if (!rules.n && harmless(row)) {
        buf_add(out, row.p, row.n);
        return;
    }
    struct jsondoc *list = rules.n ? jsondoc_parse(rules, NULL) : NULL;
    struct jsondoc *d = jsondoc_parse(row, NULL);
    const struct jsonv *root = list ? jsondoc_root(list) : NULL;
    struct redaction r = {.out = out, .rules = root ? root->child : NULL};
    size_t at, n;
    if (d)
        put_value(&r, jsondoc_root(d));
    else if (!rules.n && !ids_find_personal(row, &at, &n)) /* what no tree can hold: \u0000, say */
        buf_add(out, row.p, row.n);
    else
        buf_adds(out, "{\"error\":\"it holds what cannot be looked through for personal data\"}");
    jsondoc_free(d);
    jsondoc_free(list);
}

static bool is_rule(struct str s)
{
    struct str part, rest = s;
    if (!s.n || s.n > 200)
        return false;
    while (rest.p) {
        part = str_cut(rest, '.', &rest);
        if (!part.n || (memchr(part.p, '*', part.n) && part.n > 1))
            return false;
    }
    return true;
}

int redact_check(struct str rules, struct err *e)
{
    struct jsondoc *d = jsondoc_parse(rules, e);
    const struct jsonv *root = d ? jsondoc_root(d) : NULL;
    int n = 0, rc = d ? 0 : -1;
    if (d && root->type != JSONV_ARRAY)
        rc = err_set(e, ERR_INPUT, "redact is a list of fields");
    for (const struct jsonv *v = rc == 0 ? root->child : NULL; v && rc == 0; v = v->next)
        if (v->type != JSONV_STRING || !is_rule(v->text))
            rc = err_set(e, ERR_INPUT,
                "redact: \"%.60s\" is no field; one is \"buyer.person_id\" or \"*.phone\"",
                jsonv_str(v, "?"));
        else if (++n > REDACT_RULES_MAX)
            rc = err_set(e, ERR_LIMIT, "redact: more than %d fields", REDACT_RULES_MAX);
    jsondoc_free(d);
    return rc;
}
