/* What is kept of a person and is no event's. */
#include "erase.h"
#include "store_row.h"

/* Tells of the row that z->row has begun to say: why it was refused (NULL: it was not). */
static int tell(
    struct erasing *z, const char *refused, store_row_fn fn, void *arg, struct store_erased *out)
{
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

static void begin_row(struct erasing *z)
{
    buf_clear(&z->row);
    buf_addc(&z->row, '{');
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
        begin_row(z);
        row_int(&z->row, "alert", n);
        rc = tell(z,
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
        begin_row(z);
        row_int(&z->row, "refused_delivery", n);
        rc = tell(z, NULL, fn, arg, out);
    }
    query_free(&q);
    return z->sql->rc ? -1 : 0;
}

/* What requests of the API were answered: of any company, since they know none. */
static int answers(struct erasing *z, store_row_fn fn, void *arg, struct store_erased *out)
{
    int rc = 0;
    struct query q = query_prepare(z->sql, "SELECT n, body FROM once ORDER BY n");
    while (!rc && query_row(&q) == 1) {
        int64_t n = query_col_int(&q, 0);
        if (!needles_in(&z->needles, query_col(&q, 1)))
            continue;
        if (!z->q->dry_run)
            replace(z, "UPDATE once SET body = CAST(?2 AS BLOB) WHERE n = ?1 AND ?3 = 0", n, false);
        begin_row(z);
        row_int(&z->row, "api_answer", n);
        rc = tell(z, NULL, fn, arg, out);
    }
    query_free(&q);
    return z->sql->rc ? -1 : 0;
}

static bool is_needed(struct erasing *z, const char *key)
{
    struct query q = query_prepare(z->sql, "SELECT 1 FROM runs WHERE company = ? AND key = ?"
                                           " AND state NOT IN ('done','skipped')");
    query_text(&q, z->q->company);
    query_text(&q, key);
    bool needed = query_row(&q) == 1;
    query_free(&q);
    return needed;
}

static void forget_order(struct erasing *z, const char *rule, const char *key)
{
    struct query q =
        query_prepare(z->sql, "DELETE FROM newest WHERE company = ? AND rule = ? AND key = ?");
    query_text(&q, z->q->company);
    query_text(&q, rule);
    query_text(&q, key);
    query_run(&q);
    query_free(&q);
}

/* How new the data of a key is (newest): kept for good, also when the events are pruned. */
static int orders_of_arrival(
    struct erasing *z, store_row_fn fn, void *arg, struct store_erased *out)
{
    int rc = 0;
    struct query q = query_prepare(
        z->sql, "SELECT rule, key, value FROM newest WHERE company = ? ORDER BY rule, key");
    query_text(&q, z->q->company);
    while (!rc && query_row(&q) == 1) {
        const char *rule = query_col_text(&q, 0), *key = query_col_text(&q, 1);
        if (!needles_in(&z->needles, str_of(key)) && !needles_in(&z->needles, query_col(&q, 2)))
            continue;
        begin_row(z);
        row_text(&z->row, "order_of_arrival", rule);
        bool needed = is_needed(z, key);
        if (!needed && !z->q->dry_run)
            forget_order(z, rule, key);
        rc = tell(z, needed ? "a run of its key is not settled: let it end and erase again" : NULL,
            fn, arg, out);
    }
    query_free(&q);
    return z->sql->rc ? -1 : 0;
}

/* Where a poll is. Nobody but its rule knows what that means. */
static int cursors(struct erasing *z, store_row_fn fn, void *arg, struct store_erased *out)
{
    int rc = 0;
    struct query q =
        query_prepare(z->sql, "SELECT name, cursor FROM schedules WHERE company = ? ORDER BY name");
    query_text(&q, z->q->company);
    while (!rc && query_row(&q) == 1) {
        if (!needles_in(&z->needles, query_col(&q, 1)))
            continue;
        begin_row(z);
        row_text(&z->row, "poll", query_col_text(&q, 0));
        rc = tell(z,
            "its `since` holds it, and the next run needs that: erase again when it has "
            "read on",
            fn, arg, out);
    }
    query_free(&q);
    return z->sql->rc ? -1 : 0;
}

static void forget_link(struct erasing *z, int64_t id)
{
    struct query q = query_prepare(z->sql, "DELETE FROM links WHERE id = ?");
    query_int(&q, id);
    query_run(&q);
    query_free(&q);
}

/* What was last seen of linked records. The link stays, and what stands on both sides is compared
 * anew when one of them changes; an id that holds the text goes with its link. */
static int links(struct erasing *z, store_row_fn fn, void *arg, struct store_erased *out)
{
    int rc = 0;
    struct query q = query_prepare(
        z->sql, "SELECT id, name, base, a, b FROM links WHERE company = ? ORDER BY id");
    query_text(&q, z->q->company);
    while (!rc && query_row(&q) == 1) {
        int64_t id = query_col_int(&q, 0);
        bool in_id =
            needles_in(&z->needles, query_col(&q, 3)) || needles_in(&z->needles, query_col(&q, 4));
        if (!in_id && !needles_in(&z->needles, query_col(&q, 2)))
            continue;
        if (!z->q->dry_run && in_id)
            forget_link(z, id);
        else if (!z->q->dry_run)
            replace(z, "UPDATE links SET base = ?2, version = version + 1 WHERE id = ?1 AND ?3 = 0",
                id, false);
        begin_row(z);
        row_text(&z->row, "link", query_col_text(&q, 1));
        rc = tell(z, NULL, fn, arg, out);
    }
    query_free(&q);
    return z->sql->rc ? -1 : 0;
}

int erase_asides(struct erasing *z, store_row_fn fn, void *arg, struct store_erased *out)
{
    if (!z->needles.n)
        return 0;
    return alerts(z, fn, arg, out) || refused_deliveries(z, fn, arg, out) ||
                   answers(z, fn, arg, out) || orders_of_arrival(z, fn, arg, out) ||
                   cursors(z, fn, arg, out) || links(z, fn, arg, out)
               ? -1
               : 0;
}
