/* A single run, read directly: what somebody who acts on it must know, and what it must know itself
 * when it goes on. A company may have a million open events, so nothing here walks a list. */
#include <string.h>

#include "effect.h"
#include "mem.h"
#include "store_act.h"
#include "store_private.h"

static void drop(const void *p)
{
    mem_free((void *)(uintptr_t)p);
}

static const char *dup_text(struct query *q, int i)
{
    return mem_dup(query_col_text(q, i));
}

/* ---- store_load_standing ---- */

struct standing {
    struct op op;
    const char *asked;
    store_standing_fn fn;
    void *arg;
    struct store_standing st; /* its texts are owned */
    bool found;
};

/* Its own data if that was changed, else the event's. */
#define DATA_SQL "coalesce((SELECT x.body FROM edits x WHERE x.n = r.edit), b.body)"

static void read_standing(struct store_standing *st, struct query *q)
{
    st->run =
        (struct store_run){dup_text(q, 0), NULL, dup_text(q, 1), dup_text(q, 2), dup_text(q, 3),
            dup_text(q, 4), run_state_parse(query_col(q, 5)), dup_text(q, 6), NULL, NULL};
    st->edit = query_col_int(q, 7);
    st->seq = query_col_int(q, 8);
    st->event = (struct store_event){dup_text(q, 9), st->run.company, dup_text(q, 10),
        dup_text(q, 11), dup_text(q, 12), query_col_int(q, 13), STR_NONE, query_col_dup(q, 14)};
    st->run.event = st->event.id;
    st->nsteps = (int)query_col_int(q, 15);
    st->began = dup_text(q, 18);
}

static int standing_run(struct sql *s, struct op *o)
{
    struct standing *p = (struct standing *)o;
    /* '~' sorts behind every character of an id. */
    struct query *q = sql_use(s, Q_STANDING,
        "SELECT r.id, r.company, r.rule, r.version, r.key, r.state, r.reason, r.edit, e.seq, e.id,"
        " e.connection, e.type, e.delivery, e.received_ms, " DATA_SQL ","
        " (SELECT count(*) FROM steps t WHERE t.key BETWEEN r.n << 20 AND (r.n << 20) + 1048575),"
        " r.id = ?1, coalesce((SELECT x.act FROM edits x WHERE x.n = r.edit) >"
        "  coalesce((SELECT max(a.n) FROM acts a WHERE a.run = r.id"
        "   AND (a.action = 'retry' OR a.action = 'send')), 0), 0),"
        " coalesce((SELECT a.before ->> 'version' FROM acts a WHERE a.run = r.id ORDER BY a.n LIMIT 1),"
        "  r.version)"
        " FROM runs r JOIN events e ON e.seq = r.event LEFT JOIN bodies b ON b.event = e.seq"
        " WHERE r.id BETWEEN ?1 AND ?1 || '~' ORDER BY r.id LIMIT 2");
    query_text(q, p->asked);
    int rc = *p->asked ? query_row(q) : 0;
    if (rc == 0) {
        query_done(q);
        return op_fail(o, ERR_NOT_FOUND, "there is no run %s: `sauma runs` lists them", p->asked);
    }
    if (rc < 0)
        return -1;
    bool exact = query_col_int(q, 16) != 0;
    read_standing(&p->st, q);
    p->st.edited = query_col_int(q, 17) != 0;
    p->found = true;
    rc = exact ? 0 : query_row(q);
    query_done(q);
    if (rc == 1)
        return op_fail(
            o, ERR_CONFLICT, "more than one run begins with %s: write more of it", p->asked);
    return rc;
}

static void standing_clear(struct op *o)
{
    struct standing *p = (struct standing *)o;
    const struct store_run *r = &p->st.run;
    const struct store_event *e = &p->st.event;
    const void *owned[] = {p->st.began, r->id, r->company, r->rule, r->version, r->key, r->reason,
        e->id, e->connection, e->type, e->delivery, e->body.p};
    for (size_t i = 0; p->found && i < sizeof(owned) / sizeof(owned[0]); i++)
        drop(owned[i]);
    p->found = false;
    memset(&p->st, 0, sizeof(p->st));
}

static void standing_done(struct op *o, const struct err *e)
{
    struct standing *p = (struct standing *)o;
    p->fn(p->arg, e ? NULL : &p->st, e);
}

void store_load_standing(struct store *s, const char *run, store_standing_fn fn, void *arg)
{
    struct standing *p = op_new(sizeof(*p), op_room(run));
    p->op.run = standing_run;
    p->op.done = standing_done;
    p->op.clear = standing_clear;
    p->op.what = "a run to act on";
    p->asked = op_text(&p->op, run);
    p->fn = fn;
    p->arg = arg;
    store_ask(s, &p->op);
}

/* ---- store_load_revision ---- */

struct revision {
    struct op op;
    const char *run;
    store_revision_fn fn;
    void *arg;
    struct str body;
    struct store_effect *effects;
    int n, room;
};

static int read_data(struct sql *s, struct revision *r, int64_t run)
{
    struct query *q = sql_use(
        s, Q_EDIT_GET, "SELECT x.body FROM runs r JOIN edits x ON x.n = r.edit WHERE r.n = ?");
    query_int(q, run);
    int rc = query_row(q);
    if (rc == 1)
        r->body = query_col_dup(q, 0);
    query_done(q);
    return rc < 0 ? -1 : 0;
}

static void add_effect(struct revision *r, struct query *q)
{
    if (r->n == r->room) {
        r->room = r->room ? r->room * 2 : 8;
        r->effects = mem_realloc(r->effects, (size_t)r->room * sizeof(*r->effects));
    }
    r->effects[r->n++] = (struct store_effect){(uint32_t)query_col_int(q, 0), dup_text(q, 1),
        dup_text(q, 2), dup_text(q, 3), dup_text(q, 4), query_col_dup(q, 5), query_col_dup(q, 6),
        query_col_dup(q, 7), query_col_dup(q, 8), query_col_int(q, 9)};
}

static int revision_run(struct sql *s, struct op *o)
{
    struct revision *r = (struct revision *)o;
    int64_t run = run_number(s, o, r->run);
    if (run < 0 || read_data(s, r, run))
        return -1;
    struct query *q = sql_use(s, Q_GUARDS,
        "SELECT seq, connection, title, fingerprint, outcome, spec, body, meta, answer, at_ms"
        " FROM old_steps WHERE run = ? AND guard = 1 ORDER BY n");
    query_int(q, run);
    int rc;
    while ((rc = query_row(q)) == 1)
        add_effect(r, q);
    return rc;
}

static void revision_clear(struct op *o)
{
    struct revision *r = (struct revision *)o;
    for (int i = 0; i < r->n; i++) {
        const struct store_effect *e = &r->effects[i];
        const void *owned[] = {e->connection, e->title, e->fingerprint, e->outcome, e->spec.p,
            e->body.p, e->meta.p, e->answer.p};
        for (size_t k = 0; k < sizeof(owned) / sizeof(owned[0]); k++)
            drop(owned[k]);
    }
    drop(r->body.p);
    mem_free(r->effects);
    r->body = STR_NONE;
    r->effects = NULL;
    r->n = r->room = 0;
}

static void revision_done(struct op *o, const struct err *e)
{
    struct revision *r = (struct revision *)o;
    r->fn(r->arg, e ? STR_NONE : r->body, e ? NULL : r->effects, e ? 0 : r->n, e);
}

void store_load_revision(struct store *s, const char *run, store_revision_fn fn, void *arg)
{
    struct revision *r = op_new(sizeof(*r), op_room(run));
    r->op.run = revision_run;
    r->op.done = revision_done;
    r->op.clear = revision_clear;
    r->op.what = "what a run must know beyond its journal";
    r->run = op_text(&r->op, run);
    r->fn = fn;
    r->arg = arg;
    store_ask(s, &r->op);
}
