/* What a run that has begun must keep over a restart beside its journal: how often the step under
 * way was tried, and what it holds that others wait for (its key, its locks). */
#include <string.h>

#include "mem.h"
#include "store_private.h"

/* ---- store_set_tries ---- */

struct set_tries {
    struct op op;
    struct op_done cb;
    const char *run;
    struct str tries;
};

static int set_tries_run(struct sql *s, struct op *o)
{
    struct set_tries *t = (struct set_tries *)o;
    int64_t run = run_number(s, o, t->run);
    if (run < 0)
        return -1;
    struct query *q = sql_use(s, Q_RUN_TRIES, "UPDATE runs SET tries = ? WHERE n = ?");
    query_json(q, t->tries);
    query_int(q, run);
    return query_run(q);
}

static void set_tries_done(struct op *o, const struct err *e)
{
    op_done_call(&((struct set_tries *)o)->cb, e);
}

void store_set_tries(
    struct store *s, const char *run, struct str tries, store_done_fn fn, void *arg)
{
    struct set_tries *t = op_new(sizeof(*t), op_room(run) + op_room_bytes(tries));
    struct op *o = &t->op;
    o->run = set_tries_run;
    o->done = fn ? set_tries_done : NULL;
    o->what = "tries of a step";
    o->lazy = !fn;
    t->cb = (struct op_done){fn, arg};
    t->run = op_text(o, run);
    t->tries = op_bytes(o, tries);
    store_ask(s, o);
}

/* ---- store_load_begun ---- */

struct begun {
    struct store_begun b;
    char **locks; /* owned, as all texts are */
};

/* A million runs may wait: a few are read at a time, so that no commit waits long behind them. */
#define BEGUN_BATCH 2000

struct load_begun {
    struct op op;
    struct store *store;
    enum run_state from; /* first those running, then those that wait */
    int64_t after;       /* of that state, by number */
    enum run_state state;
    int64_t last; /* how far it came */
    int left;     /* of BEGUN_BATCH */
    store_begun_fn fn;
    store_done_fn done;
    void *arg;
    struct begun *v;
    int n, room;
};

static void begun_free(struct begun *b)
{
    const char *owned[] = {b->b.run, b->b.company, b->b.key, b->b.tries};
    for (size_t i = 0; i < sizeof(owned) / sizeof(owned[0]); i++)
        mem_free((void *)(uintptr_t)owned[i]);
    for (int i = 0; i < b->b.nlocks; i++)
        mem_free(b->locks[i]);
    mem_free(b->locks);
}

static void load_begun_clear(struct op *o)
{
    struct load_begun *l = (struct load_begun *)o;
    for (int i = 0; i < l->n; i++)
        begun_free(&l->v[i]);
    mem_free(l->v);
    l->v = NULL;
    l->n = l->room = 0;
}

static void lock_taken(struct begun *b, const char *name)
{
    b->locks = mem_realloc(b->locks, (size_t)(b->b.nlocks + 1) * sizeof(*b->locks));
    b->locks[b->b.nlocks++] = mem_dup(name);
}

static void lock_dropped(struct begun *b, const char *name)
{
    for (int i = b->b.nlocks - 1; i >= 0; i--) {
        if (strcmp(b->locks[i], name))
            continue;
        mem_free(b->locks[i]);
        b->locks[i] = b->locks[--b->b.nlocks];
        return;
    }
}

/* Its journal says which locks it took and has not dropped. */
static int read_locks(struct sql *s, int64_t run, struct begun *b)
{
    struct query *q = sql_use(s, Q_BEGUN_LOCKS,
        "SELECT kind, json_extract(spec, '$.name') FROM steps WHERE key BETWEEN ? AND ?"
        " AND (kind = 'lock' OR kind = 'unlock') AND outcome = 'done' ORDER BY key");
    query_int(q, run << STORE_SEQ_BITS);
    query_int(q, run << STORE_SEQ_BITS | STORE_SEQ_MAX);
    int rc;
    while ((rc = query_row(q)) == 1) {
        if (str_is(query_col(q, 0), "lock"))
            lock_taken(b, query_col_text(q, 1));
        else
            lock_dropped(b, query_col_text(q, 1));
    }
    b->b.locks = (const char *const *)b->locks;
    return rc;
}

/* Those of one state, as far as there is room; l->left says how many more may be looked at. */
static int read_state(struct sql *s, struct load_begun *l, int64_t after)
{
    struct query *q = sql_use(s, Q_BEGUN_LIST,
        "SELECT n, id, company, CASE WHEN key <> '' AND EXISTS (SELECT 1 FROM runs o INDEXED BY"
        " runs_of_key WHERE o.company = r.company AND o.key = r.key AND o.event < r.event"
        " AND o.key <> '' AND (o.state = 'queued' OR o.state = 'running' OR o.state = 'waiting')"
        " AND o.state = 'queued') THEN key ELSE '' END,"
        " CASE WHEN json_extract(nullif(tries, ''), '$.silence_until_ms') > 0 THEN tries ELSE '' END"
        " FROM runs r INDEXED BY runs_unsettled WHERE state NOT IN ('done','skipped') AND state = ?"
        " AND n > ? ORDER BY n LIMIT ?");
    query_text(q, run_state_name(l->state));
    query_int(q, after);
    query_int(q, l->left);
    int rc;
    while ((rc = query_row(q)) == 1) {
        l->left--;
        l->last = query_col_int(q, 0);
        if (l->n == l->room) {
            l->room = l->room ? l->room * 2 : 16;
            l->v = mem_realloc(l->v, (size_t)l->room * sizeof(*l->v));
        }
        struct begun *b = &l->v[l->n++];
        memset(b, 0, sizeof(*b));
        b->b.run = mem_dup(query_col_text(q, 1));
        b->b.company = mem_dup(query_col_text(q, 2));
        b->b.key = mem_dup(query_col_text(q, 3));
        b->b.tries = mem_dup(query_col_text(q, 4));
        if (read_locks(s, l->last, b)) {
            query_done(q);
            return -1;
        }
        if (!b->b.key[0] && !b->b.nlocks && !b->b.tries[0]) {
            begun_free(b);
            l->n--;
        }
    }
    return rc;
}

static int load_begun_run(struct sql *s, struct op *o)
{
    struct load_begun *l = (struct load_begun *)o;
    l->left = BEGUN_BATCH;
    l->state = l->from;
    int rc = read_state(s, l, l->after);
    if (rc == 0 && l->left > 0 && l->state == RUN_RUNNING) {
        l->state = RUN_WAITING;
        rc = read_state(s, l, l->last = 0);
    }
    return rc;
}

static void ask(
    struct store *s, const struct load_begun *before, enum run_state state, int64_t after);

static void load_begun_done(struct op *o, const struct err *e)
{
    struct load_begun *l = (struct load_begun *)o;
    for (int i = 0; i < l->n && !e; i++)
        l->fn(l->arg, &l->v[i].b);
    if (!e && l->left == 0)
        ask(l->store, l, l->state, l->last);
    else
        l->done(l->arg, e);
}

static void ask(
    struct store *s, const struct load_begun *before, enum run_state state, int64_t after)
{
    struct load_begun *l = op_new(sizeof(*l), 0);
    l->op.run = load_begun_run;
    l->op.done = load_begun_done;
    l->op.clear = load_begun_clear;
    l->op.what = "runs that had begun";
    l->store = s;
    l->from = state;
    l->after = after;
    l->fn = before->fn;
    l->done = before->done;
    l->arg = before->arg;
    store_ask(s, &l->op);
}

void store_load_begun(struct store *s, store_begun_fn fn, store_done_fn done, void *arg)
{
    const struct load_begun first = {.fn = fn, .done = done, .arg = arg};
    ask(s, &first, RUN_RUNNING, 0);
}
