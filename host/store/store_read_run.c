/* One run in full: its event with the body, its steps with what was asked and answered, its log. */
#include <string.h>

#include "json.h"
#include "mem.h"
#include "store_row.h"
#include "store_story.h"

/* The number of the run that id names or begins; -1 and e. */
static int64_t find_run(struct sql *s, const char *id, struct err *e)
{
    /* '~' sorts behind every character of an id. */
    struct query q = query_prepare(
        s, "SELECT n, id = ?1 FROM runs WHERE id BETWEEN ?1 AND ?1 || '~' ORDER BY id LIMIT 2");
    query_text(&q, id);
    int64_t n = -1;
    int rc = *id ? query_row(&q) : 0;
    if (rc == 1) {
        n = query_col_int(&q, 0);
        bool exact = query_col_int(&q, 1) != 0;
        if (!exact && (rc = query_row(&q)) == 1)
            n = err_set(
                e, ERR_CONFLICT, "more than one run begins with '%s': write more of it", id);
    } else if (rc == 0) {
        err_set(e, ERR_NOT_FOUND, "there is no run '%s': `sauma runs` lists them", id);
    }
    if (rc < 0)
        n = sql_fail(s, e, "cannot read the run");
    query_free(&q);
    return n;
}

static void put_event(struct sql *s, struct buf *b, int64_t run)
{
    struct query q = query_prepare(s,
        "SELECT e.id, e.connection, e.type, e.delivery, e.received_ms, e.state, e.reason,"
        " b.headers, b.body, e.pruned_ms FROM runs r JOIN events e ON e.seq = r.event"
        " LEFT JOIN bodies b ON b.event = e.seq WHERE r.n = ?");
    query_int(&q, run);
    json_put_key(b, "event");
    buf_addc(b, '{');
    if (query_row(&q) == 1) {
        row_text(b, "id", query_col_text(&q, 0));
        row_text(b, "connection", query_col_text(&q, 1));
        row_text(b, "type", query_col_text(&q, 2));
        row_text(b, "delivery", query_col_text(&q, 3));
        row_time(b, "received_at", query_col_int(&q, 4));
        row_text(b, "state", query_col_text(&q, 5));
        row_text(b, "reason", query_col_text(&q, 6));
        row_value(b, "headers", query_col(&q, 7));
        row_value(b, "body", query_col(&q, 8));
        row_time(b, "pruned_at", query_col_int(&q, 9));
    }
    buf_addc(b, '}');
    query_free(&q);
}

static void put_step(struct buf *b, struct query *q)
{
    struct str outcome = query_col(q, 7);
    buf_adds(b, b->p[b->n - 1] == '[' ? "{" : ",{");
    row_int(b, "seq", query_col_int(q, 0) & STORE_SEQ_MAX);
    row_text(b, "kind", query_col_text(q, 1));
    row_text(b, "connection", query_col_text(q, 2));
    row_text(b, "title", query_col_text(q, 3));
    row_text(b, "state", outcome.p ? "answered" : "open");
    row_text(b, "outcome", outcome.p ? query_col_text(q, 7) : NULL);
    row_int(b, "attempts", query_col_int(q, 10));
    json_put_key(b, "duration_ms");
    buf_addf(b, "%.3f", (double)query_col_int(q, 11) / 1000);
    row_time(b, "at", query_col_int(q, 6));
    row_message(b, "request", query_col(q, 4), query_col(q, 5));
    if (outcome.p)
        row_message(b, "answer", query_col(q, 8), query_col(q, 9));
    else
        row_text(b, "answer", NULL);
    buf_addc(b, '}');
}

static void put_steps(struct sql *s, struct buf *b, int64_t run)
{
    struct query q = query_prepare(s,
        "SELECT key, kind, connection, title, spec, body, at_ms, outcome, meta, answer, attempts,"
        " duration_us FROM steps WHERE key BETWEEN ? AND ? ORDER BY key");
    query_int(&q, run << STORE_SEQ_BITS);
    query_int(&q, run << STORE_SEQ_BITS | STORE_SEQ_MAX);
    json_put_key(b, "steps");
    buf_addc(b, '[');
    while (!b->failed && query_row(&q) == 1)
        put_step(b, &q);
    buf_addc(b, ']');
    query_free(&q);
}

static void put_log(struct sql *s, struct buf *b, int64_t run)
{
    struct query q = query_prepare(
        s, "SELECT at_ms, level, text FROM logs WHERE key BETWEEN ? AND ? ORDER BY key");
    query_int(&q, run << STORE_SEQ_BITS);
    query_int(&q, run << STORE_SEQ_BITS | STORE_SEQ_MAX);
    json_put_key(b, "log");
    buf_addc(b, '[');
    while (!b->failed && query_row(&q) == 1) {
        buf_adds(b, b->p[b->n - 1] == '[' ? "{" : ",{");
        row_time(b, "at", query_col_int(&q, 0));
        row_text(b, "level", query_col_text(&q, 1));
        json_put_key(b, "text");
        json_put_string(b, query_col(&q, 2));
        buf_addc(b, '}');
    }
    buf_addc(b, ']');
    query_free(&q);
}

static void put_run(struct sql *s, struct buf *b, int64_t run)
{
    struct query q = query_prepare(
        s, "SELECT " RUN_COLUMNS " FROM runs r JOIN events e ON e.seq = r.event WHERE r.n = ?");
    query_int(&q, run);
    if (query_row(&q) == 1)
        row_run(b, &q, false);
    query_free(&q);
}

int store_read_run(
    struct store_reader *r, const char *id, store_row_fn fn, void *arg, struct err *e)
{
    struct sql *s = r->sql;
    int rc = -1;
    sql_forgive(s);
    /* One snapshot for all of it: the host may be writing. */
    if (sql_exec(s, "BEGIN"))
        return sql_fail(s, e, "cannot read the run");
    int64_t run = find_run(s, id, e);
    if (run >= 0) {
        put_run(s, &r->row, run);
        put_event(s, &r->row, run);
        story_data(s, &r->row, run);
        story_effects(s, &r->row, run);
        put_steps(s, &r->row, run);
        put_log(s, &r->row, run);
        story_acts(s, &r->row, run);
        story_dropped(s, &r->row, run);
        rc = s->rc ? sql_fail(s, e, "cannot read the run") : row_end(r, fn, arg, e);
    }
    sqlite3_exec(s->h, "COMMIT", NULL, NULL, NULL);
    return rc < 0 ? -1 : 0;
}
