/* Reading alerts, newest first. */
#include "store_row.h"

static void put_alert(struct buf *b, struct query *q)
{
    buf_clear(b);
    buf_addc(b, '{');
    row_int(b, "n", query_col_int(q, 0));
    row_text(b, "company", query_col_text(q, 1));
    row_text(b, "kind", query_col_text(q, 2));
    row_text(b, "about", query_col_text(q, 3));
    row_text(b, "text", query_col_text(q, 4));
    row_int(b, "times", query_col_int(q, 5));
    row_time(b, "first_at", query_col_int(q, 6));
    row_time(b, "last_at", query_col_int(q, 7));
    row_time(b, "cleared_at", query_col_int(q, 8));
    row_text(b, "cleared_by", query_col_text(q, 9));
}

int store_read_alerts(struct store_reader *r, const struct store_filter *f, bool all,
    store_row_fn fn, void *arg, struct err *e)
{
    sql_forgive(r->sql);
    struct query q = query_prepare(r->sql,
        "SELECT n, company, kind, about, text, times, first_ms, last_ms, cleared_ms, cleared_by"
        " FROM alerts WHERE (?1 OR cleared_ms IS NULL) AND (?2 = '' OR company = ?2)"
        " AND last_ms >= ?3 ORDER BY last_ms DESC, n DESC LIMIT ?4");
    query_int(&q, all);
    query_text(&q, f->company);
    query_int(&q, f->since_ms);
    query_int(&q, f->limit > 0 ? f->limit : 100);
    int rc = 0;
    while (rc == 0 && query_row(&q) == 1) {
        put_alert(&r->row, &q);
        rc = row_end(r, fn, arg, e);
    }
    bool failed = r->sql->rc != SQLITE_OK;
    if (failed)
        sql_fail(r->sql, e, "cannot read the alerts");
    query_free(&q);
    return failed || rc < 0 ? -1 : 0;
}
