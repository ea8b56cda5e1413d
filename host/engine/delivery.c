#include "delivery.h"

#include <string.h>
#include "buf.h"
#include "id.h"
#include "json.h"

static int take(
    struct str text, bool hash_long, char out[DELIVERY_TEXT], const char *path, struct err *e)
{
    bool nul = text.n && memchr(text.p, '\0', text.n);
    if (text.n < DELIVERY_TEXT && !nul) {
        if (text.n)
            memcpy(out, text.p, text.n);
        out[text.n] = '\0';
        return 0;
    }
    if (!hash_long)
        return nul ? err_set(e, ERR_INPUT, "%s holds the character U+0000", path)
                   : err_set(e, ERR_LIMIT, "%s is longer than %d bytes", path, DELIVERY_TEXT - 1);
    id_hash(out, text.p, text.n);
    return 0;
}

struct wanted {
    const char *path;
    bool hash_long;
    char *out;
    struct err *e;
    int rc;
};

static void found(void *arg, struct str text)
{
    struct wanted *w = arg;
    w->rc = take(text, w->hash_long, w->out, w->path, w->e);
}

/* In one go: a large body is long to read, and the loop stands still meanwhile. */
int delivery_read(struct str body, const char *type_path, char type[DELIVERY_TEXT],
    const char *id_path, char id[DELIVERY_TEXT], struct err *e)
{
    struct wanted of_type = {type_path, false, type, e, 0}, of_id = {id_path, true, id, NULL, 0};
    struct json_find f[] = {{.path = type_path, .fn = found, .arg = &of_type},
        {.path = id_path, .fn = found, .arg = &of_id}};
    type[0] = id[0] = '\0';
    int rc = json_check_find(body, f, 2, e);
    return rc < 0 ? rc : of_type.rc;
}

int delivery_type(const struct http_header *headers, int n, const char *name,
    char out[DELIVERY_TEXT], struct err *e)
{
    struct str v = str_trim(http_header_get(headers, n, name));
    out[0] = '\0';
    if (!str_utf8_valid(v))
        return err_set(e, ERR_INPUT, "the header %s is no text in UTF-8", name);
    return take(v, false, out, name, e);
}

void delivery_id(const struct http_header *headers, int n, const char *own, char out[DELIVERY_TEXT])
{
    const char *const names[] = {own, "X-Event-Id", "webhook-id"};
    for (size_t i = 0; i < sizeof names / sizeof names[0] && !out[0]; i++) {
        struct str v = str_trim(http_header_get(headers, n, names[i]));
        /* A header may hold any byte; an id that is no text is compared by its hash. */
        if (v.n && str_utf8_valid(v))
            take(v, true, out, names[i], NULL);
        else if (v.n)
            id_hash(out, v.p, v.n);
    }
}

int delivery_each(struct str body, struct str *out, int max, struct err *e)
{
    struct json_reader r;
    int n = 0;
    json_reader_init(&r, body);
    enum json_token t = json_next(&r);
    const char *before = r.p;
    for (bool more = t == JSON_ARRAY; more; before = r.p) {
        t = json_next(&r);
        if (t == JSON_ARRAY_END)
            break;
        while (before < r.p && (*before == ',' || *before == ' ' || *before == '\t' ||
                                   *before == '\n' || *before == '\r'))
            before++;
        more = t == JSON_OBJECT && json_skip(&r) == 0 && n < max;
        if (more)
            out[n++] = (struct str){before, (size_t)(r.p - before)};
    }
    if (t != JSON_ARRAY_END)
        n = err_set(e, n == max ? ERR_LIMIT : ERR_INPUT,
            n == max ? "more than %d events in one delivery"
                     : "a list of at most %d events is wanted, each an object",
            max);
    json_reader_free(&r);
    return n;
}

void delivery_headers(struct buf *out, const struct http_header *headers, int n)
{
    static const char *const names[] = {
        "content-type", "user-agent", "webhook-id", "x-event-id", "x-timestamp"};
    bool first = true;
    buf_addc(out, '{');
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct str v = http_header_get(headers, n, names[i]);
        if (!v.p)
            continue;
        if (!first)
            buf_addc(out, ',');
        first = false;
        json_put_cstring(out, names[i]);
        buf_addc(out, ':');
        json_put_string(out, v.n > 500 ? (struct str){v.p, 500} : v);
    }
    buf_addc(out, '}');
}
