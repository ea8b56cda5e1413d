/* Reading a store beside the host that owns it: listings, newest first, and the books. */
#include <string.h>

#include "json.h"
#include "mem.h"
#include "store_story.h"

#define LIMIT_DEFAULT 100
#define ROW_MAX       ((size_t)256 << 20)
/* What a filter may ask for beyond the columns. */
#define CONDITIONS_MAX 1024

struct store_reader *store_reader_open(const char *dir, struct err *e)
{
    struct sql *s = sql_open(dir, SQL_READER, e);
    if (!s)
        return NULL;
    if (schema_check(s, dir, e)) {
        sql_close(s);
        return NULL;
    }
    struct store_reader *r = mem_zalloc(1, sizeof(*r));
    r->sql = s;
    buf_init(&r->row, ROW_MAX);
    buf_init(&r->shown, ROW_MAX);
    return r;
}

void store_reader_show_all(struct store_reader *r)
{
    r->whole = true;
}

void store_reader_close(struct store_reader *r)
{
    if (!r)
        return;
    sql_close(r->sql);
    buf_free(&r->row);
    buf_free(&r->shown);
    mem_free(r);
}

/* Conditions and the values of their parameters, in order. */
struct where {
    struct buf text;
    const char *values[8];
    int n;
};

static void where_init(struct where *w)
{
    buf_init(&w->text, CONDITIONS_MAX);
    w->n = 0;
}

static void where_is(struct where *w, const char *condition, const char *value)
{
    if (!value)
        return;
    buf_addf(&w->text, " AND %s", condition);
    w->values[w->n++] = value;
}

/* head, the conditions, and the end; binds the values, since and limit. */
static struct query where_query(struct sql *s, struct where *w, const char *head, const char *tail,
    const struct store_filter *f)
{
    char *text = mem_printf("%s%.*s%s", head, STR_ARG(buf_str(&w->text)), tail);
    struct query q = query_prepare(s, text);
    for (int i = 0; i < w->n; i++)
        query_text(&q, w->values[i]);
    query_int(&q, f->since_ms);
    query_int(&q, f->limit > 0 ? f->limit : LIMIT_DEFAULT);
    mem_free(text);
    buf_free(&w->text);
    return q;
}

static bool is_run_state(const char *name)
{
    return str_is(str_of(name), run_state_name(run_state_parse(str_of(name))));
}

static int check_state(const char *state, bool of_event, struct err *e)
{
    if (!state || is_run_state(state) || (of_event && !strcmp(state, "in_flight")))
        return 0;
    return err_set(e, ERR_USAGE,
        "there is no state '%s': %squeued, running, waiting, held, done, "
        "skipped, failed, attention",
        state, of_event ? "in_flight, " : "");
}

/* Ends a listing: what was wrong, if anything was. */
static int finish(struct store_reader *r, struct query *q, int rc, const char *what, struct err *e)
{
    bool failed = r->sql->rc != SQLITE_OK;
    if (failed)
        sql_fail(r->sql, e, what);
    query_free(q);
    return failed || rc < 0 ? -1 : 0;
}

static void put_event(struct buf *b, struct query *q)
{
    static const char *const keys[] = {"id", "company", "connection", "type", "delivery"};
    buf_clear(b);
    buf_addc(b, '{');
    for (int i = 0; i < 5; i++)
        row_text(b, keys[i], query_col_text(q, i));
    row_time(b, "received_at", query_col_int(q, 5));
    row_int(b, "size", query_col_int(q, 6));
    row_text(b, "state", query_col_text(q, 7));
    row_text(b, "reason", query_col_text(q, 8));
    row_value(b, "runs", query_col(q, 9));
    row_time(b, "pruned_at", query_col_int(q, 10));
}

static void event_conditions(struct where *w, const struct store_filter *f)
{
    bool of_runs = f->state && (!strcmp(f->state, "queued") || !strcmp(f->state, "running") ||
                                   !strcmp(f->state, "waiting"));
    where_init(w);
    where_is(w, "e.company = ?", f->company);
    where_is(w, "e.connection = ?", f->connection);
    if (of_runs)
        where_is(
            w, "EXISTS (SELECT 1 FROM runs r WHERE r.event = e.seq AND r.state = ?)", f->state);
    else
        where_is(w, "e.state = ?", f->state);
    where_is(w, "EXISTS (SELECT 1 FROM runs r WHERE r.event = e.seq AND r.rule = ?)", f->rule);
    where_is(w, "EXISTS (SELECT 1 FROM runs r WHERE r.event = e.seq AND r.key = ?)", f->key);
}

int store_read_events(
    struct store_reader *r, const struct store_filter *f, store_row_fn fn, void *arg, struct err *e)
{
    struct where w;
    if (check_state(f->state, true, e))
        return -1;
    sql_forgive(r->sql);
    event_conditions(&w, f);
    struct query q = where_query(r->sql, &w,
        "SELECT e.id, e.company, e.connection, e.type, e.delivery, e.received_ms, length(b.body),"
        " e.state, e.reason, (SELECT json_group_array(json_object('id', id, 'rule', rule, 'state',"
        " state, 'reason', reason, 'edited', json(iif(edit, 'true', 'false')))) FROM"
        " (SELECT * FROM runs WHERE event = e.seq ORDER BY n)),"
        " e.pruned_ms FROM events e LEFT JOIN bodies b ON b.event = e.seq WHERE 1",
        " AND e.received_ms >= ? ORDER BY e.seq DESC LIMIT ?", f);
    int rc = 0;
    while (rc == 0 && query_row(&q) == 1) {
        put_event(&r->row, &q);
        rc = row_end(r, fn, arg, e);
    }
    return finish(r, &q, rc, "cannot read the events", e);
}

static void run_conditions(struct where *w, const struct store_filter *f)
{
    bool unsettled = f->needs_person || f->or_held ||
                     (f->state && strcmp(f->state, "done") && strcmp(f->state, "skipped"));
    where_init(w);
    if (unsettled) /* so that the index of these few is used */
        buf_adds(&w->text, " AND r.state NOT IN ('done','skipped')");
    where_is(w, "r.company = ?", f->company);
    where_is(w, "r.rule = ?", f->rule);
    where_is(w, "r.state = ?", f->state);
    where_is(w, "r.key = ?", f->key);
    where_is(w, "e.connection = ?", f->connection);
    where_is(w, "e.id = ?", f->event);
    where_is(w, "instr(lower(r.reason), lower(?)) > 0", f->reason_like);
    if (f->or_held)
        buf_adds(&w->text, " AND r.state IN ('attention','failed','held')");
    else if (f->needs_person)
        buf_adds(&w->text, " AND r.state IN ('attention','failed')");
}

/* The rows of runs; more: with what a person must know to decide. */
static int read_runs(struct store_reader *r, const struct store_filter *f, bool more,
    store_row_fn fn, void *arg, struct err *e)
{
    struct where w;
    if (check_state(f->state, false, e))
        return -1;
    sql_forgive(r->sql);
    run_conditions(&w, f);
    struct query q = where_query(r->sql, &w,
        "SELECT " RUN_COLUMNS ", r.n FROM runs r CROSS JOIN events e WHERE e.seq = r.event",
        " AND r.created_ms >= ? ORDER BY r.n DESC LIMIT ?", f);
    int rc = 0;
    while (rc == 0 && query_row(&q) == 1) {
        row_run(&r->row, &q, true);
        if (more)
            story_effects(r->sql, &r->row, query_col_int(&q, RUN_COLUMNS_N));
        rc = row_end(r, fn, arg, e);
    }
    return finish(r, &q, rc, "cannot read the runs", e);
}

int store_read_runs(
    struct store_reader *r, const struct store_filter *f, store_row_fn fn, void *arg, struct err *e)
{
    return read_runs(r, f, false, fn, arg, e);
}

int store_read_attention(
    struct store_reader *r, const struct store_filter *f, store_row_fn fn, void *arg, struct err *e)
{
    return read_runs(r, f, true, fn, arg, e);
}

int store_read_books(
    struct store_reader *r, const char *company, struct store_books *out, struct err *e)
{
    sql_forgive(r->sql);
    if (books_read(r->sql, company, out))
        return sql_fail(r->sql, e, "cannot read the books");
    return 0;
}

int store_read_each_books(struct store_reader *r, store_row_fn fn, void *arg, struct err *e)
{
    static const char *const columns[] = {
        "received", "done", "skipped", "attention", "held", "failed", "in_flight"};
    sql_forgive(r->sql);
    struct query q = query_prepare(r->sql,
        "SELECT company, sum(n) FILTER (WHERE state = 'received'),"
        " sum(n) FILTER (WHERE state = 'done'), sum(n) FILTER (WHERE state = 'skipped'),"
        " sum(n) FILTER (WHERE state = 'attention'), sum(n) FILTER (WHERE state = 'held'),"
        " sum(n) FILTER (WHERE state = 'failed'), sum(n) FILTER (WHERE state = 'in_flight'),"
        " (SELECT bytes FROM stored s WHERE s.company = books.company)"
        " FROM books GROUP BY company ORDER BY company");
    int rc = 0;
    while (rc == 0 && query_row(&q) == 1) {
        int64_t difference = 0;
        buf_clear(&r->row);
        buf_addc(&r->row, '{');
        row_text(&r->row, "company", query_col_text(&q, 0));
        for (int i = 0; i < 7; i++) {
            int64_t n = query_col_int(&q, i + 1);
            row_int(&r->row, columns[i], n);
            difference += i == 0 ? n : -n;
        }
        row_int(&r->row, "difference", difference);
        int64_t oldest = 0;
        if (backlog_oldest(r->sql, query_col_text(&q, 0), &oldest))
            break;
        row_time(&r->row, "oldest_open_at", oldest);
        row_int(&r->row, "stored_bytes", query_col_int(&q, 8));
        rc = row_end(r, fn, arg, e);
    }
    return finish(r, &q, rc, "cannot read the books", e);
}
