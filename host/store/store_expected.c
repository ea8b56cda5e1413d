/* Silence is noticed over restarts too: the last event of what is expected is on disk. */
#include "store_expected.h"

#include <stddef.h>
#include "mem.h"
#include "store_private.h"

struct sync {
    struct op op;
    const char *company;
    struct store_expected *v, *known; /* the events of known are owned */
    int n;
    store_expected_fn fn;
    void *arg;
};

static void drop(const char *p)
{
    mem_free((void *)(uintptr_t)p);
}

static int sync_run(struct sql *s, struct op *o)
{
    struct sync *y = (struct sync *)o;
    for (int i = 0; i < y->n; i++) {
        struct query *q = sql_use(s, Q_EXPECTED_SYNC,
            "INSERT INTO expected (company, kind, name, last_ms, event) VALUES (?, ?, ?, ?, '')"
            " ON CONFLICT (company, kind, name) DO UPDATE SET event = event"
            " RETURNING last_ms, event");
        query_text(q, y->company);
        query_text(q, y->v[i].kind);
        query_text(q, y->v[i].name);
        query_int(q, y->v[i].last_ms);
        if (query_row(q) != 1)
            return -1;
        y->known[i] = y->v[i];
        y->known[i].last_ms = query_col_int(q, 0);
        y->known[i].event = mem_dup(query_col_text(q, 1));
        if (query_run(q))
            return -1;
    }
    return 0;
}

static void sync_clear(struct op *o)
{
    struct sync *y = (struct sync *)o;
    for (int i = 0; i < y->n; i++) {
        drop(y->known[i].event);
        y->known[i].event = NULL;
    }
}

static void sync_done(struct op *o, const struct err *e)
{
    struct sync *y = (struct sync *)o;
    y->fn(y->arg, e ? NULL : y->known, e);
}

void store_sync_expected(struct store *s, const char *company, const struct store_expected *v,
    int n, store_expected_fn fn, void *arg)
{
    size_t room = op_room(company) + 2 * ((size_t)n * sizeof *v + _Alignof(max_align_t));
    for (int i = 0; i < n; i++)
        room += op_room(v[i].kind) + op_room(v[i].name);
    struct sync *y = op_new(sizeof *y, room);
    struct op *o = &y->op;
    o->run = sync_run;
    o->done = sync_done;
    o->clear = sync_clear;
    o->what = "what a company expects";
    y->v = op_array(o, (size_t)n * sizeof *v);
    y->known = op_array(o, (size_t)n * sizeof *v);
    y->company = op_text(o, company);
    for (int i = 0; i < n; i++) {
        y->v[i] = (struct store_expected){
            op_text(o, v[i].kind), op_text(o, v[i].name), v[i].last_ms, NULL};
        y->known[i] = (struct store_expected){0};
    }
    y->n = n;
    y->fn = fn;
    y->arg = arg;
    store_ask(s, o);
}

struct heard {
    struct op op;
    const char *company;
    struct store_expected x;
};

static int heard_run(struct sql *s, struct op *o)
{
    struct heard *h = (struct heard *)o;
    struct query *q = sql_use(s, Q_EXPECTED_HEARD,
        "UPDATE expected SET last_ms = ?, event = ? WHERE company = ? AND kind = ? AND name = ?");
    query_int(q, h->x.last_ms);
    query_text(q, h->x.event);
    query_text(q, h->company);
    query_text(q, h->x.kind);
    query_text(q, h->x.name);
    return query_run(q);
}

void store_heard(struct store *s, const char *company, const struct store_expected *x)
{
    struct heard *h = op_new(
        sizeof *h, op_room(company) + op_room(x->kind) + op_room(x->name) + op_room(x->event));
    struct op *o = &h->op;
    o->run = heard_run;
    o->what = "that something expected came";
    o->lazy = true;
    h->company = op_text(o, company);
    h->x = (struct store_expected){
        op_text(o, x->kind), op_text(o, x->name), x->last_ms, op_text(o, x->event)};
    store_ask(s, o);
}
