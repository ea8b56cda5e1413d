/* The tables, and how a store of an older version becomes one of this version. */
#include <stdio.h>
#include <sys/stat.h>

#include "fault.h"
#include "log.h"
#include "mem.h"
#include "store_private.h"

#define APPLICATION_ID 0x5341554d /* "SAUM" */
/* A check reads the whole file: at some 500 MB/s this is a second. */
#define CHECK_MAX ((int64_t)512 << 20)
/* Each index against its table, row by row, is several times as slow. */
#define CHECK_INDEXES_MAX ((int64_t)64 << 20)

/* Each text brings the schema one version up. Never edit one that was released: add another.
 * Money stays text; times are milliseconds of the wall clock. */
static const char *const migrations[] = {
    /* 1 */
    /* Each OR below would be an IN if SQLite did not make a table of its own for a list, at each
     * row that is written; for the same reason the triggers write one row a statement.
     * Bodies are apart, so that a change of state rewrites a small row and a listing reads many
     * rows a page. */
    "CREATE TABLE events ("
    " seq INTEGER PRIMARY KEY,"
    " id TEXT NOT NULL UNIQUE,"
    " company TEXT NOT NULL,"
    " connection TEXT NOT NULL,"
    " type TEXT NOT NULL,"
    " delivery TEXT NOT NULL,"
    " received_ms INTEGER NOT NULL,"
    " body_hash BLOB NOT NULL,"
    " routed INTEGER NOT NULL DEFAULT 0,"
    " state TEXT NOT NULL DEFAULT 'in_flight' CHECK (state = 'in_flight' OR state = 'done'"
    "  OR state = 'held' OR state = 'skipped' OR state = 'attention' OR state = 'failed'),"
    " reason TEXT NOT NULL DEFAULT ''"
    ") STRICT;"
    "CREATE UNIQUE INDEX events_delivery ON events (company, connection, delivery)"
    " WHERE delivery <> '';"
    "CREATE INDEX events_open ON events (state) WHERE state = 'in_flight';"
    "CREATE TABLE bodies ("
    " event INTEGER PRIMARY KEY REFERENCES events (seq),"
    " headers TEXT,"
    " body BLOB NOT NULL"
    ") STRICT;"
    "CREATE TABLE runs ("
    " n INTEGER PRIMARY KEY,"
    " id TEXT NOT NULL UNIQUE,"
    " event INTEGER NOT NULL REFERENCES events (seq),"
    " company TEXT NOT NULL,"
    " rule TEXT NOT NULL,"
    " version TEXT NOT NULL,"
    " key TEXT NOT NULL,"
    " state TEXT NOT NULL CHECK (state = 'running' OR state = 'done' OR state = 'queued'"
    "  OR state = 'waiting' OR state = 'held' OR state = 'skipped' OR state = 'failed'"
    "  OR state = 'attention'),"
    " reason TEXT NOT NULL,"
    " result TEXT,"
    " until_ms INTEGER NOT NULL DEFAULT 0,"
    " created_ms INTEGER NOT NULL,"
    " updated_ms INTEGER NOT NULL,"
    " UNIQUE (event, rule)"
    ") STRICT;"
    "CREATE INDEX runs_unsettled ON runs (state) WHERE state NOT IN ('done','skipped');"
    /* key: (run << 20) + seq, see store_private.h */
    "CREATE TABLE steps ("
    " key INTEGER PRIMARY KEY,"
    " kind TEXT NOT NULL,"
    " connection TEXT NOT NULL,"
    " title TEXT NOT NULL,"
    " fingerprint TEXT NOT NULL,"
    " spec TEXT,"
    " body BLOB NOT NULL,"
    " at_ms INTEGER NOT NULL,"
    " outcome TEXT," /* NULL: asked, and nobody knows yet */
    " meta TEXT,"
    " answer BLOB,"
    " answered_ms INTEGER,"
    " attempts INTEGER,"
    " duration_us INTEGER"
    ") STRICT;"
    "CREATE TABLE logs ("
    " key INTEGER PRIMARY KEY,"
    " at_ms INTEGER NOT NULL,"
    " level TEXT NOT NULL,"
    " text TEXT NOT NULL"
    ") STRICT;"
    "CREATE TABLE bundles ("
    " hash TEXT NOT NULL UNIQUE,"
    " bundle TEXT NOT NULL"
    ") STRICT;"
    "CREATE TABLE versions ("
    " company TEXT NOT NULL,"
    " version TEXT NOT NULL,"
    " company_hash TEXT NOT NULL,"
    " system_hash TEXT NOT NULL,"
    " at_ms INTEGER NOT NULL,"
    " PRIMARY KEY (company, version)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE secrets ("
    " company TEXT NOT NULL,"
    " name TEXT NOT NULL,"
    " key_id TEXT NOT NULL,"
    " nonce BLOB NOT NULL,"
    " box BLOB NOT NULL,"
    " set_ms INTEGER NOT NULL,"
    " PRIMARY KEY (company, name)"
    ") STRICT, WITHOUT ROWID;"
    /* The books are kept by triggers, so that no code path can forget them. 'received' is counted
     * by itself: that it equals the sum of the states is a fact to be checked, not a definition. */
    "CREATE TABLE books ("
    " company TEXT NOT NULL,"
    " state TEXT NOT NULL,"
    " n INTEGER NOT NULL,"
    " PRIMARY KEY (company, state)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TRIGGER books_received AFTER INSERT ON events BEGIN"
    " INSERT INTO books VALUES (NEW.company, 'received', 1)"
    "  ON CONFLICT (company, state) DO UPDATE SET n = n + 1;"
    " INSERT INTO books VALUES (NEW.company, NEW.state, 1)"
    "  ON CONFLICT (company, state) DO UPDATE SET n = n + 1;"
    "END;"
    "CREATE TRIGGER books_moved AFTER UPDATE OF state ON events WHEN OLD.state <> NEW.state BEGIN"
    " UPDATE books SET n = n - 1 WHERE company = OLD.company AND state = OLD.state;"
    " INSERT INTO books VALUES (NEW.company, NEW.state, 1)"
    "  ON CONFLICT (company, state) DO UPDATE SET n = n + 1;"
    "END;"
    /* Written and emptied to see whether there is space again. */
    "CREATE TABLE probe (n INTEGER PRIMARY KEY, filler BLOB) STRICT;",
    /* 2: what is wrong and is no single run's; at most one open row for each thing */
    "CREATE TABLE alerts ("
    " n INTEGER PRIMARY KEY,"
    " company TEXT NOT NULL,"
    " kind TEXT NOT NULL,"
    " about TEXT NOT NULL,"
    " text TEXT NOT NULL,"
    " times INTEGER NOT NULL,"
    " first_ms INTEGER NOT NULL,"
    " last_ms INTEGER NOT NULL,"
    " cleared_ms INTEGER,"
    " cleared_by TEXT NOT NULL DEFAULT ''"
    ") STRICT;"
    "CREATE UNIQUE INDEX alerts_open ON alerts (company, kind, about) WHERE cleared_ms IS NULL;",
    /* 3: what the store knows of itself; what was pruned stays counted; who erased what, and why */
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;"
    "ALTER TABLE events ADD COLUMN pruned_ms INTEGER NOT NULL DEFAULT 0;"
    "CREATE TRIGGER books_pruned AFTER DELETE ON events BEGIN"
    " SELECT RAISE(ABORT, 'an event that is not settled is never deleted')"
    "  WHERE OLD.state <> 'done' AND OLD.state <> 'skipped';"
    " INSERT INTO books VALUES (OLD.company, 'pruned_' || OLD.state, 1)"
    "  ON CONFLICT (company, state) DO UPDATE SET n = n + 1;"
    "END;"
    "CREATE TABLE erasures ("
    " n INTEGER PRIMARY KEY,"
    " company TEXT NOT NULL,"
    " event TEXT NOT NULL," /* the id: the event itself may be pruned later */
    " at_ms INTEGER NOT NULL,"
    " by TEXT NOT NULL,"
    " why TEXT NOT NULL,"
    " fields INTEGER NOT NULL"
    ") STRICT;"
    "CREATE INDEX erasures_event ON erasures (event);",
    /* 4: which version of a company's scripts became the live one, when, how and by whom */
    "CREATE TABLE switches ("
    " n INTEGER PRIMARY KEY,"
    " company TEXT NOT NULL,"
    " version TEXT NOT NULL,"
    " folder TEXT NOT NULL,"
    " how TEXT NOT NULL CHECK (how = 'save' OR how = 'rollback'),"
    " by TEXT NOT NULL,"
    " note TEXT NOT NULL,"
    " at_ms INTEGER NOT NULL"
    ") STRICT;"
    "CREATE INDEX switches_company ON switches (company, n);",
    /* 5: what must be remembered of time (store_schedule.h, store_order.c) */
    "CREATE TABLE schedules ("
    " company TEXT NOT NULL,"
    " name TEXT NOT NULL,"
    " spec TEXT NOT NULL,"
    " slot INTEGER," /* the last time that came; NULL: the company has it no more */
    " cursor TEXT,"  /* of a poll: JSON */
    " PRIMARY KEY (company, name)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE expected ("
    " company TEXT NOT NULL,"
    " kind TEXT NOT NULL,"
    " name TEXT NOT NULL,"
    " last_ms INTEGER NOT NULL," /* of the last event; without one: when it was first expected */
    " event TEXT NOT NULL,"
    " PRIMARY KEY (company, kind, name)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE newest ("
    " company TEXT NOT NULL,"
    " rule TEXT NOT NULL,"
    " key TEXT NOT NULL,"
    " value TEXT NOT NULL,"
    " event TEXT NOT NULL,"
    " PRIMARY KEY (company, rule, key)"
    ") STRICT, WITHOUT ROWID;"
    "ALTER TABLE runs ADD COLUMN newest TEXT NOT NULL DEFAULT '';",
    /* 6: what is open is read a company at a time: what is not routed, what can go on, and (asleep)
     * what only waits for a time. Keys are looked up when one of their runs may be asleep. */
    "ALTER TABLE events ADD COLUMN asleep INTEGER NOT NULL DEFAULT 0;"
    "DROP INDEX events_open;"
    "CREATE INDEX events_open ON events (company, asleep, routed) WHERE state = 'in_flight';"
    "CREATE INDEX runs_waiting ON runs (company, until_ms) WHERE state = 'waiting';"
    "CREATE INDEX runs_of_key ON runs (company, key, event)"
    " WHERE key <> '' AND (state = 'queued' OR state = 'running' OR state = 'waiting');"
    "UPDATE events SET asleep = 1 WHERE state = 'in_flight' AND routed AND NOT EXISTS"
    " (SELECT 1 FROM runs WHERE event = seq AND (runs.state = 'queued' OR runs.state = 'running'));",
    /* 7: what people did with runs; data that was changed for a run (that of the event stays as it
     * came); steps that left a journal, those with guard = 1 with an effect outside that the run,
     * which began afresh, must not do again (see revision.h); what a run is about, as JSON. Values
     * go with the event's body, the rest with the run. */
    "CREATE TABLE acts ("
    " n INTEGER PRIMARY KEY,"
    " run TEXT NOT NULL,"
    " event TEXT NOT NULL,"
    " company TEXT NOT NULL,"
    " rule TEXT NOT NULL,"
    " action TEXT NOT NULL,"
    " actor TEXT NOT NULL,"
    " at_ms INTEGER NOT NULL,"
    " reason TEXT NOT NULL,"
    " before TEXT NOT NULL,"
    " after TEXT NOT NULL,"
    " changes TEXT" /* of the data: [{path, before, after}] */
    ") STRICT;"
    "CREATE INDEX acts_run ON acts (run, n);"
    "CREATE TABLE edits ("
    " n INTEGER PRIMARY KEY,"
    " event INTEGER NOT NULL,"
    " act INTEGER NOT NULL,"
    " body BLOB NOT NULL"
    ") STRICT;"
    "CREATE INDEX edits_event ON edits (event);"
    "CREATE TABLE old_steps ("
    " n INTEGER PRIMARY KEY,"
    " run INTEGER NOT NULL,"
    " act INTEGER NOT NULL,"
    " guard INTEGER NOT NULL,"
    " seq INTEGER NOT NULL,"
    " kind TEXT NOT NULL,"
    " connection TEXT NOT NULL,"
    " title TEXT NOT NULL,"
    " fingerprint TEXT NOT NULL,"
    " spec TEXT,"
    " body BLOB NOT NULL,"
    " at_ms INTEGER NOT NULL,"
    " outcome TEXT,"
    " meta TEXT,"
    " answer BLOB,"
    " answered_ms INTEGER,"
    " attempts INTEGER,"
    " duration_us INTEGER"
    ") STRICT;"
    "CREATE INDEX old_steps_run ON old_steps (run, n);"
    "ALTER TABLE runs ADD COLUMN edit INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE runs ADD COLUMN about TEXT NOT NULL DEFAULT '';"
    "CREATE TRIGGER edits_pruned AFTER DELETE ON bodies BEGIN"
    " DELETE FROM edits WHERE event = OLD.event;"
    " UPDATE acts SET changes = NULL WHERE run IN (SELECT id FROM runs WHERE event = OLD.event);"
    " UPDATE old_steps SET spec = NULL, body = x'', meta = NULL, answer = NULL"
    "  WHERE run IN (SELECT n FROM runs WHERE event = OLD.event);"
    "END;"
    "CREATE TRIGGER acts_pruned AFTER DELETE ON runs BEGIN"
    " DELETE FROM old_steps WHERE run = OLD.n;"
    " DELETE FROM acts WHERE run = OLD.id;"
    "END;",
    /* 8: damage to an answer is noticed (store_sum.c); NULL: it has none */
    "ALTER TABLE steps ADD COLUMN sum INTEGER;",
    /* 9: since when a run is at work (its deadline counts from it), when a person let it go on, and
     * how the tries of its last step went (JSON, see tries.c of the engine) */
    "ALTER TABLE runs ADD COLUMN began_ms INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE runs ADD COLUMN reopened_ms INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE runs ADD COLUMN tries TEXT;",
    /* 10: deliveries that were refused, for a person to look at; bounded, see store_refused.c */
    "CREATE TABLE refused ("
    " n INTEGER PRIMARY KEY,"
    " company TEXT NOT NULL,"
    " connection TEXT NOT NULL,"
    " at_ms INTEGER NOT NULL,"
    " status INTEGER NOT NULL,"
    " reason TEXT NOT NULL,"
    " authentic INTEGER NOT NULL,"
    " size INTEGER NOT NULL,"
    " body BLOB NOT NULL"
    ") STRICT;"
    "CREATE INDEX refused_company ON refused (company, authentic);",
    /* 11: when a schedule began: times before it do not come, whatever the clock is set to */
    "ALTER TABLE schedules ADD COLUMN since INTEGER NOT NULL DEFAULT 0;"
    "UPDATE schedules SET since = slot WHERE slot IS NOT NULL;",
    /* 12: how much is kept of each company */
    stored_schema,
    /* 13: requests of the API that had a key of their own, and what they were answered; status 0:
     * it is not answered yet, by the host of that name (store_once.c) */
    "CREATE TABLE once ("
    " n INTEGER PRIMARY KEY,"
    " key TEXT NOT NULL UNIQUE,"
    " hash TEXT NOT NULL,"
    " host TEXT NOT NULL,"
    " at_ms INTEGER NOT NULL,"
    " status INTEGER NOT NULL DEFAULT 0,"
    " body BLOB NOT NULL DEFAULT x''"
    ") STRICT;"
    "CREATE INDEX once_at ON once (at_ms);",
    /* 14: which records of two systems are the same one, with what was last seen of both
     * (store_link.c); a side without a record is NULL */
    "CREATE TABLE links ("
    " id INTEGER PRIMARY KEY,"
    " company TEXT NOT NULL,"
    " name TEXT NOT NULL,"
    " version INTEGER NOT NULL,"
    " a TEXT,"
    " b TEXT,"
    " base TEXT NOT NULL,"
    " at_ms INTEGER NOT NULL,"
    " UNIQUE (company, name, a),"
    " UNIQUE (company, name, b)"
    ") STRICT;",
    /* 15: after which steps a person let a run go on, and not when: a clock that is set back must
     * not make an old word of a person younger than what it is about. Those of before are asked
     * once more. */
    "ALTER TABLE runs RENAME COLUMN reopened_ms TO reopened_seq;"
    "UPDATE runs SET reopened_seq = 0 WHERE reopened_seq <> 0;",
};

#define SCHEMA ((int64_t)(sizeof(migrations) / sizeof(migrations[0])))

static int refuse_foreign(struct sql *s, int64_t version, const char *file, struct err *e)
{
    int64_t id = sql_int(s, "PRAGMA application_id");
    int64_t tables = sql_int(s, "SELECT count(*) FROM sqlite_schema");
    if (s->rc)
        return sql_fail(s, e, file);
    if (id == APPLICATION_ID || (id == 0 && version == 0 && tables == 0))
        return 0;
    return err_set(e, ERR_INPUT,
        "%s is not a sauma store (application id %lld): use another data "
        "folder",
        file, (long long)id);
}

static int refuse_newer(int64_t version, struct err *e)
{
    if (version <= SCHEMA)
        return 0;
    return err_set(e, ERR_INPUT,
        "this data was written by a newer sauma (schema %lld, this "
        "one knows %lld): use that version or restore a backup",
        (long long)version, (long long)SCHEMA);
}

/* One version up, in its own transaction. Two programs may try at once: the second finds it done.
 */
static int step_up(struct sql *s, int64_t *version)
{
    char set[64];
    if (sql_exec(s, "BEGIN IMMEDIATE"))
        return -1;
    *version = sql_int(s, "PRAGMA user_version");
    if (!s->rc && *version < SCHEMA) {
        snprintf(set, sizeof(set), "PRAGMA application_id=%d; PRAGMA user_version=%d",
            APPLICATION_ID, (int)(*version + 1));
        if (!sql_exec(s, migrations[*version]) && !sql_exec(s, set))
            *version += 1;
    }
    FAULT_POINT("store_before_migrate");
    if (!s->rc && !sql_exec(s, "COMMIT"))
        return 0;
    sqlite3_exec(s->h, "ROLLBACK", NULL, NULL, NULL);
    return -1;
}

int schema_migrate(struct sql *s, struct err *e)
{
    int64_t version = sql_int(s, "PRAGMA user_version");
    if (s->rc)
        return sql_fail(s, e, "cannot read " STORE_FILE);
    if (refuse_foreign(s, version, STORE_FILE, e) || refuse_newer(version, e))
        return -1;
    while (version < SCHEMA)
        if (step_up(s, &version))
            return sql_fail(s, e, "cannot set up " STORE_FILE);
    return refuse_newer(version, e);
}

int schema_known(struct sql *s, const char *file, struct err *e)
{
    int64_t version = sql_int(s, "PRAGMA user_version");
    if (s->rc)
        return sql_fail(s, e, file);
    if (version == 0)
        return err_set(e, ERR_INPUT, "%s is not a sauma store", file);
    return refuse_foreign(s, version, file, e) || refuse_newer(version, e) ? -1 : 0;
}

int schema_check(struct sql *s, const char *dir, struct err *e)
{
    int64_t version = sql_int(s, "PRAGMA user_version");
    if (s->rc)
        return sql_fail(s, e, "cannot read " STORE_FILE);
    if (refuse_foreign(s, version, STORE_FILE, e) || refuse_newer(version, e))
        return -1;
    if (version == SCHEMA)
        return 0;
    return err_set(e, ERR_INPUT,
        "the data in %s is of an older sauma (schema %lld, this one reads "
        "%lld): start `sauma serve --data %s` once",
        dir, (long long)version, (long long)SCHEMA, dir);
}

int schema_sound(struct sql *s, const char *dir, struct err *e)
{
    int64_t size = sql_int(s, "PRAGMA page_count") * sql_int(s, "PRAGMA page_size");
    if (!s->rc && size > CHECK_MAX) {
        log_event(LOG_INFO, "store not checked at start", "dir", dir, "why", "it is large", NULL);
        return 0;
    }
    struct query q = query_prepare(
        s, size > CHECK_INDEXES_MAX ? "PRAGMA quick_check(1)" : "PRAGMA integrity_check(1)");
    int rc = query_row(&q);
    if (rc == 1 && !str_is(query_col(&q, 0), "ok"))
        rc = err_set(e, ERR_IO, "%s/" STORE_FILE " is damaged (%s): restore a backup", dir,
            query_col_text(&q, 0));
    else if (rc < 0)
        sql_fail(s, e, "cannot check " STORE_FILE);
    query_free(&q);
    return rc < 0 ? -1 : 0;
}
