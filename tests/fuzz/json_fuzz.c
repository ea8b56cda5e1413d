/* Any bytes as JSON: reader, duplicate check and tree must agree, and what is accepted must come
 * back the same after writing and reading it again. */
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
    struct buf once, twice;
    struct err e = {0};
    buf_init(&once, BUF_MAX_DEFAULT);
    buf_init(&twice, BUF_MAX_DEFAULT);
    int rc = rewrite(src, &once);
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
    return 0;
}
