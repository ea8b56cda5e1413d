#include "sandbox_server.h"

#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "http_in.h"
#include "jsondoc.h"
#include "list.h"
#include "log.h"
#include "mem.h"
#include "sandbox_fault.h"
#include "sandbox_request.h"

struct sandbox {
    struct list node;
    char *name, *kind, *context;
    char *options;
    struct fault_list *faults;
    struct sandbox_server *server;
};

struct sandbox_server {
    struct loop *loop;
    struct scripts *scripts;
    char *system_hash;
    struct http_in *http;
    struct list sandboxes;
    struct list requests; /* under way */
    unsigned loads;       /* makes the names of contexts unique */
};

/* One request on its way through a sandbox. */
struct request {
    struct list node;
    struct sandbox_server *server;
    struct sandbox *sandbox;
    struct http_in_exchange *x;
    struct str path;
    struct fault_plan plan;
    struct loop_timer *timer;
    struct script_call *call;
};

/* A call of state() or seed(). */
struct query {
    scripts_loaded_fn fn;
    void *arg;
};

static void request_free(struct request *r)
{
    list_remove(&r->node);
    if (r->timer)
        loop_timer_free(r->timer);
    mem_free(r);
}

static void reply_plain(struct request *r, int status, const char *text)
{
    const struct http_header h = {STR_LIT("Content-Type"), STR_LIT("text/plain; charset=utf-8")};
    http_in_reply(r->x, status, &h, 1, str_of(text));
    request_free(r);
}

#define HEADERS_MAX 32

/* Headers of the answer: those the sandbox named, and the type of what it answered with. */
static int collect_headers(const struct jsonv *answer, const char *type, struct http_header *h)
{
    int n = 0;
    bool typed = false;
    const struct jsonv *headers = jsonv_get(answer, "headers");
    for (const struct jsonv *v = headers ? headers->child : NULL; v && n < HEADERS_MAX - 1;
         v = v->next) {
        h[n++] = (struct http_header){v->key, v->text};
        typed = typed || str_ieq(v->key, STR_LIT("content-type"));
    }
    if (!typed)
        h[n++] = (struct http_header){STR_LIT("Content-Type"), str_of(type)};
    return n;
}

static void reply_answer(struct request *r, const struct jsonv *answer, struct str raw)
{
    struct http_header h[HEADERS_MAX];
    struct buf b;
    buf_init(&b, BUF_MAX_DEFAULT);
    const char *type = "application/octet-stream";
    const struct jsonv *json = jsonv_get(answer, "json");
    if (json) {
        type = "application/json; charset=utf-8";
        jsonv_write(&b, json);
        raw = buf_str(&b);
    } else if (jsonv_get(answer, "html")) {
        type = "text/html; charset=utf-8";
        raw = jsonv_get(answer, "html")->text;
    } else if (jsonv_get(answer, "text")) {
        type = "text/plain; charset=utf-8";
        raw = jsonv_get(answer, "text")->text;
    }
    int n = collect_headers(answer, type, h);
    int status = (int)jsonv_int(jsonv_get(answer, "status"), 200);
    if (r->plan.kind == FAULT_LOST)
        http_in_abort(r->x);
    else if (r->plan.kind == FAULT_CUT)
        http_in_reply_cut(r->x, status, h, n, raw, (size_t)r->plan.value);
    else
        http_in_reply(r->x, status, h, n, raw);
    buf_free(&b);
    request_free(r);
}

static void on_end(void *arg, enum script_outcome o, struct str json, struct str body, bool guilty)
{
    struct request *r = arg;
    r->call = NULL;
    struct jsondoc *d = o == SCRIPT_RETURNED ? jsondoc_parse(json, NULL) : NULL;
    if (d) {
        reply_answer(r, jsondoc_root(d), body);
    } else {
        char text[1024];
        snprintf(
            text, sizeof(text), "%.*s", (int)(json.n < 1000 ? json.n : 1000), json.p ? json.p : "");
        log_event(LOG_ERROR, "sandbox failed", "sandbox", r->sandbox->name, "error", text, NULL);
        reply_plain(r, 500, "the sandbox itself failed: see its log\n");
    }
    jsondoc_free(d);
}

static void on_step(void *arg, uint32_t seq, struct str spec, struct str body)
{
    struct request *r = arg;
    /* A sandbox answers from what it holds; the host does nothing for it. */
    scripts_answer(r->call, seq,
        STR_LIT("{\"failed\":true,\"problem\":\"a sandbox takes no steps\"}"), STR_NONE);
}

static void on_log(void *arg, const char *level, struct str text)
{
    struct request *r = arg;
    char line[1024];
    snprintf(line, sizeof(line), "%.*s", (int)(text.n < 1000 ? text.n : 1000), text.p);
    log_event(LOG_INFO, "sandbox", "sandbox", r->sandbox->name, "text", line, NULL);
}

/* After the delay: the fault, or the sandbox's own answer. */
static void act(void *arg)
{
    struct request *r = arg;
    if (r->plan.kind == FAULT_ERROR) {
        reply_plain(r, (int)r->plan.value, "this error was asked for by --fault\n");
        return;
    }
    if (r->plan.kind == FAULT_RESET) {
        http_in_abort(r->x);
        request_free(r);
        return;
    }
    if (r->plan.kind == FAULT_HANG)
        return;
    struct buf b;
    buf_init(&b, BUF_MAX_DEFAULT);
    sandbox_request_write(&b, http_in_request(r->x), r->path, clock_wall_ms());
    struct script_handlers h = {.step = on_step, .log = on_log, .end = on_end, .arg = r};
    r->call = scripts_call(r->server->scripts, r->sandbox->context, "handle", buf_str(&b),
        http_in_request(r->x)->body, &h);
    buf_free(&b);
}

/* The sandbox that a path belongs to, and the path as the sandbox sees it. */
static struct sandbox *find(struct sandbox_server *s, struct str path, struct str *inner)
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

static void reply_index(struct sandbox_server *s, struct request *r)
{
    struct buf b;
    buf_init(&b, BUF_MAX_DEFAULT);
    buf_adds(&b, "<!doctype html><meta charset=\"utf-8\"><title>sandboxes</title>"
                 "<style>body{font:16px/1.6 system-ui,sans-serif;margin:3em auto;max-width:40em;"
                 "padding:0 1em}</style><h1>Sandboxes</h1><ul>");
    for (struct list *n = s->sandboxes.next; n != &s->sandboxes; n = n->next) {
        const char *name = LIST_OF(n, struct sandbox, node)->name;
        buf_addf(&b, "<li><a href=\"/%s/\">%s</a></li>", name, name);
    }
    buf_adds(&b, "</ul>");
    bool root = str_is(http_in_request(r->x)->path, "/");
    const struct http_header h = {STR_LIT("Content-Type"), STR_LIT("text/html; charset=utf-8")};
    http_in_reply(r->x, root ? 200 : 404, &h, 1, buf_str(&b));
    buf_free(&b);
    request_free(r);
}

static void on_request(void *arg, struct http_in_exchange *x)
{
    struct sandbox_server *s = arg;
    const struct http_in_request *q = http_in_request(x);
    struct request *r = mem_zalloc(1, sizeof(*r));
    r->server = s;
    r->x = x;
    list_append(&s->requests, &r->node);
    r->sandbox = find(s, q->path, &r->path);
    if (!r->sandbox) {
        reply_index(s, r);
        return;
    }
    r->plan = fault_take(r->sandbox->faults, q->method, r->path);
    if (!r->plan.delay_ms) {
        act(r);
        return;
    }
    r->timer = loop_timer_new(s->loop, act, r);
    loop_timer_arm(r->timer, r->plan.delay_ms);
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
    s->http = http_in_start(l, &c, on_request, s, e);
    if (!s->http) {
        sandbox_server_free(s);
        return NULL;
    }
    return s;
}

static void sandbox_free(struct sandbox *b)
{
    list_remove(&b->node);
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
    while (!list_empty(&s->requests)) {
        struct request *r = LIST_OF(s->requests.next, struct request, node);
        if (r->call)
            scripts_drop(r->call);
        http_in_abort(r->x);
        request_free(r);
    }
    if (s->http)
        http_in_free(s->http);
    while (!list_empty(&s->sandboxes))
        sandbox_free(LIST_OF(s->sandboxes.next, struct sandbox, node));
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
    load(b, fn, arg);
    return 0;
}

char *sandbox_server_url(const struct sandbox_server *s, const char *name, struct str manifest)
{
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
