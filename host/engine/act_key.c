/* The key of a run for its data as it is now, which its rule's scripts say. */
#include "act_key.h"

#include <stdio.h>
#include <string.h>
#include "buf.h"
#include "clock.h"
#include "event_put.h"
#include "json.h"
#include "mem.h"

struct asking {
    struct list node; /* engine.asking */
    struct engine *engine;
    struct version *version;
    struct script_call *call;
    char *rule, *arguments, *data; /* to ask once more if the process died */
    size_t nargs, ndata;
    int lost;
    int64_t received_ms;
    act_key_fn fn;
    void *arg;
};

static void done(struct asking *a, const char *key, const struct err *err)
{
    list_remove(&a->node);
    struct asking copy = *a;
    mem_free(a);
    copy.fn(copy.arg, key, err);
    version_release(copy.version);
    mem_free(copy.rule);
    mem_free(copy.arguments);
    mem_free(copy.data);
}

static void ask(struct asking *a);

static void on_end(void *arg, enum script_outcome o, struct str json, struct str body, bool guilty)
{
    struct asking *a = arg;
    struct err e = {0};
    (void)body;
    a->lost += o == SCRIPT_LOST && guilty;
    if (o == SCRIPT_LOST && a->lost < 2) {
        ask(a);
        return;
    }
    struct jsondoc *d = o == SCRIPT_RETURNED ? jsondoc_parse(json, NULL) : NULL;
    const struct jsonv *list = jsondoc_root(d), *entry = list ? list->child : NULL;
    while (entry && strcmp(jsonv_str(jsonv_get(entry, "rule"), ""), a->rule) != 0)
        entry = entry->next;
    const char *failed = jsonv_str(jsonv_get(entry, "unreadable"), NULL);
    if (o != SCRIPT_RETURNED)
        err_set(&e, ERR_CONFLICT,
            "the rules of company %s cannot be asked for the run's key (the trigger or key "
            "function of one of them does not end well): mend it, then retry",
            a->version->company->name);
    else if (failed)
        err_set(&e, ERR_CONFLICT, "rule \"%.100s\": %.700s: mend it or the data, then retry",
            a->rule, failed);
    if (e.code) {
        done(a, NULL, &e);
    } else {
        char *key = route_key(jsonv_get(entry, "key"));
        done(a, entry ? key : NULL, NULL);
        mem_free(key);
    }
    jsondoc_free(d);
}

static void on_step(void *arg, uint32_t seq, struct str spec, struct str body)
{
    struct asking *a = arg;
    route_step(a->call, a->received_ms, seq, spec);
    (void)body;
}

static void on_log(void *arg, const char *level, struct str text)
{
    (void)arg;
    (void)level;
    (void)text;
}

static void ask(struct asking *a)
{
    struct script_handlers h = {on_step, on_log, on_end, a};
    a->call = scripts_call(a->engine->parts.scripts, a->version->context, "route",
        (struct str){a->arguments, a->nargs}, (struct str){a->data, a->ndata}, &h);
}

void act_key(
    struct version *v, const struct store_standing *st, struct str data, act_key_fn fn, void *arg)
{
    struct asking *a = mem_zalloc(1, sizeof *a);
    struct buf args;
    a->engine = v->company->engine;
    a->version = version_hold(v);
    a->rule = mem_dup(st->run.rule);
    a->received_ms = st->event.received_ms;
    a->fn = fn;
    a->arg = arg;
    list_append(&a->engine->asking, &a->node);
    buf_init(&args, 1 << 20);
    buf_addc(&args, '{');
    event_put(&args, &st->event);
    buf_addc(&args, '}');
    a->arguments = buf_take(&args, &a->nargs);
    a->data = mem_dupn(data.p, data.n);
    a->ndata = data.n;
    ask(a);
}

void act_key_drop_all(struct engine *e)
{
    struct err gone = {0};
    err_set(&gone, ERR_IO, "the host ends: do it again after its next start");
    while (!list_empty(&e->asking)) {
        struct asking *a = LIST_OF(e->asking.next, struct asking, node);
        scripts_drop(a->call);
        done(a, NULL, &gone);
    }
}
