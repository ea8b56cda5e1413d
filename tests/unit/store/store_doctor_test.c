/* The examination says what is wrong, where, and what to do; of a sound store it says ok. */
#include <sys/stat.h>

#include "secrets.h"
#include "store_doctor.h"
#include "store_fixture.h"

struct told_lines {
    char text[64][512]; /* "level check: text -> next" */
    enum doctor_level level[64];
    int n;
};

static void on_line(
    void *arg, enum doctor_level l, const char *check, const char *text, const char *next)
{
    struct told_lines *t = arg;
    assert_in_range(t->n, 0, 63);
    assert_int_equal(l == DOCTOR_OK, !*next); /* what is wrong comes with what to do */
    t->level[t->n] = l;
    snprintf(t->text[t->n++], 512, "%s %s: %s -> %s", doctor_level_name(l), check, text, next);
}

static struct told_lines examine(struct fixture *f)
{
    struct told_lines t = {.n = 0};
    store_doctor(f->dir, on_line, &t);
    return t;
}

static void expect(struct fixture *f, const char *words)
{
    struct told_lines t = examine(f);
    for (int i = 0; i < t.n; i++)
        if (strstr(t.text[i], words))
            return;
    for (int i = 0; i < t.n; i++)
        print_message("    %s\n", t.text[i]);
    fail_msg("nothing says '%s'", words);
}

static int count_bad(struct fixture *f)
{
    struct told_lines t = examine(f);
    int bad = 0;
    for (int i = 0; i < t.n; i++)
        if (t.level[i] == DOCTOR_BAD) {
            print_message("    %s\n", t.text[i]);
            bad++;
        }
    return bad;
}

static void fill(struct fixture *f)
{
    static const enum run_state states[] = {RUN_DONE, RUN_SKIPPED, RUN_HELD, RUN_ATTENTION,
        RUN_WAITING, RUN_RUNNING, RUN_QUEUED, RUN_FAILED};
    struct told t = {0};
    for (int i = 0; i < 8; i++) {
        char event[32], run[32];
        snprintf(event, sizeof(event), "evt_%d", i);
        snprintf(run, sizeof(run), "run_%d", i);
        add_event(f, event, i % 2 ? "acme" : "other", event, "{}", &t);
        route_one(f, event, run, i % 2 ? "acme" : "other", RUN_RUNNING, &t);
        struct store_step st = {run, 1, "write", "stock", "POST /", "f", STR_NONE, STR_NONE, 1};
        store_intent(f->store, &st, told_done, &t);
        store_log(f->store, run, 1, "info", STR_LIT("line"));
        set_run(f, run, states[i], "", &t);
    }
    add_event(f, "evt_8", "acme", "", "{}", &t);
    fixture_settle(f);
}

static void a_sound_store_is_well(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(count_bad(f), 0); /* also an empty one */
    fill(f);
    assert_int_equal(count_bad(f), 0); /* while it is open */
    expect(f, "ok books: they balance: 9 events received");
    expect(f, "ok integrity");
    expect(f, "ok schema");
    fixture_close(f);
    assert_int_equal(count_bad(f), 0);
    fixture_open(f);
}

static void what_is_wrong_in_the_tables_is_said(void **state)
{
    static const struct {
        const char *harm, *heal, *words;
    } all[] = {
        {"UPDATE books SET n = n + 1 WHERE company = 'acme' AND state = 'skipped'",
            "UPDATE books SET n = n - 1 WHERE company = 'acme' AND state = 'skipped'",
            "bad books: acme: "},
        {"UPDATE books SET n = n + 1 WHERE company = 'other' AND state = 'received'",
            "UPDATE books SET n = n - 1 WHERE company = 'other' AND state = 'received'",
            "bad books: other: received is counted as"},
        {"INSERT INTO steps (key, kind, connection, title, fingerprint, body, at_ms)"
         " VALUES (999 << 20, 'read', '', '', '', x'', 1)",
            "DELETE FROM steps WHERE key = 999 << 20", "bad orphans: 1 steps without their run"},
        {"INSERT INTO logs (key, at_ms, level, text) VALUES (999 << 20, 1, '', '')",
            "DELETE FROM logs WHERE key = 999 << 20", "bad orphans: 1 log lines"},
        {"INSERT INTO bodies (event, body) VALUES (999, x'')",
            "DELETE FROM bodies WHERE event = 999", "bad foreign_keys: 1 rows"},
        {"UPDATE runs SET state = 'failed' WHERE id = 'run_0'",
            "UPDATE runs SET state = 'done' WHERE id = 'run_0'", "bad states: 1 events"},
        {"UPDATE runs SET until_ms = 1000 WHERE id = 'run_4'",
            "UPDATE runs SET until_ms = 0 WHERE id = 'run_4'",
            "overdue: 1 runs should have gone on"},
        {"UPDATE runs SET until_ms = 1 << 60 WHERE id = 'run_4'",
            "UPDATE runs SET until_ms = 0 WHERE id = 'run_4'",
            "warn overdue: 1 runs wait for more"},
        {"UPDATE events SET received_ms = 1 << 45 WHERE id = 'evt_8'",
            "UPDATE events SET received_ms = 1700000000000 WHERE id = 'evt_8'",
            "bad clock: it says"},
        {"UPDATE bodies SET body = x'7b7e' WHERE event = 1",
            "UPDATE bodies SET body = x'7b7d' WHERE event = 1",
            "bad content: the body of evt_0 is not what was written"},
        {"UPDATE steps SET answer = x'00' WHERE key = (1 << 20) + 1",
            "UPDATE steps SET answer = x'' WHERE key = (1 << 20) + 1",
            "bad content: an answer in the journal of run_0"},
        {"INSERT INTO versions VALUES ('acme', 'x', 'none', 'none', 1)", "DELETE FROM versions",
            "bad orphans: 1 versions without"},
    };
    struct fixture *f = *state;
    fill(f);
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        fixture_exec(f, all[i].harm);
        expect(f, all[i].words);
        fixture_exec(f, all[i].heal);
        assert_int_equal(count_bad(f), 0);
    }
}

static void what_is_wrong_around_it_is_said(void **state)
{
    struct fixture *f = *state;
    char path[128], other[128];
    snprintf(path, sizeof(path), "%s/key", f->dir);
    snprintf(other, sizeof(other), "%s/key.old", f->dir);
    struct secrets *s = secrets_open(f->dir, NULL);
    assert_int_equal(secrets_set(s, "acme", "token", STR_LIT("x"), NULL), 0);
    secrets_close(s);
    expect(f, "ok key: ");
    fixture_exec(f, "UPDATE secrets SET company = 'beta'");
    expect(f, "bad key: 1 of 1 secrets do not open: their rows were changed or moved");
    fixture_exec(f, "UPDATE secrets SET company = 'acme'");
    assert_int_equal(chmod(path, 0644), 0);
    expect(f, "bad key: others can read the key file");
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(rename(path, other), 0);
    expect(f, "bad key: the key file is missing, and with it 1 secrets");
    assert_int_equal(access(path, F_OK), -1); /* and is not made by looking */
    s = secrets_open(f->dir, NULL);
    secrets_close(s);
    expect(f, "bad key: 1 of 1 secrets were sealed with another key");
    assert_int_equal(chmod(f->dir, 0755), 0);
    expect(f, "warn folder: others may read");
    assert_int_equal(chmod(f->dir, 0700), 0);
    expect(f, "warn backup: none was taken");
}

static void damage_and_other_schemas(void **state)
{
    struct fixture *f = *state;
    char path[128], junk[4096], heal[64];
    fill(f);
    fixture_close(f);
    snprintf(heal, sizeof(heal), "PRAGMA user_version = %lld",
        (long long)fixture_number(f, "PRAGMA user_version"));
    fixture_exec(f, "PRAGMA user_version = 4711");
    expect(f, "bad schema: this data was written by a newer sauma (schema 4711");
    fixture_exec(f, "PRAGMA user_version = 1");
    expect(f, "warn schema: ");
    fixture_exec(f, heal);
    memset(junk, 0x5a, sizeof(junk));
    snprintf(path, sizeof(path), "%s/%s", f->dir, STORE_FILE);
    int64_t page = fixture_number(f, "SELECT rootpage FROM sqlite_schema WHERE name = 'runs'");
    FILE *file = fopen(path, "r+b");
    fseek(file, (long)((page - 1) * 4096), SEEK_SET);
    fwrite(junk, sizeof(junk), 1, file);
    fclose(file);
    expect(f, "bad integrity: ");
    FILE *text = fopen(path, "wb");
    fputs("this is no database at all, but it is long enough to have a header: sixteen bytes and "
          "the eighty-four that follow them in a file of SQLite.",
        text);
    fclose(text);
    assert_true(count_bad(f) > 0);
    assert_int_equal(unlink(path), 0);
    expect(f, "bad store: no data in");
    snprintf(path, sizeof(path), "%s/none", f->dir);
    struct told_lines t = {.n = 0};
    store_doctor(path, on_line, &t);
    assert_int_equal(t.level[0], DOCTOR_BAD);
    assert_int_equal(access(path, F_OK), -1);
    fixture_open(f);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_sound_store_is_well),
        T(what_is_wrong_in_the_tables_is_said),
        T(what_is_wrong_around_it_is_said),
        T(damage_and_other_schemas),
    };
    return cmocka_run_group_tests_name("doctor", tests, NULL, NULL);
}
