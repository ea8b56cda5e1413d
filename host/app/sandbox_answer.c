#include "sandbox_answer.h"

#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "mem.h"
#include "sandbox_fault.h"

#define LONG_HEADER  ((size_t)100 << 10)
#define BOMB_BYTES   ((size_t)32 << 20)
#define PIECE        ((size_t)64 << 10)
#define UNSENT_MAX   ((size_t)256 << 10)
#define BYTES_A_TURN 64

/* An answer that leaves bit by bit. */
struct drip {
    struct list node;
    struct http_in_exchange *x;
    struct loop_timer *timer;
    struct buf bytes; /* what is still to be sent; without end: what is sent again and again */
    size_t step;      /* bytes each time */
    int64_t pause_ms;
    bool endless;
};

static void drip_free(struct drip *d)
{
    list_remove(&d->node);
    loop_timer_free(d->timer);
    buf_free(&d->bytes);
    mem_free(d);
}

static void drip_on(void *arg)
{
    struct drip *d = arg;
    struct str all = buf_str(&d->bytes);
    struct str piece = {all.p, d->endless || all.n < d->step ? all.n : d->step};
    bool last = !d->endless && piece.n == all.n;
    if (d->endless && http_in_unsent(d->x) > UNSENT_MAX)
        piece.n = 0;
    if (!http_in_raw(d->x, piece, last ? HTTP_IN_LAST : HTTP_IN_MORE) || last) {
        drip_free(d);
        return;
    }
    if (!d->endless)
        buf_drain(&d->bytes, piece.n);
    loop_timer_arm(d->timer, d->pause_ms);
}

void sandbox_answer_stop(struct list *drips)
{
    while (!list_empty(drips)) {
        struct drip *d = LIST_OF(drips->next, struct drip, node);
        http_in_abort(d->x);
        drip_free(d);
    }
}

static struct drip *drip_new(struct loop *l, struct list *drips, struct http_in_exchange *x)
{
    struct drip *d = mem_zalloc(1, sizeof(*d));
    list_append(drips, &d->node);
    d->x = x;
    d->timer = loop_timer_new(l, drip_on, d);
    buf_init(&d->bytes, BUF_MAX_DEFAULT);
    loop_timer_arm(d->timer, 1);
    return d;
}

/* Status line and headers without those that say how long the body is; no empty line. */
static void put_head(struct buf *b, const struct sandbox_answer *a, const char *type)
{
    buf_addf(b, "HTTP/1.1 %d %s\r\n", a->status, http_reason(a->status));
    if (type)
        buf_addf(b, "Content-Type: %s\r\n", type);
    for (int i = 0; i < a->nheaders; i++)
        if (!type || !str_ieq(a->headers[i].name, STR_LIT("content-type")))
            buf_addf(
                b, "%.*s: %.*s\r\n", STR_ARG(a->headers[i].name), STR_ARG(a->headers[i].value));
}

static void put_body(struct buf *b, struct str body)
{
    buf_addf(b, "Content-Length: %zu\r\n\r\n", body.n);
    buf_add(b, body.p, body.n);
}

static void put_plain(struct buf *b, int status, const char *type, struct str body)
{
    struct sandbox_answer a = {.status = status};
    put_head(b, &a, type);
    put_body(b, body);
}

#define JSON_TYPE "application/json;charset=UTF-8"

static void put_html(struct buf *b, const struct sandbox_answer *a)
{
    put_plain(b, 200, "text/html; charset=utf-8",
        STR_LIT("<!doctype html><title>Maintenance</title><p>We are back in a moment."));
}

static void put_empty(struct buf *b, const struct sandbox_answer *a)
{
    buf_adds(b, "HTTP/1.1 204 No Content\r\n\r\n");
}

static void put_noid(struct buf *b, const struct sandbox_answer *a)
{
    put_plain(b, 201, JSON_TYPE, STR_LIT("{\"status\":\"UNFINISHED\",\"version\":\"1\"}"));
}

static void put_invalid(struct buf *b, const struct sandbox_answer *a)
{
    put_plain(b, 200, JSON_TYPE, STR_LIT("{\"id\":01,'status':UNFINISHED,}"));
}

static void put_truncated(struct buf *b, const struct sandbox_answer *a)
{
    put_head(b, a, NULL);
    put_body(b, (struct str){a->body.p, a->body.n / 2});
}

static void put_type(struct buf *b, const struct sandbox_answer *a)
{
    put_head(b, a, "text/plain");
    put_body(b, a->body);
}

static void put_header(struct buf *b, const struct sandbox_answer *a)
{
    put_head(b, a, NULL);
    buf_adds(b, "X-Long: ");
    for (size_t i = 0; i < LONG_HEADER; i++)
        buf_addc(b, 'x');
    buf_adds(b, "\r\n");
    put_body(b, a->body);
}

static void put_twice(struct buf *b, const struct sandbox_answer *a)
{
    for (int i = 0; i < 2; i++) {
        put_head(b, a, NULL);
        put_body(b, a->body);
    }
}

static void put_gzip(struct buf *b, const struct sandbox_answer *a)
{
    static const char zeros[PIECE];
    struct buf packed;
    z_stream z = {0};
    buf_init(&packed, BUF_MAX_DEFAULT);
    /* 16 above the window's size asks for a gzip header (zlib.h). */
    if (deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK) {
        size_t left = BOMB_BYTES;
        do {
            if (!z.avail_in) {
                z.next_in = (Bytef *)zeros;
                z.avail_in = (uInt)(left < PIECE ? left : PIECE);
                left -= z.avail_in;
            }
            z.next_out = (Bytef *)buf_room(&packed, PIECE);
            z.avail_out = (uInt)PIECE;
            int rc = deflate(&z, left ? Z_NO_FLUSH : Z_FINISH);
            packed.n += PIECE - z.avail_out;
            if (rc != Z_OK)
                break;
        } while (true);
        deflateEnd(&z);
    }
    struct sandbox_answer head = {.status = 200};
    put_head(b, &head, JSON_TYPE);
    buf_adds(b, "Content-Encoding: gzip\r\n");
    put_body(b, buf_str(&packed));
    buf_free(&packed);
}

static const struct {
    const char *name;
    void (*put)(struct buf *b, const struct sandbox_answer *a);
} broken[] = {
    {"html", put_html},
    {"empty", put_empty},
    {"noid", put_noid},
    {"invalid", put_invalid},
    {"truncated", put_truncated},
    {"type", put_type},
    {"gzip", put_gzip},
    {"header", put_header},
    {"twice", put_twice},
    {"endless", NULL},
    {"bytes", NULL},
    {"slow", NULL},
};

bool sandbox_answer_known(struct str name)
{
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++)
        if (str_is(name, broken[i].name))
            return true;
    return false;
}

static void send_endless(struct drip *d, const struct sandbox_answer *a)
{
    struct buf head;
    buf_init(&head, BUF_MAX_DEFAULT);
    struct sandbox_answer start = {.status = 200};
    put_head(&head, &start, JSON_TYPE);
    buf_adds(&head, "\r\n[");
    for (size_t i = 0; i < PIECE / 2; i++)
        buf_adds(&d->bytes, "1,");
    d->endless = true;
    d->pause_ms = 1;
    if (!http_in_raw(d->x, buf_str(&head), HTTP_IN_MORE))
        drip_free(d);
    buf_free(&head);
}

static void send_bytes(struct drip *d, const struct sandbox_answer *a)
{
    put_head(&d->bytes, a, NULL);
    buf_adds(&d->bytes, "Transfer-Encoding: chunked\r\n\r\n");
    for (size_t i = 0; i < a->body.n; i++)
        buf_addf(&d->bytes, "1\r\n%c\r\n", a->body.p[i]);
    buf_adds(&d->bytes, "0\r\n\r\n");
    d->step = BYTES_A_TURN;
    d->pause_ms = 1;
}

static void send_slow(struct drip *d, const struct sandbox_answer *a)
{
    put_head(&d->bytes, a, NULL);
    put_body(&d->bytes, a->body);
    d->step = 1;
    d->pause_ms = 100;
}

void sandbox_answer_break(struct loop *l, struct list *drips, struct http_in_exchange *x,
    const struct sandbox_answer *answer, const char *how)
{
    if (!strcmp(how, "endless")) {
        send_endless(drip_new(l, drips, x), answer);
    } else if (!strcmp(how, "bytes")) {
        send_bytes(drip_new(l, drips, x), answer);
    } else if (!strcmp(how, "slow")) {
        send_slow(drip_new(l, drips, x), answer);
    } else {
        struct buf b;
        buf_init(&b, BUF_MAX_DEFAULT);
        for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++)
            if (broken[i].put && !strcmp(how, broken[i].name))
                broken[i].put(&b, answer);
        http_in_raw(x, buf_str(&b), HTTP_IN_LAST);
        buf_free(&b);
    }
}

void sandbox_answer_cut(
    struct http_in_exchange *x, const struct sandbox_answer *answer, int64_t where)
{
    struct buf b;
    buf_init(&b, BUF_MAX_DEFAULT);
    put_head(&b, answer, NULL);
    size_t head = b.n;
    put_body(&b, answer->body);
    size_t n = (size_t)where;
    if (where == FAULT_CUT_STATUS)
        n = strlen("HTTP/1.1 ");
    else if (where == FAULT_CUT_HEADER)
        n = head / 2 + strlen("HTTP/1.1 200 OK\r\n") / 2;
    else if (where == FAULT_CUT_BODY)
        n = b.n - (answer->body.n + 1) / 2;
    if (n == 0)
        http_in_abort(x);
    else
        http_in_raw(x, (struct str){b.p, n < b.n ? n : b.n}, HTTP_IN_LAST_CLOSE);
    buf_free(&b);
}
