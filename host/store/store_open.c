/* Open events, a few at a time: of one company, in one of the orders that store.h names. */
#include <stdint.h>
#include <string.h>

#include "mem.h"
#include "store_private.h"

/* Bytes of bodies that one answer brings. */
#define OPEN_BYTES ((size_t)8 << 20)

struct open_event {
    struct store_open_event ev;
    struct store_run *runs;
    int64_t *until_ms;
    struct store_progress *progress;
};

struct load_open {
    struct op op;
    struct store_open_query query;
    store_open_fn fn;
    store_open_end_fn done;
    void *arg;
    struct open_event *events;
    int n, room;
    struct store_open_end end;
};

#define OPEN_COLUMNS                                                                                \
    "e.seq, e.id, e.company, e.connection, e.type, e.delivery, e.received_ms, e.routed, b.headers," \
    " b.body, e.body_hash"
#define RUN_IS_OPEN "(state = 'queued' OR state = 'running' OR state = 'waiting')"

static const char *dup_text(struct query *q, int i)
{
    return mem_dup(query_col_text(q, i));
}

/* The header's structs are const for their readers; here they are owned. */
static void drop(const void *p)
{
    mem_free((void *)(uintptr_t)p);
}

/* ---- on the store thread ---- */

static int64_t last_wanted(const struct store_open_query *a)
{
    return a->until ? a->until : INT64_MAX;
}

/* Not routed, or able to go on. */
static struct query *ask_list(struct sql *s, const struct store_open_query *a)
{
    struct query *q = sql_use(s, Q_OPEN_LIST,
        "SELECT " OPEN_COLUMNS ", e.seq, 0 FROM events e INDEXED BY events_open"
        " CROSS JOIN bodies b ON b.event = e.seq WHERE e.state = 'in_flight' AND e.company = ?"
        " AND e.asleep = 0 AND e.routed = ? AND e.seq > ? AND e.seq <= ? ORDER BY e.seq LIMIT ?");
    query_text(q, a->company);
    query_int(q, a->kind == STORE_OPEN_READY);
    query_int(q, a->after.seq);
    query_int(q, last_wanted(a));
    query_int(q, a->limit);
    return q;
}

static struct query *ask_key(struct sql *s, const struct store_open_query *a)
{
    struct query *q = sql_use(s, Q_OPEN_KEY,
        "SELECT " OPEN_COLUMNS ", e.seq, 0 FROM (SELECT DISTINCT event FROM runs INDEXED BY"
        " runs_of_key WHERE company = ? AND key = ? AND event > ? AND event <= ? AND key <> ''"
        " AND " RUN_IS_OPEN " ORDER BY event LIMIT ?) r CROSS JOIN events e ON e.seq = r.event"
        " CROSS JOIN bodies b ON b.event = e.seq");
    query_text(q, a->company);
    query_text(q, a->name);
    query_int(q, a->after.seq);
    query_int(q, last_wanted(a));
    query_int(q, a->limit);
    return q;
}

static struct query *ask_begun(struct sql *s, const struct store_open_query *a)
{
    struct query *q = sql_use(s, Q_OPEN_BEGUN,
        "SELECT " OPEN_COLUMNS ", e.seq, 0 FROM (SELECT DISTINCT event FROM runs INDEXED BY"
        " runs_of_key WHERE company = ? AND key = ? AND event > ? AND key <> '' AND " RUN_IS_OPEN
        " AND (state = 'running' OR state = 'waiting') ORDER BY event LIMIT ?) r"
        " CROSS JOIN events e ON e.seq = r.event CROSS JOIN bodies b ON b.event = e.seq");
    query_text(q, a->company);
    query_text(q, a->name);
    query_int(q, a->after.seq);
    query_int(q, a->limit);
    return q;
}

static struct query *ask_due(struct sql *s, const struct store_open_query *a)
{
    struct query *q = sql_use(s, Q_OPEN_DUE,
        "SELECT " OPEN_COLUMNS ", r.n, r.until_ms FROM runs r INDEXED BY runs_waiting"
        " CROSS JOIN events e ON e.seq = r.event CROSS JOIN bodies b ON b.event = e.seq"
        " WHERE r.state = 'waiting' AND r.company = ?1 AND r.until_ms >= ?2 AND r.until_ms <= ?4"
        " AND (r.until_ms > ?2 OR r.n > ?3) ORDER BY r.until_ms, r.n LIMIT ?5");
    query_text(q, a->company);
    query_int(q, a->after.ms);
    query_int(q, a->after.seq);
    query_int(q, last_wanted(a));
    query_int(q, a->limit);
    return q;
}

static struct query *ask_run(struct sql *s, const struct store_open_query *a)
{
    struct query *q = sql_use(s, Q_OPEN_RUN,
        "SELECT " OPEN_COLUMNS
        ", e.seq, 0 FROM (SELECT event FROM runs WHERE id = ? AND " RUN_IS_OPEN
        ") r CROSS JOIN events e ON e.seq = r.event CROSS JOIN bodies b ON b.event = e.seq");
    query_text(q, a->name);
    return q;
}

static struct query *ask(struct sql *s, const struct store_open_query *a)
{
    switch (a->kind) {
    case STORE_OPEN_KEY:
        return ask_key(s, a);
    case STORE_OPEN_BEGUN:
        return ask_begun(s, a);
    case STORE_OPEN_DUE:
        return ask_due(s, a);
    case STORE_OPEN_RUN:
        return ask_run(s, a);
    case STORE_OPEN_NEW:
    case STORE_OPEN_READY:
        break;
    }
    return ask_list(s, a);
}

static int load_runs(struct sql *s, struct open_event *o)
{
    struct query *q = sql_use(s, Q_OPEN_RUNS,
        "SELECT id, rule, version, key, state, reason, until_ms,"
        " CASE WHEN began_ms = 0 THEN -1 ELSE max(0, CASE WHEN state = 'waiting'"
        " THEN max(until_ms, updated_ms) ELSE updated_ms END - began_ms) END, reopened_seq,"
        " tries FROM runs WHERE event = ? AND " RUN_IS_OPEN " ORDER BY n");
    query_int(q, o->ev.seq);
    int rc, n = 0;
    while ((rc = query_row(q)) == 1) {
        o->runs = mem_realloc(o->runs, (size_t)(n + 1) * sizeof(*o->runs));
        o->until_ms = mem_realloc(o->until_ms, (size_t)(n + 1) * sizeof(*o->until_ms));
        o->runs[n] = (struct store_run){dup_text(q, 0), o->ev.event.id, o->ev.event.company,
            dup_text(q, 1), dup_text(q, 2), dup_text(q, 3), run_state_parse(query_col(q, 4)),
            dup_text(q, 5), NULL, NULL};
        o->until_ms[n] = query_col_int(q, 6);
        o->progress = mem_realloc(o->progress, (size_t)(n + 1) * sizeof(*o->progress));
        o->progress[n] = (struct store_progress){query_col_int(q, 7), (uint32_t)query_col_int(q, 8),
            query_col(q, 9).p ? dup_text(q, 9) : NULL};
        o->ev.nruns = ++n;
    }
    o->ev.runs = o->runs;
    o->ev.until_ms = o->until_ms;
    o->ev.progress = o->progress;
    return rc;
}

static struct open_event *add_event(struct load_open *l, struct query *q)
{
    if (l->n == l->room) {
        l->room = l->room ? l->room * 2 : 16;
        l->events = mem_realloc(l->events, (size_t)l->room * sizeof(*l->events));
    }
    struct open_event *o = &l->events[l->n++];
    memset(o, 0, sizeof(*o));
    o->ev.seq = query_col_int(q, 0);
    o->ev.event =
        (struct store_event){dup_text(q, 1), dup_text(q, 2), dup_text(q, 3), dup_text(q, 4),
            dup_text(q, 5), query_col_int(q, 6), query_col_dup(q, 8), query_col_dup(q, 9)};
    o->ev.routed = query_col_int(q, 7) != 0;
    l->end.last = (struct store_place){query_col_int(q, 11), query_col_int(q, 12)};
    return o;
}

static int find_next(struct sql *s, struct load_open *l)
{
    struct query *q = sql_use(s, Q_OPEN_NEXT,
        "SELECT min(until_ms) FROM runs INDEXED BY runs_waiting WHERE state = 'waiting'"
        " AND company = ? AND until_ms > ?");
    query_text(q, l->query.company);
    query_int(q, last_wanted(&l->query));
    int rc = query_row(q);
    if (rc == 1)
        l->end.next_ms = query_col_int(q, 0);
    query_done(q);
    return rc < 0 ? -1 : 0;
}

static int load_open_run(struct sql *s, struct op *op)
{
    struct load_open *l = (struct load_open *)op;
    struct query *q = ask(s, &l->query);
    size_t bytes = 0;
    int rc;
    l->end = (struct store_open_end){.last = l->query.after};
    while ((rc = query_row(q)) == 1) {
        if (bytes >= OPEN_BYTES) {
            l->end.more = true;
            query_done(q);
            return 0;
        }
        struct open_event *o = add_event(l, q);
        bytes += o->ev.event.body.n;
        if (body_check(s, o->ev.event.id, o->ev.event.body, query_col(q, 10)) ||
            (o->ev.routed && load_runs(s, o))) {
            query_done(q);
            return -1;
        }
    }
    l->end.more = l->query.kind != STORE_OPEN_RUN && l->n >= l->query.limit;
    if (rc == 0 && l->query.kind == STORE_OPEN_DUE)
        rc = find_next(s, l);
    return rc;
}

static void free_event(struct open_event *o)
{
    const struct store_event *ev = &o->ev.event;
    for (int i = 0; i < o->ev.nruns; i++) {
        const struct store_run *r = &o->runs[i];
        const char *of_run[] = {
            r->id, r->rule, r->version, r->key, r->reason, o->progress[i].tries};
        for (size_t k = 0; k < sizeof(of_run) / sizeof(of_run[0]); k++)
            drop(of_run[k]);
    }
    const char *owned[] = {
        ev->id, ev->company, ev->connection, ev->type, ev->delivery, ev->headers.p, ev->body.p};
    for (size_t k = 0; k < sizeof(owned) / sizeof(owned[0]); k++)
        drop(owned[k]);
    mem_free(o->runs);
    mem_free(o->until_ms);
    mem_free(o->progress);
}

static void load_open_clear(struct op *op)
{
    struct load_open *l = (struct load_open *)op;
    for (int i = 0; i < l->n; i++)
        free_event(&l->events[i]);
    mem_free(l->events);
    l->events = NULL;
    l->n = l->room = 0;
}

/* ---- on the loop ---- */

static void load_open_done(struct op *op, const struct err *e)
{
    struct load_open *l = (struct load_open *)op;
    for (int i = 0; i < l->n && !e; i++)
        l->fn(l->arg, &l->events[i].ev);
    l->end.n = l->n;
    l->done(l->arg, e ? NULL : &l->end, e);
}

void store_load_open(struct store *s, const struct store_open_query *q, store_open_fn fn,
    store_open_end_fn done, void *arg)
{
    struct load_open *l = op_new(sizeof(*l), op_room(q->company) + op_room(q->name));
    l->op.run = load_open_run;
    l->op.done = load_open_done;
    l->op.clear = load_open_clear;
    l->op.what = "open events";
    l->query = *q;
    l->query.company = op_text(&l->op, q->company);
    l->query.name = op_text(&l->op, q->name);
    l->fn = fn;
    l->done = done;
    l->arg = arg;
    store_ask(s, &l->op);
}
