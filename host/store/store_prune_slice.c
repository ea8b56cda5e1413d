/* What one small operation of pruning does: so few rows and bytes that a commit which waits behind
 * it does not wait long. */
#include <string.h>

#include "prune.h"

/* Rows that are looked at, and bytes that go, in one operation. Of a single event more may go, but
 * no more than one step at a time over this. */
#define SLICE_ROWS  64
#define SLICE_BYTES ((int64_t)1 << 20)
/* Pages that are moved so that the file can become shorter. */
#define SLICE_PAGES "64"

/* When the event last changed: it may have waited long for a person. */
#define CHANGED                                                                                    \
    "max(e.received_ms, coalesce((SELECT max(updated_ms) FROM runs WHERE event = e.seq), 0))"

static int run_with(struct query *q, int64_t a, int64_t b, int64_t c)
{
    query_int(q, a);
    if (b)
        query_int(q, b);
    if (c)
        query_int(q, c);
    return query_run(q);
}

/* What stands in the list of a slice. */
struct row {
    int64_t event, changed_ms, bytes;
    bool settled;
};

/* Fills rows (of SLICE_ROWS) from the query; how many, or -1. *young: none of them was received
 * before the cut, so that those after them are young as well. */
static int read_rows(struct query *q, int64_t cut, struct row *rows, bool *young)
{
    int n = 0, rc;
    *young = true;
    while ((rc = query_row(q)) == 1) {
        rows[n++] = (struct row){query_col_int(q, 0), query_col_int(q, 3), query_col_int(q, 4),
            str_is(query_col(q, 2), "done") || str_is(query_col(q, 2), "skipped")};
        *young = *young && query_col_int(q, 1) >= cut;
    }
    return rc < 0 ? -1 : n;
}

/* Requests and answers over the limit in the journals of the event's runs, up to *room bytes;
 * *room goes below zero if there may be more. */
static int drop_large(struct sql *s, const struct prune_slice *sl, int64_t event, int64_t *room)
{
    struct query *q = sql_use(s, Q_PRUNE_LARGE,
        "SELECT s.key, length(s.body) + coalesce(length(s.answer), 0) FROM runs r JOIN steps s"
        " ON s.key BETWEEN r.n << 20 AND (r.n << 20) + 1048575 WHERE r.event = ?1"
        " AND (length(s.body) > ?2 OR length(s.answer) > ?2 OR length(s.spec) > ?2"
        "  OR length(s.meta) > ?2) LIMIT 256");
    int64_t keys[256];
    int n = 0, rc;
    query_int(q, event);
    query_int(q, (int64_t)sl->keep.large);
    while ((rc = query_row(q)) == 1) {
        keys[n++] = query_col_int(q, 0);
        *room -= query_col_int(q, 1);
        if (*room < 0) {
            query_done(q);
            rc = 0;
            break;
        }
    }
    if (n == 256)
        *room = -1;
    for (int i = 0; i < n && !rc; i++) {
        q = sql_use(s, Q_PRUNE_STEPS,
            "UPDATE steps SET body = CASE WHEN length(body) > ?2 THEN x'' ELSE body END,"
            " answer = CASE WHEN length(answer) > ?2 THEN x'' ELSE answer END,"
            " spec = CASE WHEN length(spec) > ?2 THEN NULL ELSE spec END,"
            " meta = CASE WHEN length(meta) > ?2 THEN NULL ELSE meta END, sum = NULL WHERE key = ?1");
        query_int(q, keys[i]);
        query_int(q, (int64_t)sl->keep.large);
        rc = query_run(q);
    }
    return rc;
}

static int drop_body(struct sql *s, struct prune_slice *sl, const struct row *r, int64_t *room)
{
    if (drop_large(s, sl, r->event, room))
        return -1;
    if (*room < 0)
        return 0; /* the rest of this event next time */
    *room -= r->bytes;
    struct query *q = sql_use(s, Q_PRUNE_BODY, "DELETE FROM bodies WHERE event = ?");
    if (run_with(q, r->event, 0, 0))
        return -1;
    q = sql_use(s, Q_PRUNE_MARK, "UPDATE events SET pruned_ms = ? WHERE seq = ?");
    sl->did.bodies++;
    return run_with(q, sl->now_ms, r->event, 0);
}

/* Takes rows one by one until there is no room or all were looked at. */
static int take_rows(struct sql *s, struct prune_slice *sl, const struct row *rows, int n,
    int64_t cut, int (*drop)(struct sql *, struct prune_slice *, const struct row *, int64_t *))
{
    int64_t room = SLICE_BYTES;
    for (int i = 0; i < n; i++) {
        bool old = rows[i].settled && rows[i].changed_ms < cut;
        if (old && drop(s, sl, &rows[i], &room))
            return -1;
        if (old && room < 0) {
            /* The same event again, if it is still there. */
            sl->cursor = rows[i].event - 1;
            sl->more = true;
            return 0;
        }
        sl->cursor = rows[i].event;
    }
    return 0;
}

static int prune_bodies(struct sql *s, struct prune_slice *sl)
{
    struct row rows[SLICE_ROWS];
    bool young;
    int64_t cut = sl->now_ms - sl->keep.bodies_ms;
    if (!sl->keep.bodies_ms)
        return 0;
    struct query *q = sql_use(s, Q_PRUNE_BODIES,
        "SELECT e.seq, e.received_ms, e.state, " CHANGED ", length(b.body) FROM bodies b"
        " JOIN events e ON e.seq = b.event WHERE b.event > ? ORDER BY b.event LIMIT ?");
    query_int(q, sl->from);
    query_int(q, SLICE_ROWS);
    int n = read_rows(q, cut, rows, &young);
    if (n < 0)
        return -1;
    sl->more = n == SLICE_ROWS && !young;
    return take_rows(s, sl, rows, n, cut, drop_body);
}

static int drop_event(struct sql *s, struct prune_slice *sl, const struct row *r, int64_t *room)
{
    /* First what is large, in its own time; then what is left, which is small. */
    if (drop_large(s, sl, r->event, room))
        return -1;
    if (*room < 0)
        return 0;
    static const struct {
        enum query_slot slot;
        const char *text;
    } all[] = {
        {Q_PRUNE_BODY, "DELETE FROM bodies WHERE event = ?"},
        {Q_PRUNE_LOGS,
            "DELETE FROM logs WHERE key IN (SELECT l.key FROM runs r JOIN logs l ON l.key"
            " BETWEEN r.n << 20 AND (r.n << 20) + 1048575 WHERE r.event = ?)"},
        {Q_PRUNE_JOURNAL,
            "DELETE FROM steps WHERE key IN (SELECT s.key FROM runs r JOIN steps s ON s.key"
            " BETWEEN r.n << 20 AND (r.n << 20) + 1048575 WHERE r.event = ?)"},
        {Q_PRUNE_NEWEST,
            "DELETE FROM newest WHERE (company, rule, key, event) IN (SELECT r.company, r.rule,"
            " r.key, e.id FROM runs r JOIN events e ON e.seq = r.event WHERE r.event = ?)"},
        {Q_PRUNE_RUNS, "DELETE FROM runs WHERE event = ?"},
        {Q_PRUNE_EVENT, "DELETE FROM events WHERE seq = ?"},
    };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (run_with(sql_use(s, all[i].slot, all[i].text), r->event, 0, 0))
            return -1;
        *room -= sqlite3_changes64(s->h) * 256;
    }
    *room -= r->bytes;
    sl->did.events++;
    return 0;
}

/* The newest event stays in any case: numbers are given by the highest there is, and one that is
 * given twice would be taken for the first. */
static int prune_events(struct sql *s, struct prune_slice *sl)
{
    struct row rows[SLICE_ROWS];
    bool young;
    int64_t cut = sl->now_ms - sl->keep.events_ms;
    if (!sl->keep.events_ms)
        return 0;
    struct query *q = sql_use(s, Q_PRUNE_EVENTS,
        "SELECT e.seq, e.received_ms, e.state, " CHANGED ","
        " coalesce((SELECT length(body) FROM bodies WHERE event = e.seq), 0) FROM events e"
        " WHERE e.seq > ? AND e.seq < (SELECT max(seq) FROM events) ORDER BY e.seq LIMIT ?");
    query_int(q, sl->from);
    query_int(q, SLICE_ROWS);
    int n = read_rows(q, cut, rows, &young);
    if (n < 0)
        return -1;
    sl->more = n == SLICE_ROWS && !young;
    int rc = take_rows(s, sl, rows, n, cut, drop_event);
    if (sl->did.events)
        run_numbers_forget(s);
    return rc;
}

/* ---- versions ---- */

#define UNSETTLED "state NOT IN ('done','skipped')"
/* Replaced before the cut, not among the newest of its company. */
#define OLD_VERSIONS                                                                               \
    "SELECT v.company, v.version FROM versions v WHERE"                                            \
    " (SELECT min(at_ms) FROM versions n WHERE n.company = v.company AND n.at_ms > v.at_ms) < ?1"  \
    " AND (SELECT count(*) FROM versions n WHERE n.company = v.company AND n.at_ms > v.at_ms)"     \
    " >= ?2"

static int64_t count_old_versions(struct sql *s, const struct prune_slice *sl, int64_t cut)
{
    struct query q = query_prepare(s, "SELECT count(*) FROM (" OLD_VERSIONS ")");
    query_int(&q, cut);
    query_int(&q, sl->keep.versions);
    int64_t n = query_row(&q) == 1 ? query_col_int(&q, 0) : -1;
    query_free(&q);
    return n;
}

/* What is live stays, and what runs need. That is asked once, over the index of those that are not
 * settled; not while there are so many that the question itself would take long. */
#define UNSETTLED_MAX 20000

/* What is no event's, some at a time: alerts that were closed, deliveries that were refused,
 * answers of the API. */
static int prune_asides(struct sql *s, const struct prune_slice *sl)
{
    const struct {
        int64_t keep_ms;
        const char *text;
    } all[] = {
        {sl->keep.events_ms,
            "DELETE FROM alerts WHERE n IN (SELECT n FROM alerts WHERE cleared_ms < ? LIMIT 256)"},
        {sl->keep.events_ms,
            "DELETE FROM refused WHERE n IN (SELECT n FROM refused WHERE at_ms < ? LIMIT 64)"},
        {sl->keep.answers_ms,
            "DELETE FROM once WHERE n IN (SELECT n FROM once WHERE at_ms < ? LIMIT 256)"},
        {sl->keep.bodies_ms, "UPDATE refused SET body = x'' WHERE n IN (SELECT n FROM refused WHERE"
                             " at_ms < ? AND length(body) > 0 LIMIT 64)"},
    };
    int rc = 0;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]) && !rc; i++) {
        if (!all[i].keep_ms)
            continue;
        struct query q = query_prepare(s, all[i].text);
        query_int(&q, sl->now_ms - all[i].keep_ms);
        rc = query_run(&q);
        query_free(&q);
    }
    return rc;
}

static int prune_versions(struct sql *s, struct prune_slice *sl)
{
    int64_t cut = sl->now_ms - sl->keep.events_ms;
    struct store_books b;
    if (prune_asides(s, sl))
        return -1;
    if (!sl->keep.events_ms)
        return 0;
    int64_t old = count_old_versions(s, sl, cut);
    if (old < 0 || books_read(s, NULL, &b))
        return -1;
    if (old == 0 || b.received - b.done - b.skipped > UNSETTLED_MAX)
        return 0;
    struct query q = query_prepare(s,
        "DELETE FROM versions WHERE (company, version) IN (" OLD_VERSIONS ") AND (company, version)"
        " NOT IN (SELECT DISTINCT company, version FROM runs WHERE " UNSETTLED ")"
        /* A person may let them go on with what they began with. */
        " AND (company, version) NOT IN (SELECT a.company, a.before ->> 'version' FROM acts a"
        "  JOIN runs r ON r.id = a.run WHERE r." UNSETTLED " AND a.before ->> 'version' <> '')"
        " AND (company, version) NOT IN (SELECT company, version FROM switches WHERE n IN"
        "  (SELECT max(n) FROM switches GROUP BY company))");
    query_int(&q, cut);
    query_int(&q, sl->keep.versions);
    int rc = query_run(&q);
    query_free(&q);
    if (rc)
        return -1;
    sl->did.versions = sqlite3_changes64(s->h);
    if (!sl->did.versions)
        return 0;
    return sql_exec(s, "DELETE FROM bundles WHERE hash NOT IN (SELECT company_hash FROM versions)"
                       " AND hash NOT IN (SELECT system_hash FROM versions)");
}

/* ---- space ---- */

/* A tenth stays for what comes next: moving pages costs as much as writing them. */
static int give_back(struct sql *s, struct prune_slice *sl)
{
    if (sql_int(s, "PRAGMA auto_vacuum") != 2)
        return s->rc ? -1 : 0;
    int64_t free_pages = sql_int(s, "PRAGMA freelist_count");
    int64_t pages = sql_int(s, "PRAGMA page_count");
    if (s->rc)
        return -1;
    if (free_pages <= pages / 10 || free_pages < 256)
        return 0;
    if (sql_exec(s, "PRAGMA incremental_vacuum(" SLICE_PAGES ")"))
        return -1;
    int64_t now = sql_int(s, "PRAGMA page_count");
    sl->did.pages = pages - now;
    sl->more = now < pages;
    return s->rc ? -1 : 0;
}

int prune_slice(struct sql *s, struct prune_slice *sl)
{
    sl->more = false;
    sl->cursor = sl->from;
    sl->did = (struct store_pruned){0};
    switch (sl->phase) {
    case PRUNE_BODIES:
        return prune_bodies(s, sl);
    case PRUNE_EVENTS:
        return prune_events(s, sl);
    case PRUNE_VERSIONS:
        return prune_versions(s, sl);
    case PRUNE_SPACE:
        return give_back(s, sl);
    case PRUNE_PHASES:
        break;
    }
    return 0;
}
