/* Answers: their bytes, and what a handler may do with an exchange. */
#include <string.h>

#include "clock.h"
#include "http_conn.h"
#include "loop.h"
#include "mem.h"

#define ANSWER_MAX ((size_t)1 << 40) /* bodies are ours: no limit but memory */
/* Status line, Date, Content-Length, Connection and the empty line. */
#define FIXED_BYTES 256

static char *put(char *o, const void *p, size_t n)
{
    memcpy(o, p, n);
    return o + n;
}

#define PUT_LIT(o, s) put(o, s, sizeof(s) - 1)

static char *put_number(char *o, size_t v)
{
    char digits[24];
    int n = 0;
    do {
        digits[n++] = (char)('0' + v % 10);
        v /= 10;
    } while (v > 0);
    while (n > 0)
        *o++ = digits[--n];
    return o;
}

static bool name_is(struct str name, struct str other)
{
    return name.n == other.n && str_ieq(name, other);
}

/* Those that say how the message is framed are for the server alone to write. */
static bool is_ours(struct str name)
{
    return name_is(name, STR_LIT("content-length")) ||
           name_is(name, STR_LIT("transfer-encoding")) || name_is(name, STR_LIT("connection")) ||
           name_is(name, STR_LIT("keep-alive")) || name_is(name, STR_LIT("date"));
}

static bool is_token(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!http_is_token_char((unsigned char)s.p[i]))
            return false;
    return s.n > 0;
}

/* A value is mostly text of outside origin: what could end the line becomes a space. */
static char *put_value(char *o, struct str value)
{
    for (size_t i = 0; i < value.n; i++)
        *o++ = http_is_value_char((unsigned char)value.p[i]) ? value.p[i] : ' ';
    return o;
}

static char *put_headers(char *o, const struct http_header *headers, int nheaders)
{
    for (int i = 0; i < nheaders; i++) {
        if (is_ours(headers[i].name) || !is_token(headers[i].name))
            continue;
        o = put(o, headers[i].name.p, headers[i].name.n);
        o = PUT_LIT(o, ": ");
        o = put_value(o, headers[i].value);
        o = PUT_LIT(o, "\r\n");
    }
    return o;
}

static char *put_status(char *o, int status)
{
    const char *reason = http_reason(status);
    o = PUT_LIT(o, "HTTP/1.1 ");
    o = put_number(o, (size_t)status);
    *o++ = ' ';
    return put(o, reason, strlen(reason));
}

void http_answer_put(struct http_in_exchange *x, int status, const struct http_header *headers,
    int nheaders, struct str body)
{
    if (status < 200 || status > 999)
        status = 500; /* interim answers are the server's own; others have no meaning */
    bool has_length = status != 204 && status != 304;
    bool head = x->parse.method != NULL && strcmp(x->parse.method, "HEAD") == 0;
    size_t room = FIXED_BYTES;
    for (int i = 0; i < nheaders; i++)
        room += headers[i].name.n + headers[i].value.n + 4;
    if (has_length && !head)
        room += body.n;
    size_t before = x->out.n;
    char *start = buf_room(&x->out, room), *o = start;
    o = put_status(o, status);
    o = PUT_LIT(o, "\r\nDate: ");
    o = put(o, http_server_date(x->conn->server), 29);
    if (has_length) {
        o = PUT_LIT(o, "\r\nContent-Length: ");
        o = put_number(o, body.n);
    }
    if (x->last)
        o = PUT_LIT(o, "\r\nConnection: close");
    else if (x->parse.old)
        o = PUT_LIT(o, "\r\nConnection: keep-alive");
    o = PUT_LIT(o, "\r\n");
    o = put_headers(o, headers, nheaders);
    o = PUT_LIT(o, "\r\n");
    if (has_length && !head && body.n > 0)
        o = put(o, body.p, body.n);
    x->out.n += (size_t)(o - start);
    http_conn_unsent(x->conn, (ptrdiff_t)(x->out.n - before));
}

void http_request_fill(struct http_in_exchange *x)
{
    struct http_conn *c = x->conn;
    const struct http_proxies *proxies = c->server->config.proxies;
    struct http_parse *p = &x->parse;
    x->filled = true;
    x->request = (struct http_in_request){
        .method = p->method,
        .target = p->target,
        .path = p->path,
        .query = p->query,
        .headers = p->headers,
        .nheaders = p->nheaders,
        .body = {p->body.p, p->body.n},
        .peer = c->peer,
        .client = c->peer,
        .secure = c->secure,
        .connection = c->number,
        .nth = c->requests,
    };
    if (proxies != NULL &&
        http_proxies_client(proxies, c->peer, p->headers, p->nheaders, &x->client)) {
        x->request.client = x->client.address;
        x->request.secure = x->client.secure;
    }
}

void http_answer_tell(struct http_in_exchange *x, int status, size_t bytes, const char *why)
{
    struct http_in *s = x->conn->server;
    if (s->on_answered == NULL)
        return;
    if (!x->filled)
        http_request_fill(x);
    struct http_in_answered a = {.request = &x->request,
        .status = status,
        .bytes = bytes,
        .us = x->began_us != 0 ? clock_mono_us() - x->began_us : 0,
        .why = why};
    s->on_answered(s->on_answered_arg, &a);
}

const struct http_in_request *http_in_request(const struct http_in_exchange *x)
{
    return &x->request;
}

bool http_in_reads(const struct http_in_request *r)
{
    return strcmp(r->method, "GET") == 0 || strcmp(r->method, "HEAD") == 0;
}

/* The last request of a connection: its answer may announce the end. */
static bool is_newest(const struct http_in_exchange *x)
{
    const struct http_conn *c = x->conn;
    return c->exchanges.prev == &x->link && c->incoming == NULL && c->rest.n == c->rest_used;
}

static bool wants_close(const struct http_header *headers, int nheaders)
{
    return str_ieq(http_header_get(headers, nheaders, "connection"), STR_LIT("close"));
}

static void end_with(struct http_in_exchange *x)
{
    x->last = true;
    x->conn->closing = true;
}

static void answered(struct http_in_exchange *x)
{
    x->answered = true;
    /* What was asked is not needed any more, and may be large. */
    if (x->parse.body.n > HTTP_SCRATCH_BYTES)
        buf_free(&x->parse.body);
    http_exchange_count(x);
    http_conn_mark(x->conn);
}

void http_in_reply(struct http_in_exchange *x, int status, const struct http_header *headers,
    int nheaders, struct str body)
{
    struct http_conn *c = x->conn;
    http_in_reply_fn before = x->before;
    if (before != NULL) {
        x->before = NULL;
        before(x->before_arg, x, status, headers, nheaders, body);
        return;
    }
    if (!c->server->freed)
        http_answer_tell(x, status, body.n, NULL);
    if (c->fd < 0) {
        http_conn_forget(c, x);
        return;
    }
    if (!x->last && is_newest(x) && (c->server->draining || wants_close(headers, nheaders)))
        end_with(x);
    http_answer_put(x, status, headers, nheaders, body);
    answered(x);
}

void http_in_before_reply(struct http_in_exchange *x, http_in_reply_fn fn, void *arg)
{
    x->before = fn;
    x->before_arg = arg;
}

void http_in_abort(struct http_in_exchange *x)
{
    http_in_reply_cut(x, 500, NULL, 0, STR_NONE, 0);
}

void http_in_reply_cut(struct http_in_exchange *x, int status, const struct http_header *headers,
    int nheaders, struct str body, size_t bytes)
{
    struct http_conn *c = x->conn;
    if (c->fd < 0) {
        http_conn_forget(c, x);
        return;
    }
    size_t before = x->out.n;
    http_answer_put(x, status, headers, nheaders, body);
    if (x->out.n - before > bytes) {
        http_conn_unsent(c, -(ptrdiff_t)(x->out.n - before - bytes));
        x->out.n = before + bytes;
    }
    x->cut = true;
    x->reset = bytes == 0;
    answered(x);
}

bool http_in_raw(struct http_in_exchange *x, struct str bytes, enum http_in_raw what)
{
    struct http_conn *c = x->conn;
    if (c->fd < 0) {
        http_conn_forget(c, x);
        return false;
    }
    if (x->sent == x->out.n) {
        buf_clear(&x->out);
        x->sent = 0;
    }
    buf_add(&x->out, bytes.p, bytes.n);
    http_conn_unsent(c, (ptrdiff_t)bytes.n);
    if (what == HTTP_IN_MORE) {
        http_conn_mark(c);
        return true;
    }
    x->cut = what == HTTP_IN_LAST_CLOSE;
    answered(x);
    return true;
}

size_t http_in_unsent(const struct http_in_exchange *x)
{
    return x->out.n - x->sent;
}

char *http_in_query(const struct http_in_request *r, const char *name)
{
    struct str rest = r->query, wanted = str_of(name);
    while (rest.n > 0) {
        struct str value, pair = str_cut(rest, '&', &rest);
        struct str key = str_cut(pair, '=', &value);
        char *text = mem_alloc(pair.n + 1);
        long n = http_percent_decode(text, key, true);
        if (n < 0 || !str_eq((struct str){text, (size_t)n}, wanted)) {
            mem_free(text);
            continue;
        }
        n = http_percent_decode(text, value, true);
        if (n >= 0) {
            text[n] = '\0';
            return text;
        }
        mem_free(text);
        return NULL;
    }
    return NULL;
}
