/* The examination of a data folder, see store_doctor.h: in which order, and what follows from what
 * cannot be read. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "doctor.h"

const char *doctor_level_name(enum doctor_level l)
{
    static const char *const names[] = {"ok", "warn", "bad"};
    return names[l];
}

void doctor_say(const struct doctor *d, enum doctor_level l, const char *check, const char *next,
    const char *fmt, ...)
{
    char text[1024];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    d->fn(d->arg, l, check, text, l == DOCTOR_OK ? "" : next);
}

static bool check_schema(struct doctor *d)
{
    struct err e = {0};
    int64_t version = sql_int(d->sql, "PRAGMA user_version");
    if (schema_known(d->sql, STORE_FILE, &e)) {
        doctor_say(d, DOCTOR_BAD, "schema",
            "use the sauma that wrote it, or restore a backup; another folder if it is not ours",
            "%s", e.text);
        return false;
    }
    if (schema_check(d->sql, d->dir, &e)) {
        doctor_say(
            d, DOCTOR_WARN, "schema", "start `sauma serve` once, then look again", "%s", e.text);
        return false;
    }
    doctor_say(
        d, DOCTOR_OK, "schema", "", "version %lld, which this program knows", (long long)version);
    return true;
}

static bool check_integrity(struct doctor *d)
{
    struct query q = query_prepare(d->sql, "PRAGMA integrity_check(5)");
    int bad = 0;
    while (query_row(&q) == 1)
        if (!str_is(query_col(&q, 0), "ok") && ++bad)
            doctor_say(d, DOCTOR_BAD, "integrity",
                "stop the host, keep a copy of the folder, restore a backup", "%s",
                query_col_text(&q, 0));
    query_free(&q);
    if (d->sql->rc) {
        struct err e;
        sql_fail(d->sql, &e, STORE_FILE);
        doctor_say(d, DOCTOR_BAD, "integrity",
            "stop the host, keep a copy of the folder, restore a backup", "%s", e.text);
        sql_forgive(d->sql);
        return false;
    }
    if (!bad)
        doctor_say(d, DOCTOR_OK, "integrity", "", "every page and index of the file is sound");
    return !bad;
}

bool store_doctor(const char *dir, doctor_fn fn, void *arg)
{
    struct doctor d = {.dir = dir, .fn = fn, .arg = arg, .now_ms = clock_wall_ms()};
    struct err e = {0};
    bool secrets = false;
    doctor_folder(&d);
    d.sql = sql_open(dir, SQL_READER, &e);
    /* One snapshot for all: the host may be writing. */
    if (d.sql && sql_exec(d.sql, "BEGIN"))
        sql_fail(d.sql, &e, STORE_FILE);
    if (!d.sql || d.sql->rc) {
        doctor_say(&d, DOCTOR_BAD, "store",
            "is --data the folder of the host? If it is: restore a backup", "%s", e.text);
    } else if (check_schema(&d)) {
        if (check_integrity(&d)) {
            doctor_rows(&d);
            doctor_content(&d);
        }
        secrets = doctor_key(&d);
    }
    sql_close(d.sql);
    return secrets;
}
