/* What is kept of a person and is no event's. */
#include "erase.h"
#include "store_row.h"

/* Tells of the row at hand: which it is, and why it was refused (NULL: it was not). */
static int tell(struct erasing *z, const char *what, int64_t n, const char *refused,
    store_row_fn fn, void *arg, struct store_erased *out)
{
    buf_clear(&z->row);
    buf_addc(&z->row, '{');
    row_int(&z->row, what, n);
    row_text(&z->row, "company", z->q->company);
    buf_adds(&z->row, ",\"fields\":[\"text\"]");
    row_text(&z->row, "refused", refused);
    buf_addc(&z->row, '}');
    if (refused)
        out->refused++;
    else
        out->asides++;
    return fn(arg, buf_str(&z->row));
}

static void replace(struct erasing *z, const char *text, int64_t n, bool both)
{
    struct query u = query_prepare(z->sql, text);
    query_int(&u, n);
    query_json(&u, buf_str(&z->mark));
    query_int(&u, both);
    query_run(&u);
    query_free(&u);
}

static int alerts(struct erasing *z, store_row_fn fn, void *arg, struct store_erased *out)
{
    int rc = 0;
    struct query q = query_prepare(
        z->sql, "SELECT n, about, text, cleared_ms FROM alerts WHERE company = ? ORDER BY n");
    query_text(&q, z->q->company);
    while (!rc && query_row(&q) == 1) {
        int64_t n = query_col_int(&q, 0);
        bool open = !query_col(&q, 3).p, in_about = needles_in(&z->needles, query_col(&q, 1));
        if (!in_about && !needles_in(&z->needles, query_col(&q, 2)))
            continue;
        if (!open && !z->q->dry_run)
            replace(z,
                "UPDATE alerts SET text = ?2, about = iif(?3, 'erased ' || n, about) WHERE n = ?1",
                n, in_about);
        rc = tell(z, "alert", n,
            open ? "it is open: close it with `sauma alerts --close N` and erase again" : NULL, fn,
            arg, out);
    }
    query_free(&q);
    return z->sql->rc ? -1 : 0;
}

static int refused_deliveries(
    struct erasing *z, store_row_fn fn, void *arg, struct store_erased *out)
{
    int rc = 0;
    struct query q =
        query_prepare(z->sql, "SELECT n, reason, body FROM refused WHERE company = ? ORDER BY n");
    query_text(&q, z->q->company);
    while (!rc && query_row(&q) == 1) {
        int64_t n = query_col_int(&q, 0);
        bool in_reason = needles_in(&z->needles, query_col(&q, 1));
        if (!in_reason && !needles_in(&z->needles, query_col(&q, 2)))
            continue;
        if (!z->q->dry_run)
            replace(z,
                "UPDATE refused SET body = CAST(?2 AS BLOB), reason = iif(?3, 'erased', reason)"
                " WHERE n = ?1",
                n, in_reason);
        rc = tell(z, "refused_delivery", n, NULL, fn, arg, out);
    }
    query_free(&q);
    return z->sql->rc ? -1 : 0;
}

int erase_asides(struct erasing *z, store_row_fn fn, void *arg, struct store_erased *out)
{
    if (!z->needles.n)
        return 0;
    return alerts(z, fn, arg, out) || refused_deliveries(z, fn, arg, out) ? -1 : 0;
}
