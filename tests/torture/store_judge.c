/* What must be true of a store whatever has happened to it: see work_judge in store_work.h. */
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "mem.h"
#include "store_work.h"

struct judging {
    sqlite3 *h;
    const struct work_options *o;
    const struct work_acks *acks;
    long moment;
    char *words;
    size_t size;
};

static int wrong(struct judging *j, const char *what, int64_t n)
{
    snprintf(j->words, j->size, "%s (%" PRId64 ")", what, n);
    return -1;
}

static int64_t number(struct judging *j, const char *sql, int n)
{
    sqlite3_stmt *st;
    int64_t v = -1;
    if (sqlite3_prepare_v2(j->h, sql, -1, &st, NULL) == SQLITE_OK) {
        if (sqlite3_bind_parameter_count(st))
            sqlite3_bind_int(st, 1, n);
        if (sqlite3_step(st) == SQLITE_ROW)
            v = sqlite3_column_int64(st, 0);
    }
    sqlite3_finalize(st);
    return v;
}

static int nothing_is_half(struct judging *j)
{
    static const char *const none[] = {
        "SELECT count(*) FROM events LEFT JOIN bodies ON event = seq WHERE event IS NULL"
        " AND pruned_ms = 0",
        "SELECT count(*) FROM bodies LEFT JOIN events ON event = seq WHERE seq IS NULL",
        "SELECT count(*) FROM events e WHERE routed <>"
        " (SELECT count(*) FROM runs WHERE event = e.seq)",
        "SELECT count(*) FROM runs r JOIN events e ON e.seq = r.event"
        " WHERE (r.state = 'done') <> (e.state = 'done')",
        "SELECT count(*) FROM runs r JOIN steps s ON s.key >> 20 = r.n"
        " WHERE r.state = 'done' AND s.outcome IS NULL",
        "SELECT count(*) FROM steps WHERE key >> 20 NOT IN (SELECT n FROM runs)",
        "SELECT count(*) FROM (SELECT state, sum(n) AS n FROM books WHERE state <> 'received'"
        " GROUP BY state) b WHERE n <> (SELECT count(*) FROM events e WHERE e.state = b.state)",
        "SELECT coalesce((SELECT sum(n) FROM books WHERE state = 'received'), 0)"
        " - (SELECT count(*) FROM events)",
        "SELECT count(*) FROM pragma_foreign_key_check",
        "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'",
    };
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        int64_t n = number(j, none[i], 0);
        if (n)
            return wrong(j, none[i], n);
    }
    return 0;
}

static bool was(struct judging *j, enum work_fact fact, int n)
{
    long at = atomic_load(&j->acks->at[fact][n]);
    return at && (j->moment < 0 || at - 1 <= j->moment);
}

/* The bytes of the body, if it was not pruned. */
static bool body_is_right(struct judging *j, int n)
{
    sqlite3_stmt *st;
    size_t size;
    bool right = true;
    char *body = work_body(j->o, n, &size);
    if (sqlite3_prepare_v2(j->h,
            "SELECT body FROM bodies WHERE event = (SELECT seq FROM events WHERE id = 'evt_' || ?)",
            -1, &st, NULL) == SQLITE_OK) {
        sqlite3_bind_int(st, 1, n);
        if (sqlite3_step(st) == SQLITE_ROW)
            right = (size_t)sqlite3_column_bytes(st, 0) == size &&
                    !memcmp(sqlite3_column_blob(st, 0), body, size);
    }
    sqlite3_finalize(st);
    mem_free(body);
    return right;
}

static int nothing_is_lost(struct judging *j)
{
    static const char *const there[WORK_FACTS] = {
        "SELECT count(*) FROM events WHERE id = 'evt_' || ?",
        "SELECT count(*) FROM events e JOIN runs r ON r.event = e.seq"
        " WHERE routed AND r.id = 'run_' || ?",
        "SELECT count(*) FROM steps WHERE key = 1 +"
        " ((SELECT n FROM runs WHERE id = 'run_' || ?) << 20)",
        "SELECT count(*) FROM steps WHERE outcome = 'done' AND key = 1 +"
        " ((SELECT n FROM runs WHERE id = 'run_' || ?) << 20)",
        "SELECT count(*) FROM runs WHERE state = 'done' AND id = 'run_' || ?",
    };
    for (int f = 0; f < WORK_FACTS; f++)
        for (int n = 0; n < j->o->events; n++)
            if (was(j, f, n) && number(j, there[f], n) != 1)
                return wrong(j, there[f], n);
    for (int n = 0; n < j->o->events; n++)
        if (was(j, WORK_EVENT, n) && !body_is_right(j, n))
            return wrong(j, "the body is another one", n);
    return 0;
}

int work_judge(const char *dir, const struct work_options *o, const struct work_acks *acks,
    long moment, char *words, size_t size)
{
    struct judging j = {.o = o, .acks = acks, .moment = moment, .words = words, .size = size};
    struct err e = {0};
    char path[512];
    struct loop *l = loop_new(&e);
    struct store *s = store_open(l, dir, &e);
    if (!s) {
        loop_free(l);
        snprintf(words, size, "does not open: %s", e.text);
        return -1;
    }
    snprintf(path, sizeof(path), "%s/sauma.db", dir);
    int rc = sqlite3_open_v2(path, &j.h, SQLITE_OPEN_READWRITE, NULL);
    rc = rc || nothing_is_half(&j) || nothing_is_lost(&j) ? -1 : 0;
    sqlite3_close(j.h);
    store_close(s);
    loop_free(l);
    return rc;
}
