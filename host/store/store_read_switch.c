/* Reading which versions were live, newest first. */
#include "store_row.h"

int store_read_switches(
    struct store_reader *r, const struct store_filter *f, store_row_fn fn, void *arg, struct err *e)
{
    static const char *const keys[] = {"company", "version", "folder", "how", "by", "note"};
    sql_forgive(r->sql);
    struct query q = query_prepare(r->sql,
        "SELECT company, version, folder, how, by, note, at_ms FROM switches"
        " WHERE (?1 = '' OR company = ?1) AND at_ms >= ?2 ORDER BY n DESC LIMIT ?3");
    query_text(&q, f->company);
    query_int(&q, f->since_ms);
    query_int(&q, f->limit > 0 ? f->limit : 100);
    int rc = 0;
    while (rc == 0 && query_row(&q) == 1) {
        buf_clear(&r->row);
        buf_addc(&r->row, '{');
        for (int i = 0; i < 6; i++)
            row_text(&r->row, keys[i], query_col_text(&q, i));
        row_time(&r->row, "at", query_col_int(&q, 6));
        rc = row_end(r, fn, arg, e);
    }
    bool failed = r->sql->rc != SQLITE_OK;
    if (failed)
        sql_fail(r->sql, e, "cannot read the versions");
    query_free(&q);
    return failed || rc < 0 ? -1 : 0;
}
