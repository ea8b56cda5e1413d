/* A store of every older schema, kept as SQL text in schemas/, becomes one of this schema and loses
 * nothing on the way; one of a newer schema is refused with both versions named.
 *
 * Who adds a migration first keeps what was:
 *     build/asan/unit/store/store_upgrade_test --dump > tests/unit/store/schemas/N.sql
 * where N is the version so far, which it says on standard error. */
#include "buf.h"
#include "store_backup.h"
#include "store_fixture.h"

#define FOLDER "tests/unit/store/schemas"

/* ---- the current schema as text, with a row of everything that was there from the first on ----
 */

static const char sample[] =
    "INSERT INTO events (seq, id, company, connection, type, delivery, received_ms, body_hash,"
    " routed) VALUES (1, 'evt_1', 'acme', 'shop', 'order', 'd1', 1700000000000, x'01', 1),"
    " (2, 'evt_2', 'acme', 'shop', 'order', '', 1700000000001, x'02', 0),"
    " (3, 'evt_3', 'acme', 'shop', 'order', 'd3', 1700000000002, x'03', 1);"
    "INSERT INTO bodies (event, headers, body) VALUES (1, '{}', x'7b7d'), (2, NULL, x'7b7d'),"
    " (3, '{}', x'5b5d');"
    "INSERT INTO runs (n, id, event, company, rule, version, key, state, reason, result, created_ms,"
    " updated_ms) VALUES (1, 'run_1', 1, 'acme', 'a', 'v1', 'k', 'done', '', '{\"n\":1}', 5, 6),"
    " (2, 'run_3', 3, 'acme', 'a', 'v1', '', 'attention', 'the address', NULL, 5, 7);"
    "UPDATE events SET state = 'done' WHERE seq = 1;"
    "UPDATE events SET state = 'attention', reason = 'the address' WHERE seq = 3;"
    "INSERT INTO steps (key, kind, connection, title, fingerprint, spec, body, at_ms, outcome, meta,"
    " answer, answered_ms, attempts, duration_us) VALUES ((1 << 20) + 1, 'write', 'stock', 'POST /',"
    " 'f', '{}', x'', 5, 'done', '{\"status\":201}', x'7b7d', 6, 1, 10);"
    "INSERT INTO logs (key, at_ms, level, text) VALUES (1 << 20, 5, 'info', 'a line');"
    "INSERT INTO bundles (hash, bundle) VALUES ('h1', '{\"company.lua\":\"\"}'), ('h2', '{}');"
    "INSERT INTO versions (company, version, company_hash, system_hash, at_ms)"
    " VALUES ('acme', 'v1', 'h1', 'h2', 5);"
    "INSERT INTO secrets (company, name, key_id, nonce, box, set_ms)"
    " VALUES ('acme', 'token', 'k', x'01', x'02', 5);";

static void print_rows(sqlite3 *h, const char *sql)
{
    sqlite3_stmt *st;
    if (sqlite3_prepare_v2(h, sql, -1, &st, NULL))
        fail_msg("%s: %s", sql, sqlite3_errmsg(h));
    while (sqlite3_step(st) == SQLITE_ROW)
        printf("%s;\n", (const char *)sqlite3_column_text(st, 0));
    sqlite3_finalize(st);
}

static void dump_table(sqlite3 *h, const char *name)
{
    sqlite3_stmt *st;
    struct buf b;
    char *info = mem_printf("SELECT name FROM pragma_table_info('%s')", name);
    buf_init(&b, 1 << 16);
    buf_addf(&b, "SELECT 'INSERT INTO %s VALUES ('", name);
    assert_int_equal(sqlite3_prepare_v2(h, info, -1, &st, NULL), SQLITE_OK);
    for (int i = 0; sqlite3_step(st) == SQLITE_ROW; i++)
        buf_addf(&b, "%s || quote(\"%s\")", i ? " || ','" : "", sqlite3_column_text(st, 0));
    sqlite3_finalize(st);
    buf_addf(&b, " || ')' FROM %s", name);
    buf_addc(&b, 0);
    print_rows(h, b.p);
    mem_free(info);
    buf_free(&b);
}

/* Tables, rows, then what acts on rows. */
static void dump(sqlite3 *h)
{
    sqlite3_stmt *st;
    print_rows(h, "SELECT 'PRAGMA application_id=' || application_id FROM pragma_application_id");
    print_rows(h, "SELECT 'PRAGMA user_version=' || user_version FROM pragma_user_version");
    print_rows(h, "SELECT sql FROM sqlite_schema WHERE type = 'table' ORDER BY rowid");
    assert_int_equal(
        sqlite3_prepare_v2(
            h, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY rowid", -1, &st, NULL),
        SQLITE_OK);
    while (sqlite3_step(st) == SQLITE_ROW)
        if (strcmp((const char *)sqlite3_column_text(st, 0), "meta")) /* of this file alone */
            dump_table(h, (const char *)sqlite3_column_text(st, 0));
    sqlite3_finalize(st);
    print_rows(h, "SELECT sql FROM sqlite_schema WHERE type <> 'table' AND sql IS NOT NULL"
                  " ORDER BY rowid");
}

static int dump_current(void)
{
    void *state;
    fixture_setup(&state);
    struct fixture *f = state;
    fixture_exec(f, sample);
    sqlite3 *h = fixture_sqlite(f);
    dump(h);
    sqlite3_close(h);
    fprintf(stderr, "version %lld\n", (long long)fixture_number(f, "PRAGMA user_version"));
    return fixture_teardown(&state);
}

/* ---- opening them ---- */

static char *read_schema(int64_t version)
{
    char path[128];
    snprintf(path, sizeof(path), FOLDER "/%lld.sql", (long long)version);
    FILE *file = fopen(path, "r");
    if (!file)
        fail_msg(
            "%s is missing: this file's head says how it is made (tests run in the root of the "
            "checkout)",
            path);
    struct buf b;
    char piece[4096];
    size_t n;
    buf_init(&b, BUF_MAX_DEFAULT);
    while ((n = fread(piece, 1, sizeof(piece), file)) > 0)
        buf_add(&b, piece, n);
    fclose(file);
    return buf_take(&b, NULL);
}

/* The store of that version in the fixture's folder, which is closed. */
static void make_old(struct fixture *f, int64_t version)
{
    static const char *const names[] = {"sauma.db", "sauma.db-wal", "sauma.db-shm", "seen"};
    char path[128];
    for (int i = 0; i < 4; i++) {
        snprintf(path, sizeof(path), "%s/%s", f->dir, names[i]);
        unlink(path);
    }
    char *text = read_schema(version);
    fixture_exec(f, text);
    mem_free(text);
    assert_int_equal(fixture_number(f, "PRAGMA user_version"), version);
}

/* All definitions of a store as one text. */
static char *definitions(struct fixture *f)
{
    sqlite3 *h = fixture_sqlite(f);
    sqlite3_stmt *st;
    const char *sql = "SELECT group_concat(coalesce(sql, name), char(10)) FROM"
                      " (SELECT * FROM sqlite_schema ORDER BY type, name)";
    if (sqlite3_prepare_v2(h, sql, -1, &st, NULL) || sqlite3_step(st) != SQLITE_ROW)
        fail_msg("%s", sqlite3_errmsg(h));
    char *text = mem_dup((const char *)sqlite3_column_text(st, 0));
    sqlite3_finalize(st);
    sqlite3_close(h);
    return text;
}

static void all_is_there(struct fixture *f)
{
    static const char *const one[] = {
        "SELECT count(*) FROM events WHERE id = 'evt_1' AND state = 'done' AND pruned_ms = 0",
        "SELECT count(*) FROM events WHERE id = 'evt_2' AND state = 'in_flight' AND routed = 0",
        "SELECT count(*) FROM events WHERE id = 'evt_3' AND reason = 'the address'",
        "SELECT count(*) FROM bodies WHERE body = x'5b5d'",
        "SELECT count(*) FROM runs WHERE id = 'run_1' AND result = '{\"n\":1}'",
        "SELECT count(*) FROM runs WHERE id = 'run_3' AND state = 'attention'",
        "SELECT count(*) FROM steps WHERE answer = x'7b7d'",
        "SELECT count(*) FROM logs WHERE text = 'a line'",
        "SELECT count(*) FROM versions JOIN bundles ON hash = company_hash",
        "SELECT count(*) FROM secrets WHERE box = x'02'",
        "SELECT sum(n) = 3 FROM books WHERE state = 'received'",
        "SELECT sum(n) = 3 FROM books WHERE state IN ('done','attention','in_flight')",
        "SELECT count(*) = 0 FROM pragma_foreign_key_check",
        "SELECT count(*) FROM stored JOIN stored_added_up USING (company, bytes) WHERE bytes > 1500",
        "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'",
    };
    for (size_t i = 0; i < sizeof(one) / sizeof(one[0]); i++)
        if (fixture_number(f, one[i]) != 1)
            fail_msg("not so: %s", one[i]);
}

static void every_older_store_becomes_this_one(void **state)
{
    struct fixture *f = *state;
    int64_t now = fixture_number(f, "PRAGMA user_version");
    char *fresh = definitions(f);
    for (int64_t version = 1; version < now; version++) {
        fixture_close(f);
        make_old(f, version);
        fixture_open(f);
        assert_int_equal(fixture_number(f, "PRAGMA user_version"), now);
        all_is_there(f);
        char *became = definitions(f);
        assert_string_equal(became, fresh);
        mem_free(became);
        /* And it goes on: an event is taken and a run ends. */
        struct told t[3] = {0};
        add_event(f, "evt_4", "acme", "d1", "{\"x\":1}", &t[0]);
        route_one(f, "evt_2", "run_2", "acme", RUN_RUNNING, &t[1]);
        set_run(f, "run_2", RUN_DONE, "", &t[2]);
        fixture_settle(f);
        assert_int_equal(t[0].result, STORE_EVENT_CONFLICT); /* the delivery is known */
        assert_told(t[1]);
        assert_told(t[2]);
    }
    mem_free(fresh);
}

static void a_backup_of_an_older_store_can_be_restored(void **state)
{
    struct fixture *f = *state;
    int64_t now = fixture_number(f, "PRAGMA user_version");
    struct err e = {0};
    fixture_close(f);
    for (int64_t version = 1; version < now; version++) {
        struct store_backup b;
        char *replaced, from[128], to[128];
        make_old(f, version);
        snprintf(from, sizeof(from), "%s/" STORE_FILE, f->dir);
        snprintf(to, sizeof(to), "%s/old-%lld.db", f->dir, (long long)version);
        assert_int_equal(rename(from, to), 0);
        if (store_restore(to, f->dir, true, &b, &replaced, &e))
            fail_msg("version %lld: %s", (long long)version, e.text);
        mem_free(replaced);
        assert_int_equal(b.schema, version);
        fixture_open(f);
        assert_true(store_restored_ms(f->store) > 0);
        all_is_there(f);
        fixture_close(f);
    }
    fixture_open(f);
}

static void a_newer_one_is_refused_with_both_versions(void **state)
{
    struct fixture *f = *state;
    struct store_backup b;
    struct err e = {0};
    char set[80], words[64], path[128], *replaced;
    int64_t now = fixture_number(f, "PRAGMA user_version");
    fixture_close(f);
    /* What the next version may look like to this one. */
    snprintf(
        set, sizeof(set), "CREATE TABLE more (n); PRAGMA user_version = %lld", (long long)now + 1);
    fixture_exec(f, set);
    snprintf(words, sizeof(words), "(schema %lld, this one knows %lld)", (long long)now + 1,
        (long long)now);
    assert_null(store_open(f->loop, f->dir, &e));
    assert_int_equal(e.code, ERR_INPUT);
    assert_non_null(strstr(e.text, words));
    assert_non_null(strstr(e.text, "use that version or restore a backup"));
    assert_null(store_reader_open(f->dir, &e));
    assert_non_null(strstr(e.text, words));
    assert_null(secrets_open(f->dir, &e));
    assert_non_null(strstr(e.text, words));
    snprintf(path, sizeof(path), "%s/" STORE_FILE, f->dir);
    assert_int_equal(store_backup_verify(path, &b, &e), -1);
    assert_non_null(strstr(e.text, words));
    assert_int_equal(store_restore(path, f->dir, true, &b, &replaced, &e), -1);
    /* Nothing of it was touched. */
    assert_int_equal(fixture_number(f, "PRAGMA user_version"), now + 1);
    snprintf(set, sizeof(set), "DROP TABLE more; PRAGMA user_version = %lld", (long long)now);
    fixture_exec(f, set);
    fixture_open(f);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(int argc, char **argv)
{
    if (argc == 2 && !strcmp(argv[1], "--dump"))
        return dump_current();
    const struct CMUnitTest tests[] = {
        T(every_older_store_becomes_this_one),
        T(a_backup_of_an_older_store_can_be_restored),
        T(a_newer_one_is_refused_with_both_versions),
    };
    return cmocka_run_group_tests_name("schemas", tests, NULL, NULL);
}
