/* Alerts: one open row for each thing that is wrong, counted up as long as it goes on. */
#include "mem.h"
#include "store_private.h"

struct alert_op {
    struct op op;
    const char *company, *kind, *about, *text, *by;
    int unless; /* a state of runs of the rule; -1: none */
    int64_t n;  /* of a row to be cleared; 0: the open one of company, kind and about */
    int64_t at_ms;
    int opened; /* rows that became open (1), or were closed (-1) */
    struct store *store;
    store_alert_fn fn;
    void *arg;
};

static int raise_run(struct sql *s, struct op *o)
{
    struct alert_op *a = (struct alert_op *)o;
    struct query *q = sql_use(s, Q_ALERT_AGAIN,
        "UPDATE alerts SET times = times + 1, last_ms = ?, text = ?"
        " WHERE company = ? AND kind = ? AND about = ? AND cleared_ms IS NULL");
    query_int(q, a->at_ms);
    query_text(q, a->text);
    query_text(q, a->company);
    query_text(q, a->kind);
    query_text(q, a->about);
    a->opened = 0;
    if (query_run(q))
        return -1;
    if (sqlite3_changes(s->h))
        return 0;
    a->opened = 1;
    q = sql_use(s, Q_ALERT_ADD,
        "INSERT INTO alerts (company, kind, about, text, times, first_ms, last_ms)"
        " VALUES (?1, ?2, ?3, ?4, 1, ?5, ?5)");
    query_text(q, a->company);
    query_text(q, a->kind);
    query_text(q, a->about);
    query_text(q, a->text);
    query_int(q, a->at_ms);
    return query_run(q);
}

/* 1: a run of the company and of the rule that it is about is in the state. */
static int still_so(struct sql *s, const struct alert_op *a)
{
    struct query *q = sql_use(s, Q_ALERT_WHILE,
        "SELECT 1 FROM runs WHERE state = ? AND state NOT IN ('done','skipped') AND company = ?"
        " AND rule = ? LIMIT 1");
    query_text(q, run_state_name((enum run_state)a->unless));
    query_text(q, a->company);
    query_text(q, a->about);
    int rc = query_row(q);
    query_done(q);
    return rc;
}

static int clear_run(struct sql *s, struct op *o)
{
    struct alert_op *a = (struct alert_op *)o;
    a->opened = 0;
    if (a->unless >= 0) {
        int rc = still_so(s, a);
        if (rc)
            return rc < 0 ? -1 : 0;
    }
    struct query *q = sql_use(s, Q_ALERT_CLEAR,
        "UPDATE alerts SET cleared_ms = ?1, cleared_by = ?2 WHERE cleared_ms IS NULL AND"
        " CASE WHEN ?3 > 0 THEN n = ?3 ELSE company = ?4 AND kind = ?5 AND about = ?6 END");
    query_int(q, a->at_ms);
    query_text(q, a->by);
    query_int(q, a->n);
    query_text(q, a->company);
    query_text(q, a->kind);
    query_text(q, a->about);
    if (query_run(q))
        return -1;
    a->opened = -sqlite3_changes(s->h);
    if (a->n > 0 && !a->opened)
        return op_fail(o, ERR_NOT_FOUND, "there is no open alert %lld", (long long)a->n);
    return 0;
}

static void alert_done(struct op *o, const struct err *e)
{
    struct alert_op *a = (struct alert_op *)o;
    if (!e)
        store_count_alerts(a->store, a->opened);
    if (a->fn)
        a->fn(a->arg, !e && a->opened != 0, e);
}

static struct alert_op *alert_new(struct store *s, int (*run)(struct sql *, struct op *),
    const struct store_alert *al, store_alert_fn fn, void *arg)
{
    struct alert_op *a = op_new(sizeof(*a),
        op_room(al->company) + op_room(al->kind) + op_room(al->about) + op_room(al->text));
    a->op.run = run;
    a->op.done = alert_done;
    a->op.what = "alert";
    a->op.lazy = true;
    a->company = op_text(&a->op, al->company);
    a->kind = op_text(&a->op, al->kind);
    a->about = op_text(&a->op, al->about);
    a->text = op_text(&a->op, al->text);
    a->by = ""; /* the host itself */
    a->unless = -1;
    a->at_ms = al->at_ms;
    a->store = s;
    a->fn = fn;
    a->arg = arg;
    return a;
}

void store_raise_alert(struct store *s, const struct store_alert *al, store_alert_fn fn, void *arg)
{
    store_ask(s, &alert_new(s, raise_run, al, fn, arg)->op);
}

void store_clear_alert(struct store *s, const struct store_alert *al, store_alert_fn fn, void *arg)
{
    store_ask(s, &alert_new(s, clear_run, al, fn, arg)->op);
}

void store_close_alert(
    struct store *s, int64_t n, const char *by, int64_t at_ms, store_alert_fn fn, void *arg)
{
    struct alert_op *a = op_new(sizeof(*a), op_room(by));
    a->op.run = clear_run;
    a->op.done = alert_done;
    a->op.what = "alert";
    a->company = a->kind = a->about = "";
    a->by = op_text(&a->op, by);
    a->unless = -1;
    a->n = n;
    a->at_ms = at_ms;
    a->store = s;
    a->fn = fn;
    a->arg = arg;
    store_ask(s, &a->op);
}

void store_clear_stale_alert(struct store *s, const struct store_alert *al, enum run_state unless,
    store_alert_fn fn, void *arg)
{
    struct alert_op *a = alert_new(s, clear_run, al, fn, arg);
    a->unless = (int)unless;
    store_ask(s, &a->op);
}

/* ---- store_load_alerts ---- */

struct load_alerts {
    struct op op;
    store_each_alert_fn fn;
    struct op_done cb;
    struct store_alert *alerts; /* texts owned */
    int64_t *times;
    int n;
};

static void load_alerts_clear(struct op *o)
{
    struct load_alerts *l = (struct load_alerts *)o;
    for (int i = 0; i < l->n; i++) {
        const char *owned[] = {
            l->alerts[i].company, l->alerts[i].kind, l->alerts[i].about, l->alerts[i].text};
        for (size_t k = 0; k < sizeof(owned) / sizeof(owned[0]); k++)
            mem_free((char *)(uintptr_t)owned[k]);
    }
    mem_free(l->alerts);
    mem_free(l->times);
    l->alerts = NULL;
    l->times = NULL;
    l->n = 0;
}

static int load_alerts_run(struct sql *s, struct op *o)
{
    struct load_alerts *l = (struct load_alerts *)o;
    struct query *q = sql_use(s, Q_ALERT_OPEN,
        "SELECT company, kind, about, text, first_ms, times FROM alerts WHERE cleared_ms IS NULL"
        " ORDER BY n");
    int rc;
    while ((rc = query_row(q)) == 1) {
        l->alerts = mem_realloc(l->alerts, (size_t)(l->n + 1) * sizeof(*l->alerts));
        l->times = mem_realloc(l->times, (size_t)(l->n + 1) * sizeof(*l->times));
        l->times[l->n] = query_col_int(q, 5);
        l->alerts[l->n++] =
            (struct store_alert){mem_dup(query_col_text(q, 0)), mem_dup(query_col_text(q, 1)),
                mem_dup(query_col_text(q, 2)), mem_dup(query_col_text(q, 3)), query_col_int(q, 4)};
    }
    return rc;
}

static void load_alerts_done(struct op *o, const struct err *e)
{
    struct load_alerts *l = (struct load_alerts *)o;
    for (int i = 0; !e && i < l->n; i++)
        l->fn(l->cb.arg, &l->alerts[i], l->times[i]);
    op_done_call(&l->cb, e);
}

void store_load_alerts(struct store *s, store_each_alert_fn fn, store_done_fn done, void *arg)
{
    struct load_alerts *l = op_new(sizeof(*l), 0);
    l->op.run = load_alerts_run;
    l->op.done = load_alerts_done;
    l->op.clear = load_alerts_clear;
    l->op.what = "open alerts";
    l->fn = fn;
    l->cb = (struct op_done){done, arg};
    store_ask(s, &l->op);
}
