/* The newest data of each rule and key: an older update that comes later finds it here. */
#include "store_order.h"

#include "mem.h"
#include "newness.h"
#include "store_private.h"

struct claim {
    struct op op;
    const char *run;
    char *value, *event; /* of what is newer; owned */
    store_order_fn fn;
    void *arg;
};

/* 1 if newer data was begun: it is in c. */
static int is_older(struct sql *s, struct claim *c, int64_t n)
{
    struct query *q = sql_use(s, Q_ORDER_GET,
        "SELECT r.newest, o.value, o.event FROM runs r JOIN newest o"
        " ON o.company = r.company AND o.rule = r.rule AND o.key = r.key WHERE r.n = ?");
    query_int(q, n);
    int rc = query_row(q);
    if (rc <= 0)
        return rc;
    rc = newness_compare(query_col(q, 0), query_col(q, 1)) < 0;
    if (rc) {
        c->value = mem_dup(query_col_text(q, 1) + 1);
        c->event = mem_dup(query_col_text(q, 2));
    }
    query_done(q);
    return rc;
}

static int claim_run(struct sql *s, struct op *o)
{
    struct claim *c = (struct claim *)o;
    int64_t n = run_number(s, o, c->run);
    if (n < 0)
        return -1;
    int older = is_older(s, c, n);
    if (older)
        return older < 0 ? -1 : 0;
    struct query *q = sql_use(s, Q_ORDER_SET,
        "INSERT INTO newest (company, rule, key, value, event)"
        " SELECT r.company, r.rule, r.key, r.newest, e.id FROM runs r JOIN events e ON"
        "  e.seq = r.event WHERE r.n = ? AND r.newest <> ''"
        " ON CONFLICT (company, rule, key) DO UPDATE SET value = excluded.value,"
        " event = excluded.event");
    query_int(q, n);
    return query_run(q);
}

static void claim_clear(struct op *o)
{
    struct claim *c = (struct claim *)o;
    mem_free(c->value);
    mem_free(c->event);
    c->value = c->event = NULL;
}

static void claim_done(struct op *o, const struct err *e)
{
    struct claim *c = (struct claim *)o;
    c->fn(c->arg, c->value, c->event, e);
}

void store_claim_order(struct store *s, const char *run, store_order_fn fn, void *arg)
{
    struct claim *c = op_new(sizeof *c, op_room(run));
    struct op *o = &c->op;
    o->run = claim_run;
    o->done = claim_done;
    o->clear = claim_clear;
    o->what = "order of a run's data";
    c->run = op_text(o, run);
    c->fn = fn;
    c->arg = arg;
    store_ask(s, o);
}
