/* What each operation of store.h does to the tables: the rules of host/store's SQL, in C. The test
 * conformance.c holds the two against each other. */
#include <stdio.h>
#include <string.h>
#include "disk.h"

#define STEPS_MAX ((1 << 20) - 1)

/* ---- what is there ---- */

void op_refuse(struct op *o, enum err_code code, const char *words)
{
    o->err = arena_zalloc(sizeof *o->err);
    o->err->code = code;
    snprintf(o->err->text, sizeof o->err->text, "%s", words);
}

struct disk_run *disk_find_run(const struct disk *d, const char *id)
{
    return index_get(&d->run_ids, id);
}

struct disk_event *disk_find_event(const struct disk *d, const char *id)
{
    return index_get(&d->event_ids, id);
}

/* The first step whose seq is not below. */
static int step_place(const struct disk_run *r, uint32_t seq)
{
    int i = r->nsteps;
    while (i > 0 && r->steps[i - 1].step.seq >= seq)
        i--;
    return i;
}

struct disk_step *disk_find_step(struct disk_run *r, uint32_t seq)
{
    int i = step_place(r, seq);
    return i < r->nsteps && r->steps[i].step.seq == seq ? &r->steps[i] : NULL;
}

static enum event_state weight(enum run_state s)
{
    switch (s) {
    case RUN_QUEUED:
    case RUN_RUNNING:
    case RUN_WAITING:
        return EVENT_IN_FLIGHT;
    case RUN_ATTENTION:
        return EVENT_ATTENTION;
    case RUN_FAILED:
        return EVENT_FAILED;
    case RUN_HELD:
        return EVENT_HELD;
    case RUN_DONE:
        return EVENT_DONE;
    case RUN_SKIPPED:
        break;
    }
    return EVENT_SKIPPED;
}

const char *disk_event_state(enum event_state s)
{
    static const char *const names[] = {
        "skipped", "done", "held", "failed", "attention", "in_flight"};
    return names[s];
}

/* Of equals the first by the rule's name, as the index on (event, rule) gives them. */
void tables_settle(struct disk_event *ev)
{
    const struct disk_run *first = NULL;
    for (const struct disk_run *r = ev->runs; r; r = r->next)
        if (!first || weight(r->run.state) > weight(first->run.state) ||
            (weight(r->run.state) == weight(first->run.state) &&
                strcmp(r->run.rule, first->run.rule) < 0))
            first = r;
    if (!first)
        return;
    ev->state = weight(first->run.state);
    ev->reason = first->run.reason;
}

void disk_books(const struct disk *d, const char *company, struct store_books *b)
{
    int64_t *lines[] = {&b->skipped, &b->done, &b->held, &b->failed, &b->attention, &b->in_flight};
    memset(b, 0, sizeof *b);
    for (int i = 0; i < d->nevents; i++) {
        if (company && strcmp(d->events[i]->event.company, company) != 0)
            continue;
        b->received++;
        (*lines[d->events[i]->state])++;
    }
}

/* ---- events and runs ---- */

static void add_event(struct disk *d, struct op *o)
{
    const struct store_event *se = &o->event;
    char key[700];
    snprintf(key, sizeof key, "%s\n%s\n%s", se->company, se->connection, se->delivery);
    struct disk_event *first = se->delivery[0] ? index_get(&d->deliveries, key) : NULL;
    if (!first && disk_find_event(d, se->id)) {
        op_refuse(o, ERR_CONFLICT, "event: already stored");
        return;
    }
    if (o->name) /* of a schedule */
        tables_set_slot(d, se->company, o->name, o->after);
    if (first) {
        bool same = o->name || str_eq(first->event.body, se->body);
        o->result = same ? STORE_EVENT_DUPLICATE : STORE_EVENT_CONFLICT;
        o->seq = first->seq;
        o->first_id = first->event.id;
        return;
    }
    struct disk_event *ev = arena_zalloc(sizeof *ev);
    d->events = arena_grow(d->events, d->nevents, &d->events_room, sizeof *d->events);
    d->events[d->nevents++] = ev;
    ev->event = *se;
    ev->seq = d->nevents;
    ev->routed = o->text != NULL;
    ev->state = o->text ? EVENT_SKIPPED : EVENT_IN_FLIGHT;
    ev->reason = o->text ? o->text : "";
    index_set(&d->event_ids, se->id, ev);
    if (se->delivery[0])
        index_set(&d->deliveries, key, ev);
    o->result = STORE_EVENT_NEW;
    o->seq = ev->seq;
    o->first_id = se->id;
}

static bool may_route(const struct disk *d, struct op *o, const struct disk_event *ev)
{
    if (!ev)
        op_refuse(o, ERR_NOT_FOUND, "there is no such event");
    else if (ev->routed)
        op_refuse(o, ERR_CONFLICT, "the event is routed already");
    for (int i = 0; i < o->n && !o->err; i++) {
        if (strcmp(o->runs[i].company, ev->event.company) != 0)
            op_refuse(o, ERR_DENIED, "the event is of another company");
        else if (disk_find_run(d, o->runs[i].id))
            op_refuse(o, ERR_CONFLICT, "run: already stored");
        for (int k = 0; k < i && !o->err; k++)
            if (strcmp(o->runs[i].rule, o->runs[k].rule) == 0 ||
                strcmp(o->runs[i].id, o->runs[k].id) == 0)
                op_refuse(o, ERR_CONFLICT, "run: already stored");
    }
    return !o->err;
}

static void route(struct disk *d, struct op *o)
{
    struct disk_event *ev = disk_find_event(d, o->name);
    const char *reason = o->n ? "" : o->text;
    enum event_state heaviest = EVENT_SKIPPED;
    if (!may_route(d, o, ev))
        return;
    struct disk_run **end = &ev->runs;
    for (int i = 0; i < o->n; i++) {
        struct disk_run *r = arena_zalloc(sizeof *r);
        d->runs = arena_grow(d->runs, d->nruns, &d->runs_room, sizeof *d->runs);
        d->runs[d->nruns++] = r;
        r->run = o->runs[i];
        r->n = d->nruns;
        r->event = ev;
        r->ended_us = run_state_final(r->run.state) ? sim->mono_us : 0;
        index_set(&d->run_ids, r->run.id, r);
        *end = r;
        end = &r->next;
        if (i == 0 || weight(r->run.state) > heaviest) {
            heaviest = weight(r->run.state);
            reason = r->run.reason;
        }
    }
    ev->routed = true;
    if (heaviest == EVENT_IN_FLIGHT)
        return;
    ev->state = heaviest;
    ev->reason = reason;
}

static void set_run(struct disk *d, struct op *o)
{
    const struct store_run_change *c = &o->change;
    struct disk_run *r = disk_find_run(d, c->run);
    if (!r) {
        op_refuse(o, ERR_NOT_FOUND, "there is no such run");
        return;
    }
    enum event_state was = weight(r->run.state);
    r->unbegun = false;
    r->run.state = c->state;
    r->run.reason = c->reason;
    r->result = c->result;
    r->until_ms = c->until_ms;
    if (c->began_ms)
        r->began_ms = c->began_ms;
    r->updated_ms = o->at_ms;
    if (c->version[0])
        r->run.version = c->version;
    r->ended_us = run_state_final(c->state) ? sim->mono_us : 0;
    if (was != EVENT_IN_FLIGHT || weight(c->state) != EVENT_IN_FLIGHT)
        tables_settle(r->event);
}

static int status_of(struct str meta)
{
    static const char word[] = "\"status\":";
    const char *p = meta.n ? memmem(meta.p, meta.n, word, sizeof word - 1) : NULL;
    int status = 0;
    if (p)
        sscanf(p + sizeof word - 1, "%d", &status);
    return status;
}

bool tables_had_effect(const struct disk_step *s)
{
    return strcmp(s->step.kind, "write") == 0 &&
           (!s->answered || strcmp(s->answer.outcome, "unknown") == 0 ||
               (strcmp(s->answer.outcome, "done") == 0 && status_of(s->answer.meta) < 400));
}

/* ---- journals ---- */

static struct disk_run *run_of_step(struct disk *d, struct op *o)
{
    struct disk_run *r = disk_find_run(d, o->step.run);
    if (o->step.seq > STEPS_MAX)
        op_refuse(o, ERR_LIMIT, "too many steps");
    else if (!r)
        op_refuse(o, ERR_NOT_FOUND, "there is no such run");
    return o->err ? NULL : r;
}

void tables_refused(struct disk *d, const struct op *o)
{
    bool starts = o->kind == OP_SET_RUN && o->change.state == RUN_RUNNING;
    bool steps = o->kind == OP_STEP || o->kind == OP_ANSWER;
    struct disk_run *r =
        starts || steps ? disk_find_run(d, starts ? o->change.run : o->step.run) : NULL;
    if (r && o->done && starts)
        r->unbegun = true;
    else if (r && o->done)
        r->torn = true;
}

static bool refuse_torn(const struct disk_run *r, struct op *o)
{
    bool torn = r->torn || r->unbegun;
    if (torn)
        op_refuse(o, ERR_IO, "what comes before it in the run's journal is not stored");
    return torn;
}

static void add_step(struct disk *d, struct op *o)
{
    struct disk_run *r = run_of_step(d, o);
    if (!r || refuse_torn(r, o))
        return;
    int i = step_place(r, o->step.seq);
    if (i < r->nsteps && r->steps[i].step.seq == o->step.seq) {
        op_refuse(o, ERR_CONFLICT, "step: already stored");
        return;
    }
    r->steps = arena_grow(r->steps, r->nsteps, &r->room, sizeof *r->steps);
    memmove(&r->steps[i + 1], &r->steps[i], (size_t)(r->nsteps++ - i) * sizeof *r->steps);
    r->steps[i] = (struct disk_step){.step = o->step,
        .answered = o->answer.outcome[0] != '\0',
        .answer = o->answer,
        .us = sim->mono_us};
    judge_step(r, &r->steps[i]);
}

static void answer_step(struct disk *d, struct op *o)
{
    struct disk_run *r = run_of_step(d, o);
    struct disk_step *s = r ? disk_find_step(r, o->step.seq) : NULL;
    if (!r || refuse_torn(r, o))
        return;
    if (!s || s->answered) {
        op_refuse(o, s ? ERR_CONFLICT : ERR_NOT_FOUND, "the step cannot be answered");
        return;
    }
    s->answered = true;
    s->answer = o->answer;
}

static void load_journal(struct disk *d, struct op *o)
{
    struct disk_run *r = disk_find_run(d, o->name);
    if (!r) {
        op_refuse(o, ERR_NOT_FOUND, "there is no such run");
        return;
    }
    r->torn = false;
    o->n = r->nsteps;
    o->journal = arena_zalloc((size_t)r->nsteps * sizeof *o->journal + 1);
    for (int i = 0; i < r->nsteps; i++) {
        const struct disk_step *s = &r->steps[i];
        o->journal[i] = (struct store_journal_step){s->step.seq, s->step, s->answered, s->answer};
        if (store_keeps_file(s->answer.meta))
            o->journal[i].answer.body = STR_NONE;
    }
}

/* ---- reading back ---- */

static void load_body(struct disk *d, struct op *o)
{
    const struct disk_event *ev = disk_find_event(d, o->name);
    if (ev)
        o->bytes = ev->event.body.p ? ev->event.body : STR_LIT("");
    else
        op_refuse(o, ERR_NOT_FOUND, "there is no such event");
}

static void load_file(struct disk *d, struct op *o)
{
    char begin[80];
    snprintf(begin, sizeof begin, STORE_FILE_META "%s\"", o->text);
    const struct disk_run *r = disk_find_run(d, o->name);
    for (int i = 0; r && i < r->nsteps; i++) {
        const struct disk_step *s = &r->steps[i];
        if (!s->answered || !str_starts(s->answer.meta, begin))
            continue;
        o->bytes = s->answer.body.p ? s->answer.body : STR_LIT("");
        return;
    }
    op_refuse(o, ERR_NOT_FOUND, "there is no such run or file");
}

void tables_apply(struct disk *d, struct op *o)
{
    struct disk_run *r;
    switch (o->kind) {
    case OP_ADD_EVENT:
        add_event(d, o);
        break;
    case OP_ROUTE:
        route(d, o);
        break;
    case OP_SET_RUN:
        set_run(d, o);
        break;
    case OP_ACT:
        tables_act(d, o);
        break;
    case OP_STEP:
        add_step(d, o);
        break;
    case OP_ANSWER:
        answer_step(d, o);
        break;
    case OP_LOG:
        r = disk_find_run(d, o->name);
        if (r)
            r->logs++;
        else
            op_refuse(o, ERR_NOT_FOUND, "there is no such run");
        break;
    case OP_BUNDLE:
        tables_put_bundle(d, o);
        break;
    case OP_VERSION:
        tables_put_version(d, o);
        break;
    case OP_RAISE:
        tables_raise_alert(d, o);
        break;
    case OP_CLEAR:
        tables_clear_alert(d, o);
        break;
    case OP_CLOSE:
        tables_close_by_number(d, o);
        break;
    case OP_SWITCH:
        tables_add_switch(d, o);
        break;
    case OP_SHIFT:
        tables_shift_waits(d, o);
        break;
    case OP_RESTORED_FOR:
        d->restored_for_ms = o->after;
        break;
    case OP_CLAIM:
        tables_claim_order(d, o);
        break;
    case OP_SCHEDULES:
        tables_sync_schedules(d, o);
        break;
    case OP_SLOT:
        tables_set_slot(d, o->name, o->text, o->after);
        break;
    case OP_TRIES:
        tables_set_tries(d, o);
        break;
    case OP_BEGUN:
        tables_load_begun(d, o);
        break;
    case OP_LIVE:
        tables_load_live(d, o);
        break;
    case OP_WRITES:
        break;
    case OP_JOURNAL:
        load_journal(d, o);
        break;
    case OP_STANDING:
        tables_load_standing(d, o);
        break;
    case OP_REVISION:
        tables_load_revision(d, o);
        break;
    case OP_OPEN:
        tables_load_open(d, o);
        break;
    case OP_BODY:
        load_body(d, o);
        break;
    case OP_FILE:
        load_file(d, o);
        break;
    case OP_LOAD_VERSION:
        tables_load_version(d, o);
        break;
    case OP_BOOKS:
        disk_books(d, o->name, &o->books);
        break;
    case OP_BACKLOG:
        tables_load_backlog(d, o);
        break;
    }
}
