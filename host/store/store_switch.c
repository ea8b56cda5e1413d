/* Which version of a company's scripts is live, and since when. */
#include <string.h>

#include "mem.h"
#include "store_private.h"

struct add_switch {
    struct op op;
    struct op_done cb;
    struct store_switch sw;
};

static int version_stored(struct sql *s, const struct store_switch *sw)
{
    struct query *q =
        sql_use(s, Q_SWITCH_TO, "SELECT 1 FROM versions WHERE company = ?1 AND version = ?2");
    query_text(q, sw->company);
    query_text(q, sw->version);
    int rc = query_row(q);
    if (rc == 1)
        query_done(q);
    return rc;
}

static int add_switch_run(struct sql *s, struct op *o)
{
    const struct store_switch *sw = &((struct add_switch *)o)->sw;
    int stored = version_stored(s, sw);
    if (stored <= 0)
        return stored < 0 ? -1
                          : op_fail(o, ERR_NOT_FOUND, "version %s of company %s is not stored",
                                sw->version, sw->company);
    struct query *q = sql_use(s, Q_SWITCH_ADD,
        "INSERT INTO switches (company, version, folder, how, by, note, at_ms)"
        " SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7 WHERE NOT EXISTS (SELECT 1 FROM switches"
        "  WHERE n = (SELECT max(n) FROM switches WHERE company = ?1)"
        "  AND version = ?2 AND folder = ?3 AND how = ?4)");
    query_text(q, sw->company);
    query_text(q, sw->version);
    query_text(q, sw->folder);
    query_text(q, sw->how);
    query_text(q, sw->by);
    query_text(q, sw->note);
    query_int(q, sw->at_ms);
    return query_run(q);
}

static void add_switch_done(struct op *o, const struct err *e)
{
    op_done_call(&((struct add_switch *)o)->cb, e);
}

void store_add_switch(struct store *s, const struct store_switch *sw, store_done_fn fn, void *arg)
{
    struct add_switch *a =
        op_new(sizeof(*a), op_room(sw->company) + op_room(sw->version) + op_room(sw->folder) +
                               op_room(sw->how) + op_room(sw->by) + op_room(sw->note));
    struct op *o = &a->op;
    o->run = add_switch_run;
    o->done = fn ? add_switch_done : NULL;
    o->what = "switch of versions";
    a->cb = (struct op_done){fn, arg};
    a->sw = (struct store_switch){op_text(o, sw->company), op_text(o, sw->version),
        op_text(o, sw->folder), op_text(o, sw->how), op_text(o, sw->by), op_text(o, sw->note),
        sw->at_ms};
    store_ask(s, o);
}

/* ---- store_load_live ---- */

struct load_live {
    struct op op;
    store_live_fn fn;
    struct op_done cb;
    struct store_switch *live; /* their texts are its own */
    int n;
};

static void load_live_clear(struct op *o)
{
    struct load_live *l = (struct load_live *)o;
    for (int i = 0; i < l->n; i++) {
        mem_free((char *)l->live[i].company);
        mem_free((char *)l->live[i].version);
        mem_free((char *)l->live[i].folder);
        mem_free((char *)l->live[i].how);
    }
    mem_free(l->live);
    l->live = NULL;
    l->n = 0;
}

static int load_live_run(struct sql *s, struct op *o)
{
    struct load_live *l = (struct load_live *)o;
    struct query *q = sql_use(s, Q_SWITCH_LIVE,
        "SELECT company, version, folder, how, at_ms FROM switches"
        " WHERE n IN (SELECT max(n) FROM switches GROUP BY company)");
    int rc;
    while ((rc = query_row(q)) == 1) {
        if ((l->n & (l->n - 1)) == 0)
            l->live = mem_realloc(l->live, (size_t)(l->n ? l->n * 2 : 1) * sizeof(*l->live));
        l->live[l->n++] = (struct store_switch){.company = mem_dup(query_col_text(q, 0)),
            .version = mem_dup(query_col_text(q, 1)),
            .folder = mem_dup(query_col_text(q, 2)),
            .how = mem_dup(query_col_text(q, 3)),
            .at_ms = query_col_int(q, 4)};
    }
    return rc;
}

static void load_live_done(struct op *o, const struct err *e)
{
    struct load_live *l = (struct load_live *)o;
    for (int i = 0; !e && i < l->n; i++)
        l->fn(l->cb.arg, &l->live[i]);
    op_done_call(&l->cb, e);
}

void store_load_live(struct store *s, store_live_fn fn, store_done_fn done, void *arg)
{
    struct load_live *l = op_new(sizeof(*l), 0);
    l->op.run = load_live_run;
    l->op.done = load_live_done;
    l->op.clear = load_live_clear;
    l->op.what = "live versions";
    l->fn = fn;
    l->cb = (struct op_done){done, arg};
    store_ask(s, &l->op);
}
