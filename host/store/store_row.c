/* See store_row.h. */
#include <sodium.h>
#include <string.h>

#include "clock.h"
#include "json.h"
#include "jsondoc.h"
#include "mem.h"
#include "redact.h"
#include "store_row.h"

void row_text(struct buf *b, const char *key, const char *value)
{
    json_put_key(b, key);
    json_put_cstring(b, value);
}

void row_int(struct buf *b, const char *key, int64_t value)
{
    json_put_key(b, key);
    buf_addf(b, "%lld", (long long)value);
}

void row_time(struct buf *b, const char *key, int64_t wall_ms)
{
    char text[CLOCK_TEXT];
    clock_format(wall_ms, text);
    row_text(b, key, wall_ms ? text : NULL);
}

/* Without the white space between tokens: a pretty printed body must not break the line. A NUL,
 * which no reader of rows could take (jsondoc.h), and so neither hide nor show what stands beside
 * it, is shown as U+FFFD. */
static void put_json(struct buf *b, struct str s)
{
    static const char nul[] = "\\u0000";
    bool quoted = false;
    size_t from = 0;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (quoted && c == '\\') {
            if (s.n - i >= sizeof nul - 1 && memcmp(s.p + i, nul, sizeof nul - 1) == 0) {
                buf_add(b, s.p + from, i - from);
                buf_adds(b, "\\ufffd");
                i += sizeof nul - 2;
                from = i + 1;
                continue;
            }
            i++;
        } else if (c == '"') {
            quoted = !quoted;
        } else if (!quoted && (c == ' ' || c == '\n' || c == '\r' || c == '\t')) {
            buf_add(b, s.p + from, i - from);
            from = i + 1;
        }
    }
    buf_add(b, s.p + from, s.n - from);
}

static void put_base64(struct buf *b, struct str s)
{
    size_t n = sodium_base64_ENCODED_LEN(s.n, sodium_base64_VARIANT_ORIGINAL);
    char *text = mem_alloc(n);
    sodium_bin2base64(text, n, (const unsigned char *)s.p, s.n, sodium_base64_VARIANT_ORIGINAL);
    buf_adds(b, "{\"base64\":\"");
    buf_adds(b, text);
    buf_adds(b, "\"}");
    mem_free(text);
}

void row_bytes(struct buf *b, struct str bytes)
{
    if (bytes.n == 0)
        buf_adds(b, "null");
    else if (json_check(bytes, NULL) == 0)
        put_json(b, bytes);
    else if (str_utf8_valid(bytes) && !memchr(bytes.p, 0, bytes.n))
        json_put_string(b, bytes);
    else
        put_base64(b, bytes);
}

void row_value(struct buf *b, const char *key, struct str bytes)
{
    json_put_key(b, key);
    row_bytes(b, bytes);
}

void row_message(struct buf *b, const char *key, struct str object, struct str body)
{
    struct str o = str_trim(object);
    json_put_key(b, key);
    if (o.n >= 2 && o.p[0] == '{' && json_check(o, NULL) == 0) {
        put_json(b, o);
        if (!b->failed)
            b->n--; /* its closing brace */
    } else {
        buf_addc(b, '{');
        row_value(b, "spec", object);
    }
    row_value(b, "body", store_keeps_file(o) ? STR_NONE : body);
    buf_addc(b, '}');
}

void row_run(struct buf *b, struct query *q, bool with_event)
{
    static const char *const keys[] = {
        "id", "event", "company", "rule", "version", "key", "state", "reason"};
    buf_clear(b);
    buf_addc(b, '{');
    for (int i = 0; i < 8; i++)
        if (i != 1 || with_event)
            row_text(b, keys[i], query_col_text(q, i));
    row_text(b, "live_version", query_col_text(q, 15));
    row_time(b, "until", query_col_int(q, 8));
    row_time(b, "created_at", query_col_int(q, 9));
    row_time(b, "updated_at", query_col_int(q, 10));
    row_value(b, "result", query_col(q, 11));
    row_value(b, "about", query_col(q, 13));
    json_put_key(b, "edited");
    buf_adds(b, query_col_int(q, 14) ? "true" : "false");
    if (with_event)
        row_int(b, "steps", query_col_int(q, 12));
}

/* The fields that the company of the row hides: JSON, owned by the caller; NULL: none of its own.
 */
static char *rules_of(struct store_reader *r)
{
    struct jsondoc *d = jsondoc_parse(buf_str(&r->row), NULL);
    const char *company = jsonv_str(jsonv_get(d ? jsondoc_root(d) : NULL, "company"), "");
    char *rules = redaction_get(r->sql, company);
    jsondoc_free(d);
    return rules;
}

int row_end(struct store_reader *r, store_row_fn fn, void *arg, struct err *e)
{
    struct buf *b = &r->row;
    buf_addc(b, '}');
    if (!b->failed && !r->whole) {
        char *rules = redaction_any(r->sql) ? rules_of(r) : NULL;
        buf_clear(&r->shown);
        redact_row(&r->shown, str_of(rules), buf_str(b));
        mem_free(rules);
        b = &r->shown;
    }
    if (b->failed)
        return err_set(e, ERR_LIMIT, "a row is larger than %zu MB", b->max >> 20);
    return fn(arg, buf_str(b)) ? 1 : 0;
}
