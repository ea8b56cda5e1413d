/* What the tables of a store say of its health. */
#include <stdio.h>

#include "clock.h"
#include "doctor.h"

#define MINUTE ((int64_t)60000)
#define DAY    (24 * 60 * MINUTE)
/* A run that should have gone on is taken up within moments. */
#define OVERDUE (5 * MINUTE)
/* No wait of the host's own is longer: a run that waits longer was told so by its script. */
#define FAR         (2 * DAY)
#define WAITED_LONG (3 * DAY)
#define BACKUP_OLD  (7 * DAY)
/* The clocks of two hosts, or of one after a correction, differ by no more. */
#define CLOCK_SLACK (5 * MINUTE)
#define YEAR_2024   INT64_C(1704067200000)

/* A number from a query with at most one parameter. */
static int64_t number(const struct doctor *d, const char *text, int64_t parameter)
{
    struct query q = query_prepare(d->sql, text);
    if (parameter)
        query_int(&q, parameter);
    int64_t n = query_row(&q) == 1 ? query_col_int(&q, 0) : -1;
    query_free(&q);
    return n;
}

static void check_foreign_keys(struct doctor *d)
{
    int64_t n = number(d, "SELECT count(*) FROM pragma_foreign_key_check", 0);
    doctor_say(d, n ? DOCTOR_BAD : DOCTOR_OK, "foreign_keys",
        "keep a copy of the folder and restore a backup",
        n ? "%lld rows refer to rows that are not there" : "%lld rows refer to what is not there",
        (long long)n);
}

/* Steps and log lines are tied to their runs by number only. */
static void check_orphans(struct doctor *d)
{
    static const struct {
        const char *what, *text;
    } all[] = {
        {"steps without their run",
            "SELECT count(*) FROM steps WHERE key >> 20 NOT IN (SELECT n FROM runs)"},
        {"log lines without their run",
            "SELECT count(*) FROM logs WHERE key >> 20 NOT IN (SELECT n FROM runs)"},
        {"events without their body, which was not pruned",
            "SELECT count(*) FROM events WHERE pruned_ms = 0 AND seq NOT IN"
            " (SELECT event FROM bodies)"},
        {"runs of events that are not routed",
            "SELECT count(*) FROM runs r JOIN events e ON e.seq = r.event WHERE e.routed = 0"},
        {"versions without their sources",
            "SELECT count(*) FROM versions WHERE company_hash NOT IN (SELECT hash FROM bundles)"
            " OR system_hash NOT IN (SELECT hash FROM bundles)"},
    };
    int bad = 0;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        int64_t n = number(d, all[i].text, 0);
        if (n && ++bad)
            doctor_say(d, DOCTOR_BAD, "orphans", "keep a copy of the folder and restore a backup",
                "%lld %s", (long long)n, all[i].what);
    }
    if (!bad)
        doctor_say(d, DOCTOR_OK, "orphans", "", "nothing lies about that belongs to nothing");
}

/* The state of an event as its runs say, against the state it is counted as. */
static void check_states(struct doctor *d)
{
    int64_t n = number(d,
        "SELECT count(*) FROM (SELECT e.state AS is_now, (SELECT CASE max(CASE r.state"
        " WHEN 'queued' THEN 5 WHEN 'running' THEN 5 WHEN 'waiting' THEN 5 WHEN 'attention' THEN 4"
        " WHEN 'failed' THEN 3 WHEN 'held' THEN 2 WHEN 'done' THEN 1 ELSE 0 END)"
        " WHEN 5 THEN 'in_flight' WHEN 4 THEN 'attention' WHEN 3 THEN 'failed' WHEN 2 THEN 'held'"
        " WHEN 1 THEN 'done' ELSE 'skipped' END FROM runs r WHERE r.event = e.seq"
        " HAVING count(*) > 0) AS told FROM events e) WHERE is_now <> told",
        0);
    doctor_say(d, n ? DOCTOR_BAD : DOCTOR_OK, "states",
        "keep a copy of the folder and tell whoever keeps this program",
        n ? "%lld events are in another state than their runs"
          : "%lld events differ from their runs",
        (long long)n);
}

/* What the triggers counted, against what is there. */
static void check_stored(struct doctor *d)
{
    int64_t n = number(d,
        "SELECT count(*) FROM stored s LEFT JOIN stored_added_up a USING (company)"
        " WHERE s.bytes <> coalesce(a.bytes, 0)",
        0);
    doctor_say(d, n ? DOCTOR_BAD : DOCTOR_OK, "stored",
        "keep a copy of the folder and tell whoever keeps this program",
        "%lld companies keep more or less than is counted for them", (long long)n);
}

static void check_books(struct doctor *d)
{
    /* Line by line: what the triggers counted, against what is there and what was pruned. */
    struct query q = query_prepare(d->sql,
        "SELECT company, state, counted, there FROM ("
        " SELECT b.company, b.state, b.n - coalesce((SELECT n FROM books p WHERE p.company ="
        "  b.company AND p.state = 'pruned_' || b.state), 0) AS counted,"
        "  coalesce(c.n, 0) AS there FROM books b LEFT JOIN"
        "  (SELECT company, state, count(*) AS n FROM events GROUP BY company, state) c"
        "  ON c.company = b.company AND c.state = b.state"
        "  WHERE b.state <> 'received' AND b.state NOT LIKE 'pruned%'"
        " UNION ALL SELECT company, 'received', sum(n) FILTER (WHERE state = 'received'),"
        "  sum(n) FILTER (WHERE state <> 'received' AND state NOT LIKE 'pruned%')"
        "  FROM books GROUP BY company"
        " UNION ALL SELECT c.company, c.state, 0, count(*) FROM events c WHERE NOT EXISTS"
        "  (SELECT 1 FROM books b WHERE b.company = c.company AND b.state = c.state)"
        "  GROUP BY c.company, c.state) WHERE counted IS NOT there LIMIT 5");
    int bad = 0;
    while (query_row(&q) == 1 && ++bad)
        doctor_say(d, DOCTOR_BAD, "books",
            "keep a copy of the folder and tell whoever keeps this program",
            "%s: %s is counted as %lld, and there are %lld", query_col_text(&q, 0),
            query_col_text(&q, 1), (long long)query_col_int(&q, 2),
            (long long)query_col_int(&q, 3));
    query_free(&q);
    if (!bad)
        doctor_say(d, DOCTOR_OK, "books", "",
            "they balance: %lld events received, each in one place",
            (long long)number(
                d, "SELECT coalesce(sum(n), 0) FROM books WHERE state = 'received'", 0));
}

/* ---- what stands still ---- */

static void check_overdue(struct doctor *d)
{
    const char *next = d->host ? "the host should have taken them up: look at its log, restart it"
                               : "start the host";
    enum doctor_level l = d->host ? DOCTOR_BAD : DOCTOR_WARN;
    int64_t late = number(d,
        "SELECT count(*) FROM runs WHERE state NOT IN ('done','skipped') AND state = 'waiting'"
        " AND until_ms > 0 AND until_ms < ?",
        d->now_ms - OVERDUE);
    int64_t far = number(d,
        "SELECT count(*) FROM runs WHERE state NOT IN ('done','skipped') AND state = 'waiting'"
        " AND until_ms > ?",
        d->now_ms + FAR);
    int64_t unrouted = number(d,
        "SELECT count(*) FROM events WHERE state = 'in_flight' AND routed = 0 AND received_ms < ?",
        d->now_ms - OVERDUE);
    if (late)
        doctor_say(d, l, "overdue", next, "%lld runs should have gone on 5 minutes ago or earlier",
            (long long)late);
    if (unrouted)
        doctor_say(d, DOCTOR_WARN, "overdue",
            "have the scripts of their companies loaded? See the host's log and `sauma check`",
            "%lld events wait to be given to rules for more than 5 minutes", (long long)unrouted);
    if (far)
        doctor_say(d, DOCTOR_WARN, "overdue", "`sauma runs --state waiting` shows them",
            "%lld runs wait for more than two days to come", (long long)far);
    if (!late && !far && !unrouted)
        doctor_say(d, DOCTOR_OK, "overdue", "", "nothing waits longer than it should");
}

static void check_people(struct doctor *d)
{
    int64_t n = number(d,
        "SELECT count(*) FROM runs WHERE state NOT IN ('done','skipped') AND state IN"
        " ('attention','failed','held')",
        0);
    int64_t old = number(d,
        "SELECT count(*) FROM runs WHERE state NOT IN ('done','skipped') AND state IN"
        " ('attention','failed','held') AND updated_ms < ?",
        d->now_ms - WAITED_LONG);
    int64_t alerts = number(d, "SELECT count(*) FROM alerts WHERE cleared_ms IS NULL", 0);
    doctor_say(d, old ? DOCTOR_WARN : DOCTOR_OK, "people",
        "`sauma attention` (--state failed, held) says what each needs",
        "%lld runs wait for a person, %lld of them for more than three days", (long long)n,
        (long long)old);
    doctor_say(d, alerts ? DOCTOR_WARN : DOCTOR_OK, "alerts", "`sauma alerts` says what is wrong",
        "%lld alerts are open", (long long)alerts);
}

/* ---- time, backups, space ---- */

static void check_clock(struct doctor *d)
{
    char now[CLOCK_TEXT], last[CLOCK_TEXT];
    int64_t newest = number(d,
        "SELECT coalesce(max(received_ms), 0) FROM (SELECT received_ms FROM events"
        " ORDER BY seq DESC LIMIT 1000)",
        0);
    clock_format(d->now_ms, now);
    clock_format(newest, last);
    if (d->now_ms < YEAR_2024)
        doctor_say(d, DOCTOR_BAD, "clock", "set the clock: signatures and tokens depend on it",
            "it says %s", now);
    else if (newest > d->now_ms + CLOCK_SLACK)
        doctor_say(d, DOCTOR_BAD, "clock",
            "set the clock and keep it right (NTP): signatures and tokens depend on it",
            "it says %s, and an event was received at %s", now, last);
    else
        doctor_say(d, DOCTOR_OK, "clock", "", "it says %s", now);
}

static void check_backup(struct doctor *d)
{
    char when[CLOCK_TEXT];
    int64_t last = meta_get(d->sql, META_LAST_BACKUP), restored = meta_get(d->sql, META_RESTORED);
    clock_format(last, when);
    doctor_say(d, last < d->now_ms - BACKUP_OLD ? DOCTOR_WARN : DOCTOR_OK, "backup",
        "`sauma backup FILE` each day, and the key file once, to another place",
        last ? "the last one is of %s" : "none was taken with `sauma backup`", when);
    clock_format(restored, when);
    if (restored)
        doctor_say(d, DOCTOR_OK, "restored", "", "the data was put back or copied at %s", when);
}

static void check_space(struct doctor *d)
{
    int64_t pages = sql_int(d->sql, "PRAGMA page_count");
    int64_t unused = sql_int(d->sql, "PRAGMA freelist_count");
    bool gives_back = sql_int(d->sql, "PRAGMA auto_vacuum") == 2;
    bool much = !gives_back && unused > 25600 && unused > pages / 2;
    doctor_say(d, much ? DOCTOR_WARN : DOCTOR_OK, "space",
        "made before pages could be given back: `sauma backup` and `sauma restore` make it small",
        "%lld of %lld pages are unused%s", (long long)unused, (long long)pages,
        gives_back ? "" : ", and are only used again");
}

void doctor_rows(struct doctor *d)
{
    check_foreign_keys(d);
    check_orphans(d);
    check_states(d);
    check_books(d);
    check_stored(d);
    check_overdue(d);
    check_people(d);
    check_clock(d);
    check_backup(d);
    check_space(d);
    if (d->sql->rc) {
        struct err e;
        sql_fail(d->sql, &e, STORE_FILE);
        doctor_say(
            d, DOCTOR_BAD, "store", "keep a copy of the folder and restore a backup", "%s", e.text);
        sql_forgive(d->sql);
    }
}
