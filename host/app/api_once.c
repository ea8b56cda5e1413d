#include "api_once.h"

#include <string.h>

#include "buf.h"
#include "clock.h"
#include "id.h"
#include "list.h"
#include "mem.h"
#include "reply.h"

#define KEY_MAX 255

struct api_once {
    struct store *store;
    int64_t keep_ms;
    char host[ID_TEXT]; /* this process, so that what another one left is known */
    struct list calls;
};

/* One request with a key, until its answer has left. */
struct call {
    struct list link;
    struct api_once *once; /* NULL: it is gone */
    struct http_in_exchange *x;
    void (*go)(void *arg, struct http_in_exchange *x);
    void *arg;
    char key[KEY_MAX + 1];
    int status;
    char *body;
    size_t nbody;
};

static const struct http_header json_type = {
    {"Content-Type", 12}, {"application/json; charset=utf-8", 31}};

struct api_once *api_once_new(struct store *s, int64_t keep_ms)
{
    struct api_once *o = mem_zalloc(1, sizeof(*o));
    o->store = s;
    o->keep_ms = keep_ms;
    id_new(o->host, "host_", clock_wall_ms());
    list_init(&o->calls);
    return o;
}

static void end(struct call *c)
{
    list_remove(&c->link);
    mem_free(c->body);
    mem_free(c);
}

void api_once_free(struct api_once *o)
{
    struct list *l;
    if (!o)
        return;
    while ((l = list_shift(&o->calls)) != NULL)
        LIST_OF(l, struct call, link)->once = NULL;
    mem_free(o);
}

/* ---- the first time ---- */

static void answer(struct call *c)
{
    http_in_reply(c->x, c->status, &json_type, 1, (struct str){c->body, c->nbody});
    end(c);
}

/* An answer that could not be kept is given all the same: what it tells of was done. */
static void on_kept(void *arg, const struct err *e)
{
    answer(arg);
}

/* Nothing was done and it is to be sent again: the key is free. */
static bool is_to_be_repeated(int status)
{
    return status == 503 || status == 429;
}

static void on_answer(void *arg, struct http_in_exchange *x, int status,
    const struct http_header *headers, int nheaders, struct str body)
{
    struct call *c = arg;
    c->status = status;
    c->body = mem_dupn(body.p ? body.p : "", body.n);
    c->nbody = body.n;
    if (!c->once)
        answer(c);
    else
        store_once_end(
            c->once->store, c->key, is_to_be_repeated(status) ? 0 : status, body, on_kept, c);
}

/* ---- each time ---- */

static void replay(struct call *c, int status, struct str body)
{
    struct http_header h[] = {json_type, {STR_LIT("Idempotency-Replayed"), STR_LIT("true")}};
    http_in_reply(c->x, status, h, 2, body);
    end(c);
}

static void refuse(struct call *c, int status, const char *words)
{
    reply_error(c->x, status, words);
    end(c);
}

static void on_begun(
    void *arg, enum store_once what, int status, struct str body, const struct err *e)
{
    struct call *c = arg;
    if (e || !c->once) {
        refuse(c, 503,
            e ? "the request could not be stored; send it again later"
              : "the host is about to stop; send it again");
        return;
    }
    switch (what) {
    case STORE_ONCE_NEW:
        http_in_before_reply(c->x, on_answer, c);
        c->go(c->arg, c->x);
        return;
    case STORE_ONCE_DONE:
        replay(c, status, body);
        return;
    case STORE_ONCE_RUNNING:
        refuse(c, 409, "a request with this Idempotency-Key is being carried out; ask again");
        return;
    case STORE_ONCE_OTHER:
        refuse(c, 422, "this Idempotency-Key was used for another request; take a new one");
        return;
    case STORE_ONCE_LOST:
        refuse(c, 500,
            "the host ended while it carried out the request with this Idempotency-Key: look whether "
            "it was done (`sauma acts`), and send it with a new key if not");
    }
}

static bool only_reads(const char *method)
{
    return !strcmp(method, "GET") || !strcmp(method, "HEAD") || !strcmp(method, "OPTIONS");
}

/* Two keys would be two opinions on which request this is. */
static bool several_keys(const struct http_in_request *q)
{
    int n = 0;
    for (int i = 0; i < q->nheaders; i++)
        n += str_ieq(q->headers[i].name, STR_LIT("Idempotency-Key"));
    return n > 1;
}

static bool good_key(struct str key)
{
    for (size_t i = 0; i < key.n; i++)
        if (key.p[i] < 0x21 || key.p[i] > 0x7e)
            return false;
    return key.n > 0 && key.n <= KEY_MAX;
}

void api_once_handle(struct api_once *o, struct http_in_exchange *x,
    void (*go)(void *arg, struct http_in_exchange *x), void *arg)
{
    const struct http_in_request *q = http_in_request(x);
    struct str key = http_header_get(q->headers, q->nheaders, "Idempotency-Key");
    char hash[33];
    if (!o || !key.p || only_reads(q->method)) {
        go(arg, x);
        return;
    }
    if (!good_key(key) || several_keys(q)) {
        reply_error(
            x, 400, "Idempotency-Key is one of 1 to 255 printable characters without blanks");
        return;
    }
    struct buf all;
    buf_init(&all, SIZE_MAX / 4);
    buf_addf(&all, "%s %zu ", q->method, q->target.n);
    buf_add(&all, q->target.p, q->target.n);
    buf_add(&all, q->body.p, q->body.n);
    id_hash(hash, all.p, all.n);
    buf_free(&all);
    struct call *c = mem_zalloc(1, sizeof(*c));
    c->once = o;
    c->x = x;
    c->go = go;
    c->arg = arg;
    memcpy(c->key, key.p, key.n);
    list_append(&o->calls, &c->link);
    struct store_once_key k = {c->key, hash, o->host, clock_wall_ms()};
    store_once_begin(o->store, &k, o->keep_ms, on_begun, c);
}
