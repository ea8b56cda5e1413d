/* Secrets: sealed at rest, of one company, under a key that only its owner reads. */
#include <fcntl.h>
#include <sys/stat.h>

#include "secrets.h"
#include "store_fixture.h"

#define CANARY "c4nary-sup3r-s3cret-value"

static struct secrets *open_secrets(struct fixture *f)
{
    struct err e = {0};
    struct secrets *s = secrets_open(f->dir, &e);
    if (!s)
        fail_msg("%s", e.text);
    return s;
}

static void refuse_secrets(struct fixture *f, enum err_code code, const char *words)
{
    struct err e = {0};
    assert_null(secrets_open(f->dir, &e));
    assert_int_equal(e.code, code);
    if (!strstr(e.text, words))
        fail_msg("'%s' does not say '%s'", e.text, words);
}

static void expect(struct secrets *s, const char *company, const char *name, const char *want)
{
    struct err e = {0};
    char *value = NULL;
    assert_int_equal(secrets_get(s, company, name, &value, &e), want ? 1 : 0);
    if (want)
        assert_string_equal(value, want);
    else
        assert_null(value);
    secrets_wipe(value);
}

static char *path_in(struct fixture *f, const char *name)
{
    return mem_printf("%s/%s", f->dir, name);
}

static bool is_two(const char *there, struct str ours)
{
    return strcmp(there, "two") == 0 && ours.n > 0;
}

static void replaces_unless_something_is_there(void **state)
{
    struct fixture *f = *state;
    struct secrets *a = open_secrets(f), *b = open_secrets(f);
    struct err e = {0};
    assert_int_equal(secrets_set_unless(a, "acme", "key", STR_LIT("one"), is_two, &e), 0);
    assert_int_equal(secrets_set_unless(b, "acme", "key", STR_LIT("two"), is_two, &e), 0);
    assert_int_equal(secrets_set_unless(a, "acme", "key", STR_LIT("three"), is_two, &e), 1);
    expect(a, "acme", "key", "two");
    assert_int_equal(
        secrets_set(a, "acme", "key", STR_LIT("four"), &e), 0); /* nothing is left open */
    expect(b, "acme", "key", "four");
    secrets_close(a);
    secrets_close(b);
}

static void set_get_list_remove(void **state)
{
    struct fixture *f = *state;
    struct secrets *a = open_secrets(f), *b = open_secrets(f); /* the host and a command */
    struct err e = {0};
    assert_int_equal(secrets_set(a, "acme", "key", STR_LIT("one"), &e), 0);
    expect(b, "acme", "key", "one");
    assert_int_equal(secrets_set(b, "acme", "key", STR_LIT("two"), &e), 0);
    expect(a, "acme", "key", "two");
    expect(a, "other", "key", NULL);
    expect(a, "acme", "none", NULL);
    assert_int_equal(secrets_set(a, "acme", "key", STR_LIT(""), &e), -1);
    assert_int_equal(secrets_set(a, "acme", "key", STR_LIT("a\0b"), &e), -1);
    assert_int_equal(secrets_set(a, "", "key", STR_LIT("x"), &e), -1);
    assert_int_equal(secrets_remove(a, "other", "key", &e), 0);
    assert_int_equal(secrets_remove(a, "acme", "key", &e), 1);
    assert_int_equal(secrets_remove(a, "acme", "key", &e), 0);
    expect(b, "acme", "key", NULL);
    secrets_close(a);
    secrets_close(b);
}

static int list_one(void *arg, const char *company, const char *name, int64_t set_ms)
{
    char *all = arg;
    size_t n = strlen(all);
    snprintf(all + n, 100 - n, "%s/%s ", company, name);
    assert_true(set_ms > 1600000000000);
    return 0;
}

static void lists_names_only(void **state)
{
    struct fixture *f = *state;
    struct secrets *s = open_secrets(f);
    struct err e = {0};
    char all[100] = "", one[100] = "";
    secrets_set(s, "b", "x", STR_LIT("1"), &e);
    secrets_set(s, "a", "z", STR_LIT("1"), &e);
    secrets_set(s, "a", "y", STR_LIT("1"), &e);
    assert_int_equal(secrets_list(s, NULL, list_one, all, &e), 0);
    assert_string_equal(all, "a/y a/z b/x ");
    assert_int_equal(secrets_list(s, "b", list_one, one, &e), 0);
    assert_string_equal(one, "b/x ");
    secrets_close(s);
}

static void a_moved_or_changed_row_does_not_open(void **state)
{
    static const char *const harm[] = {
        "UPDATE secrets SET company = 'other'",
        "UPDATE secrets SET company = 'acm', name = 'ekey'",
        "UPDATE secrets SET name = 'other'",
        "UPDATE secrets SET nonce = zeroblob(24)",
        "UPDATE secrets SET nonce = x'00'",
        "UPDATE secrets SET box = zeroblob(length(box))",
        "UPDATE secrets SET box = x'00'",
        "UPDATE secrets SET box = CAST(box || x'00' AS BLOB)",
    };
    struct fixture *f = *state;
    struct secrets *s = open_secrets(f);
    for (size_t i = 0; i < sizeof(harm) / sizeof(harm[0]); i++) {
        struct err e = {0};
        char *value = NULL;
        fixture_exec(f, "DELETE FROM secrets");
        assert_int_equal(secrets_set(s, "acme", "key", STR_LIT("one"), &e), 0);
        fixture_exec(f, harm[i]);
        const char *company = i == 0 ? "other" : i == 1 ? "acm" : "acme";
        const char *name = i == 1 ? "ekey" : i == 2 ? "other" : "key";
        assert_int_equal(secrets_get(s, company, name, &value, &e), -1);
        assert_int_equal(e.code, ERR_DENIED);
        assert_null(value);
    }
    secrets_close(s);
}

static void another_key_is_named(void **state)
{
    struct fixture *f = *state;
    struct secrets *s = open_secrets(f);
    struct err e = {0};
    char *value, *path = path_in(f, "key");
    secrets_set(s, "acme", "key", STR_LIT("one"), &e);
    secrets_close(s);
    assert_int_equal(unlink(path), 0);
    s = open_secrets(f); /* makes a new one */
    assert_int_equal(secrets_get(s, "acme", "key", &value, &e), -1);
    assert_non_null(strstr(e.text, "sealed with another key"));
    secrets_close(s);
    mem_free(path);
}

static void put_file(const char *path, const char *text, mode_t mode)
{
    unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, mode);
    assert_true(fd >= 0);
    assert_int_equal(fchmod(fd, mode), 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static void key_file_rules(void **state)
{
    struct fixture *f = *state;
    struct stat st;
    char *path = path_in(f, "key"), *given = path_in(f, "given");
    struct secrets *s = open_secrets(f);
    secrets_close(s);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    static const mode_t readable[] = {0640, 0604, 0620, 0602, 0601};
    for (size_t i = 0; i < sizeof(readable) / sizeof(readable[0]); i++) {
        chmod(path, readable[i]);
        refuse_secrets(f, ERR_DENIED, "chmod 600");
    }
    static const char *const wrong[] = {"", "\n", "abc", "zz", "0123456789abcdef"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        put_file(path, wrong[i], 0600);
        refuse_secrets(f, ERR_INPUT, "64 hexadecimal digits");
    }
    setenv("SAUMA_KEY_FILE", given, 1);
    refuse_secrets(f, ERR_IO, "cannot open the key file"); /* never made: it was to be there */
    assert_int_equal(access(given, F_OK), -1);
    put_file(given, "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n", 0400);
    s = open_secrets(f);
    secrets_close(s);
    unsetenv("SAUMA_KEY_FILE");
    unsetenv("SAUMA_KEY");
    unsetenv("CREDENTIALS_DIRECTORY");
    mem_free(path);
    mem_free(given);
}

/* Bytes of a file; NULL if there is none. */
static char *read_file(struct fixture *f, const char *name, size_t *n)
{
    char *path = path_in(f, name), *bytes = NULL;
    struct stat st;
    *n = 0;
    int fd = open(path, O_RDONLY);
    if (fd >= 0 && !fstat(fd, &st)) {
        bytes = mem_alloc((size_t)st.st_size);
        assert_int_equal(read(fd, bytes, (size_t)st.st_size), st.st_size);
        *n = (size_t)st.st_size;
    }
    if (fd >= 0)
        close(fd);
    mem_free(path);
    return bytes;
}

static int places_of(struct fixture *f, const char *needle)
{
    static const char *const names[] = {"sauma.db", "sauma.db-wal", "sauma.db-shm", "key", "lock"};
    int found = 0;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        size_t n;
        char *bytes = read_file(f, names[i], &n);
        found += bytes && memmem(bytes, n, needle, strlen(needle));
        mem_free(bytes);
    }
    return found;
}

static void a_planted_canary_is_nowhere_on_disk(void **state)
{
    struct fixture *f = *state;
    struct secrets *s = open_secrets(f);
    struct err e = {0};
    struct told t = {0};
    for (int i = 0; i < 1000; i++) {
        char name[32], value[64];
        snprintf(name, sizeof(name), "name-%d", i);
        snprintf(value, sizeof(value), CANARY "-%d", i);
        assert_int_equal(secrets_set(s, "acme", name, str_of(value), &e), 0);
    }
    add_event(f, "evt_1", "acme", "", "{\"seen\":\"a-plain-value\"}", &t);
    fixture_settle(f);
    assert_true(places_of(f, "a-plain-value") > 0); /* the search finds what is there */
    assert_true(places_of(f, "name-999") > 0);
    assert_int_equal(places_of(f, CANARY), 0);
    expect(s, "acme", "name-999", CANARY "-999");
    secrets_close(s);
    fixture_close(f);
    assert_true(places_of(f, "a-plain-value") > 0);
    assert_int_equal(places_of(f, CANARY), 0);
}

static char *key_text(struct fixture *f)
{
    size_t n;
    char *bytes = read_file(f, "key", &n), *text = mem_dupn(bytes, n);
    mem_free(bytes);
    return text;
}

static void another_key_for_all_while_others_use_them(void **state)
{
    struct fixture *f = *state;
    struct secrets *a = open_secrets(f), *b = open_secrets(f), *c = open_secrets(f);
    struct err e = {0};
    int n = -1;
    assert_int_equal(secrets_set(a, "acme", "one", STR_LIT("1"), &e), 0);
    assert_int_equal(secrets_set(a, "acme", SECRETS_OWN "grant.x", STR_LIT("2"), &e), 0);
    char *before = key_text(f);
    assert_int_equal(secrets_rotate(c, &n, &e), 0);
    assert_int_equal(n, 2);
    char *after = key_text(f);
    assert_int_equal(strlen(after), 65);
    assert_string_not_equal(before, after);
    /* Who had the old key goes on, and seals with the new one. */
    assert_int_equal(secrets_set(b, "acme", "three", STR_LIT("3"), &e), 0);
    expect(a, "acme", "one", "1");
    expect(a, "acme", "three", "3");
    expect(b, "acme", SECRETS_OWN "grant.x", "2");
    secrets_close(a);
    a = open_secrets(f);
    expect(a, "acme", "three", "3");
    /* A change that was stopped half way: both keys are there. It is ended, not begun again. */
    char *path = path_in(f, "key");
    FILE *out = fopen(path, "w");
    fprintf(out, "%064d\n%s", 7, after);
    fclose(out);
    expect(a, "acme", "one", "1");
    char *draft = path_in(f, "key.draft.1");
    assert_int_equal(symlink("key", draft), 0);
    assert_int_equal(secrets_rotate(b, &n, &e), 0);
    assert_int_equal(n, 3);
    assert_int_equal(unlink(draft), -1); /* what who died at it left is gone, with its keys */
    mem_free(draft);
    expect(a, "acme", "one", "1");
    char *last = key_text(f);
    assert_int_equal(strtol(last + 60, NULL, 10), 7);
    secrets_close(a);
    secrets_close(b);
    secrets_close(c);
    mem_free(path);
    mem_free(before);
    mem_free(after);
    mem_free(last);
}

static void a_key_from_the_environment(void **state)
{
    struct fixture *f = *state;
    struct err e = {0};
    int n;
    char old[65], both[140], folder[300], *path = path_in(f, "sauma-key");
    snprintf(old, sizeof old, "%064d", 1);
    snprintf(both, sizeof both, "%064d %s", 2, old);
    setenv("SAUMA_KEY", old, 1);
    struct secrets *s = open_secrets(f);
    assert_int_equal(secrets_set(s, "acme", "one", STR_LIT("1"), &e), 0);
    assert_int_equal(secrets_rotate(s, &n, &e), -1); /* nobody can write it there */
    assert_non_null(strstr(e.text, "put a new one"));
    secrets_close(s);
    setenv("SAUMA_KEY", both, 1);
    s = open_secrets(f);
    expect(s, "acme", "one", "1");
    assert_int_equal(secrets_rotate(s, &n, &e), 0);
    assert_int_equal(n, 1);
    secrets_close(s);
    unsetenv("SAUMA_KEY");
    /* The same key as a credential of systemd. */
    snprintf(folder, sizeof folder, "%s", f->dir);
    setenv("CREDENTIALS_DIRECTORY", folder, 1);
    FILE *out = fopen(path, "w");
    fprintf(out, "%064d\n", 2);
    fclose(out);
    chmod(path, 0440);
    s = open_secrets(f);
    expect(s, "acme", "one", "1");
    secrets_close(s);
    chmod(path, 0444);
    refuse_secrets(f, ERR_DENIED, "others can read");
    unlink(path);
    assert_int_equal(symlink("sauma-key", path), 0); /* it is there, and no other is made for it */
    refuse_secrets(f, ERR_IO, "cannot open");
    unlink(path);
    unsetenv("CREDENTIALS_DIRECTORY");
    mem_free(path);
}

/* A pipe that nobody writes to is not waited for, and of a long file no part counts. */
static void a_key_file_that_is_none(void **state)
{
    struct fixture *f = *state;
    char *path = path_in(f, "pipe");
    assert_int_equal(mkfifo(path, 0600), 0);
    setenv("SAUMA_KEY_FILE", path, 1);
    refuse_secrets(f, ERR_INPUT, "is not a file");
    unlink(path);
    FILE *out = fopen(path, "w");
    fprintf(out, "%064d\n%2000s", 1, "more");
    fclose(out);
    chmod(path, 0600);
    refuse_secrets(f, ERR_INPUT, "longer than keys are");
    unlink(path);
    unsetenv("SAUMA_KEY_FILE");
    mem_free(path);
}

static void the_folder_is_private(void **state)
{
    static const char *const names[] = {"", "sauma.db", "sauma.db-wal", "sauma.db-shm", "lock"};
    struct fixture *f = *state;
    struct stat st;
    mode_t mask = umask(0);
    fixture_close(f);
    snprintf(f->dir + strlen(f->dir), 8, "/new");
    fixture_open(f);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char *path = path_in(f, names[i]);
        assert_int_equal(stat(path, &st), 0);
        if (st.st_mode & 077)
            fail_msg("%s has mode %o", path, (unsigned)st.st_mode);
        mem_free(path);
    }
    fixture_close(f);
    f->dir[strlen(f->dir) - 4] = 0;
    umask(mask);
}

#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(set_get_list_remove),
        T(replaces_unless_something_is_there),
        T(lists_names_only),
        T(a_moved_or_changed_row_does_not_open),
        T(another_key_is_named),
        T(key_file_rules),
        T(a_planted_canary_is_nowhere_on_disk),
        T(another_key_for_all_while_others_use_them),
        T(a_key_from_the_environment),
        T(a_key_file_that_is_none),
        T(the_folder_is_private),
    };
    unsetenv("SAUMA_KEY_FILE");
    unsetenv("SAUMA_KEY");
    unsetenv("CREDENTIALS_DIRECTORY");
    return cmocka_run_group_tests_name("secrets", tests, NULL, NULL);
}
