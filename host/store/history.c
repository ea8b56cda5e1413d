#include "history.h"

#include <string.h>

#include "mem.h"
#include "store_private.h"
#include "store_row.h"

static struct str dup(struct query *q, int i)
{
    struct str s = query_col(q, i);
    return s.p ? (struct str){mem_dupn(s.p, s.n), s.n} : STR_NONE;
}

static void drop(const void *p)
{
    mem_free((void *)(uintptr_t)p);
}

/* ---- events ---- */

static int load_runs(struct sql *s, struct history_event *ev, int64_t *numbers, int max)
{
    struct query *q = sql_use(s, Q_HISTORY_RUNS,
        "SELECT n, id, rule, version, state, key, result, edit <> 0 OR EXISTS"
        " (SELECT 1 FROM acts WHERE acts.run = runs.id) FROM runs WHERE event = ? ORDER BY n");
    int rc;
    query_int(q, ev->seq);
    while ((rc = query_row(q)) == 1 && ev->nruns < max) {
        ev->runs = mem_realloc(ev->runs, (size_t)(ev->nruns + 1) * sizeof(*ev->runs));
        numbers[ev->nruns] = query_col_int(q, 0);
        ev->runs[ev->nruns++] = (struct history_run){.id = mem_dup(query_col_text(q, 1)),
            .rule = mem_dup(query_col_text(q, 2)),
            .version = mem_dup(query_col_text(q, 3)),
            .state = mem_dup(query_col_text(q, 4)),
            .key = mem_dup(query_col_text(q, 5)),
            .result = dup(q, 6),
            .touched = query_col_int(q, 7)};
    }
    query_done(q);
    return rc < 0 ? -1 : 0;
}

static void load_steps(struct sql *s, struct history_event *ev, int64_t run)
{
    struct query *q = sql_use(s, Q_HISTORY_STEPS,
        "SELECT key, kind, connection, spec, body, outcome, meta, answer FROM steps"
        " WHERE key BETWEEN ? AND ? ORDER BY key");
    query_int(q, run << STORE_SEQ_BITS);
    query_int(q, run << STORE_SEQ_BITS | STORE_SEQ_MAX);
    while (query_row(q) == 1) {
        ev->steps = mem_realloc(ev->steps, (size_t)(ev->nsteps + 1) * sizeof(*ev->steps));
        ev->steps[ev->nsteps++] = (struct history_step){.key = query_col_int(q, 0),
            .kind = mem_dup(query_col_text(q, 1)),
            .connection = mem_dup(query_col_text(q, 2)),
            .spec = dup(q, 3),
            .body = dup(q, 4),
            .outcome = mem_dup(query_col_text(q, 5)),
            .meta = dup(q, 6),
            .answer = store_keeps_file(query_col(q, 6)) ? STR_NONE : dup(q, 7)};
    }
}

#define RUNS_MAX 100

struct history_event *history_next(
    struct store_reader *r, const char *company, int64_t since_ms, int64_t after, struct err *e)
{
    struct history_event *ev = NULL;
    int64_t numbers[RUNS_MAX];
    sql_forgive(r->sql);
    /* By number: by the company's index each step would look at all that follow. */
    struct query *q = sql_use(r->sql, Q_HISTORY_EVENT,
        "SELECT e.seq, e.received_ms, e.id, e.connection, e.type, e.delivery,"
        " iif(e.pruned_ms, NULL, b.body) FROM events e" /* erased is no longer kept, too */
        " LEFT JOIN bodies b ON b.event = e.seq"
        " WHERE e.seq > ? AND +e.company = ? AND e.received_ms >= ? ORDER BY e.seq LIMIT 1");
    query_int(q, after);
    query_text(q, company);
    query_int(q, since_ms);
    if (query_row(q) == 1) {
        ev = mem_zalloc(1, sizeof(*ev));
        ev->seq = query_col_int(q, 0);
        ev->received_ms = query_col_int(q, 1);
        ev->id = mem_dup(query_col_text(q, 2));
        ev->connection = mem_dup(query_col_text(q, 3));
        ev->type = mem_dup(query_col_text(q, 4));
        ev->delivery = mem_dup(query_col_text(q, 5));
        ev->body = dup(q, 6);
    }
    query_done(q);
    if (ev && load_runs(r->sql, ev, numbers, RUNS_MAX) == 0)
        for (int i = 0; i < ev->nruns; i++) {
            ev->runs[i].first_step = ev->nsteps;
            load_steps(r->sql, ev, numbers[i]);
            ev->runs[i].nsteps = ev->nsteps - ev->runs[i].first_step;
        }
    if (!r->sql->rc)
        return ev;
    sql_fail(r->sql, e, "cannot read the events");
    history_event_free(ev);
    return NULL;
}

void history_event_free(struct history_event *ev)
{
    if (!ev)
        return;
    for (int i = 0; i < ev->nruns; i++) {
        const struct history_run *u = &ev->runs[i];
        const void *parts[] = {u->id, u->rule, u->version, u->state, u->key, u->result.p};
        for (size_t k = 0; k < sizeof(parts) / sizeof(parts[0]); k++)
            drop(parts[k]);
    }
    for (int i = 0; i < ev->nsteps; i++) {
        const struct history_step *s = &ev->steps[i];
        const void *parts[] = {
            s->kind, s->connection, s->spec.p, s->body.p, s->outcome, s->meta.p, s->answer.p};
        for (size_t k = 0; k < sizeof(parts) / sizeof(parts[0]); k++)
            drop(parts[k]);
    }
    mem_free(ev->runs);
    mem_free(ev->steps);
    drop(ev->id);
    drop(ev->connection);
    drop(ev->type);
    drop(ev->delivery);
    drop(ev->body.p);
    mem_free(ev);
}

/* ---- answers of other events ---- */

int history_each_read(struct store_reader *r, const char *company, int64_t since_ms,
    history_read_fn fn, void *arg, struct err *e)
{
    sql_forgive(r->sql);
    struct query q = query_prepare(r->sql,
        /* Run by run, in their order: with any other index it is each step of each run. */
        "SELECT s.key, s.spec, s.body FROM runs r CROSS JOIN steps s ON s.key BETWEEN r.n << 20 AND"
        " (r.n << 20) + 1048575 WHERE +r.company = ? AND r.created_ms >= ? AND +s.kind = 'read'"
        " AND +s.outcome = 'done' ORDER BY r.n, s.key");
    query_text(&q, company);
    query_int(&q, since_ms);
    int rc;
    while ((rc = query_row(&q)) == 1)
        fn(arg, query_col_int(&q, 0), query_col(&q, 1), query_col(&q, 2));
    if (rc < 0)
        sql_fail(r->sql, e, "cannot read the journals");
    query_free(&q);
    return rc < 0 ? -1 : 0;
}

int history_answer(struct store_reader *r, int64_t key, struct str *meta, struct str *answer)
{
    sql_forgive(r->sql);
    struct query *q =
        sql_use(r->sql, Q_HISTORY_ANSWER, "SELECT meta, answer FROM steps WHERE key = ?");
    query_int(q, key);
    bool found = query_row(q) == 1;
    *meta = found ? dup(q, 0) : STR_NONE;
    *answer = found && !store_keeps_file(*meta) ? dup(q, 1) : STR_NONE;
    query_done(q);
    return found ? 0 : -1;
}

char *history_redaction(struct store_reader *r, const char *company)
{
    return redaction_get(r->sql, company);
}

/* ---- scripts ---- */

int history_live(
    struct store_reader *r, const char *company, struct history_version *v, struct err *e)
{
    sql_forgive(r->sql);
    struct query q = query_prepare(r->sql,
        "SELECT v.version, c.bundle, v.system_hash, s.bundle FROM versions v"
        " JOIN bundles c ON c.hash = v.company_hash JOIN bundles s ON s.hash = v.system_hash"
        " WHERE v.company = ?1 AND v.version = (SELECT version FROM switches"
        "  WHERE n = (SELECT max(n) FROM switches WHERE company = ?1))");
    query_text(&q, company);
    int rc = query_row(&q);
    *v = (struct history_version){0};
    if (rc == 1)
        *v =
            (struct history_version){mem_dup(query_col_text(&q, 0)), mem_dup(query_col_text(&q, 1)),
                mem_dup(query_col_text(&q, 2)), mem_dup(query_col_text(&q, 3))};
    else if (rc == 0)
        rc = err_set(e, ERR_NOT_FOUND,
            "the data folder knows no live scripts of %s: has a host ever run it?", company);
    else
        sql_fail(r->sql, e, "cannot read the scripts");
    query_free(&q);
    return rc == 1 ? 0 : -1;
}

void history_version_free(struct history_version *v)
{
    mem_free(v->name);
    mem_free(v->bundle);
    mem_free(v->system_hash);
    mem_free(v->system);
    *v = (struct history_version){0};
}
