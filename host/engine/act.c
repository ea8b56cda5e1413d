/* What a person does with a run that stands still:
 *   the run is read -> its new data and its key are worked out -> store_act (all or nothing)
 *   -> a run that goes on is taken into memory */
#include "act.h"

#include <stdio.h>
#include <string.h>
#include "act_key.h"
#include "alert.h"
#include "log.h"
#include "manifest.h"
#include "mem.h"

#define DATA_MAX ((size_t)64 << 20)
/* Differences of data that was given as a whole; the whole is kept in any case. */
#define CHANGES_MAX 200
/* The run that stands for the routing of an event which went wrong; see route.c. */
#define ROUTING_RULE "routing"

struct act {
    struct engine *engine;
    struct engine_act a; /* its texts are owned */
    engine_act_fn fn;
    void *arg;

    /* The run as it was read. */
    char run[64];
    struct store_standing st; /* texts owned; mostly without a body */
    struct version *version;  /* it goes on with; NULL: with that of `began` */
    char *began;              /* its name, which the run may have left for another one */
    bool afresh;
    struct buf data;    /* new; n 0: as it was */
    struct buf changes; /* JSON */
    char *key;          /* new; NULL: as it was */
};

/* ---- life ---- */

static struct act *act_new(
    struct engine *e, const struct engine_act *a, engine_act_fn fn, void *arg)
{
    struct act *act = mem_zalloc(1, sizeof *act);
    act->engine = e;
    act->a = *a;
    act->a.run = mem_dup(a->run);
    act->a.by = mem_dup(a->by);
    act->a.reason = mem_dup(a->reason ? a->reason : "");
    act->a.data.p = a->data.p ? mem_dupn(a->data.p, a->data.n) : NULL;
    uint32_t *again = mem_zalloc((size_t)a->nagain, sizeof *again);
    struct json_change *changes = mem_zalloc((size_t)a->nchanges, sizeof *changes);
    for (int i = 0; i < a->nagain; i++)
        again[i] = a->again[i];
    for (int i = 0; i < a->nchanges; i++) {
        const struct json_change *c = &a->changes[i];
        changes[i] = (struct json_change){c->kind, {mem_dupn(c->path.p, c->path.n), c->path.n},
            {mem_dupn(c->value.p, c->value.n), c->value.n}};
    }
    act->a.again = again;
    act->a.changes = changes;
    act->fn = fn;
    act->arg = arg;
    buf_init(&act->data, DATA_MAX);
    buf_init(&act->changes, DATA_MAX);
    return act;
}

static void drop(const void *p)
{
    mem_free((void *)(uintptr_t)p);
}

static void act_free(struct act *a)
{
    const struct store_run *r = &a->st.run;
    const struct store_event *ev = &a->st.event;
    const void *owned[] = {a->a.run, a->a.by, a->a.reason, a->a.data.p, a->a.again, r->company,
        r->rule, r->version, r->key, ev->id, ev->connection, ev->type, ev->delivery, ev->body.p,
        a->key};
    for (int i = 0; i < a->a.nchanges; i++) {
        drop(a->a.changes[i].path.p);
        drop(a->a.changes[i].value.p);
    }
    for (size_t i = 0; i < sizeof owned / sizeof owned[0]; i++)
        drop(owned[i]);
    drop(a->a.changes);
    if (a->version)
        version_release(a->version);
    mem_free(a->began);
    buf_free(&a->data);
    buf_free(&a->changes);
    mem_free(a);
}

static void finish(struct act *a, const struct err *err)
{
    if (a->fn)
        a->fn(a->arg, err);
    act_free(a);
}

/* The engine is gone, and its versions with it. What was asked of the store may be done. */
static void abandon(struct act *a)
{
    struct err gone = {0};
    err_set(&gone, ERR_IO,
        "the host ends: look with `sauma show` after its next start whether it was done");
    a->version = NULL;
    finish(a, &gone);
}

/* ---- taking the run into memory ---- */

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
    if (!ev) {
        events_take(company_get(e, oe->event.company, true), oe);
        return;
    }
    for (int i = 0; i < oe->nruns && !has_run(ev, a->run); i++)
        if (strcmp(oe->runs[i].id, a->run) == 0) {
            const struct store_run *sr = &oe->runs[i];
            struct run *r = run_new(ev, sr->id, sr->rule, sr->key, sr->version, RUN_QUEUED);
            run_recorded(r, &oe->progress[i]);
            run_admit(r);
            incoming_update(ev);
        }
}

static void on_read(void *arg, const struct store_open_end *end, const struct err *err)
{
    struct act *a = arg;
    if (!engine_held_back(a->engine)) {
        abandon(a);
        return;
    }
    if (err) { /* it is stored: the next start takes it up at the latest */
        log_event(LOG_ERROR, "run not read", "run", a->run, "error", err->text, NULL);
        err = NULL;
    }
    finish(a, err);
}

static void go_on(struct act *a)
{
    struct engine *e = a->engine;
    struct store_open_query q = {.kind = STORE_OPEN_RUN, .name = a->run, .limit = 1};
    if (strcmp(a->st.run.rule, ROUTING_RULE) == 0) {
        struct store_open_event oe = {.seq = a->st.seq, .event = a->st.event};
        events_take(company_get(e, a->st.run.company, true), &oe);
        finish(a, NULL);
        return;
    }
    engine_hold(e);
    store_load_open(e->parts.store, &q, on_event, on_read, a);
}

static void on_acted(void *arg, const struct err *err)
{
    struct act *a = arg;
    if (!engine_held_back(a->engine)) {
        abandon(a);
        return;
    }
    enum run_state was = a->st.run.state;
    if (!err && (was == RUN_ATTENTION || was == RUN_FAILED))
        alert_unparked(a->engine, a->st.run.company, a->st.run.rule, was);
    if (!err && (a->a.action == ENGINE_SEND || a->a.action == ENGINE_RETRY))
        go_on(a);
    else
        finish(a, err);
}

static void carry_out(struct act *a)
{
    static const enum store_action actions[] = {ACT_SEND, ACT_RETRY, ACT_SKIP, ACT_EDIT};
    struct store_act s = {.run = a->run,
        .action = actions[a->a.action],
        .actor = a->a.by,
        .reason = a->a.reason,
        .from = a->a.from,
        .afresh = a->afresh,
        .again = a->a.again,
        .nagain = a->a.nagain,
        .skipped = a->a.skipped,
        .reroute = a->a.action == ENGINE_RETRY && strcmp(a->st.run.rule, ROUTING_RULE) == 0,
        .version = a->version ? a->version->name : a->began,
        .key = a->key,
        .edit = a->st.edit,
        .body = a->data.n ? buf_str(&a->data) : STR_NONE,
        .changes = a->changes.n ? buf_str(&a->changes) : STR_NONE};
    engine_hold(a->engine);
    store_act(a->engine->parts.store, &s, on_acted, a);
}

/* ---- its company, scripts and key ---- */

static bool has_rule(const struct manifest *m, const char *name)
{
    for (int i = 0; i < m->nrules; i++)
        if (strcmp(m->rules[i].name, name) == 0)
            return true;
    return false;
}

/* The scripts it goes on with: the company's of today. */
static int choose_version(struct act *a, struct err *e)
{
    const char *company = a->st.run.company, *rule = a->st.run.rule;
    struct company *c = company_get(a->engine, company, false);
    bool routing = strcmp(rule, ROUTING_RULE) == 0;
    if (a->a.same_version && !routing)
        return 0;
    if (!c || !c->current)
        return err_set(e, ERR_CONFLICT,
            "company %s is not loaded on this host (%.400s): mend that, then do it again; "
            "--version began goes on with the scripts that the run began with",
            company, c && c->load_error ? c->load_error : "its folder is gone");
    if (!routing && !has_rule(c->current->manifest, rule))
        return err_set(e, ERR_CONFLICT,
            "company %s has no rule \"%s\" any more: put it back, or let the run go on with the "
            "scripts it began with (--version began), or skip it",
            company, rule);
    a->version = version_hold(c->current);
    return 0;
}

static void on_key(void *arg, const char *key, const struct err *err)
{
    struct act *a = arg;
    if (err) {
        finish(a, err);
        return;
    }
    a->key = mem_dup(key);
    carry_out(a);
}

/* ---- its data ---- */

static int change_data(struct act *a, struct str now, struct err *e)
{
    const struct engine_act *asked = &a->a;
    if (!asked->data.p && !asked->nchanges)
        return 0;
    if (asked->data.p && json_check(asked->data, e) < 0)
        return err_prefix(e, "the new data");
    struct buf data;
    buf_init(&data, DATA_MAX);
    buf_add(&data, asked->data.p ? asked->data.p : now.p, asked->data.p ? asked->data.n : now.n);
    int rc = 0;
    for (int i = 0; i < asked->nchanges && rc == 0; i++) {
        struct buf next;
        buf_init(&next, DATA_MAX);
        rc = json_edit(buf_str(&data), &asked->changes[i], &next, e);
        buf_free(&data);
        data = next;
    }
    if (rc == 0 && json_diff(now, buf_str(&data), CHANGES_MAX, &a->changes) == 0)
        rc = err_set(
            e, ERR_CONFLICT, "the data of run %s is like that already: nothing to change", a->run);
    if (rc == 0)
        buf_add(&a->data, data.p, data.n);
    buf_free(&data);
    return rc;
}

static void copy_standing(struct act *a, const struct store_standing *st)
{
    a->st = *st;
    snprintf(a->run, sizeof a->run, "%s", st->run.id);
    a->st.run.id = a->run;
    a->st.run.company = a->st.event.company = mem_dup(st->run.company);
    a->st.run.rule = mem_dup(st->run.rule);
    a->st.run.version = mem_dup(st->run.version);
    a->st.run.key = mem_dup(st->run.key);
    a->st.began = NULL;
    if (a->a.action == ENGINE_RETRY && a->a.same_version && strcmp(st->began, st->run.version) != 0)
        a->began = mem_dup(st->began);
    a->st.run.reason = NULL;
    a->st.event.id = mem_dup(st->event.id);
    a->st.run.event = a->st.event.id;
    a->st.event.connection = mem_dup(st->event.connection);
    a->st.event.type = mem_dup(st->event.type);
    a->st.event.delivery = mem_dup(st->event.delivery);
    /* To route it again takes it; all else reads it from the store when it needs it. */
    bool routing = strcmp(st->run.rule, ROUTING_RULE) == 0 && st->event.body.p;
    a->st.event.body.p = routing ? mem_dupn(st->event.body.p, st->event.body.n) : NULL;
}

static int prepare(struct act *a, struct str now, struct err *e)
{
    const struct engine_act *asked = &a->a;
    bool goes_on = asked->action == ENGINE_SEND || asked->action == ENGINE_RETRY;
    if (change_data(a, now, e) < 0 || (goes_on && choose_version(a, e) < 0))
        return -1;
    const char *next = a->version ? a->version->name : a->began;
    bool other = next && strcmp(next, a->st.run.version) != 0;
    a->afresh = asked->action == ENGINE_RETRY && a->st.nsteps > 0 &&
                (asked->afresh || (asked->from < 0 && (other || a->data.n || a->st.edited)));
    return 0;
}

static void on_standing(void *arg, const struct store_standing *st, const struct err *err)
{
    struct act *a = arg;
    struct err e = {0};
    if (!engine_held_back(a->engine)) {
        abandon(a);
        return;
    }
    if (err) {
        finish(a, err);
        return;
    }
    copy_standing(a, st);
    if (!st->event.body.p && a->a.action != ENGINE_SKIP) {
        err_set(&e, ERR_CONFLICT,
            "the data of event %s is no longer kept (see keep-bodies in `sauma help serve`), so run "
            "%s cannot go on",
            a->st.event.id, a->run);
        finish(a, &e);
        return;
    }
    if (prepare(a, st->event.body, &e) < 0) {
        finish(a, &e);
        return;
    }
    if (a->version && strcmp(a->st.run.rule, ROUTING_RULE) != 0)
        act_key(a->version, &a->st, a->data.n ? buf_str(&a->data) : st->event.body, on_key, a);
    else
        carry_out(a);
}

int engine_act_check(const struct engine_act *a, struct err *e)
{
    bool reason = a->reason && *a->reason, edits = a->data.p || a->nchanges;
    if (!a->by || !*a->by)
        return err_set(e, ERR_USAGE, "it is not said who does this");
    if (edits && a->action != ENGINE_EDIT && a->action != ENGINE_RETRY)
        return err_set(e, ERR_USAGE, "data is changed by edit or retry");
    if (a->action == ENGINE_EDIT && !edits)
        return err_set(e, ERR_USAGE, "say what to change: PATH=VALUE, or the whole data");
    if (!reason && (a->action == ENGINE_SKIP || edits))
        return err_set(e, ERR_USAGE, "%s: say why (reason)",
            edits ? "to change a run's data" : "to skip a run");
    if (a->action != ENGINE_RETRY && (a->from >= 0 || a->nagain || a->afresh || a->skipped))
        return err_set(e, ERR_USAGE, "from, again, afresh and skipped are for retry");
    return 0;
}

void engine_act(struct engine *e, const struct engine_act *a, engine_act_fn fn, void *arg)
{
    struct err wrong = {0};
    if (engine_act_check(a, &wrong) < 0) {
        if (fn)
            fn(arg, &wrong);
        return;
    }
    engine_hold(e);
    store_load_standing(e->parts.store, a->run, on_standing, act_new(e, a, fn, arg));
}
