/* What can be asked of the sandbox server itself while it runs:
 *
 *   GET  /_ledger?from=N&sandbox=NAME      the ledger, one JSON object a line (sandbox_ledger.h)
 *   GET  /_control/faults?sandbox=NAME     how often each fault showed, and its words
 *   POST /_control/faults?sandbox=NAME     the body is a fault spec that replaces the faults
 *   POST /_control/seed?sandbox=NAME       the body is JSON for the sandbox's seed()
 *   GET  /_control/state?sandbox=NAME      what it holds
 *   POST /_control/canaries                texts to look for, "NAME TEXT" a line
 *
 * Without sandbox=NAME faults are those of all, and the others ask the first one. */
#include <string.h>

#include "mem.h"
#include "sandbox_inside.h"

struct control {
    struct list node;
    struct http_in_exchange *x;
};

static void reply(struct http_in_exchange *x, int status, const char *type, struct str body)
{
    const struct http_header h[] = {
        {STR_LIT("Content-Type"), str_of(type)},
        {STR_LIT("Cache-Control"), STR_LIT("no-store")},
    };
    http_in_reply(x, status, h, 2, body);
}

static void reply_text(struct http_in_exchange *x, int status, const char *text)
{
    reply(x, status, "text/plain; charset=utf-8", str_of(text));
}

static void reply_buf(struct http_in_exchange *x, const char *type, struct buf *b)
{
    reply(x, 200, type, buf_str(b));
    buf_free(b);
}

static void ledger(struct sandbox_server *s, struct http_in_exchange *x, const char *sandbox)
{
    char *text = http_in_query(http_in_request(x), "from");
    struct buf b;
    int64_t from = 1;
    buf_init(&b, (size_t)1 << 40);
    if (text && !str_to_i64(str_of(text), &from))
        reply_text(x, 400, "from is a number\n");
    else {
        sandbox_ledger_write(s->ledger, &b, from, sandbox);
        reply(x, 200, "application/x-ndjson", buf_str(&b));
    }
    buf_free(&b);
    mem_free(text);
}

static bool is_meant(const struct sandbox *b, const char *name)
{
    return !name || !strcmp(b->name, name);
}

static void show_faults(struct sandbox_server *s, struct http_in_exchange *x, const char *name)
{
    struct buf b;
    buf_init(&b, BUF_MAX_DEFAULT);
    for (struct list *n = s->sandboxes.next; n != &s->sandboxes; n = n->next)
        if (is_meant(LIST_OF(n, struct sandbox, node), name))
            fault_write(&b, LIST_OF(n, struct sandbox, node)->faults);
    reply_buf(x, "text/plain; charset=utf-8", &b);
}

static void set_faults(struct sandbox_server *s, struct http_in_exchange *x, const char *name)
{
    struct err e = {0};
    for (struct list *n = s->sandboxes.next; n != &s->sandboxes; n = n->next) {
        struct sandbox *b = LIST_OF(n, struct sandbox, node);
        if (is_meant(b, name) &&
            sandbox_server_fault(s, b->name, http_in_request(x)->body, &e) < 0) {
            reply_text(x, 400, e.text);
            return;
        }
    }
    reply_text(x, 200, "ok\n");
}

static void on_called(void *arg, struct str json, const struct err *e)
{
    struct control *c = arg;
    list_remove(&c->node);
    if (c->x && e)
        reply_text(c->x, 400, e->text);
    else if (c->x)
        reply(c->x, 200, "application/json", json);
    mem_free(c);
}

/* Calls seed() or state() of a sandbox. */
static void ask(
    struct sandbox_server *s, struct http_in_exchange *x, const char *name, const char *function)
{
    struct err e = {0};
    struct control *c = mem_zalloc(1, sizeof(*c));
    c->x = x;
    list_append(&s->controls, &c->node);
    if (!name && !list_empty(&s->sandboxes))
        name = LIST_OF(s->sandboxes.next, struct sandbox, node)->name;
    if (sandbox_server_call(
            s, name ? name : "", function, http_in_request(x)->body, on_called, c, &e) < 0) {
        list_remove(&c->node);
        mem_free(c);
        reply_text(x, 404, e.text);
    }
}

static void set_canaries(struct sandbox_server *s, struct http_in_exchange *x)
{
    struct err e = {0};
    if (sandbox_ledger_canaries(s->ledger, http_in_request(x)->body, &e) < 0)
        reply_text(x, 400, e.text);
    else
        reply_text(x, 200, "ok\n");
}

bool sandbox_control_takes(struct sandbox_server *s, struct http_in_exchange *x)
{
    const struct http_in_request *q = http_in_request(x);
    bool post = !strcmp(q->method, "POST");
    char *name;
    if (!str_starts(q->path, "/_control/") && !str_is(q->path, "/_ledger"))
        return false;
    name = http_in_query(q, "sandbox");
    if (str_is(q->path, "/_ledger"))
        ledger(s, x, name);
    else if (str_is(q->path, "/_control/faults") && post)
        set_faults(s, x, name);
    else if (str_is(q->path, "/_control/faults"))
        show_faults(s, x, name);
    else if (str_is(q->path, "/_control/seed") && post)
        ask(s, x, name, "seed");
    else if (str_is(q->path, "/_control/state"))
        ask(s, x, name, "state");
    else if (str_is(q->path, "/_control/canaries") && post)
        set_canaries(s, x);
    else
        reply_text(x, 404, "there is /_ledger, and /_control/faults, seed, state and canaries\n");
    mem_free(name);
    return true;
}

void sandbox_control_stop(struct sandbox_server *s)
{
    struct list *n;
    while ((n = list_shift(&s->controls)) != NULL) {
        struct control *c = LIST_OF(n, struct control, node);
        http_in_abort(c->x);
        c->x = NULL; /* the call's end frees it */
    }
}
