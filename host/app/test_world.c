#include "test_world.h"

#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "mem.h"
#include "routes.h"
#include "test_sign.h"

struct opening {
    struct test_world *world;
    test_world_fn fn;
    void *arg;
};

static void on_loaded(void *arg, const char *company, const char *version, const struct err *error)
{
    struct opening *o = arg;
    if (!error)
        engine_start(o->world->parts->engine);
    o->fn(o->arg, error);
    mem_free(o);
}

int test_world_open(struct test_world *w, const struct parts_options *o,
    const struct engine_settings *s, test_world_fn fn, void *arg, struct err *e)
{
    struct parts *p = w->parts;
    struct http_in_config hc;
    struct http_out_config oc;
    w->open = true;
    w->began_ms = clock_mono_ms();
    if (parts_open_engine(p, o, s, e) < 0)
        return -1;
    http_out_config_defaults(&oc);
    if (!(w->client = http_out_new(p->loop, &oc, e)))
        return -1;
    w->routes = routes_new(p, NULL);
    http_in_config_defaults(&hc);
    hc.listen = "127.0.0.1:0";
    if (!(w->http = http_in_start(p->loop, &hc, routes_handle, w->routes, e)))
        return -1;
    w->record = test_record_new(p->loop);
    test_record_follow(w->record, p->engine);
    w->sandboxes = sandbox_server_new(p->loop, p->scripts, p->system.hash, "127.0.0.1:0", e);
    if (!w->sandboxes)
        return -1;
    struct opening *op = mem_alloc(sizeof(*op));
    *op = (struct opening){w, fn, arg};
    engine_load_company(p->engine, w->company, w->dir, on_loaded, op);
    return 0;
}

void test_world_close(struct test_world *w)
{
    if (!w->open)
        return;
    w->open = false;
    if (w->client)
        http_out_free(w->client);
    if (w->http)
        http_in_free(w->http);
    parts_close_engine(w->parts);
    sandbox_server_free(w->sandboxes);
    if (w->routes)
        routes_free(w->routes);
    test_record_free(w->record);
    w->client = NULL;
    w->http = NULL;
    w->sandboxes = NULL;
    w->routes = NULL;
    w->record = NULL;
}

#define HEADERS_MAX 32

/* A delivery on its way; strings that its headers point to live here. */
struct delivery {
    test_delivered_fn fn;
    void *arg;
    struct http_header headers[HEADERS_MAX];
    int nheaders;
    struct test_signed proof;
};

static void on_answer(void *arg, const struct http_out_result *r)
{
    struct delivery *d = arg;
    struct err e = {0};
    if (r->outcome == HTTP_OUT_ANSWERED) {
        d->fn(d->arg, r->status, r->body, NULL);
    } else {
        err_set(&e, ERR_IO, "the delivery got no answer: %s", r->problem);
        d->fn(d->arg, 0, STR_NONE, &e);
    }
    mem_free(d);
}

static void add_header(struct delivery *d, struct str name, struct str value)
{
    if (d->nheaders < HEADERS_MAX)
        d->headers[d->nheaders++] = (struct http_header){name, value};
}

/* The value that a connection's webhook secret has in a test; the caller wipes it. */
static int webhook_secret(
    struct test_world *w, const struct manifest_connection *c, char **value, struct err *e)
{
    const struct manifest_value *v = &c->webhook.secrets[0];
    const struct resolver *r = w->parts->resolver;
    *value = NULL;
    if (v->kind == VALUE_SECRET)
        return r->secret(r->arg, w->company, v->text, value, e);
    if (v->kind == VALUE_ENV)
        return r->env(r->arg, w->company, v->text, value, e);
    if (v->kind == VALUE_LITERAL)
        *value = mem_dup(v->text);
    return v->kind == VALUE_LITERAL;
}

static int sign(struct test_world *w, struct delivery *d, const struct manifest_connection *c,
    const struct jsonv *options, const char *url, struct str body, struct err *e)
{
    const char *how = jsonv_str(jsonv_get(options, "signature"), "valid");
    char *secret;
    if (!strcmp(how, "none") || c->webhook.scheme == SCHEME_NONE)
        return 0;
    int found = webhook_secret(w, c, &secret, e);
    if (found <= 0)
        return found;
    int rc = test_sign(&d->proof, &c->webhook, strcmp(how, "wrong") ? secret : NULL, url,
        jsonv_str(jsonv_get(options, "id"), NULL), body, e);
    resolver_wipe(secret);
    for (int i = 0; i < d->proof.n; i++)
        add_header(d, d->proof.headers[i].name, d->proof.headers[i].value);
    return rc;
}

int test_world_deliver(struct test_world *w, const char *connection, const struct jsonv *options,
    struct str body, test_delivered_fn fn, void *arg, struct err *e)
{
    const struct manifest *m = engine_manifest(w->parts->engine, w->company);
    const struct manifest_connection *c = m ? manifest_connection(m, connection) : NULL;
    struct delivery *d = mem_zalloc(1, sizeof(*d));
    d->fn = fn;
    d->arg = arg;
    add_header(d, STR_LIT("Content-Type"), STR_LIT("application/json"));
    char *url =
        mem_printf("http://%s/hooks/%s/%s", http_in_address(w->http), w->company, connection);
    if (c && sign(w, d, c, options, url, body, e) < 0) {
        mem_free(url);
        mem_free(d);
        return -1;
    }
    const struct jsonv *id = jsonv_get(options, "id");
    if (id && id->type == JSONV_STRING)
        add_header(d, STR_LIT("X-Event-Id"), id->text);
    const struct jsonv *headers = jsonv_get(options, "headers");
    for (const struct jsonv *h = headers ? headers->child : NULL; h; h = h->next)
        add_header(d, h->key, h->text);
    struct http_out_request q = {
        .method = "POST",
        .url = url,
        .headers = d->headers,
        .nheaders = d->nheaders,
        .body = body,
        .write = true,
        .timeout_ms = 60000,
        .max_body = 1 << 20,
    };
    http_out_start(w->client, &q, on_answer, d);
    mem_free(url);
    return 0;
}
