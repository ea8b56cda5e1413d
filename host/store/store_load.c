/* What the host reads back: events that are not settled, versions of scripts, the books. */
#include <string.h>

#include "clock.h"
#include "mem.h"
#include "store_private.h"

static const char *dup_text(struct query *q, int i)
{
    return mem_dup(query_col_text(q, i));
}

/* The header's structs are const for their readers; here they are owned. */
static void drop(const void *p)
{
    mem_free((void *)(uintptr_t)p);
}

/* ---- store_load_open ---- */

struct open_event {
    struct store_open_event ev;
    struct store_run *runs;
    int64_t *until_ms;
};

struct load_open {
    struct op op;
    int64_t after;
    int limit;
    store_open_fn fn;
    void (*done)(void *arg, int n, const struct err *e);
    void *arg;
    struct open_event *events;
    int n, room;
    bool more; /* for which there was no room */
};

/* Bytes of bodies that one answer brings. */
#define OPEN_BYTES ((size_t)8 << 20)

static int load_open_runs(struct sql *s, struct open_event *o)
{
    struct query *q = sql_use(s, Q_OPEN_RUNS,
        "SELECT id, rule, version, key, state, reason, until_ms FROM runs"
        " WHERE event = ? AND state IN ('queued','running','waiting') ORDER BY n");
    query_int(q, o->ev.seq);
    int rc, n = 0;
    while ((rc = query_row(q)) == 1) {
        o->runs = mem_realloc(o->runs, (size_t)(n + 1) * sizeof(*o->runs));
        o->until_ms = mem_realloc(o->until_ms, (size_t)(n + 1) * sizeof(*o->until_ms));
        o->runs[n] = (struct store_run){dup_text(q, 0), o->ev.event.id, o->ev.event.company,
            dup_text(q, 1), dup_text(q, 2), dup_text(q, 3), run_state_parse(query_col(q, 4)),
            dup_text(q, 5), NULL};
        o->until_ms[n] = query_col_int(q, 6);
        o->ev.nruns = ++n;
    }
    o->ev.runs = o->runs;
    o->ev.until_ms = o->until_ms;
    return rc;
}

static struct open_event *add_open_event(struct load_open *l, struct query *q)
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
    return o;
}

static int load_open_run(struct sql *s, struct op *op)
{
    struct load_open *l = (struct load_open *)op;
    /* The index on state holds the open ones only, in order of seq. */
    struct query *q = sql_use(s, Q_OPEN_LIST,
        "SELECT seq, id, company, connection, type, delivery, received_ms, routed, headers, body"
        " FROM events INDEXED BY events_open JOIN bodies ON event = seq"
        " WHERE state = 'in_flight' AND seq > ? ORDER BY seq LIMIT ?");
    query_int(q, l->after);
    query_int(q, l->limit);
    int rc;
    size_t bytes = 0;
    while ((rc = query_row(q)) == 1) {
        if (bytes >= OPEN_BYTES) {
            l->more = true;
            query_done(q);
            return 0;
        }
        struct open_event *o = add_open_event(l, q);
        bytes += o->ev.event.body.n;
        if (o->ev.routed && load_open_runs(s, o)) {
            query_done(q);
            return -1;
        }
    }
    return rc;
}

static void free_open_event(struct open_event *o)
{
    const struct store_event *ev = &o->ev.event;
    for (int i = 0; i < o->ev.nruns; i++) {
        const struct store_run *r = &o->runs[i];
        const char *of_run[] = {r->id, r->rule, r->version, r->key, r->reason};
        for (size_t k = 0; k < sizeof(of_run) / sizeof(of_run[0]); k++)
            drop(of_run[k]);
    }
    const char *owned[] = {
        ev->id, ev->company, ev->connection, ev->type, ev->delivery, ev->headers.p, ev->body.p};
    for (size_t k = 0; k < sizeof(owned) / sizeof(owned[0]); k++)
        drop(owned[k]);
    mem_free(o->runs);
    mem_free(o->until_ms);
}

static void load_open_clear(struct op *op)
{
    struct load_open *l = (struct load_open *)op;
    for (int i = 0; i < l->n; i++)
        free_open_event(&l->events[i]);
    mem_free(l->events);
    l->events = NULL;
    l->n = l->room = 0;
    l->more = false;
}

static void load_open_done(struct op *op, const struct err *e)
{
    struct load_open *l = (struct load_open *)op;
    for (int i = 0; i < l->n && !e; i++)
        l->fn(l->arg, &l->events[i].ev);
    l->done(l->arg, e ? 0 : l->more ? l->limit : l->n, e);
}

void store_load_open(struct store *s, int64_t after_seq, int limit, store_open_fn fn,
    void (*done)(void *arg, int n, const struct err *e), void *arg)
{
    struct load_open *l = op_new(sizeof(*l), 0);
    l->op.run = load_open_run;
    l->op.done = load_open_done;
    l->op.clear = load_open_clear;
    l->op.what = "open events";
    l->after = after_seq;
    l->limit = limit;
    l->fn = fn;
    l->done = done;
    l->arg = arg;
    store_ask(s, &l->op);
}

/* ---- store_load_body ---- */

struct load_body {
    struct op op;
    const char *event;
    store_body_fn fn;
    void *arg;
    struct str body; /* owned */
};

static int load_body_run(struct sql *s, struct op *o)
{
    struct load_body *l = (struct load_body *)o;
    struct query *q = sql_use(s, Q_BODY_GET,
        "SELECT b.body, b.event FROM events e LEFT JOIN bodies b ON b.event = e.seq"
        " WHERE e.id = ?");
    query_text(q, l->event);
    int rc = query_row(q);
    if (rc <= 0)
        return rc < 0 ? -1 : op_fail(o, ERR_NOT_FOUND, "there is no event %s", l->event);
    if (!query_col(q, 1).p) {
        query_done(q);
        return op_fail(o, ERR_NOT_FOUND,
            "the body of event %s was pruned: it is older than --keep-bodies", l->event);
    }
    l->body = query_col_dup(q, 0);
    query_done(q);
    return 0;
}

static void load_body_clear(struct op *o)
{
    struct load_body *l = (struct load_body *)o;
    drop(l->body.p);
    l->body = STR_NONE;
}

static void load_body_done(struct op *o, const struct err *e)
{
    struct load_body *l = (struct load_body *)o;
    l->fn(l->arg, e ? STR_NONE : l->body, e);
}

void store_load_body(struct store *s, const char *event, store_body_fn fn, void *arg)
{
    struct load_body *l = op_new(sizeof(*l), op_room(event));
    l->op.run = load_body_run;
    l->op.done = load_body_done;
    l->op.clear = load_body_clear;
    l->op.what = "body of an event";
    l->event = op_text(&l->op, event);
    l->fn = fn;
    l->arg = arg;
    store_ask(s, &l->op);
}

/* ---- bundles and versions ---- */

struct put_bundle {
    struct op op;
    const char *hash;
    struct str bundle;
};

static int put_bundle_run(struct sql *s, struct op *o)
{
    struct put_bundle *p = (struct put_bundle *)o;
    struct query *q = sql_use(s, Q_BUNDLE_ADD,
        "INSERT INTO bundles (hash, bundle) VALUES (?, ?) ON CONFLICT (hash) DO NOTHING");
    query_text(q, p->hash);
    query_json(q, p->bundle.p ? p->bundle : STR_LIT(""));
    return query_run(q);
}

void store_put_bundle(struct store *s, const char *hash, struct str bundle)
{
    struct put_bundle *p = op_new(sizeof(*p), op_room(hash) + op_room_bytes(bundle));
    p->op.run = put_bundle_run;
    p->op.what = "sources of a version";
    p->hash = op_text(&p->op, hash);
    p->bundle = op_bytes(&p->op, bundle);
    store_ask(s, &p->op);
}

struct version {
    struct op op;
    const char *company, *version, *company_hash, *system_hash;
    int64_t at_ms;
    store_version_fn fn; /* of store_load_version */
    void *arg;
    struct str loaded[4]; /* hash and bundle of the company, of the system; owned */
};

static int put_version_run(struct sql *s, struct op *o)
{
    struct version *v = (struct version *)o;
    struct query *q = sql_use(s, Q_VERSION_ADD,
        "INSERT INTO versions (company, version, company_hash, system_hash, at_ms)"
        " VALUES (?, ?, ?, ?, ?) ON CONFLICT (company, version) DO UPDATE"
        " SET company_hash = excluded.company_hash, system_hash = excluded.system_hash,"
        " at_ms = excluded.at_ms");
    query_text(q, v->company);
    query_text(q, v->version);
    query_text(q, v->company_hash);
    query_text(q, v->system_hash);
    query_int(q, v->at_ms);
    return query_run(q);
}

void store_put_version(struct store *s, const char *company, const char *version,
    const char *company_hash, const char *system_hash, int64_t at_ms)
{
    struct version *v = op_new(sizeof(*v),
        op_room(company) + op_room(version) + op_room(company_hash) + op_room(system_hash));
    v->op.run = put_version_run;
    v->op.what = "version of scripts";
    v->company = op_text(&v->op, company);
    v->version = op_text(&v->op, version);
    v->company_hash = op_text(&v->op, company_hash);
    v->system_hash = op_text(&v->op, system_hash);
    v->at_ms = at_ms;
    store_ask(s, &v->op);
}

static int load_version_run(struct sql *s, struct op *o)
{
    struct version *v = (struct version *)o;
    struct query *q = sql_use(s, Q_VERSION_GET,
        "SELECT v.company_hash, c.bundle, v.system_hash, b.bundle FROM versions v"
        " JOIN bundles c ON c.hash = v.company_hash JOIN bundles b ON b.hash = v.system_hash"
        " WHERE v.company = ? AND v.version = ?");
    query_text(q, v->company);
    query_text(q, v->version);
    int rc = query_row(q);
    if (rc < 0)
        return -1;
    if (rc == 0)
        return op_fail(
            o, ERR_NOT_FOUND, "the store has no version %s of company %s", v->version, v->company);
    for (int i = 0; i < 4; i++)
        v->loaded[i] = query_col_dup(q, i);
    query_done(q);
    return 0;
}

static void load_version_clear(struct op *o)
{
    struct version *v = (struct version *)o;
    for (int i = 0; i < 4; i++) {
        drop(v->loaded[i].p);
        v->loaded[i] = STR_NONE;
    }
}

static void load_version_done(struct op *o, const struct err *e)
{
    struct version *v = (struct version *)o;
    if (e)
        v->fn(v->arg, NULL, STR_NONE, NULL, STR_NONE, e);
    else
        v->fn(v->arg, v->loaded[0].p, v->loaded[1], v->loaded[2].p, v->loaded[3], NULL);
}

void store_load_version(
    struct store *s, const char *company, const char *version, store_version_fn fn, void *arg)
{
    struct version *v = op_new(sizeof(*v), op_room(company) + op_room(version));
    v->op.run = load_version_run;
    v->op.done = load_version_done;
    v->op.clear = load_version_clear;
    v->op.what = "version of scripts";
    v->company = op_text(&v->op, company);
    v->version = op_text(&v->op, version);
    v->fn = fn;
    v->arg = arg;
    store_ask(s, &v->op);
}
