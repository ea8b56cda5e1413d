/* Polls: one window after the other. A window belongs to the run that began to do something with
 * it, until that run is done or a person has left it. */
#include <inttypes.h>

#include "mem.h"
#include "store_private.h"
#include "store_schedule.h"

struct cursor {
    struct op op;
    const char *run;
    struct str value; /* of a load: owned */
    char *wait;
    store_cursor_fn fn;
    struct op_done cb; /* of a move */
    void *arg;
};

/* A run of the same rule that stopped after it had an effect: its window is its own. */
static int begun_by_another(struct sql *s, struct cursor *c, int64_t n)
{
    struct query *q = sql_use(s, Q_CURSOR_BEGUN,
        "SELECT o.id, o.state FROM runs r JOIN runs o ON o.company = r.company AND o.rule = r.rule"
        " WHERE r.n = ?1 AND o.n <> r.n AND o.state NOT IN ('done','skipped')"
        " AND o.state IN ('failed','attention') AND EXISTS (SELECT 1 FROM steps"
        "  WHERE key BETWEEN o.n << ?2 AND (o.n << ?2) + ?3 AND kind = 'write' AND"
        "  (outcome IS NULL OR outcome = 'unknown' OR"
        "   (outcome = 'done' AND coalesce(json_extract(meta, '$.status'), 0) < 400)))"
        " ORDER BY o.n LIMIT 1");
    query_int(q, n);
    query_int(q, STORE_SEQ_BITS);
    query_int(q, STORE_SEQ_MAX);
    int rc = query_row(q);
    if (rc == 1) {
        c->wait = mem_printf("run %s of this poll is %s with its window half done: when it is "
                             "retried or skipped, the next one goes on",
            query_col_text(q, 0), query_col_text(q, 1));
        query_done(q);
    }
    return rc < 0 ? -1 : 0;
}

static int left_to_a_later_one(struct sql *s, struct cursor *c, int64_t n)
{
    struct query *q = sql_use(s, Q_CURSOR_LATER,
        "SELECT o.id FROM runs r JOIN runs o ON o.company = r.company AND o.rule = r.rule"
        " WHERE r.n = ?1 AND o.n > r.n AND o.state NOT IN ('done','skipped')"
        " AND o.state = 'queued' ORDER BY o.n DESC LIMIT 1");
    query_int(q, n);
    int rc = query_row(q);
    if (rc == 1) {
        c->wait =
            mem_printf("run %s of this poll came since, and does its window", query_col_text(q, 0));
        query_done(q);
    }
    return rc < 0 ? -1 : 0;
}

static int load_cursor_run(struct sql *s, struct op *o)
{
    struct cursor *c = (struct cursor *)o;
    int64_t n = run_number(s, o, c->run);
    if (n < 0)
        return -1;
    if (begun_by_another(s, c, n) || (!c->wait && left_to_a_later_one(s, c, n)))
        return -1;
    struct query *q = sql_use(s, Q_CURSOR_GET,
        "SELECT cursor FROM runs r JOIN schedules s ON s.company = r.company AND s.name = r.rule"
        " WHERE r.n = ? AND cursor IS NOT NULL");
    query_int(q, n);
    int rc = query_row(q);
    if (rc == 1) {
        c->value = query_col_dup(q, 0);
        query_done(q);
    }
    return rc < 0 ? -1 : 0;
}

static void load_cursor_clear(struct op *o)
{
    struct cursor *c = (struct cursor *)o;
    mem_free((void *)(uintptr_t)c->value.p);
    mem_free(c->wait);
    c->value = STR_NONE;
    c->wait = NULL;
}

static void load_cursor_done(struct op *o, const struct err *e)
{
    struct cursor *c = (struct cursor *)o;
    c->fn(c->arg, c->value, c->wait, e);
}

void store_load_cursor(struct store *s, const char *run, store_cursor_fn fn, void *arg)
{
    struct cursor *c = op_new(sizeof *c, op_room(run));
    struct op *o = &c->op;
    o->run = load_cursor_run;
    o->done = load_cursor_done;
    o->clear = load_cursor_clear;
    o->what = "cursor of a poll";
    c->run = op_text(o, run);
    c->fn = fn;
    c->arg = arg;
    store_ask(s, o);
}

static int move_cursor_run(struct sql *s, struct op *o)
{
    struct cursor *c = (struct cursor *)o;
    int64_t n = run_number(s, o, c->run);
    if (n < 0)
        return -1;
    struct query *q = sql_use(s, Q_CURSOR_MOVE,
        "INSERT INTO schedules (company, name, spec, cursor)"
        " SELECT company, rule, '', ?2 FROM runs WHERE n = ?1"
        " ON CONFLICT (company, name) DO UPDATE SET cursor = excluded.cursor");
    query_int(q, n);
    query_json(q, c->value);
    return query_run(q);
}

static void move_cursor_done(struct op *o, const struct err *e)
{
    op_done_call(&((struct cursor *)o)->cb, e);
}

void store_move_cursor(
    struct store *s, const char *run, struct str value, store_done_fn fn, void *arg)
{
    struct cursor *c = op_new(sizeof *c, op_room(run) + op_room_bytes(value));
    struct op *o = &c->op;
    o->run = move_cursor_run;
    o->done = move_cursor_done;
    o->what = "cursor of a poll";
    c->run = op_text(o, run);
    c->value = op_bytes(o, value);
    c->cb = (struct op_done){fn, arg};
    store_ask(s, o);
}
