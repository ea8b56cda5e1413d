/* Alerts: one open row for each thing that is wrong, counted up as long as it goes on. */
#include "store_private.h"

struct alert_op {
    struct op op;
    const char *company, *kind, *about, *text, *by;
    int64_t n; /* of a row to be cleared; 0: the open one of company, kind and about */
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

static int clear_run(struct sql *s, struct op *o)
{
    struct alert_op *a = (struct alert_op *)o;
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
    a->n = n;
    a->at_ms = at_ms;
    a->store = s;
    a->fn = fn;
    a->arg = arg;
    store_ask(s, &a->op);
}
