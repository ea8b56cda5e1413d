#include "sandbox_server.h"

#include <stdio.h>
#include <string.h>

#include "jsondoc.h"
#include "mem.h"
#include "sandbox_inside.h"

/* A call of state() or seed(). */
struct query {
    scripts_loaded_fn fn;
    void *arg;
};

struct sandbox *sandbox_find(struct sandbox_server *s, struct str path, struct str *inner)
{
    for (struct list *n = s->sandboxes.next; n != &s->sandboxes; n = n->next) {
        struct sandbox *b = LIST_OF(n, struct sandbox, node);
        size_t len = strlen(b->name);
        if (path.n > len && path.p[0] == '/' && !memcmp(path.p + 1, b->name, len) &&
            (path.n == len + 1 || path.p[len + 1] == '/')) {
            *inner =
                path.n == len + 1 ? STR_LIT("/") : (struct str){path.p + len + 1, path.n - len - 1};
            return b;
        }
    }
    struct list *only = s->sandboxes.next;
    if (only != &s->sandboxes && only->next == &s->sandboxes) {
        *inner = path;
        return LIST_OF(only, struct sandbox, node);
    }
    return NULL;
}

static void on_request(void *arg, struct http_in_exchange *x)
{
    struct sandbox_server *s = arg;
    struct str inner;
    if (sandbox_control_takes(s, x))
        return;
    if (sandbox_find(s, http_in_request(x)->path, &inner))
        sandbox_exchange_begin(s, x);
    else
        sandbox_index_reply(s, x);
}

static bool on_accept(void *arg)
{
    struct sandbox_server *s = arg;
    for (struct list *n = s->sandboxes.next; n != &s->sandboxes; n = n->next)
        if (fault_take_accept(LIST_OF(n, struct sandbox, node)->faults))
            return true;
    return false;
}

static bool on_head(void *arg, const struct http_in_request *q)
{
    struct sandbox_server *s = arg;
    struct str inner;
    struct sandbox *b = sandbox_find(s, q->path, &inner);
    if (!b || !fault_take_head(b->faults, q->method, inner, q->nth > 0))
        return false;
    sandbox_ledger_line(
        s->ledger, sandbox_ledger_add(s->ledger, b->name, q, inner, "head"), 0, "cut");
    return true;
}

struct sandbox_server *sandbox_server_new(struct loop *l, struct scripts *scripts,
    const char *system_hash, const char *listen, struct err *e)
{
    struct sandbox_server *s = mem_zalloc(1, sizeof(*s));
    struct http_in_config c;
    http_in_config_defaults(&c);
    c.listen = listen;
    s->loop = l;
    s->scripts = scripts;
    s->system_hash = mem_dup(system_hash);
    list_init(&s->sandboxes);
    list_init(&s->requests);
    list_init(&s->lates);
    list_init(&s->drips);
    list_init(&s->controls);
    s->fixed_port = !str_ends(str_of(listen), ":0");
    s->ledger = sandbox_ledger_new();
    s->deliver = sandbox_deliver_new(l, e);
    s->http = s->deliver ? http_in_start(l, &c, on_request, s, e) : NULL;
    if (!s->http) {
        sandbox_server_free(s);
        return NULL;
    }
    http_in_on_early(
        s->http, &(struct http_in_early){.accept = on_accept, .head = on_head, .arg = s});
    return s;
}

static void sandbox_free(struct sandbox *b)
{
    list_remove(&b->node);
    sandbox_lines_free(b->lines);
    if (b->context)
        scripts_unload(b->server->scripts, b->context);
    fault_free(b->faults);
    mem_free(b->name);
    mem_free(b->kind);
    mem_free(b->context);
    mem_free(b->options);
    mem_free(b);
}

void sandbox_server_free(struct sandbox_server *s)
{
    if (!s)
        return;
    sandbox_exchange_stop(s);
    sandbox_control_stop(s);
    sandbox_deliver_free(s->deliver);
    if (s->http)
        http_in_free(s->http);
    while (!list_empty(&s->sandboxes))
        sandbox_free(LIST_OF(s->sandboxes.next, struct sandbox, node));
    sandbox_ledger_free(s->ledger);
    mem_free(s->system_hash);
    mem_free(s);
}

const char *sandbox_server_address(const struct sandbox_server *s)
{
    return http_in_address(s->http);
}

static struct sandbox *by_name(struct sandbox_server *s, const char *name, struct err *e)
{
    for (struct list *n = s->sandboxes.next; n != &s->sandboxes; n = n->next)
        if (!strcmp(LIST_OF(n, struct sandbox, node)->name, name))
            return LIST_OF(n, struct sandbox, node);
    err_set(e, ERR_NOT_FOUND, "there is no sandbox '%s'", name);
    return NULL;
}

static void load(struct sandbox *b, scripts_loaded_fn fn, void *arg)
{
    if (b->context)
        scripts_unload(b->server->scripts, b->context);
    mem_free(b->context);
    b->context = mem_printf("sandbox:%s#%u", b->name, b->server->loads++);
    char *module = mem_printf("sandbox.%s", b->kind);
    scripts_load(b->server->scripts, b->context, SCRIPT_SINGLE, module, b->server->system_hash,
        STR_LIT("{}"), str_of(b->options), fn, arg);
    mem_free(module);
}

/* Mails come to the port after the pages', or to any if that was left open. */
static struct sandbox_lines *open_lines(struct sandbox *b, struct err *e)
{
    const char *address = sandbox_server_address(b->server), *colon = strrchr(address, ':');
    int64_t port = 0;
    if (b->server->fixed_port)
        str_to_i64(str_of(colon + 1), &port);
    char *listen = mem_printf(
        "%.*s:%d", (int)(colon - address), address, port && port < 65535 ? (int)port + 1 : 0);
    struct sandbox_lines *l = sandbox_lines_new(
        b->server->loop, b->server->scripts, (const char *const *)&b->context, listen, e);
    mem_free(listen);
    return l;
}

int sandbox_server_add(struct sandbox_server *s, const char *name, const char *kind,
    struct str options, struct str faults, scripts_loaded_fn fn, void *arg, struct err *e)
{
    struct fault_list *f = fault_parse(faults, e);
    if (!f)
        return -1;
    struct sandbox *b = mem_zalloc(1, sizeof(*b));
    b->server = s;
    b->name = mem_dup(name);
    b->kind = mem_dup(kind);
    b->options = options.n ? mem_dupn(options.p, options.n) : mem_dup("{}");
    b->faults = f;
    list_append(&s->sandboxes, &b->node);
    if (!strcmp(kind, "smtp") && !(b->lines = open_lines(b, e))) {
        sandbox_free(b);
        return -1;
    }
    load(b, fn, arg);
    return 0;
}

char *sandbox_server_url(const struct sandbox_server *s, const char *name, struct str manifest)
{
    for (struct list *n = s->sandboxes.next; n != &s->sandboxes; n = n->next) {
        const struct sandbox *b = LIST_OF(n, struct sandbox, node);
        if (b->lines && !strcmp(b->name, name))
            return mem_printf("smtp+plain://%s", sandbox_lines_address(b->lines));
    }
    struct jsondoc *d = jsondoc_parse(manifest, NULL);
    const char *path = jsonv_str(jsonv_get(d ? jsondoc_root(d) : NULL, "path"), "");
    char *url = mem_printf("http://%s/%s%s", sandbox_server_address(s), name, path);
    jsondoc_free(d);
    return url;
}

int sandbox_server_fault(
    struct sandbox_server *s, const char *name, struct str faults, struct err *e)
{
    struct sandbox *b = by_name(s, name, e);
    struct fault_list *f = b ? fault_parse(faults, e) : NULL;
    if (!f)
        return -1;
    fault_free(b->faults);
    b->faults = f;
    return 0;
}

int sandbox_server_clear(
    struct sandbox_server *s, const char *name, scripts_loaded_fn fn, void *arg, struct err *e)
{
    struct sandbox *b = by_name(s, name, e);
    if (!b || sandbox_server_fault(s, name, STR_NONE, e) < 0)
        return -1;
    load(b, fn, arg);
    return 0;
}

static void query_step(void *arg, uint32_t seq, struct str spec, struct str body)
{
}

static void query_log(void *arg, const char *level, struct str text)
{
}

static void query_end(
    void *arg, enum script_outcome o, struct str json, struct str body, bool guilty)
{
    struct query *q = arg;
    struct err e = {0};
    if (o != SCRIPT_RETURNED)
        err_set(&e, ERR_SCRIPT, "%.*s", (int)(json.n < 900 ? json.n : 900), json.p ? json.p : "");
    q->fn(q->arg, json, o == SCRIPT_RETURNED ? NULL : &e);
    mem_free(q);
}

int sandbox_server_call(struct sandbox_server *s, const char *name, const char *function,
    struct str argument, scripts_loaded_fn fn, void *arg, struct err *e)
{
    struct sandbox *b = by_name(s, name, e);
    if (!b)
        return -1;
    struct query *q = mem_alloc(sizeof(*q));
    *q = (struct query){fn, arg};
    struct script_handlers h = {.step = query_step, .log = query_log, .end = query_end, .arg = q};
    scripts_call(
        s->scripts, b->context, function, argument.n ? argument : STR_LIT("{}"), STR_NONE, &h);
    return 0;
}
