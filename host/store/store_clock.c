/* Waits of runs, when the wall clock was set. */
#include "store_clock.h"

#include "store_private.h"

/* A clock that is put right by NTP goes back by less. */
#define SLACK_MS 2000

struct shift {
    struct op op;
    struct op_done cb;
    int64_t since_ms, now_ms, delta_ms;
};

/* A wait of which the row says "began" within the times of the clock as it is now: began by it. */
static int shift_all(struct sql *s, const struct shift *h)
{
    struct query *q = sql_use(s, Q_WAITS_MOVED,
        "UPDATE runs SET until_ms = until_ms + ?1, updated_ms = updated_ms + ?1,"
        " began_ms = CASE WHEN began_ms = 0 THEN 0 ELSE began_ms + ?1 END"
        " WHERE state = 'waiting' AND updated_ms NOT BETWEEN ?2 AND ?3");
    query_int(q, h->delta_ms);
    query_int(q, h->since_ms);
    query_int(q, h->now_ms);
    return query_run(q);
}

static int shift_run(struct sql *s, struct op *o)
{
    struct shift *h = (struct shift *)o;
    if (h->delta_ms)
        return shift_all(s, h);
    struct query *q = sql_use(s, Q_WAITS_START,
        "UPDATE runs SET until_ms = ?1 + max(until_ms - updated_ms, 0), updated_ms = ?1,"
        " began_ms = CASE WHEN began_ms = 0 THEN 0 ELSE began_ms + ?1 - updated_ms END"
        " WHERE state = 'waiting' AND updated_ms > ?1 + ?2");
    query_int(q, h->now_ms);
    query_int(q, SLACK_MS);
    return query_run(q);
}

static void shift_done(struct op *o, const struct err *e)
{
    op_done_call(&((struct shift *)o)->cb, e);
}

void store_shift_waits(struct store *s, int64_t since_ms, int64_t now_ms, int64_t delta_ms,
    store_done_fn fn, void *arg)
{
    struct shift *h = op_new(sizeof *h, 0);
    h->op.run = shift_run;
    h->op.done = shift_done;
    h->op.what = "waits of runs after the clock was set";
    h->cb = (struct op_done){fn, arg};
    h->since_ms = since_ms;
    h->now_ms = now_ms;
    h->delta_ms = delta_ms;
    store_ask(s, &h->op);
}

struct wake {
    struct op op;
    struct op_done cb;
    const char *company, *reason;
    int64_t now_ms;
};

static int wake_run(struct sql *s, struct op *o)
{
    struct wake *w = (struct wake *)o;
    struct query *q = sql_use(s, Q_WAITS_WAKE,
        "UPDATE runs SET until_ms = ?1, updated_ms = ?1,"
        " began_ms = CASE WHEN began_ms = 0 THEN 0 ELSE began_ms + ?1 - updated_ms END WHERE state = 'waiting' AND company = ?2"
        " AND until_ms > ?1 AND substr(reason, 1, length(?3)) = ?3");
    query_int(q, w->now_ms);
    query_text(q, w->company);
    query_text(q, w->reason);
    return query_run(q);
}

static void wake_done(struct op *o, const struct err *e)
{
    op_done_call(&((struct wake *)o)->cb, e);
}

void store_wake_waits(struct store *s, const char *company, const char *reason, int64_t now_ms,
    store_done_fn fn, void *arg)
{
    struct wake *w = op_new(sizeof *w, op_room(company) + op_room(reason));
    w->op.run = wake_run;
    w->op.done = wake_done;
    w->op.what = "runs that waited for a connection";
    w->cb = (struct op_done){fn, arg};
    w->company = op_text(&w->op, company);
    w->reason = op_text(&w->op, reason);
    w->now_ms = now_ms;
    store_ask(s, &w->op);
}
