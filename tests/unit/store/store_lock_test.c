/* What keeps other programs that use the store from taking its log away. SQLite's locks are POSIX
 * locks: a process that opens and closes the database file by itself drops all that it holds there,
 * and whoever closes the store next takes itself for the last and removes the log under the host.
 */
#include "store_fixture.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define SHARED_FIRST 0x40000002 /* sqlite3's SHARED lock; its file format document, 3 and 4.2 */
#define SHARED_SIZE  510

/* Does this process hold its lock? Asked by another one, since nobody sees its own. */
static bool locked(const struct fixture *f)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/sauma.db", f->dir);
    pid_t pid = fork();
    if (pid == 0) {
        struct flock l = {
            .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = SHARED_FIRST, .l_len = SHARED_SIZE};
        int fd = open(path, O_RDWR);
        _exit(fd >= 0 && !fcntl(fd, F_GETLK, &l) && l.l_type != F_UNLCK ? 0 : 1);
    }
    int status = -1;
    waitpid(pid, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void the_host_keeps_its_lock(void **state)
{
    struct fixture *f = *state;
    struct err e = {0};
    assert_true(locked(f));
    struct secrets *s = secrets_open(f->dir, &e); /* a second connection, as a host has it */
    assert_non_null(s);
    assert_true(locked(f));
    secrets_close(s);
    assert_true(locked(f));
    struct store_reader *r = store_reader_open(f->dir, &e);
    assert_non_null(r);
    store_reader_close(r);
    assert_true(locked(f));
}

/* Another program writes and goes, while the host works: its log stays where it is. */
static void another_program_leaves_the_log(void **state)
{
    struct fixture *f = *state;
    struct err e = {0};
    struct told t = {0};
    char path[128];
    struct stat before, after;
    struct secrets *own = secrets_open(f->dir, &e);
    add_event(f, "evt_1", "acme", "d1", "{}", &t);
    fixture_settle(f);
    snprintf(path, sizeof(path), "%s/sauma.db-wal", f->dir);
    assert_int_equal(stat(path, &before), 0);
    pid_t pid = fork();
    if (pid == 0) {
        execl("/proc/self/exe", "store_lock_test", "secret", f->dir, NULL);
        _exit(9);
    }
    int status = -1;
    waitpid(pid, &status, 0);
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_equal(stat(path, &after), 0);
    assert_int_equal(before.st_ino, after.st_ino);
    secrets_close(own);
}

static int set_secret(const char *dir)
{
    struct err e = {0};
    struct secrets *s = secrets_open(dir, &e);
    int rc = s ? secrets_set(s, "acme", "key", STR_LIT("value"), &e) : -1;
    secrets_close(s);
    return rc ? 1 : 0;
}

int main(int argc, char **argv)
{
    if (argc == 3 && !strcmp(argv[1], "secret"))
        return set_secret(argv[2]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_host_keeps_its_lock, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(
            another_program_leaves_the_log, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
