/* Backups: whole while the host writes, put back with a mark, and copies that are recognised. */
#include <sys/stat.h>

#include "buf.h"
#include "secrets.h"
#include "store_backup.h"
#include "store_fixture.h"

static char *in_dir(struct fixture *f, const char *name)
{
    return mem_printf("%s/%s", f->dir, name);
}

static void add_events(struct fixture *f, int from, int n)
{
    struct told t = {0};
    for (int i = from; i < from + n; i++) {
        char id[32];
        snprintf(id, sizeof(id), "evt_%d", i);
        add_event(f, id, "acme", id, "{\"n\":1}", &t);
    }
    fixture_settle(f);
    assert_int_equal(t.calls, n);
}

static void sh(struct fixture *f, const char *command)
{
    char *all = mem_printf("cd '%s' && %s", f->dir, command);
    assert_int_equal(system(all), 0);
    mem_free(all);
}

static void a_backup_of_a_running_store_is_whole(void **state)
{
    struct fixture *f = *state;
    struct store_backup b;
    struct err e = {0};
    char *file = in_dir(f, "copy.db");
    add_events(f, 0, 100);
    /* These are asked and not yet on disk: they may be in it or not, but whole. */
    struct told t = {0};
    for (int i = 100; i < 300; i++) {
        char id[32];
        snprintf(id, sizeof(id), "evt_%d", i);
        add_event(f, id, "acme", id, "{}", &t);
    }
    if (store_backup(f->dir, file, false, &b, &e))
        fail_msg("%s", e.text);
    assert_in_range(b.events, 100, 300);
    assert_int_equal(b.newest_ms, 1700000000000);
    assert_true(b.taken_ms > 0);
    struct stat st;
    assert_int_equal(stat(file, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(st.st_size, b.bytes);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM sqlite_schema WHERE name='meta'"), 1);
    /* An older one is not lost by mistake. */
    assert_int_equal(store_backup(f->dir, file, false, &b, &e), -1);
    assert_int_equal(e.code, ERR_CONFLICT);
    fixture_settle(f);
    assert_int_equal(store_backup(f->dir, file, true, &b, &e), 0);
    assert_int_equal(b.events, 300);
    sh(f, "test -z \"$(ls | grep draft)\"");
    mem_free(file);
}

/* The first bytes of the key, which its file has as hexadecimal digits, as they are. */
static bool holds_key_bytes(struct fixture *f, const char *file)
{
    char digits[17] = "", *key_file = in_dir(f, "key");
    unsigned char bytes[8];
    FILE *key = fopen(key_file, "r"), *copy = fopen(file, "r");
    assert_true(key && copy && fread(digits, 1, 16, key) == 16);
    for (int i = 0; i < 8; i++)
        assert_int_equal(sscanf(digits + 2 * i, "%2hhx", &bytes[i]), 1);
    struct buf all;
    buf_init(&all, SIZE_MAX / 4);
    char piece[4096];
    for (size_t n; (n = fread(piece, 1, sizeof piece, copy)) > 0;)
        buf_add(&all, piece, n);
    bool holds = memmem(all.p, all.n, bytes, sizeof bytes) != NULL;
    assert_true(all.n > 4096);
    buf_free(&all);
    fclose(key);
    fclose(copy);
    mem_free(key_file);
    return holds;
}

static void the_key_is_not_in_it(void **state)
{
    struct fixture *f = *state;
    struct store_backup b;
    struct secrets *s = secrets_open(f->dir, NULL);
    assert_int_equal(secrets_set(s, "acme", "token", STR_LIT("canary-of-a-secret"), NULL), 0);
    secrets_close(s);
    char *file = in_dir(f, "copy.db");
    assert_int_equal(store_backup(f->dir, file, false, &b, NULL), 0);
    assert_int_equal(b.secrets, 1);
    sh(f, "! grep -q canary copy.db");
    sh(f, "! grep -q \"$(cat key)\" copy.db");
    assert_false(holds_key_bytes(f, file));
    mem_free(file);
}

static void restored_data_says_so_and_the_old_is_kept(void **state)
{
    struct fixture *f = *state;
    struct store_backup b;
    struct err e = {0};
    char *replaced, *file = in_dir(f, "copy.db");
    add_events(f, 0, 10);
    assert_int_equal(store_restored_ms(f->store), 0);
    assert_int_equal(store_backup(f->dir, file, false, &b, NULL), 0);
    add_events(f, 10, 5);
    /* In use: refused, whatever is said. */
    assert_int_equal(store_restore(file, f->dir, true, &b, &replaced, &e), -1);
    assert_int_equal(e.code, ERR_CONFLICT);
    assert_non_null(strstr(e.text, "another sauma"));
    fixture_close(f);
    /* Newer: refused unless told. */
    assert_int_equal(store_restore(file, f->dir, false, &b, &replaced, &e), -1);
    assert_int_equal(e.code, ERR_CONFLICT);
    assert_non_null(strstr(e.text, "newer: 5 events"));
    int64_t before = clock_wall_ms();
    if (store_restore(file, f->dir, true, &b, &replaced, &e))
        fail_msg("%s", e.text);
    assert_non_null(replaced);
    fixture_open(f);
    assert_true(store_restored_ms(f->store) >= before);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM events"), 10);
    int64_t first = store_restored_ms(f->store);
    assert_int_equal(store_restored_for_ms(f->store), 0);
    store_set_restored_for(f->store, 61000);
    fixture_settle(f);
    fixture_close(f);
    fixture_open(f); /* once is enough */
    assert_int_equal(store_restored_ms(f->store), first);
    assert_int_equal(store_restored_for_ms(f->store), 61000);
    add_events(f, 20, 3);
    fixture_close(f);
    /* What was replaced is all there. */
    char *old = mem_printf("%s/" STORE_FILE, replaced);
    assert_int_equal(store_backup_verify(old, &b, &e), 0);
    assert_int_equal(b.events, 15);
    fixture_open(f);
    mem_free(old);
    mem_free(replaced);
    mem_free(file);
}

static void into_an_empty_folder(void **state)
{
    struct fixture *f = *state;
    struct store_backup b;
    struct err e = {0};
    struct secrets *s = secrets_open(f->dir, NULL);
    assert_int_equal(secrets_set(s, "acme", "token", STR_LIT("x"), NULL), 0);
    secrets_close(s);
    add_events(f, 0, 3);
    char *replaced, *file = in_dir(f, "copy.db"), *dir = in_dir(f, "fresh");
    assert_int_equal(store_backup(f->dir, file, false, &b, NULL), 0);
    assert_int_equal(store_restore(file, dir, false, &b, &replaced, &e), 0);
    assert_null(replaced);
    assert_false(b.key_fits); /* and none is made that would seem to fit */
    sh(f, "test ! -e fresh/key");
    sh(f, "cp key fresh/key");
    assert_int_equal(store_restore(file, dir, true, &b, &replaced, &e), 0);
    assert_true(b.key_fits);
    s = secrets_open(dir, &e);
    char *value;
    assert_int_equal(secrets_get(s, "acme", "token", &value, &e), 1);
    secrets_wipe(value);
    secrets_close(s);
    mem_free(replaced);
    mem_free(file);
    mem_free(dir);
}

static void what_is_no_backup_is_refused(void **state)
{
    struct fixture *f = *state;
    struct store_backup b;
    struct err e = {0};
    char *replaced, *file = in_dir(f, "copy.db"), *other = in_dir(f, "other.db");
    add_events(f, 0, 400);
    assert_int_equal(store_backup(f->dir, file, false, &b, NULL), 0);
    fixture_close(f);
    static const struct {
        const char *make, *words;
    } bad[] = {
        {"rm -f other.db", "cannot read"},
        {"echo 'this is no database, whatever its name' > other.db", "not a database"},
        {": > other.db", "not a sauma store"},
        {"head -c 30000 copy.db > other.db", "damaged"},
        {"cp copy.db other.db; printf '\\377\\377\\377' | dd of=other.db bs=1 seek=40960"
         " conv=notrunc 2>/dev/null",
            "damaged"},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        sh(f, bad[i].make);
        e = (struct err){0};
        assert_int_equal(store_restore(other, f->dir, true, &b, &replaced, &e), -1);
        if (!strstr(e.text, bad[i].words) && !strstr(e.text, "malformed"))
            fail_msg("%s: %s", bad[i].make, e.text);
    }
    sh(f, "test -z \"$(ls | grep -E 'draft|replaced')\"");
    fixture_open(f);
    assert_int_equal(store_restored_ms(f->store), 0);
    mem_free(file);
    mem_free(other);
}

static void copies_are_recognised(void **state)
{
    struct fixture *f = *state;
    static const char *const ways[] = {
        "cp " STORE_FILE " x && mv x " STORE_FILE, /* another file */
        "cp yesterday " STORE_FILE,                /* older content in the same file */
        "cp -a . ../$(basename $PWD).c && rm -rf " STORE_FILE " && "
        "cp -a ../$(basename $PWD).c/" STORE_FILE " . && rm -rf ../$(basename $PWD).c",
    };
    add_events(f, 0, 5);
    fixture_close(f);
    sh(f, "cp " STORE_FILE " yesterday");
    fixture_open(f);
    add_events(f, 5, 5);
    fixture_close(f);
    int64_t last = 0;
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        struct timespec moment = {0, 2000000};
        fixture_open(f);
        assert_int_equal(store_restored_ms(f->store), last); /* a restart is no restore */
        fixture_close(f);
        nanosleep(&moment, NULL);
        sh(f, ways[i]);
        fixture_open(f);
        if (store_restored_ms(f->store) <= last)
            fail_msg("not recognised: %s", ways[i]);
        last = store_restored_ms(f->store);
        fixture_close(f);
    }
    fixture_open(f);
}

static void a_person_can_say_it(void **state)
{
    struct fixture *f = *state;
    struct err e = {0};
    assert_int_equal(store_restore_mark(f->dir, &e), -1); /* a host runs */
    fixture_close(f);
    assert_int_equal(store_restore_mark(f->dir, &e), 0);
    fixture_open(f);
    assert_true(store_restored_ms(f->store) > 0);
    assert_int_equal(store_restore_mark("/nowhere/at/all", &e), -1);
    assert_int_equal(e.code, ERR_NOT_FOUND);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_backup_of_a_running_store_is_whole),
        T(the_key_is_not_in_it),
        T(restored_data_says_so_and_the_old_is_kept),
        T(into_an_empty_folder),
        T(what_is_no_backup_is_refused),
        T(copies_are_recognised),
        T(a_person_can_say_it),
    };
    return cmocka_run_group_tests_name("backup and restore", tests, NULL, NULL);
}
