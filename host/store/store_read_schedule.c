/* Reading schedules and polls: what they are and which of their times came last. */
#include "store_row.h"

int store_read_schedules(
    struct store_reader *r, const struct store_filter *f, store_row_fn fn, void *arg, struct err *e)
{
    sql_forgive(r->sql);
    struct query q = query_prepare(r->sql,
        "SELECT company, name, spec, slot FROM schedules WHERE slot IS NOT NULL AND"
        " (?1 = '' OR company = ?1) ORDER BY company, name");
    query_text(&q, f->company);
    int rc = 0;
    while (rc == 0 && query_row(&q) == 1) {
        buf_clear(&r->row);
        buf_addc(&r->row, '{');
        row_text(&r->row, "company", query_col_text(&q, 0));
        row_text(&r->row, "schedule", query_col_text(&q, 1));
        row_text(&r->row, "when", query_col_text(&q, 2));
        row_int(&r->row, "slot", query_col_int(&q, 3));
        rc = row_end(r, fn, arg, e);
    }
    bool failed = r->sql->rc != SQLITE_OK;
    if (failed)
        sql_fail(r->sql, e, "cannot read the schedules");
    query_free(&q);
    return failed || rc < 0 ? -1 : 0;
}
