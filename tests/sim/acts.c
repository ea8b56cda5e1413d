/* What people do with runs, as host/store/store_standing.c and store_act.c keep it. */
#include <string.h>
#include "clock.h"
#include "disk.h"
#include "store_act.h"

const char *store_action_name(enum store_action a)
{
    static const char *const names[] = {"send", "retry", "skip", "edit"};
    return names[a];
}

/* ---- asking ---- */

void store_load_standing(struct store *s, const char *run, store_standing_fn fn, void *arg)
{
    struct op *o = op_new(OP_STANDING, arg);
    o->name = arena_text(run);
    o->on_standing = fn;
    disk_ask(s, o);
}

void store_load_revision(struct store *s, const char *run, store_revision_fn fn, void *arg)
{
    struct op *o = op_new(OP_REVISION, arg);
    o->name = arena_text(run);
    o->on_revision = fn;
    disk_ask(s, o);
}

void store_act(struct store *s, const struct store_act *a, store_done_fn fn, void *arg)
{
    struct op *o = op_new(OP_ACT, arg);
    struct store_act *copy = arena_zalloc(sizeof *copy);
    uint32_t *again = arena_zalloc((size_t)a->nagain * sizeof *again + 1);
    for (int i = 0; i < a->nagain; i++)
        again[i] = a->again[i];
    *copy = *a;
    copy->again = again;
    copy->run = arena_text(a->run);
    copy->actor = arena_text(a->actor);
    copy->reason = arena_text(a->reason);
    copy->version = a->version ? arena_text(a->version) : NULL;
    copy->key = a->key ? arena_text(a->key) : NULL;
    copy->body = arena_bytes(a->body);
    copy->changes = arena_bytes(a->changes);
    o->act = copy;
    o->done = fn;
    disk_ask(s, o);
}

/* ---- reading ---- */

void tables_load_standing(const struct disk *d, struct op *o)
{
    const struct disk_run *r = disk_find_run(d, o->name);
    if (!r) {
        op_refuse(o, ERR_NOT_FOUND, "there is no such run");
        return;
    }
    struct store_standing *st = arena_zalloc(sizeof *st);
    st->run = r->run;
    st->event = r->event->event;
    if (r->data.p)
        st->event.body = r->data;
    st->began = r->run.version; /* nobody here goes back to it */
    st->seq = r->event->seq;
    st->edit = r->edit;
    st->edited = r->edited;
    st->nsteps = r->nsteps;
    o->standing = st;
}

void tables_load_revision(const struct disk *d, struct op *o)
{
    const struct disk_run *r = disk_find_run(d, o->name);
    if (!r) {
        op_refuse(o, ERR_NOT_FOUND, "there is no such run");
        return;
    }
    o->bytes = r->data;
    o->effects = arena_zalloc((size_t)r->nold * sizeof *o->effects + 1);
    for (int i = 0; i < r->nold; i++) {
        const struct disk_step *s = &r->old[i].was;
        if (!r->old[i].guard)
            continue;
        o->effects[o->n++] = (struct store_effect){.seq = s->step.seq,
            .connection = s->step.connection,
            .title = s->step.title,
            .fingerprint = s->step.fingerprint,
            .outcome = s->answered ? s->answer.outcome : "",
            .spec = s->step.spec,
            .body = s->step.body,
            .meta = s->answer.meta,
            .answer = s->answer.body,
            .at_ms = s->step.at_ms};
    }
}

/* ---- acting ---- */

static bool may_act(struct op *o, const struct disk_run *r)
{
    const struct store_act *a = o->act;
    enum run_state s = r->run.state;
    bool stands = s == RUN_HELD || s == RUN_ATTENTION || s == RUN_FAILED;
    if (a->action == ACT_SEND)
        stands = s == RUN_HELD;
    else if (a->action == ACT_RETRY && a->skipped)
        stands = stands || s == RUN_SKIPPED;
    if (!stands)
        op_refuse(o, ERR_CONFLICT, "the run cannot be acted on");
    else if (a->edit != r->edit)
        op_refuse(o, ERR_CONFLICT, "the data was changed meanwhile");
    return !o->err;
}

static bool named_again(const struct store_act *a, uint32_t seq)
{
    for (int i = 0; i < a->nagain; i++)
        if (a->again[i] == seq)
            return true;
    return false;
}

/* An effect kept in mind that the journal's step stands for, or that is allowed again. */
static void release(struct disk_run *r, const char *fingerprint)
{
    for (int i = 0; i < r->nold; i++)
        if (r->old[i].guard && strcmp(r->old[i].was.step.fingerprint, fingerprint) == 0) {
            r->old[i].guard = false;
            return;
        }
}

static bool drop_steps(struct op *o, struct disk_run *r)
{
    const struct store_act *a = o->act;
    int keep = 0;
    for (int i = 0; i < r->nsteps && !a->afresh; i++)
        if (a->from >= 0 ? (int64_t)r->steps[i].step.seq <= a->from
                         : tables_had_effect(&r->steps[i]))
            keep = i + 1;
    for (int i = keep; i < r->nsteps && !a->afresh; i++)
        if (tables_had_effect(&r->steps[i]) && !named_again(a, r->steps[i].step.seq)) {
            op_refuse(o, ERR_CONFLICT, "a step that would be asked again had an effect");
            return false;
        }
    for (int i = 0; i < r->nsteps; i++)
        if (tables_had_effect(&r->steps[i]) && (a->afresh || named_again(a, r->steps[i].step.seq)))
            release(r, r->steps[i].step.fingerprint);
    for (int i = keep; i < r->nsteps; i++) {
        r->old = arena_grow(r->old, r->nold, &r->old_room, sizeof *r->old);
        r->old[r->nold++] = (struct disk_old){r->steps[i],
            a->afresh && tables_had_effect(&r->steps[i]) && !named_again(a, r->steps[i].step.seq)};
    }
    r->nsteps = keep;
    return true;
}

void tables_act(struct disk *d, struct op *o)
{
    const struct store_act *a = o->act;
    struct disk_run *r = disk_find_run(d, a->run);
    if (!r) {
        op_refuse(o, ERR_NOT_FOUND, "there is no such run");
        return;
    }
    bool goes_on = a->action == ACT_SEND || a->action == ACT_RETRY;
    if (!may_act(o, r) || (goes_on && !drop_steps(o, r)))
        return;
    r->acted = true;
    if (a->body.p) {
        r->data = a->body;
        r->edit++;
    }
    r->edited = a->action == ACT_EDIT || (r->edited && !goes_on);
    if (a->version)
        r->run.version = a->version;
    if (a->key)
        r->run.key = a->key;
    if (a->action == ACT_EDIT)
        return;
    r->run.state = goes_on && !a->reroute ? RUN_QUEUED : RUN_SKIPPED;
    if (r->run.state == RUN_QUEUED) {
        r->progress = (struct store_progress){
            .reopened_seq = r->nsteps ? r->steps[r->nsteps - 1].step.seq + 1 : 1};
        r->began_ms = 0;
    }
    r->run.reason = a->action == ACT_SKIP ? a->reason : "";
    r->until_ms = 0;
    r->ended_us = goes_on ? 0 : sim->mono_us;
    if (a->reroute) {
        r->run.rule = arena_text("routing before");
        r->event->routed = false;
        r->event->state = EVENT_IN_FLIGHT;
        return;
    }
    tables_settle(r->event);
}
