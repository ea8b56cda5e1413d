#include "routes.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "access_log.h"
#include "clock.h"
#include "http_strict.h"
#include "list.h"
#include "log.h"
#include "mem.h"
#include "metrics_page.h"
#include "reply.h"

/* A body of megabytes takes long to judge: of those that come at once there is one a turn of the
 * loop, and what else is to be done comes between them. */
#define LARGE_BODY ((size_t)256 << 10)

struct large {
    struct list node;
    struct http_in_exchange *exchange;
    struct str names; /* of its path */
};

struct routes {
    const struct parts *parts;
    struct list larges; /* that wait for their turn */
    struct loop_timer *next_large;
    struct metrics_page *metrics;
    struct api *api;
    char *public_url;          /* without a slash at its end; NULL: not known */
    const struct front *front; /* NULL: /metrics does not tell of one */
    int64_t refused;           /* requests that never became a delivery: too large, not HTTP */
    int64_t said_ms, unsaid;   /* of refusals: the second in which they were last logged, and those
                                * since that were not */
    int said;                  /* lines of that second */
};

static void take_large(void *arg);

struct routes *routes_new(const struct parts *p, struct api *api)
{
    struct routes *r = mem_zalloc(1, sizeof(*r));
    list_init(&r->larges);
    r->next_large = loop_timer_new(p->loop, take_large, r);
    r->parts = p;
    r->metrics = metrics_page_new(p);
    r->api = api;
    return r;
}

void routes_free(struct routes *r)
{
    struct list *node;
    while ((node = list_shift(&r->larges)) != NULL) {
        struct large *l = LIST_OF(node, struct large, node);
        reply_error(l->exchange, 503, "the host is about to stop; send it again");
        mem_free(l);
    }
    loop_timer_free(r->next_large);
    metrics_page_free(r->metrics);
    mem_free(r->public_url);
    mem_free(r);
}

int routes_set_public_url(struct routes *r, const char *url, struct err *e)
{
    size_t n = url ? strlen(url) : 0;
    if (!url)
        return 0;
    if ((!str_starts(str_of(url), "https://") && !str_starts(str_of(url), "http://")) ||
        strpbrk(url, "?# \t") || n < 9)
        return err_set(e, ERR_USAGE,
            "--public-url %s: it is how others reach the host, like https://hooks.example.com",
            url);
    while (url[n - 1] == '/')
        n--;
    mem_free(r->public_url);
    r->public_url = mem_dupn(url, n);
    return 0;
}

void routes_serve(struct routes *r, const struct front *f)
{
    r->front = f;
}

static void on_ingested(void *arg, const struct engine_reply *r)
{
    struct http_in_exchange *x = arg;
    struct http_header h[2] = {{STR_LIT("Content-Type"), STR_LIT("application/json")}};
    char wait[16];
    int n = 1;
    if (r->retry_after) {
        snprintf(wait, sizeof(wait), "%d", r->retry_after);
        h[n++] = (struct http_header){{"Retry-After", 11}, str_of(wait)};
    }
    http_in_reply(x, r->status, h, n, r->json);
}

#define NAME_MAX_BYTES 128

/* "{company}/{connection}", each into NAME_MAX_BYTES and a NUL; false if it is not that. */
static bool split_names(struct str path, char *company, char *connection)
{
    struct str second;
    struct str first = str_cut(path, '/', &second);
    if (!first.n || !second.n || first.n > NAME_MAX_BYTES || second.n > NAME_MAX_BYTES ||
        memchr(second.p, '/', second.n))
        return false;
    memcpy(company, first.p, first.n);
    company[first.n] = 0;
    memcpy(connection, second.p, second.n);
    connection[second.n] = 0;
    return true;
}

/* The address that the sender posted to: below the public one if there is one, else as the request
 * itself says it. */
static void put_url(const struct routes *r, const struct http_in_request *q, struct buf *b)
{
    struct str host = http_header_get(q->headers, q->nheaders, "Host");
    struct str target = q->target;
    if (r->public_url) {
        target = http_target_local(target);
        buf_adds(b, r->public_url);
    } else if (target.n && target.p[0] == '/') { /* else the absolute form, which says it all */
        buf_adds(b, q->secure ? "https://" : "http://");
        buf_add(b, host.p, host.n);
    }
    buf_add(b, target.p, target.n);
}

/* POST /hooks/{company}/{connection} */
static void take_hook(struct routes *r, struct http_in_exchange *x, struct str rest)
{
    const struct http_in_request *q = http_in_request(x);
    char company[NAME_MAX_BYTES + 1], connection[NAME_MAX_BYTES + 1];
    if (strcmp(q->method, "POST")) {
        reply_method(x, "POST");
        return;
    }
    if (!split_names(rest, company, connection)) {
        reply_error(x, 404, "webhooks are posted to /hooks/{company}/{connection}");
        return;
    }
    struct buf url;
    buf_init(&url, 1 << 20);
    put_url(r, q, &url);
    struct engine_delivery d = {.company = company,
        .connection = connection,
        .method = q->method,
        .url = buf_str(&url),
        .headers = q->headers,
        .nheaders = q->nheaders,
        .body = q->body};
    engine_ingest(r->parts->engine, &d, on_ingested, x);
    buf_free(&url);
}

static void take_large(void *arg)
{
    struct routes *r = arg;
    struct large *l = LIST_OF(list_shift(&r->larges), struct large, node);
    if (!list_empty(&r->larges))
        loop_timer_arm(r->next_large, 0);
    take_hook(r, l->exchange, l->names);
    mem_free(l);
}

static void hook(struct routes *r, struct http_in_exchange *x, struct str names)
{
    if (http_in_request(x)->body.n < LARGE_BODY) {
        take_hook(r, x, names);
        return;
    }
    struct large *l = mem_zalloc(1, sizeof(*l));
    l->exchange = x;
    l->names = names;
    if (list_empty(&r->larges))
        loop_timer_arm(r->next_large, 0);
    list_append(&r->larges, &l->node);
}

static void health(struct routes *r, struct http_in_exchange *x, const char *path)
{
    if (!http_in_reads(http_in_request(x))) {
        reply_method(x, "GET, HEAD");
    } else if (!strcmp(path, "/healthz")) {
        reply_text(x, 200, "ok\n");
    } else if (!strcmp(path, "/readyz")) {
        bool ready = engine_ready(r->parts->engine);
        reply_text(x, ready ? 200 : 503, ready ? "ready\n" : "not ready\n");
    } else {
        metrics_page_ask(r->metrics, r->front, r->refused, x);
    }
}

void routes_handle(void *arg, struct http_in_exchange *x)
{
    struct routes *r = arg;
    struct str path = http_in_request(x)->path;
    if (str_starts(path, "/hooks/"))
        hook(r, x, (struct str){path.p + 7, path.n - 7});
    else if (r->api && str_starts(path, API_PATH))
        api_handle(r->api, x);
    else if (r->api && str_is(path, "/oauth/callback"))
        api_callback(r->api, x);
    else if (str_is(path, "/healthz"))
        health(r, x, "/healthz");
    else if (str_is(path, "/readyz"))
        health(r, x, "/readyz");
    else if (str_is(path, "/metrics"))
        health(r, x, "/metrics");
    else
        reply_error(x, 404,
            "there is nothing at this path: webhooks are posted to "
            "/hooks/{company}/{connection}");
}

/* Who sends nonsense shall not fill the log: so many lines a second, and how many there were. */
#define LINES_A_SECOND 10

static bool may_say(struct routes *r)
{
    int64_t now = clock_mono_ms();
    if (now - r->said_ms >= 1000) {
        char n[24];
        snprintf(n, sizeof(n), "%" PRId64, r->unsaid);
        if (r->unsaid)
            log_event(LOG_WARN, "more requests were refused", "requests", n, NULL);
        r->said_ms = now;
        r->said = 0;
        r->unsaid = 0;
    }
    if (++r->said <= LINES_A_SECOND)
        return true;
    r->unsaid++;
    return false;
}

static void say_refused(const char *client, struct str target, int status, const char *why)
{
    char code[8];
    struct buf where;
    buf_init(&where, 65536);
    access_target_put(&where, target);
    buf_addc(&where, 0);
    snprintf(code, sizeof(code), "%d", status);
    log_event(LOG_WARN, "request refused", "client", client, "target", where.p ? where.p : "",
        "status", code, "why", why, NULL);
    buf_free(&where);
}

/* A delivery that the HTTP server itself refused is never just dropped: it is counted and said. */
void routes_refused(void *arg, const char *client, struct str target, int status, const char *why)
{
    struct routes *r = arg;
    r->refused++;
    if (may_say(r))
        say_refused(client, target, status, why);
    char company[NAME_MAX_BYTES + 1], connection[NAME_MAX_BYTES + 1];
    struct str query, path = str_cut(target, '?', &query);
    if (str_starts(path, "/hooks/") &&
        split_names((struct str){path.p + 7, path.n - 7}, company, connection))
        engine_refused(r->parts->engine, company, connection, status, why);
}
