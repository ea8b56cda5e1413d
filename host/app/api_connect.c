#include "api_connect.h"

#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "connect.h"
#include "json.h"
#include "jsondoc.h"
#include "mem.h"
#include "reply.h"

#define COMPANIES_MAX 10000
#define LIST_MAX      ((size_t)16 << 20)

struct api_connect {
    struct engine *engine;
    char *redirect;
};

struct api_connect *api_connect_new(struct engine *e, const char *public_url)
{
    struct api_connect *a = mem_zalloc(1, sizeof(*a));
    a->engine = e;
    a->redirect = mem_printf("%s/oauth/callback", public_url);
    return a;
}

void api_connect_free(struct api_connect *a)
{
    if (!a)
        return;
    mem_free(a->redirect);
    mem_free(a);
}

static void put(struct buf *b, const char *key, const char *value)
{
    json_put_key(b, key);
    json_put_cstring(b, value);
}

static void put_time(struct buf *b, const char *key, int64_t ms)
{
    char when[CLOCK_TEXT];
    if (ms <= 0)
        return;
    clock_format(ms, when);
    put(b, key, when);
}

/* ---- how they stand ---- */

struct listing {
    struct buf b;
    int n;
};

static void put_connection(void *arg, const struct connection_info *i)
{
    struct listing *l = arg;
    buf_adds(&l->b, l->n++ ? ",{" : "{");
    put(&l->b, "company", i->company);
    put(&l->b, "connection", i->connection);
    put(&l->b, "kind", i->kind);
    put(&l->b, "auth", i->auth);
    put(&l->b, "state", i->state);
    put(&l->b, "reason", i->words);
    put_time(&l->b, "connected_at", i->connected_ms);
    put_time(&l->b, "renewed_at", i->renewed_ms);
    buf_addc(&l->b, '}');
}

static void reply_unknown(
    struct http_in_exchange *x, const char *company, const struct str_near *near)
{
    char text[400];
    const char *meant = str_near_found(near);
    snprintf(text, sizeof text, "no company '%.100s' is loaded%s%s%s", company,
        meant ? " (did you mean '" : "", meant ? meant : "", meant ? "'?)" : "");
    reply_error(x, 404, text);
}

static void list(struct api_connect *a, struct http_in_exchange *x)
{
    const char **names = mem_zalloc(COMPANIES_MAX, sizeof *names);
    char *only = http_in_query(http_in_request(x), "company");
    int n = engine_companies(a->engine, names, COMPANIES_MAX);
    bool known = !only;
    struct str_near near = {.name = str_of(only)};
    struct listing l = {.n = 0};
    buf_init(&l.b, LIST_MAX);
    buf_adds(&l.b, "{\"connections\":[");
    for (int i = 0; i < n && i < COMPANIES_MAX; i++) {
        str_near_offer(&near, str_of(names[i]));
        if (only && strcmp(only, names[i]) != 0)
            continue;
        known = true;
        connections_each(a->engine, names[i], put_connection, &l);
    }
    buf_adds(&l.b, "]}");
    if (known)
        reply_json(x, 200, buf_str(&l.b));
    else
        reply_unknown(x, only, &near);
    buf_free(&l.b);
    mem_free(only);
    mem_free(names);
}

/* ---- connecting ---- */

static void tell(struct api_connect *a, struct http_in_exchange *x, int status, const char *id)
{
    struct connect_info i;
    struct buf b;
    if (!connect_get(a->engine, id, &i)) {
        reply_error(x, 404, "nothing of that id is being connected; begin again");
        return;
    }
    buf_init(&b, BUF_MAX_DEFAULT);
    buf_addc(&b, '{');
    put(&b, "id", i.id);
    put(&b, "company", i.company);
    put(&b, "connection", i.connection);
    put(&b, "state", i.state);
    put(&b, "url", i.url);
    put(&b, "code", i.code);
    put(&b, "words", i.words);
    put_time(&b, "until", i.end_ms);
    buf_addc(&b, '}');
    reply_json(x, status, buf_str(&b));
    buf_free(&b);
}

static void on_answer(void *arg, bool ok, const char *words)
{
    struct buf b;
    buf_init(&b, BUF_MAX_DEFAULT);
    buf_addf(&b, "{\"ok\":%s", ok ? "true" : "false");
    put(&b, "words", words);
    buf_addc(&b, '}');
    reply_json(arg, 200, buf_str(&b));
    buf_free(&b);
}

static void post(struct api_connect *a, struct http_in_exchange *x, bool callback)
{
    struct err e = {0};
    struct jsondoc *d = jsondoc_parse(http_in_request(x)->body, NULL);
    const struct jsonv *root = d ? jsondoc_root(d) : NULL;
    const char *company = jsonv_str(jsonv_get(root, "company"), "");
    const char *name = jsonv_str(jsonv_get(root, "connection"), "");
    const char *redirect = jsonv_str(jsonv_get(root, "redirect"), a->redirect);
    const char *query = jsonv_str(jsonv_get(root, "query"), "");
    if (callback) {
        connect_callback(a->engine, str_of(query), on_answer, x);
    } else if (!company[0] || !name[0]) {
        reply_error(
            x, 400, "say what is to be connected: {\"company\": \"...\", \"connection\": \"...\"}");
    } else {
        const char *id = connect_begin(a->engine, company, name, redirect, &e);
        if (id)
            tell(a, x, 202, id);
        else
            reply_error(x, e.code == ERR_LIMIT ? 429 : e.code == ERR_NOT_FOUND ? 404 : 409, e.text);
    }
    jsondoc_free(d);
}

bool api_connect_handle(
    struct api_connect *a, struct http_in_exchange *x, struct str kind, struct str id)
{
    const char *method = http_in_request(x)->method;
    bool get = http_in_reads(http_in_request(x)), is_post = !strcmp(method, "POST");
    if (str_is(kind, "connections") && !id.n) {
        if (get)
            list(a, x);
        else
            reply_method(x, "GET, HEAD");
    } else if (str_is(kind, "connects") && (!id.n || str_is(id, "callback"))) {
        if (is_post)
            post(a, x, id.n > 0);
        else
            reply_method(x, "POST");
    } else if (str_is(kind, "connects") && get && id.n < 64) {
        char text[64];
        memcpy(text, id.p, id.n);
        text[id.n] = 0;
        tell(a, x, 200, text);
    } else {
        return false;
    }
    return true;
}

/* ---- the browser ---- */

static void put_escaped(struct buf *b, const char *s)
{
    for (; *s; s++)
        switch (*s) {
        case '&':
            buf_adds(b, "&amp;");
            break;
        case '<':
            buf_adds(b, "&lt;");
            break;
        case '>':
            buf_adds(b, "&gt;");
            break;
        case '"':
            buf_adds(b, "&quot;");
            break;
        default:
            buf_addc(b, *s);
        }
}

#define CONTENT_POLICY "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"

void api_connect_page(struct http_in_exchange *x, bool ok, const char *words)
{
    static const struct http_header headers[] = {
        {{"Content-Type", 12}, {"text/html; charset=utf-8", 24}},
        {{"Cache-Control", 13}, {"no-store", 8}}, {{"Referrer-Policy", 15}, {"no-referrer", 11}},
        {{"X-Content-Type-Options", 22}, {"nosniff", 7}},
        {{"Content-Security-Policy", 23}, {CONTENT_POLICY, sizeof CONTENT_POLICY - 1}}};
    struct buf b;
    buf_init(&b, BUF_MAX_DEFAULT);
    const char *title = ok ? "Connected" : "Not connected";
    buf_addf(&b,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<title>%s</title>\n<style>\n:root{color-scheme:light dark}\n"
        "body{font:16px/1.5 system-ui,sans-serif;max-width:32rem;margin:12vh auto;padding:0 1rem;"
        "overflow-wrap:anywhere}\nh1{font-size:1.5rem}\n"
        "p::first-letter{text-transform:uppercase}\n</style>\n</head>\n<body>\n"
        "<h1>%s</h1>\n<p>",
        title, title);
    put_escaped(&b, words);
    buf_adds(&b, ".</p>\n<p>You can close this window.</p>\n</body>\n</html>\n");
    http_in_reply(x, ok ? 200 : 400, headers, 5, buf_str(&b));
    buf_free(&b);
}

static void on_page(void *arg, bool ok, const char *words)
{
    api_connect_page(arg, ok, words);
}

void api_connect_callback(struct api_connect *a, struct http_in_exchange *x)
{
    const struct http_in_request *q = http_in_request(x);
    if (strcmp(q->method, "GET")) /* HEAD too: who only looks must not use up the code */
        reply_method(x, "GET");
    else
        connect_callback(a->engine, q->query, on_page, x);
}
