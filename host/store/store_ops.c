/* Events, their routing, and the states of runs. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "id.h"
#include "json_edit.h"
#include "mem.h"
#include "store_private.h"
#include "store_schedule.h"

static const char *const state_names[] = {
    "queued", "running", "waiting", "held", "done", "skipped", "failed", "attention"};
#define STATES ((int)(sizeof(state_names) / sizeof(state_names[0])))

const char *run_state_name(enum run_state s)
{
    return state_names[s];
}

bool run_state_final(enum run_state s)
{
    return s == RUN_DONE || s == RUN_SKIPPED || s == RUN_FAILED || s == RUN_ATTENTION;
}

enum run_state run_state_parse(struct str name)
{
    for (int i = 0; i < STATES; i++)
        if (str_is(name, state_names[i]))
            return (enum run_state)i;
    return RUN_QUEUED; /* the table's CHECK lets nothing else in */
}

/* ---- the state of an event follows from its runs ---- */

/* What an event counts as in the books: the first of these that one of its runs is in. */
static int weight(enum run_state s)
{
    switch (s) {
    case RUN_QUEUED:
    case RUN_RUNNING:
    case RUN_WAITING:
        return 5;
    case RUN_ATTENTION:
        return 4;
    case RUN_FAILED:
        return 3;
    case RUN_HELD:
        return 2;
    case RUN_DONE:
        return 1;
    case RUN_SKIPPED:
        break;
    }
    return 0;
}

static const char *const event_states[] = {
    "skipped", "done", "held", "failed", "attention", "in_flight"};

/* Sets the event's state, and as its reason that of the run which decided. It is asleep if all
 * there is to do waits for a time. */
int event_settle(struct sql *s, int64_t event)
{
    struct query *q = sql_use(s, Q_RUN_STATES, "SELECT state, reason FROM runs WHERE event = ?");
    query_int(q, event);
    int heaviest = -1, rc;
    bool waiting = false, going_on = false;
    char *reason = NULL;
    while ((rc = query_row(q)) == 1) {
        enum run_state state = run_state_parse(query_col(q, 0));
        int w = weight(state);
        waiting |= state == RUN_WAITING;
        going_on |= state == RUN_QUEUED || state == RUN_RUNNING;
        if (w <= heaviest)
            continue;
        heaviest = w;
        mem_free(reason);
        reason = mem_dup(query_col_text(q, 1));
    }
    if (rc == 0 && heaviest >= 0) {
        q = sql_use(
            s, Q_EVENT_SETTLE, "UPDATE events SET state = ?, reason = ?, asleep = ? WHERE seq = ?");
        query_text(q, event_states[heaviest]);
        query_text(q, reason);
        query_int(q, waiting && !going_on);
        query_int(q, event);
        rc = query_run(q);
    }
    mem_free(reason);
    return rc;
}

/* ---- store_add_event ---- */

struct add_event {
    struct op op;
    struct store_event ev;
    const char *attempt;  /* path of what counts the tries; "": there is none */
    const char *why;      /* skipped; NULL: in flight */
    const char *schedule; /* whose time it is; NULL: of none */
    int64_t slot;
    store_event_fn fn;
    void *arg;
    enum store_event_result result;
    int64_t seq;
    char first_id[ID_TEXT];
};

/* Writes body without the member at path; as it is, if it has none. */
static struct str without(struct str body, const char *path, struct buf *out)
{
    struct json_change c = {JSON_CHANGE_REMOVE, str_of(path), STR_LIT("")};
    buf_init(out, BUF_MAX_DEFAULT);
    return json_edit(body, &c, out, NULL) < 0 ? body : buf_str(out);
}

/* The body of an event is this one, but for what counts the tries; 1, 0, or -1. */
static int same_but_attempt(struct sql *s, const struct add_event *a, int64_t seq)
{
    struct query *q = sql_use(s, Q_EVENT_FIRST_BODY, "SELECT body FROM bodies WHERE event = ?");
    query_int(q, seq);
    int rc = query_row(q);
    if (rc <= 0)
        return rc;
    struct buf before, after, differences;
    struct str b = without(query_col(q, 0), a->attempt, &before);
    struct str n = without(a->ev.body, a->attempt, &after);
    buf_init(&differences, BUF_MAX_DEFAULT);
    rc = json_diff(b, n, 1, &differences) == 0;
    buf_free(&differences);
    buf_free(&before);
    buf_free(&after);
    query_done(q);
    return rc;
}

/* The same delivery is there already: with the same bytes or with others? */
static int compare_delivery(struct sql *s, struct add_event *a, struct str hash)
{
    struct query *q = sql_use(s, Q_EVENT_SAME,
        "SELECT seq, id, body_hash FROM events"
        " WHERE company = ? AND connection = ? AND delivery = ? AND delivery <> ''");
    query_text(q, a->ev.company);
    query_text(q, a->ev.connection);
    query_text(q, a->ev.delivery);
    int rc = query_row(q);
    if (rc <= 0)
        return rc < 0 ? -1 : op_fail(&a->op, ERR_IO, "event %s was not stored", a->ev.id);
    int same = a->schedule || str_eq(query_col(q, 2), hash);
    a->seq = query_col_int(q, 0);
    snprintf(a->first_id, sizeof(a->first_id), "%s", query_col_text(q, 1));
    query_done(q);
    if (!same && *a->attempt)
        same = same_but_attempt(s, a, a->seq);
    a->result = same > 0 ? STORE_EVENT_DUPLICATE : STORE_EVENT_CONFLICT;
    return same < 0 ? -1 : 0;
}

static int add_event_run(struct sql *s, struct op *o)
{
    struct add_event *a = (struct add_event *)o;
    const struct store_event *ev = &a->ev;
    if (a->schedule && schedule_slot(s, ev->company, a->schedule, a->slot))
        return -1;
    unsigned char hash[BODY_HASH_BYTES];
    struct str hash_bytes = {(const char *)hash, sizeof(hash)};
    body_hash(ev->body, hash);
    struct query *q = sql_use(s, Q_EVENT_ADD,
        "INSERT INTO events (id, company, connection, type, delivery, received_ms, body_hash,"
        " routed, state, reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (company, connection, delivery) WHERE delivery <> '' DO NOTHING");
    query_text(q, ev->id);
    query_text(q, ev->company);
    query_text(q, ev->connection);
    query_text(q, ev->type);
    query_text(q, ev->delivery);
    query_int(q, ev->received_ms);
    query_blob(q, hash_bytes);
    query_int(q, a->why != NULL);
    query_text(q, event_states[weight(a->why ? RUN_SKIPPED : RUN_QUEUED)]);
    query_text(q, a->why);
    if (query_run(q))
        return -1;
    if (sqlite3_changes64(s->h) == 0)
        return compare_delivery(s, a, hash_bytes);
    a->result = STORE_EVENT_NEW;
    a->seq = sqlite3_last_insert_rowid(s->h);
    snprintf(a->first_id, sizeof(a->first_id), "%s", ev->id);
    q = sql_use(s, Q_EVENT_BODY, "INSERT INTO bodies (event, headers, body) VALUES (?, ?, ?)");
    query_int(q, a->seq);
    query_json(q, ev->headers);
    query_blob(q, ev->body);
    return query_run(q);
}

static void add_event_done(struct op *o, const struct err *e)
{
    struct add_event *a = (struct add_event *)o;
    if (e)
        a->fn(a->arg, STORE_EVENT_FAILED, 0, "", e);
    else
        a->fn(a->arg, a->result, a->seq, a->first_id, NULL);
}

static void ask_event(struct store *s, const struct store_event *ev, const char *attempt,
    const char *why, const char *schedule, int64_t slot, store_event_fn fn, void *arg)
{
    struct add_event *a = op_new(sizeof(*a),
        op_room(ev->id) + op_room(ev->company) + op_room(ev->connection) + op_room(ev->type) +
            op_room(ev->delivery) + op_room_bytes(ev->headers) + op_room_bytes(ev->body) +
            op_room(attempt) + op_room(why) + op_room(schedule));
    struct op *o = &a->op;
    o->run = add_event_run;
    o->done = fn ? add_event_done : NULL;
    o->what = "event";
    a->ev.id = op_text(o, ev->id);
    a->ev.company = op_text(o, ev->company);
    a->ev.connection = op_text(o, ev->connection);
    a->ev.type = op_text(o, ev->type);
    a->ev.delivery = op_text(o, ev->delivery);
    a->attempt = op_text(o, attempt);
    a->ev.received_ms = ev->received_ms;
    a->ev.headers = op_bytes(o, ev->headers);
    a->ev.body = op_bytes(o, ev->body);
    a->why = why ? op_text(o, why) : NULL;
    a->schedule = schedule ? op_text(o, schedule) : NULL;
    a->slot = slot;
    a->fn = fn;
    a->arg = arg;
    store_ask(s, o);
}

void store_add_event(struct store *s, const struct store_event *ev, store_event_fn fn, void *arg)
{
    ask_event(s, ev, "", NULL, NULL, 0, fn, arg);
}

void store_add_delivery(struct store *s, const struct store_event *ev, const char *attempt,
    const char *skipped, store_event_fn fn, void *arg)
{
    ask_event(s, ev, attempt, skipped, NULL, 0, fn, arg);
}

void store_add_scheduled(struct store *s, const struct store_event *ev, const char *schedule,
    int64_t slot, store_event_fn fn, void *arg)
{
    ask_event(s, ev, "", NULL, schedule, slot, fn, arg);
}

/* ---- store_route ---- */

struct route {
    struct op op;
    struct op_done cb;
    const char *event, *reason;
    struct store_run *runs;
    int n;
    int64_t at_ms;
};

/* The event's number and company; refuses what was routed before. */
static int find_unrouted(struct sql *s, struct route *r, int64_t *seq)
{
    struct query *q =
        sql_use(s, Q_EVENT_FIND, "SELECT seq, company, routed FROM events WHERE id = ?");
    query_text(q, r->event);
    int rc = query_row(q);
    if (rc < 0)
        return -1;
    if (rc == 0)
        return op_fail(&r->op, ERR_NOT_FOUND, "there is no event %s", r->event);
    rc = 0;
    *seq = query_col_int(q, 0);
    if (query_col_int(q, 2))
        rc = op_fail(&r->op, ERR_CONFLICT, "event %s is routed already", r->event);
    for (int i = 0; i < r->n && !rc; i++)
        if (!str_is(query_col(q, 1), r->runs[i].company))
            rc = op_fail(&r->op, ERR_DENIED, "event %s is of company %s, run %s is of %s", r->event,
                query_col_text(q, 1), r->runs[i].id, r->runs[i].company);
    query_done(q);
    return rc;
}

static int add_run(struct sql *s, const struct store_run *r, int64_t event, int64_t at_ms)
{
    struct query *q = sql_use(s, Q_RUN_ADD,
        "INSERT INTO runs (id, event, company, rule, version, key, state, reason, created_ms,"
        " updated_ms, newest, about) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    query_text(q, r->id);
    query_int(q, event);
    query_text(q, r->company);
    query_text(q, r->rule);
    query_text(q, r->version);
    query_text(q, r->key);
    query_text(q, run_state_name(r->state));
    query_text(q, r->reason);
    query_int(q, at_ms);
    query_int(q, at_ms);
    query_text(q, r->newest);
    query_text(q, r->about);
    if (query_run(q))
        return -1;
    run_number_set(s, r->id, sqlite3_last_insert_rowid(s->h));
    return 0;
}

static int route_run(struct sql *s, struct op *o)
{
    struct route *r = (struct route *)o;
    int64_t seq = 0;
    int heaviest = 0;
    const char *reason = r->n ? "" : r->reason;
    if (find_unrouted(s, r, &seq))
        return -1;
    for (int i = 0; i < r->n; i++) {
        int w = weight(r->runs[i].state);
        if (i == 0 || w > heaviest) {
            heaviest = w;
            reason = r->runs[i].reason;
        }
        if (add_run(s, &r->runs[i], seq, r->at_ms))
            return -1;
    }
    if (heaviest == weight(RUN_RUNNING)) { /* in flight it is already, for no reason to be told */
        struct query *in_flight =
            sql_use(s, Q_EVENT_STARTED, "UPDATE events SET routed = 1 WHERE seq = ?");
        query_int(in_flight, seq);
        return query_run(in_flight);
    }
    struct query *q = sql_use(
        s, Q_EVENT_ROUTED, "UPDATE events SET routed = 1, state = ?, reason = ? WHERE seq = ?");
    query_text(q, event_states[heaviest]);
    query_text(q, reason);
    query_int(q, seq);
    return query_run(q);
}

static size_t room_for_runs(const struct store_run *runs, int n)
{
    size_t room = (size_t)n * sizeof(*runs) + _Alignof(max_align_t);
    for (int i = 0; i < n; i++)
        room += op_room(runs[i].id) + op_room(runs[i].company) + op_room(runs[i].rule) +
                op_room(runs[i].version) + op_room(runs[i].key) + op_room(runs[i].reason) +
                op_room(runs[i].newest) + op_room(runs[i].about);
    return room;
}

static void route_done(struct op *o, const struct err *e)
{
    op_done_call(&((struct route *)o)->cb, e);
}

void store_route(struct store *s, const char *event, const struct store_run *runs, int n,
    const char *reason, store_done_fn fn, void *arg)
{
    struct route *r = op_new(sizeof(*r), op_room(event) + op_room(reason) + room_for_runs(runs, n));
    struct op *o = &r->op;
    o->run = route_run;
    o->done = fn ? route_done : NULL;
    o->what = "routing of an event";
    o->lazy = true;
    r->cb = (struct op_done){fn, arg};
    r->n = n;
    r->at_ms = clock_wall_ms();
    r->runs = op_array(o, (size_t)n * sizeof(*runs));
    r->event = op_text(o, event);
    r->reason = op_text(o, reason);
    for (int i = 0; i < n; i++)
        r->runs[i] = (struct store_run){op_text(o, runs[i].id), NULL, op_text(o, runs[i].company),
            op_text(o, runs[i].rule), op_text(o, runs[i].version), op_text(o, runs[i].key),
            runs[i].state, op_text(o, runs[i].reason), op_text(o, runs[i].newest),
            op_text(o, runs[i].about)};
    store_ask(s, o);
}

/* ---- store_set_run ---- */

struct set_run {
    struct op op;
    struct op_done cb;
    struct store_run_change c;
    int64_t at_ms;
};

static int set_run_run(struct sql *s, struct op *o)
{
    struct set_run *r = (struct set_run *)o;
    const struct store_run_change *c = &r->c;
    struct query *q = sql_use(s, Q_RUN_FIND, "SELECT n, event, state FROM runs WHERE id = ?");
    query_text(q, c->run);
    int rc = query_row(q);
    if (rc <= 0)
        return rc < 0 ? -1 : op_fail(o, ERR_NOT_FOUND, "there is no run %s", c->run);
    int64_t n = query_col_int(q, 0), event = query_col_int(q, 1);
    enum run_state before = run_state_parse(query_col(q, 2));
    query_done(q);
    q = sql_use(s, Q_RUN_SET,
        "UPDATE runs SET state = ?, reason = ?, result = ?, until_ms = ?, updated_ms = ?,"
        " version = coalesce(nullif(?, ''), version), began_ms = coalesce(nullif(?, 0), began_ms)"
        " WHERE n = ?");
    query_text(q, run_state_name(c->state));
    query_text(q, c->reason);
    query_json(q, c->result);
    query_int(q, c->until_ms);
    query_int(q, r->at_ms);
    query_text(q, c->version);
    query_int(q, c->began_ms);
    query_int(q, n);
    if (query_run(q))
        return -1;
    if (run_state_final(c->state))
        journal_mend(s, c->run, TORN_STEP | TORN_START);
    else
        journal_mend(s, c->run, TORN_START);
    /* In flight before and after, and not asleep: the event stays what it is. */
    bool waits = before == RUN_WAITING || c->state == RUN_WAITING;
    if (!waits && weight(before) == weight(RUN_RUNNING) && weight(c->state) == weight(RUN_RUNNING))
        return 0;
    return event_settle(s, event);
}

static void set_run_done(struct op *o, const struct err *e)
{
    op_done_call(&((struct set_run *)o)->cb, e);
}

void store_set_run(struct store *s, const struct store_run_change *c, store_done_fn fn, void *arg)
{
    struct set_run *r = op_new(sizeof(*r),
        op_room(c->run) + op_room(c->reason) + op_room_bytes(c->result) + op_room(c->version));
    struct op *o = &r->op;
    o->run = set_run_run;
    o->done = fn ? set_run_done : NULL;
    o->what = "state of a run";
    o->lazy = true;
    r->cb = (struct op_done){fn, arg};
    r->at_ms = clock_wall_ms();
    r->c = (struct store_run_change){op_text(o, c->run), c->state, op_text(o, c->reason),
        op_bytes(o, c->result), c->until_ms, op_text(o, c->version), c->began_ms};
    o->journal = c->state == RUN_RUNNING && fn ? r->c.run : NULL;
    o->tears = TORN_START;
    store_ask(s, o);
}
