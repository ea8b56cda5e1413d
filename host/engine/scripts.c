/* Contexts and calls. A context belongs to one process, chosen by the name of its company, so that
 * a company's Lua states share one memory and a dying process takes few companies along. */
#include "scripts_impl.h"

#include <stdio.h>
#include <string.h>
#include "buf.h"
#include "id.h"
#include "jsondoc.h"
#include "log.h"
#include "mem.h"

static struct str id_key(const uint64_t *id)
{
    return (struct str){(const char *)id, sizeof *id};
}

/* "acme@1f3a" and "acme" belong together: what is before @ decides. */
static struct str company_of(const char *context)
{
    struct str rest;
    return str_cut(str_of(context), '@', &rest);
}

/* Highest weight wins (rendezvous hashing), so that another number of processes moves as few
 * companies as possible. */
static struct script_worker *shared_worker(struct scripts *s, struct str company)
{
    struct script_worker *best = s->shared[0];
    char top[33] = "";
    for (int i = 0; i < s->nshared; i++) {
        char hash[33];
        char *text = mem_printf("%d/%.*s", i, STR_ARG(company));
        id_hash(hash, text, strlen(text));
        mem_free(text);
        if (strcmp(hash, top) > 0) {
            memcpy(top, hash, sizeof top);
            best = s->shared[i];
        }
    }
    return best;
}

static struct script_worker *own_worker(struct scripts *s, struct str company)
{
    struct script_worker *w = map_get(s->own, company);
    struct err e = {0};
    if (w)
        return w;
    char *name = mem_dupn(company.p, company.n);
    w = script_worker_new(s, name);
    mem_free(name);
    map_set(s->own, company, w);
    if (script_worker_start(w, &e) < 0)
        script_worker_start_later(w, &e);
    return w;
}

static struct script_worker *worker_of(struct scripts *s, const char *context)
{
    struct str company = company_of(context);
    return s->nshared ? shared_worker(s, company) : own_worker(s, company);
}

static int start_shared(struct scripts *s, int n, struct err *e)
{
    s->nshared = n < 1 ? 1 : n > SCRIPTS_WORKERS_MAX ? SCRIPTS_WORKERS_MAX : n;
    s->shared = mem_zalloc((size_t)s->nshared, sizeof *s->shared);
    for (int i = 0; i < s->nshared; i++) {
        char name[16];
        snprintf(name, sizeof name, "%d", i);
        s->shared[i] = script_worker_new(s, name);
    }
    for (int i = 0; i < s->nshared; i++)
        if (script_worker_start(s->shared[i], e) < 0)
            return -1;
    return 0;
}

struct scripts *scripts_new(struct loop *l, const struct scripts_config *c, struct err *e)
{
    struct scripts *s = mem_zalloc(1, sizeof *s);
    s->loop = l;
    s->burst_ms = c->burst_ms;
    s->share_ms = c->share_ms;
    s->apart_max = c->apart_max < 1 ? 1 : c->apart_max;
    s->apart_percent = c->apart_percent;
    s->cpu_ms = c->cpu_ms;
    s->memory = c->memory;
    s->max_log = c->max_log;
    list_init(&s->systems);
    list_init(&s->workers);
    s->contexts = map_new();
    s->calls = map_new();
    s->own = map_new();
    scripts_add_system(s, c->system_hash, c->system_bundle);
    if (!c->isolated && start_shared(s, c->workers, e) < 0) {
        scripts_free(s);
        return NULL;
    }
    return s;
}

/* ---- a process of a company's own, or of who computes long, ends with its last context ---- */

static bool is_left(const struct script_worker *w)
{
    return (!w->s->nshared || w->apart) && list_empty(&w->contexts) && list_empty(&w->calls);
}

static void end_unused(void *arg)
{
    struct scripts *s = arg;
    struct list *next;
    for (struct list *n = s->workers.next; n != &s->workers; n = next) {
        struct script_worker *w = LIST_OF(n, struct script_worker, node);
        next = n->next;
        if (!is_left(w))
            continue;
        if (map_get(s->own, str_of(w->name)) == w)
            map_remove(s->own, str_of(w->name));
        script_worker_stop(w);
        script_worker_free(w);
    }
}

/* Not at once: this may be called from within what the process says. */
static void leave_worker(const struct script_worker *w)
{
    struct scripts *s = w->s;
    if (!is_left(w))
        return;
    loop_unpost(s->loop, end_unused, s);
    loop_post(s->loop, end_unused, s);
}

static void free_call(struct script_call *c)
{
    mem_free(c->context);
    mem_free(c->function);
    mem_free(c->arguments);
    mem_free(c->body);
    mem_free(c);
}

static void free_context(struct script_context *c)
{
    mem_free(c->name);
    mem_free(c->module);
    mem_free(c->system_hash);
    mem_free(c->bundle);
    mem_free(c->options);
    mem_free(c->broken);
    mem_free(c);
}

void scripts_free(struct scripts *s)
{
    if (!s)
        return;
    struct list *node;
    while (!list_empty(&s->workers)) {
        struct script_worker *w = LIST_OF(s->workers.next, struct script_worker, node);
        script_worker_stop(w);
        while ((node = list_shift(&w->calls)) != NULL)
            free_call(LIST_OF(node, struct script_call, node));
        while ((node = list_shift(&w->contexts)) != NULL)
            free_context(LIST_OF(node, struct script_context, node));
        script_worker_free(w);
    }
    while ((node = list_shift(&s->systems)) != NULL) {
        struct script_system *y = LIST_OF(node, struct script_system, node);
        mem_free(y->hash);
        mem_free(y->bundle);
        mem_free(y);
    }
    loop_unpost(s->loop, end_unused, s);
    if (s->watchdog)
        loop_timer_free(s->watchdog);
    map_free(s->contexts);
    map_free(s->calls);
    map_free(s->own);
    mem_free(s->shared);
    mem_free(s);
}

void scripts_add_system(struct scripts *s, const char *hash, struct str bundle)
{
    for (struct list *n = s->systems.next; n != &s->systems; n = n->next)
        if (strcmp(LIST_OF(n, struct script_system, node)->hash, hash) == 0)
            return;
    struct script_system *y = mem_zalloc(1, sizeof *y);
    y->hash = mem_dup(hash);
    y->bundle = mem_dupn(bundle.p, bundle.n);
    y->n = bundle.n;
    list_append(&s->systems, &y->node);
}

/* ---- contexts ---- */

/* The options with the configured limits, unless they bring their own. */
static char *with_limits(const struct scripts *s, struct str options, size_t *n)
{
    struct jsondoc *d = jsondoc_parse(options, NULL);
    const struct jsonv *root = d ? jsondoc_root(d) : NULL;
    char *all;
    if (root && root->type == JSONV_OBJECT && !jsonv_get(root, "limits")) {
        struct str rest;
        str_cut(options, '{', &rest);
        all = mem_printf("{\"limits\":{\"memory\":%zu,\"burst_ms\":%lld,\"call_ms\":%lld,"
                         "\"log\":%zu}%s%.*s",
            s->memory, (long long)s->burst_ms, (long long)s->cpu_ms, s->max_log,
            root->child ? "," : "", STR_ARG(rest));
    } else {
        all = mem_dupn(options.p, options.n);
    }
    jsondoc_free(d);
    *n = strlen(all);
    return all;
}

void scripts_load(struct scripts *s, const char *context, enum script_mode mode, const char *module,
    const char *system_hash, struct str bundle, struct str options, scripts_loaded_fn fn, void *arg)
{
    scripts_unload(s, context);
    struct script_context *c = mem_zalloc(1, sizeof *c);
    c->worker = worker_of(s, context);
    c->name = mem_dup(context);
    c->module = mem_dup(module);
    c->system_hash = mem_dup(system_hash);
    c->bundle = mem_dupn(bundle.p, bundle.n);
    c->nbundle = bundle.n;
    c->options = with_limits(s, options, &c->noptions);
    c->mode = mode;
    c->fn = fn;
    c->arg = arg;
    map_set(s->contexts, str_of(context), c);
    list_append(&c->worker->contexts, &c->node);
    script_worker_load(c->worker, c);
    scripts_watch(s);
}

void scripts_unload(struct scripts *s, const char *context)
{
    struct script_context *c = map_remove(s->contexts, str_of(context));
    if (!c)
        return;
    list_remove(&c->node);
    if (c->worker->child && !c->worker->condemned) {
        struct wire_msg m = {.type = WIRE_UNLOAD, .nparts = 1, .part = {str_of(context)}};
        child_send(c->worker->child, &m);
    }
    struct script_worker *w = c->worker;
    free_context(c);
    leave_worker(w);
}

struct script_context *scripts_find_load(struct script_worker *w, uint64_t id)
{
    for (struct list *n = w->contexts.next; id && n != &w->contexts; n = n->next) {
        struct script_context *c = LIST_OF(n, struct script_context, node);
        if (c->load_id == id)
            return c;
    }
    return NULL;
}

void scripts_context_loaded(struct script_context *c, struct str manifest, const struct err *e)
{
    c->load_id = 0;
    c->state = e ? CONTEXT_BROKEN : CONTEXT_READY;
    c->proven = c->proven || !e;
    mem_free(c->broken);
    c->broken = e ? mem_dup(e->text) : NULL;
    if (c->told) {
        if (e)
            log_event(
                LOG_ERROR, "scripts not loaded again", "context", c->name, "error", e->text, NULL);
        return;
    }
    c->told = true;
    c->fn(c->arg, manifest, e);
}

/* ---- calls ---- */

struct script_call *scripts_find_call(struct scripts *s, uint64_t id)
{
    return map_get(s->calls, id_key(&id));
}

struct script_call *scripts_call(struct scripts *s, const char *context, const char *function,
    struct str arguments, struct str body, const struct script_handlers *h)
{
    struct script_context *known = map_get(s->contexts, str_of(context));
    struct script_call *c = mem_zalloc(1, sizeof *c);
    c->s = s;
    c->worker = known ? known->worker : worker_of(s, context);
    c->id = ++s->last_id;
    c->h = *h;
    c->context = mem_dup(context);
    c->function = mem_dup(function);
    c->arguments = mem_dupn(arguments.p, arguments.n);
    c->narguments = arguments.n;
    c->body = mem_dupn(body.p, body.n);
    c->nbody = body.n;
    map_set(s->calls, id_key(&c->id), c);
    list_append(&c->worker->calls, &c->node);
    s->turns += !c->worker->apart;
    script_worker_send(c->worker, c);
    scripts_watch(s);
    return c;
}

/* How long a request took is for people, who read it in the journal: a script has no use for it,
 * and reading it would cost each step some microseconds. As step_request_meta writes it it is the
 * last member; a text cannot hold these bytes, since quotes within one are escaped. */
static struct str without_timing(struct str meta, struct buf *made)
{
    static const char word[] = ",\"timing\":{";
    const char *p = meta.n ? memmem(meta.p, meta.n, word, sizeof word - 1) : NULL;
    if (!p || memchr(p, '}', meta.n - (size_t)(p - meta.p)) != meta.p + meta.n - 2)
        return meta;
    buf_add(made, meta.p, (size_t)(p - meta.p));
    buf_addc(made, '}');
    return buf_str(made);
}

void scripts_answer(struct script_call *c, uint32_t seq, struct str meta, struct str body)
{
    struct buf made;
    if (!c->asked || seq != c->seq)
        return;
    c->asked = false;
    if (!c->worker->child || c->worker->condemned)
        return; /* its end is on the way */
    buf_init(&made, meta.n + 1);
    struct wire_msg m = {.type = WIRE_ANSWER,
        .id = c->id,
        .seq = seq,
        .nparts = 2,
        .part = {without_timing(meta, &made), body}};
    c->s->turns += !c->worker->apart;
    child_send(c->worker->child, &m);
    buf_free(&made);
}

static void take_out(struct script_call *c)
{
    list_remove(&c->node);
    map_remove(c->s->calls, id_key(&c->id));
    leave_worker(c->worker);
}

void scripts_drop(struct script_call *c)
{
    if (!c)
        return;
    take_out(c);
    if (c->sent && c->worker->child && !c->worker->condemned) {
        struct wire_msg m = {.type = WIRE_DROP, .id = c->id};
        child_send(c->worker->child, &m);
    }
    free_call(c);
}

void scripts_end_call(
    struct script_call *c, enum script_outcome o, struct str json, struct str body, bool guilty)
{
    struct script_context *context = map_get(c->s->contexts, str_of(c->context));
    if (context && o != SCRIPT_LOST)
        context->struck = 0;
    take_out(c);
    scripts_apart_ended(c, o, json, guilty);
    c->h.end(c->h.arg, o, json, body, guilty);
    free_call(c);
}

void scripts_stats(const struct scripts *s, struct scripts_stats *out)
{
    *out = (struct scripts_stats){.deaths = s->deaths};
    for (const struct list *n = s->workers.next; n != &s->workers; n = n->next) {
        const struct script_worker *w = LIST_OF(n, struct script_worker, node);
        out->processes += w->child != NULL;
        for (const struct list *k = w->contexts.next; w->apart && k != &w->contexts; k = k->next)
            out->apart++;
    }
}

void scripts_kill(struct scripts *s, const char *context)
{
    struct script_context *known = map_get(s->contexts, str_of(context));
    script_worker_condemn(known ? known->worker : worker_of(s, context), "killed on request");
}
