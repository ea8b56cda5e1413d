/* Reading refused deliveries, newest first. */
#include "store_row.h"

static void put_refused(struct buf *b, struct query *q)
{
    buf_clear(b);
    buf_addc(b, '{');
    row_int(b, "n", query_col_int(q, 0));
    row_text(b, "company", query_col_text(q, 1));
    row_text(b, "connection", query_col_text(q, 2));
    row_time(b, "at", query_col_int(q, 3));
    row_int(b, "status", query_col_int(q, 4));
    row_text(b, "reason", query_col_text(q, 5));
    buf_addf(b, ",\"authentic\":%s", query_col_int(q, 6) ? "true" : "false");
    row_int(b, "size", query_col_int(q, 7));
    row_value(b, "body", query_col(q, 8));
}

int store_read_refused(
    struct store_reader *r, const struct store_filter *f, store_row_fn fn, void *arg, struct err *e)
{
    sql_forgive(r->sql);
    struct query q = query_prepare(r->sql,
        "SELECT n, company, connection, at_ms, status, reason, authentic, size, body FROM refused"
        " WHERE (?1 = '' OR company = ?1) AND (?2 = '' OR connection = ?2) AND at_ms >= ?3"
        " ORDER BY n DESC LIMIT ?4");
    query_text(&q, f->company);
    query_text(&q, f->connection);
    query_int(&q, f->since_ms);
    query_int(&q, f->limit > 0 ? f->limit : 100);
    int rc = 0;
    while (rc == 0 && query_row(&q) == 1) {
        put_refused(&r->row, &q);
        rc = row_end(r, fn, arg, e);
    }
    bool failed = r->sql->rc != SQLITE_OK;
    if (failed)
        sql_fail(r->sql, e, "cannot read the refused deliveries");
    query_free(&q);
    return failed || rc < 0 ? -1 : 0;
}
