/* Erasing, see store_erase.h: finds by a reader's eye, replaces event by event, so that the host's
 * commits wait for no more than one of them. */
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "erase.h"
#include "json.h"
#include "mem.h"
#include "store_row.h"

static void write_mark(struct erasing *z)
{
    char when[CLOCK_TEXT];
    clock_format(z->now_ms, when);
    buf_init(&z->mark, 1 << 16);
    buf_addc(&z->mark, '{');
    row_text(&z->mark, "erased", when);
    row_text(&z->mark, "by", z->q->by);
    row_text(&z->mark, "why", z->q->why);
    buf_addc(&z->mark, '}');
}

static int check(struct erasing *z, struct err *e)
{
    const struct store_erase *q = z->q;
    if (!q->company || !*q->company)
        return err_set(e, ERR_USAGE, "erasing wants a company");
    if (!q->ntexts && !q->event && !q->key)
        return err_set(e, ERR_USAGE, "erasing wants a text, an event or a key");
    for (int i = 0; i < q->ntexts; i++)
        if (strlen(q->texts[i]) < 4)
            return err_set(e, ERR_USAGE,
                "'%s' is too short: it would be found in what is nobody's or another's",
                q->texts[i]);
    if (!q->by || !*q->by || !q->why || !*q->why)
        return err_set(e, ERR_USAGE, "who erases, and why, is kept: name both");
    if (needles_in(&z->needles, str_of(q->why)) || needles_in(&z->needles, str_of(q->by)))
        return err_set(e, ERR_USAGE,
            "the reason is kept, and holds the text that is to be erased: say it without");
    return 0;
}

/* ---- one event ---- */

static void put_row(struct erasing *z, int64_t event, const char *refused)
{
    struct query q = query_prepare(z->sql,
        "SELECT id, company, received_ms, state, (SELECT json_group_array(id) FROM runs"
        " WHERE event = seq) FROM events WHERE seq = ?");
    query_int(&q, event);
    buf_clear(&z->row);
    buf_addc(&z->row, '{');
    if (query_row(&q) == 1) {
        row_text(&z->row, "event", query_col_text(&q, 0));
        row_text(&z->row, "company", query_col_text(&q, 1));
        row_time(&z->row, "received_at", query_col_int(&q, 2));
        row_text(&z->row, "state", query_col_text(&q, 3));
        row_value(&z->row, "runs", query_col(&q, 4));
    }
    json_put_key(&z->row, "fields");
    buf_addf(&z->row, "[%.*s]", STR_ARG(buf_str(&z->fields)));
    row_text(&z->row, "refused", refused);
    buf_addc(&z->row, '}');
    query_free(&q);
}

/* In a transaction of its own, in which it is asked again whether it may be. */
static int one_event(struct erasing *z, int64_t event, struct store_erased *out)
{
    bool change = !z->q->dry_run;
    if (change && sql_exec(z->sql, "BEGIN IMMEDIATE"))
        return -1;
    char *refused = erase_refusal(z, event);
    int rc = erase_event(z, event, change && !refused);
    if (!rc)
        put_row(z, event, refused);
    if (!rc && refused)
        out->refused++;
    else if (!rc)
        out->events++;
    if (!rc && !refused)
        out->fields += z->nfields;
    mem_free(refused);
    if (change && !rc)
        rc = sql_exec(z->sql, "COMMIT");
    if (change && rc)
        sqlite3_exec(z->sql->h, "ROLLBACK", NULL, NULL, NULL);
    return rc;
}

static int all_events(struct erasing *z, store_row_fn fn, void *arg, struct store_erased *out)
{
    int64_t seq = 0;
    int rc = 0;
    struct query next = query_prepare(
        z->sql, "SELECT seq FROM events WHERE seq > ? AND company = ? ORDER BY seq LIMIT 1");
    for (;;) {
        next.at = 0;
        query_int(&next, seq);
        query_text(&next, z->q->company);
        if ((rc = query_row(&next)) <= 0)
            break;
        seq = query_col_int(&next, 0);
        query_done(&next);
        int holds = erase_holds(z, seq);
        rc = holds <= 0 ? holds : one_event(z, seq, out);
        if (rc || (holds > 0 && fn(arg, buf_str(&z->row))))
            break;
    }
    query_free(&next);
    return rc < 0 ? -1 : 0;
}

/* ---- all of it ---- */

/* The log holds pages as they were before. A reader that still needs them ends soon. */
static bool empty_log(struct sql *s)
{
    for (int i = 0; i < 20; i++) {
        int rc = sqlite3_wal_checkpoint_v2(s->h, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
        if (rc == SQLITE_OK)
            return true;
        if ((rc & 0xff) != SQLITE_BUSY)
            return false;
        sqlite3_sleep(100);
    }
    return false;
}

int store_erase(const char *dir, const struct store_erase *q, store_row_fn fn, void *arg,
    struct store_erased *out, struct err *e)
{
    struct erasing z = {.q = q, .now_ms = clock_wall_ms()};
    int rc = -1;
    *out = (struct store_erased){0};
    needles_init(&z.needles, q->texts, q->ntexts);
    write_mark(&z);
    buf_init(&z.row, BUF_MAX_DEFAULT);
    buf_init(&z.fields, BUF_MAX_DEFAULT);
    /* A reader's look first: a folder that is not there does not come to be. */
    if (!check(&z, e) && (z.sql = sql_open(dir, SQL_READER, e)) && !schema_check(z.sql, dir, e)) {
        if (!q->dry_run) {
            sql_close(z.sql);
            z.sql = sql_open(dir, SQL_WRITER, e);
        }
        if (z.sql)
            rc = all_events(&z, fn, arg, out) || erase_asides(&z, fn, arg, out) ? -1 : 0;
        if (z.sql && rc)
            sql_fail(z.sql, e, "cannot erase");
        if (!rc && !q->dry_run)
            out->log_emptied = empty_log(z.sql);
    }
    sql_close(z.sql);
    needles_free(&z.needles);
    buf_free(&z.mark);
    buf_free(&z.row);
    buf_free(&z.fields);
    return rc;
}
