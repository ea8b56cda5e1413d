/* store.h, one by one: what is asked is copied. */
#include <stdlib.h>
#include "clock.h"
#include "disk.h"

struct op *op_new(enum op_kind kind, void *arg)
{
    struct op *o = arena_zalloc(sizeof *o);
    o->kind = kind;
    o->arg = arg;
    return o;
}

const char *run_state_name(enum run_state s)
{
    static const char *const names[] = {
        "queued", "running", "waiting", "held", "done", "skipped", "failed", "attention"};
    return names[s];
}

bool run_state_final(enum run_state s)
{
    return s == RUN_DONE || s == RUN_SKIPPED || s == RUN_FAILED || s == RUN_ATTENTION;
}

struct store_event event_copy(const struct store_event *ev)
{
    return (struct store_event){.id = arena_text(ev->id),
        .company = arena_text(ev->company),
        .connection = arena_text(ev->connection),
        .type = arena_text(ev->type),
        .delivery = arena_text(ev->delivery),
        .received_ms = ev->received_ms,
        .headers = arena_bytes(ev->headers),
        .body = arena_bytes(ev->body)};
}

static void add_event(
    struct store *s, const struct store_event *ev, const char *why, store_event_fn fn, void *arg)
{
    struct op *o = op_new(OP_ADD_EVENT, arg);
    o->event = event_copy(ev);
    o->text = why ? arena_text(why) : NULL;
    o->on_event = fn;
    disk_ask(s, o);
}

void store_add_event(struct store *s, const struct store_event *ev, store_event_fn fn, void *arg)
{
    add_event(s, ev, NULL, fn, arg);
}

void store_add_delivery(struct store *s, const struct store_event *ev, const char *attempt,
    const char *skipped, store_event_fn fn, void *arg)
{
    add_event(s, ev, skipped, fn, arg);
}

void store_route(struct store *s, const char *event, const struct store_run *runs, int n,
    const char *reason, store_done_fn fn, void *arg)
{
    struct op *o = op_new(OP_ROUTE, arg);
    o->lazy = true;
    o->done = fn;
    o->name = arena_text(event);
    o->text = arena_text(reason);
    o->n = n;
    o->runs = arena_zalloc((size_t)n * sizeof *runs + 1);
    for (int i = 0; i < n; i++)
        o->runs[i] = (struct store_run){.id = arena_text(runs[i].id),
            .event = o->name,
            .company = arena_text(runs[i].company),
            .rule = arena_text(runs[i].rule),
            .version = arena_text(runs[i].version),
            .key = arena_text(runs[i].key),
            .state = runs[i].state,
            .reason = arena_text(runs[i].reason),
            .newest = arena_text(runs[i].newest)};
    disk_ask(s, o);
}

void store_set_run(struct store *s, const struct store_run_change *c, store_done_fn fn, void *arg)
{
    struct op *o = op_new(OP_SET_RUN, arg);
    o->lazy = true;
    o->done = fn;
    o->change = (struct store_run_change){.run = arena_text(c->run),
        .state = c->state,
        .reason = arena_text(c->reason),
        .result = arena_bytes(c->result),
        .until_ms = c->until_ms,
        .version = arena_text(c->version),
        .began_ms = c->began_ms};
    o->at_ms = clock_wall_ms();
    disk_ask(s, o);
}

void store_set_tries(
    struct store *s, const char *run, struct str tries, store_done_fn fn, void *arg)
{
    struct op *o = op_new(OP_TRIES, arg);
    o->lazy = fn == NULL;
    o->done = fn;
    o->name = arena_text(run);
    o->bytes = arena_bytes(tries);
    disk_ask(s, o);
}

void store_load_begun(struct store *s, store_begun_fn fn, store_done_fn done, void *arg)
{
    struct op *o = op_new(OP_BEGUN, arg);
    o->on_begun = fn;
    o->done = done;
    disk_ask(s, o);
}

static void ask_step(struct store *s, enum op_kind kind, const struct store_step *st,
    const struct store_answer *a, store_done_fn fn, void *arg)
{
    struct op *o = op_new(kind, arg);
    o->lazy = a != NULL;
    o->done = fn;
    o->step = (struct store_step){.run = arena_text(st->run),
        .seq = st->seq,
        .kind = arena_text(st->kind),
        .connection = arena_text(st->connection),
        .title = arena_text(st->title),
        .fingerprint = arena_text(st->fingerprint),
        .spec = arena_bytes(st->spec),
        .body = arena_bytes(st->body),
        .at_ms = st->at_ms};
    o->answer.outcome = "";
    if (a)
        o->answer = (struct store_answer){.outcome = arena_text(a->outcome),
            .meta = arena_bytes(a->meta),
            .body = arena_bytes(a->body),
            .at_ms = a->at_ms,
            .attempts = a->attempts,
            .duration_us = a->duration_us};
    disk_ask(s, o);
}

void store_intent(struct store *s, const struct store_step *st, store_done_fn fn, void *arg)
{
    ask_step(s, OP_STEP, st, NULL, fn, arg);
}

void store_answer(struct store *s, const char *run, uint32_t seq, const struct store_answer *a,
    store_done_fn fn, void *arg)
{
    struct store_step st = {.run = run, .seq = seq};
    ask_step(s, OP_ANSWER, &st, a, fn, arg);
}

void store_step(struct store *s, const struct store_step *st, const struct store_answer *a,
    store_done_fn fn, void *arg)
{
    ask_step(s, OP_STEP, st, a, fn, arg);
}

void store_log(struct store *s, const char *run, int64_t at_ms, const char *level, struct str text)
{
    struct op *o = op_new(OP_LOG, NULL);
    o->lazy = true;
    o->name = arena_text(run);
    disk_ask(s, o);
}

void store_load_journal(struct store *s, const char *run, store_journal_fn fn, void *arg)
{
    struct op *o = op_new(OP_JOURNAL, arg);
    o->name = arena_text(run);
    o->on_journal = fn;
    disk_ask(s, o);
}

void store_load_open(struct store *s, const struct store_open_query *q, store_open_fn fn,
    store_open_end_fn done, void *arg)
{
    struct op *o = op_new(OP_OPEN, arg);
    o->query = *q;
    o->query.company = arena_text(q->company);
    o->query.name = arena_text(q->name);
    o->on_open = fn;
    o->on_opened = done;
    disk_ask(s, o);
}

void store_load_backlog(struct store *s, const char *after, int limit, store_backlog_fn fn,
    void (*done)(void *arg, int n, const struct err *e), void *arg)
{
    struct op *o = op_new(OP_BACKLOG, arg);
    o->name = arena_text(after);
    o->limit = limit;
    o->on_backlog = fn;
    o->on_backlog_end = done;
    disk_ask(s, o);
}

void store_load_body(struct store *s, const char *event, store_body_fn fn, void *arg)
{
    struct op *o = op_new(OP_BODY, arg);
    o->name = arena_text(event);
    o->on_body = fn;
    disk_ask(s, o);
}

void store_load_file(struct store *s, const char *run, const char *id, store_body_fn fn, void *arg)
{
    struct op *o = op_new(OP_FILE, arg);
    o->name = arena_text(run);
    o->text = arena_text(id);
    o->on_body = fn;
    disk_ask(s, o);
}

void store_put_bundle(struct store *s, const char *hash, struct str bundle)
{
    struct op *o = op_new(OP_BUNDLE, NULL);
    o->name = arena_text(hash);
    o->bytes = arena_bytes(bundle);
    disk_ask(s, o);
}

void store_put_version(struct store *s, const char *company, const char *version,
    const char *company_hash, const char *system_hash, int64_t at_ms)
{
    struct op *o = op_new(OP_VERSION, NULL);
    o->version = (struct disk_version){arena_text(company), arena_text(version),
        arena_text(company_hash), arena_text(system_hash), at_ms};
    disk_ask(s, o);
}

void store_load_version(
    struct store *s, const char *company, const char *version, store_version_fn fn, void *arg)
{
    struct op *o = op_new(OP_LOAD_VERSION, arg);
    o->version =
        (struct disk_version){.company = arena_text(company), .version = arena_text(version)};
    o->on_version = fn;
    disk_ask(s, o);
}

void store_load_books(struct store *s, const char *company, store_books_fn fn, void *arg)
{
    struct op *o = op_new(OP_BOOKS, arg);
    o->name = company ? arena_text(company) : NULL;
    o->on_books = fn;
    disk_ask(s, o);
}

static void ask_alert(
    struct store *s, enum op_kind kind, const struct store_alert *a, store_alert_fn fn, void *arg)
{
    struct op *o = op_new(kind, arg);
    o->lazy = true;
    o->alert = (struct store_alert){arena_text(a->company), arena_text(a->kind),
        arena_text(a->about), arena_text(a->text), a->at_ms};
    o->told = fn;
    disk_ask(s, o);
}

void store_raise_alert(struct store *s, const struct store_alert *a, store_alert_fn fn, void *arg)
{
    ask_alert(s, OP_RAISE, a, fn, arg);
}

void store_clear_alert(struct store *s, const struct store_alert *a, store_alert_fn fn, void *arg)
{
    ask_alert(s, OP_CLEAR, a, fn, arg);
}

/* Whether other runs of the rule are parked is not looked at: alerts decide nothing. */
void store_clear_stale_alert(struct store *s, const struct store_alert *a, enum run_state unless,
    store_alert_fn fn, void *arg)
{
    ask_alert(s, OP_CLEAR, a, fn, arg);
}

/* Asked by the command that serves, which is not played. */
void store_load_alerts(struct store *s, store_each_alert_fn fn, store_done_fn done, void *arg)
{
    abort();
}

void store_close_alert(
    struct store *s, int64_t n, const char *by, int64_t at_ms, store_alert_fn fn, void *arg)
{
    struct op *o = op_new(OP_CLOSE, arg);
    o->seq = n;
    o->told = fn;
    disk_ask(s, o);
}

void store_add_switch(struct store *s, const struct store_switch *sw, store_done_fn fn, void *arg)
{
    struct op *o = op_new(OP_SWITCH, arg);
    o->done = fn;
    o->to = (struct disk_switch){NULL, arena_text(sw->company), arena_text(sw->version),
        arena_text(sw->folder), arena_text(sw->how), sw->at_ms};
    disk_ask(s, o);
}

void store_load_live(struct store *s, store_live_fn fn, store_done_fn done, void *arg)
{
    struct op *o = op_new(OP_LIVE, arg);
    o->on_live = fn;
    o->done = done;
    disk_ask(s, o);
}

void store_add_refused(struct store *s, const struct store_refused *r, int keep)
{
    /* For people alone: nobody waits for it, and no run depends on it. */
}
