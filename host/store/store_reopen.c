/* What a person may act on, and what of its journal is asked again. */
#include <inttypes.h>

#include "store_private.h"

struct reopen {
    struct op op;
    struct op_done cb;
    const char *run;
    bool rewind;
};

/* Steps after the last effect: what was read may have been put right outside meanwhile, and a
 * write that was refused did nothing. An effect is a write that was accepted (or adopted), or one
 * of which nobody knows. */
static int drop_tail(struct sql *s, int64_t first)
{
    struct query *q = sql_use(s, Q_STEP_REWIND,
        "DELETE FROM steps WHERE key BETWEEN ?1 AND ?2 AND key > coalesce("
        " (SELECT max(key) FROM steps WHERE key BETWEEN ?1 AND ?2 AND kind = 'write' AND"
        "  (outcome IS NULL OR outcome = 'unknown' OR"
        "   (outcome = 'done' AND coalesce(json_extract(meta, '$.status'), 0) < 400))), 0)");
    query_int(q, first);
    query_int(q, first + STORE_SEQ_MAX);
    return query_run(q);
}

static int reopen_run(struct sql *s, struct op *o)
{
    struct reopen *r = (struct reopen *)o;
    struct query *q = sql_use(s, Q_RUN_FIND, "SELECT n, event, state FROM runs WHERE id = ?");
    query_text(q, r->run);
    int rc = query_row(q);
    if (rc <= 0)
        return rc < 0 ? -1 : op_fail(o, ERR_NOT_FOUND, "there is no run %s", r->run);
    int64_t n = query_col_int(q, 0);
    struct str state = query_col(q, 2);
    bool may = str_is(state, "held") || str_is(state, "attention") || str_is(state, "failed");
    if (!may) {
        op_fail(o, ERR_CONFLICT,
            "run %s is %.*s: only what is held, needs attention or failed can be acted on", r->run,
            STR_ARG(state));
        query_done(q);
        return -1;
    }
    query_done(q);
    return r->rewind ? drop_tail(s, n << STORE_SEQ_BITS) : 0;
}

static void reopen_done(struct op *o, const struct err *e)
{
    op_done_call(&((struct reopen *)o)->cb, e);
}

void store_reopen(struct store *s, const char *run, bool rewind, store_done_fn fn, void *arg)
{
    struct reopen *r = op_new(sizeof(*r), op_room(run));
    struct op *o = &r->op;
    o->run = reopen_run;
    o->done = reopen_done;
    o->what = "acting on a run";
    r->cb = (struct op_done){fn, arg};
    r->run = op_text(o, run);
    r->rewind = rewind;
    store_ask(s, o);
}
