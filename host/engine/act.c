/* What a person does with a run that stands still: let it go on, or leave it. */
#include <stdio.h>
#include <string.h>
#include "machine.h"
#include "mem.h"

struct act {
    struct engine *engine;
    char run[64];
    enum run_state state;
    bool found;
    char *reason; /* of a skip */
    engine_act_fn fn;
    void *arg;
};

static void act_free(struct act *a)
{
    mem_free(a->reason);
    mem_free(a);
}

static void finish(struct act *a, const struct err *err)
{
    if (a->fn)
        a->fn(a->arg, err);
    act_free(a);
}

static bool has_run(const struct incoming *ev, const char *id)
{
    for (struct list *n = ev->runs.next; n != &ev->runs; n = n->next)
        if (strcmp(LIST_OF(n, struct run, event_node)->id, id) == 0)
            return true;
    return false;
}

static void on_event(void *arg, const struct store_open_event *oe)
{
    struct act *a = arg;
    struct engine *e = a->engine;
    if (e->dead)
        return;
    struct incoming *ev = map_get(e->by_id, str_of(oe->event.id));
    a->found = true;
    if (!ev) {
        events_take(company_get(e, oe->event.company, true), oe);
        return;
    }
    for (int i = 0; i < oe->nruns && !has_run(ev, a->run); i++)
        if (strcmp(oe->runs[i].id, a->run) == 0) {
            const struct store_run *sr = &oe->runs[i];
            struct run *r = run_new(ev, sr->id, sr->rule, sr->key, sr->version, RUN_QUEUED);
            r->resumed = true;
            run_admit(r);
            incoming_update(ev);
        }
}

static void on_read(void *arg, const struct store_open_end *end, const struct err *err)
{
    struct act *a = arg;
    struct err missing = {0};
    if (!engine_held_back(a->engine)) {
        act_free(a);
        return;
    }
    if (!err && !a->found) {
        err_set(&missing, ERR_NOT_FOUND, "run %s cannot go on", a->run);
        err = &missing;
    }
    finish(a, err);
}

static void go_on(struct act *a)
{
    struct store_open_query q = {.kind = STORE_OPEN_RUN, .name = a->run, .limit = 1};
    engine_hold(a->engine);
    store_load_open(a->engine->parts.store, &q, on_event, on_read, a);
}

static void on_set(void *arg, const struct err *err)
{
    struct act *a = arg;
    if (!engine_held_back(a->engine))
        act_free(a);
    else if (err || a->state != RUN_QUEUED)
        finish(a, err);
    else
        go_on(a);
}

/* The run may be acted on, and its journal is as it shall be: now its state. */
static void on_reopened(void *arg, const struct err *err)
{
    struct act *a = arg;
    struct store_run_change c = {.run = a->run, .state = a->state, .reason = a->reason};
    if (!engine_held_back(a->engine)) {
        act_free(a);
        return;
    }
    if (err) {
        finish(a, err);
        return;
    }
    engine_hold(a->engine);
    store_set_run(a->engine->parts.store, &c, on_set, a);
}

void engine_act(struct engine *e, const char *run, enum engine_action action, const char *reason,
    engine_act_fn fn, void *arg)
{
    struct act *a = mem_zalloc(1, sizeof *a);
    bool go_on = action == ENGINE_GO_ON;
    a->engine = e;
    a->state = go_on ? RUN_QUEUED : RUN_SKIPPED;
    a->reason = mem_dup(go_on ? NULL : reason);
    a->fn = fn;
    a->arg = arg;
    snprintf(a->run, sizeof a->run, "%s", run);
    engine_hold(e);
    store_reopen(e->parts.store, a->run, go_on, on_reopened, a);
}
