#include "sandbox_deliver.h"

#include <stdio.h>

#include "buf.h"
#include "http_out.h"
#include "json.h"
#include "mem.h"
#include "sandbox_inside.h"

#define HEADERS_MAX 16
#define TIMEOUT_MS  10000
#define ANSWER_MAX  65536

static const int64_t pauses_ms[] = {1000, 5000, 25000};
#define TRIES ((int)(sizeof(pauses_ms) / sizeof(pauses_ms[0])) + 1)

struct sandbox_deliver {
    struct loop *loop;
    struct http_out *http;
    struct list posts;
};

struct post {
    struct list node;
    struct sandbox_deliver *deliver;
    struct sandbox *sandbox;
    struct jsondoc *doc; /* of this post: its slices are the request's */
    int64_t number;
    int tries;
    struct http_out_transfer *transfer;
    struct loop_timer *timer;
};

struct sandbox_deliver *sandbox_deliver_new(struct loop *l, struct err *e)
{
    struct http_out_config c;
    http_out_config_defaults(&c);
    c.user_agent = "sauma-sandbox";
    struct http_out *http = http_out_new(l, &c, e);
    if (!http)
        return NULL;
    struct sandbox_deliver *d = mem_zalloc(1, sizeof(*d));
    d->loop = l;
    d->http = http;
    list_init(&d->posts);
    return d;
}

static void post_free(struct post *p)
{
    list_remove(&p->node);
    if (p->transfer)
        http_out_cancel(p->transfer);
    if (p->timer)
        loop_timer_free(p->timer);
    jsondoc_free(p->doc);
    mem_free(p);
}

void sandbox_deliver_free(struct sandbox_deliver *d)
{
    if (!d)
        return;
    while (!list_empty(&d->posts))
        post_free(LIST_OF(d->posts.next, struct post, node));
    http_out_free(d->http);
    mem_free(d);
}

/* ---- telling the sandbox what became of it ---- */

static void no_step(void *arg, uint32_t seq, struct str spec, struct str body)
{
}

static void no_log(void *arg, const char *level, struct str text)
{
}

static void no_end(void *arg, enum script_outcome o, struct str json, struct str body, bool guilty)
{
}

static void tell(const struct post *p, int status, const char *problem, bool final)
{
    static const struct script_handlers nobody = {.step = no_step, .log = no_log, .end = no_end};
    struct buf b;
    buf_init(&b, 65536);
    buf_addf(&b, "{\"number\":%lld,\"status\":%d,\"tries\":%d,\"final\":%s", (long long)p->number,
        status, p->tries, final ? "true" : "false");
    if (problem) {
        buf_adds(&b, ",\"problem\":");
        json_put_cstring(&b, problem);
    }
    buf_addc(&b, '}');
    scripts_call(p->sandbox->server->scripts, p->sandbox->context, "delivered", buf_str(&b),
        STR_NONE, &nobody);
    buf_free(&b);
}

/* ---- posting ---- */

static void post_start(void *arg);

static void on_done(void *arg, const struct http_out_result *r)
{
    struct post *p = arg;
    bool taken = r->outcome == HTTP_OUT_ANSWERED && r->status < 300;
    char words[200] = "";
    p->transfer = NULL;
    /* What the receiver says of a refusal is what the person at the page needs. */
    if (r->outcome == HTTP_OUT_ANSWERED && !taken)
        snprintf(words, sizeof(words), "%.*s", (int)(r->body.n < 180 ? r->body.n : 180),
            r->body.n ? r->body.p : "");
    bool final = taken || p->tries >= TRIES;
    tell(p, r->outcome == HTTP_OUT_ANSWERED ? r->status : 0,
        r->problem ? r->problem
        : words[0] ? words
                   : NULL,
        final);
    if (final)
        post_free(p);
    else
        loop_timer_arm(p->timer, pauses_ms[p->tries - 1]);
}

static void post_start(void *arg)
{
    struct post *p = arg;
    const struct jsonv *root = jsondoc_root(p->doc);
    const struct jsonv *headers = jsonv_get(root, "headers"), *body = jsonv_get(root, "body");
    struct http_header h[HEADERS_MAX];
    int n = 0;
    for (const struct jsonv *v = headers ? headers->child : NULL; v && n < HEADERS_MAX; v = v->next)
        h[n++] = (struct http_header){v->key, v->text};
    const struct http_out_request q = {.method = "POST",
        .url = jsonv_str(jsonv_get(root, "url"), ""),
        .headers = h,
        .nheaders = n,
        .body = body ? body->text : STR_NONE,
        .write = true,
        .timeout_ms = TIMEOUT_MS,
        .max_body = ANSWER_MAX};
    p->tries++;
    p->transfer = http_out_start(p->deliver->http, &q, on_done, p);
}

void sandbox_deliver_all(
    struct sandbox_deliver *d, struct sandbox *sandbox, const struct jsonv *list)
{
    for (const struct jsonv *v = list ? list->child : NULL; v; v = v->next) {
        struct buf b;
        buf_init(&b, BUF_MAX_DEFAULT);
        jsonv_write(&b, v);
        struct post *p = mem_zalloc(1, sizeof(*p));
        p->deliver = d;
        p->sandbox = sandbox;
        p->number = jsonv_int(jsonv_get(v, "number"), 0);
        p->doc = jsondoc_parse(buf_str(&b), NULL);
        p->timer = loop_timer_new(d->loop, post_start, p);
        list_append(&d->posts, &p->node);
        buf_free(&b);
        post_start(p);
    }
}
