/* What the host reads back: bodies of events, versions of scripts. */

#include "clock.h"
#include "mem.h"
#include "store_private.h"

/* The header's structs are const for their readers; here they are owned. */
static void drop(const void *p)
{
    mem_free((void *)(uintptr_t)p);
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
        "SELECT b.body, b.event, e.body_hash, e.pruned_ms FROM events e LEFT JOIN bodies b ON b.event = e.seq"
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
    int rc_sum = 0;
    if (query_col_int(q, 3) == 0) /* else it was erased, and is its mark */
        rc_sum = body_check(s, l->event, query_col(q, 0), query_col(q, 2));
    l->body = query_col_dup(q, 0);
    query_done(q);
    return rc_sum;
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

/* ---- store_load_file ---- */

struct load_file {
    struct op op;
    const char *run, *id;
    store_body_fn fn;
    void *arg;
    struct str body; /* owned */
};

static int load_file_run(struct sql *s, struct op *o)
{
    struct load_file *l = (struct load_file *)o;
    int64_t run = run_number(s, o, l->run);
    if (run < 0)
        return -1;
    struct query *q = sql_use(s, Q_FILE_GET,
        "SELECT answer FROM steps WHERE key BETWEEN ?1 AND ?2"
        " AND substr(meta, 1, length(?3)) = ?3 ORDER BY key LIMIT 1");
    char *begin = mem_printf(STORE_FILE_META "%s\"", l->id);
    query_int(q, run << STORE_SEQ_BITS);
    query_int(q, run << STORE_SEQ_BITS | STORE_SEQ_MAX);
    query_text(q, begin);
    int rc = query_row(q);
    if (rc == 1) {
        l->body = query_col_dup(q, 0);
        query_done(q);
    }
    mem_free(begin);
    return rc == 0  ? op_fail(o, ERR_NOT_FOUND, "run %s has no file %s", l->run, l->id)
           : rc < 0 ? -1
                    : 0;
}

static void load_file_clear(struct op *o)
{
    struct load_file *l = (struct load_file *)o;
    drop(l->body.p);
    l->body = STR_NONE;
}

static void load_file_done(struct op *o, const struct err *e)
{
    struct load_file *l = (struct load_file *)o;
    l->fn(l->arg, e ? STR_NONE : l->body.p ? l->body : STR_LIT(""), e);
}

void store_load_file(struct store *s, const char *run, const char *id, store_body_fn fn, void *arg)
{
    struct load_file *l = op_new(sizeof(*l), op_room(run) + op_room(id));
    l->op.run = load_file_run;
    l->op.done = load_file_done;
    l->op.clear = load_file_clear;
    l->op.what = "file of a run";
    l->run = op_text(&l->op, run);
    l->id = op_text(&l->op, id);
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

static int sources_stored(struct sql *s, const struct version *v)
{
    struct query *q = sql_use(s, Q_VERSION_SOURCES,
        "SELECT EXISTS (SELECT 1 FROM bundles WHERE hash = ?1)"
        " AND EXISTS (SELECT 1 FROM bundles WHERE hash = ?2)");
    query_text(q, v->company_hash);
    query_text(q, v->system_hash);
    int rc = query_row(q);
    if (rc == 1) {
        rc = (int)query_col_int(q, 0);
        query_done(q);
    }
    return rc;
}

/* Nothing is written where nothing changes, so that a host starts on a full disk: at_ms says which
 * came last, and that one needs no other. */
static int put_version_run(struct sql *s, struct op *o)
{
    struct version *v = (struct version *)o;
    int stored = sources_stored(s, v);
    if (stored <= 0)
        return stored < 0 ? -1
                          : op_fail(o, ERR_NOT_FOUND, "the sources of version %s are not stored",
                                v->version);
    struct query *q = sql_use(s, Q_VERSION_ADD,
        "INSERT INTO versions (company, version, company_hash, system_hash, at_ms)"
        " VALUES (?, ?, ?, ?, ?) ON CONFLICT (company, version) DO UPDATE"
        " SET company_hash = excluded.company_hash, system_hash = excluded.system_hash,"
        " at_ms = excluded.at_ms WHERE company_hash != excluded.company_hash"
        " OR system_hash != excluded.system_hash OR EXISTS (SELECT 1 FROM versions n"
        "  WHERE n.company = excluded.company AND n.at_ms > versions.at_ms)");
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
