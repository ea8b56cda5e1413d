/* Any bytes as JSON: reader, duplicate check and tree must agree with each other and with RFC 8259
 * word for word, and what is accepted must come back the same after writing and reading it again.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "jsondoc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool true_thing)
{
    if (!true_thing)
        abort();
}

/* ---- the grammar of RFC 8259 as it stands there ---- */

struct text {
    const unsigned char *p, *end;
    struct buf *out; /* the same in compact form */
};

static bool take(struct text *t, const char *word)
{
    size_t n = strlen(word);
    if ((size_t)(t->end - t->p) < n || memcmp(t->p, word, n) != 0)
        return false;
    t->p += n;
    return true;
}

static bool take_among(struct text *t, int from, int to)
{
    if (t->p == t->end || *t->p < from || *t->p > to)
        return false;
    t->p++;
    return true;
}

static void ws(struct text *t)
{
    while (take(t, " ") || take(t, "\t") || take(t, "\n") || take(t, "\r")) {
    }
}

static bool digits(struct text *t)
{
    bool some = false;
    while (take_among(t, '0', '9'))
        some = true;
    return some;
}

static bool number(struct text *t)
{
    take(t, "-");
    if (!take(t, "0") && !digits(t))
        return false;
    if (take(t, ".") && !digits(t))
        return false;
    if (!take(t, "e") && !take(t, "E"))
        return true;
    if (!take(t, "+"))
        take(t, "-");
    return digits(t);
}

static int hex4(struct text *t)
{
    int v = 0;
    for (int i = 0; i < 4; i++) {
        const unsigned char *c = t->p;
        if (!take_among(t, '0', '9') && !take_among(t, 'a', 'f') && !take_among(t, 'A', 'F'))
            return -1;
        v = v * 16 + (*c <= '9' ? *c - '0' : (*c | 32) - 'a' + 10);
    }
    return v;
}

static void put_utf8(struct buf *b, unsigned c)
{
    int more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const unsigned char lead[] = {0, 0xc0, 0xe0, 0xf0};
    buf_addc(b, (char)(lead[more] | c >> 6 * more));
    while (more-- > 0)
        buf_addc(b, (char)(0x80 | (c >> 6 * more & 63)));
}

static bool escape(struct text *t, struct buf *b)
{
    static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    for (int i = 0; letters[i] != '\0'; i++)
        if (take_among(t, letters[i], letters[i])) {
            buf_addc(b, meant[i]);
            return true;
        }
    int v = take(t, "u") ? hex4(t) : -1, low = 0xdc00;
    if (v >= 0xd800 && v <= 0xdfff) {
        low = v < 0xdc00 && take(t, "\\u") ? hex4(t) : -1;
        v = 0x10000 + (v - 0xd800) * 0x400 + low - 0xdc00;
    }
    if (v < 0 || low < 0xdc00 || low > 0xdfff)
        return false;
    put_utf8(b, (unsigned)v);
    return true;
}

/* One character of more than a byte (Unicode, table 3-7). */
static bool utf8(struct text *t)
{
    static const unsigned char rows[][4] = {{0xc2, 0xdf, 0x80, 0xbf}, {0xe0, 0xe0, 0xa0, 0xbf},
        {0xe1, 0xec, 0x80, 0xbf}, {0xed, 0xed, 0x80, 0x9f}, {0xee, 0xef, 0x80, 0xbf},
        {0xf0, 0xf0, 0x90, 0xbf}, {0xf1, 0xf3, 0x80, 0xbf}, {0xf4, 0xf4, 0x80, 0x8f}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (!take_among(t, rows[i][0], rows[i][1]))
            continue;
        bool good = take_among(t, rows[i][2], rows[i][3]);
        for (int more = rows[i][0] < 0xe0 ? 0 : rows[i][0] < 0xf0 ? 1 : 2; good && more > 0; more--)
            good = take_among(t, 0x80, 0xbf);
        return good;
    }
    return false;
}

static bool string(struct text *t)
{
    struct buf decoded;
    bool good = take(t, "\"");
    buf_init(&decoded, BUF_MAX_DEFAULT);
    while (good && !take(t, "\"")) {
        const unsigned char *from = t->p;
        if (take(t, "\\")) {
            good = escape(t, &decoded);
        } else {
            good = take_among(t, ' ', 0x7f) || utf8(t);
            buf_add(&decoded, (const char *)from, (size_t)(t->p - from));
        }
    }
    if (good)
        json_put_string(t->out, buf_str(&decoded));
    buf_free(&decoded);
    return good;
}

/* A number or a word. */
static bool plain(struct text *t)
{
    const unsigned char *from = t->p;
    bool good = take(t, "true") || take(t, "false") || take(t, "null") || number(t);
    buf_add(t->out, (const char *)from, (size_t)(t->p - from));
    return good;
}

static bool value(struct text *t, int depth)
{
    ws(t);
    bool object = take(t, "{"), good = object || take(t, "[");
    if (!good)
        return t->p < t->end && *t->p == '"' ? string(t) : plain(t);
    const char *end = object ? "}" : "]", *between = object ? "{" : "[";
    ws(t);
    if (++depth > JSON_DEPTH_MAX)
        return false;
    if (take(t, end)) {
        buf_adds(t->out, object ? "{}" : "[]");
        return true;
    }
    do {
        buf_adds(t->out, between);
        between = ",";
        ws(t);
        if (object && !string(t))
            return false;
        ws(t);
        if (object)
            buf_addc(t->out, ':');
        if ((object && !take(t, ":")) || !value(t, depth))
            return false;
        ws(t);
    } while (take(t, ","));
    buf_adds(t->out, end);
    return take(t, end);
}

static bool is_json(struct str src, struct buf *out)
{
    struct text t = {(const unsigned char *)src.p, (const unsigned char *)src.p + src.n, out};
    bool good = value(&t, 0);
    ws(&t);
    return good && t.p == t.end;
}

/* ---- ours ---- */

/* Writes the tokens of src compactly: 0, or -1 if it is no JSON. */
static int rewrite(struct str src, struct buf *out)
{
    struct json_reader r;
    json_reader_init(&r, src);
    enum json_token t;
    bool first = true, after_key = false;
    while ((t = json_next(&r)) > JSON_END) {
        bool end = t == JSON_OBJECT_END || t == JSON_ARRAY_END;
        if (!first && !after_key && !end)
            buf_addc(out, ',');
        after_key = t == JSON_KEY;
        first = t == JSON_OBJECT || t == JSON_ARRAY;
        if (first)
            buf_addc(out, t == JSON_OBJECT ? '{' : '[');
        else if (end)
            buf_addc(out, t == JSON_OBJECT_END ? '}' : ']');
        else if (t == JSON_KEY || t == JSON_STRING)
            json_put_string(out, r.text);
        else
            buf_add(out, r.text.p, r.text.n);
        if (after_key)
            buf_addc(out, ':');
        must(t != JSON_STRING || str_utf8_valid(r.text));
        must(r.depth >= 0 && r.depth <= JSON_DEPTH_MAX);
    }
    if (t == JSON_ERROR)
        must(r.at <= src.n && r.problem != NULL && json_next(&r) == JSON_ERROR);
    json_reader_free(&r);
    return t == JSON_END ? 0 : -1;
}

/* Skipping the value must accept what reading each of its tokens accepts. */
static void skip_agrees(struct str src, int expected)
{
    struct json_reader r;
    json_reader_init(&r, src);
    int rc = json_skip(&r) < 0 || json_next(&r) != JSON_END ? -1 : 0;
    must(rc == expected);
    json_reader_free(&r);
}

static void tree_agrees(struct str src, struct str compact)
{
    struct err e = {0};
    struct jsondoc *d = jsondoc_parse(src, &e);
    if (!d) {
        must(strstr(e.text, "U+0000") != NULL);
        return;
    }
    struct buf out;
    buf_init(&out, BUF_MAX_DEFAULT);
    must(jsonv_write(&out, jsondoc_root(d)) == 0);
    must(str_eq(buf_str(&out), compact));
    buf_free(&out);
    jsondoc_free(d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str src = {(const char *)data, size};
    struct buf once, twice, naive;
    struct err e = {0};
    buf_init(&once, BUF_MAX_DEFAULT);
    buf_init(&twice, BUF_MAX_DEFAULT);
    buf_init(&naive, BUF_MAX_DEFAULT);
    int rc = rewrite(src, &once);
    must((rc == 0) == is_json(src, &naive));
    must(rc < 0 || str_eq(buf_str(&naive), buf_str(&once)));
    skip_agrees(src, rc);
    int checked = json_check(src, &e);
    must(rc == 0 || checked < 0);
    if (rc == 0) {
        must(rewrite(buf_str(&once), &twice) == 0);
        must(str_eq(buf_str(&once), buf_str(&twice)));
        must(checked == 0 || strstr(e.text, "has already") != NULL);
    }
    if (checked == 0)
        tree_agrees(src, buf_str(&once));
    buf_free(&once);
    buf_free(&twice);
    buf_free(&naive);
    return 0;
}
