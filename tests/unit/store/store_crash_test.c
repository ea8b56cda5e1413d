/* Death and a full disk: what was acknowledged is there afterwards, and nothing is half there.
 * The one that dies is this program again, started with its folder and its task. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "store_fixture.h"

#define CHAINS      60
#define ACKS_FD     3
#define EXIT_CANNOT 77

/* ---- the one that dies ---- */

/* An event on its way from receipt to the end of its run; each step is said when it is durable. */
struct chain {
    struct fixture *f;
    int n;
    char event[32], run[32];
};

static void say(struct chain *c, char what)
{
    char line[16];
    int n = snprintf(line, sizeof(line), "%c%d\n", what, c->n);
    if (write(ACKS_FD, line, (size_t)n) != n)
        _exit(1);
}

static void must(const struct err *e)
{
    if (!e)
        return;
    fprintf(stderr, "%s\n", e->text);
    _exit(1);
}

static void on_done(void *arg, const struct err *e)
{
    must(e);
    say(arg, 'D');
}

static void on_answer(void *arg, const struct err *e)
{
    struct chain *c = arg;
    struct store_run_change end = {
        .run = c->run, .state = RUN_DONE, .reason = "", .result = STR_LIT("{}")};
    must(e);
    say(c, 'A');
    store_set_run(c->f->store, &end, on_done, c);
}

static void on_intent(void *arg, const struct err *e)
{
    struct chain *c = arg;
    struct store_answer a = {"done", STR_LIT("{}"), STR_LIT("{\"id\":1}"), 1, 1, 1};
    must(e);
    say(c, 'I');
    store_answer(c->f->store, c->run, 1, &a, on_answer, c);
}

static void on_route(void *arg, const struct err *e)
{
    struct chain *c = arg;
    struct store_step st = {c->run, 1, "write", "stock", "POST /", "f", STR_LIT("{}"), STR_NONE, 1};
    must(e);
    say(c, 'R');
    store_intent(c->f->store, &st, on_intent, c);
}

static void on_event(
    void *arg, enum store_event_result r, int64_t seq, const char *first_id, const struct err *e)
{
    struct chain *c = arg;
    struct store_run run = {c->run, c->event, "acme", "rule", "v", "", RUN_QUEUED, "", "", NULL};
    must(e);
    say(c, 'E');
    store_route(c->f->store, c->event, &run, 1, "", on_route, c);
}

static int work_until_killed(struct fixture *f)
{
    static char body[40000]; /* enough of them for a checkpoint */
    struct chain *chains = mem_zalloc(CHAINS, sizeof(*chains));
    memset(body, '7', sizeof(body));
    fixture_open(f);
    for (int i = 0; i < CHAINS; i++) {
        struct chain *c = &chains[i];
        *c = (struct chain){.f = f, .n = i};
        snprintf(c->event, sizeof(c->event), "evt_%d", i);
        snprintf(c->run, sizeof(c->run), "run_%d", i);
        struct store_event ev = {
            c->event, "acme", "shop", "", c->event, 1, STR_NONE, {body, sizeof(body)}};
        store_add_event(f->store, &ev, on_event, c);
        if (i % 8 == 7)
            fixture_settle(f);
    }
    fixture_close(f);
    mem_free(chains);
    return 0;
}

/* ---- a disk that is full ---- */

#define CHECK(what)                                                                                \
    do {                                                                                           \
        if (!(what)) {                                                                             \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #what);                             \
            return 1;                                                                              \
        }                                                                                          \
    } while (0)

static void write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY);
    if (fd >= 0 && write(fd, text, strlen(text)) < 0)
        perror(path);
    if (fd >= 0)
        close(fd);
}

/* A small disk of our own, also for who is not root. */
static bool mount_small_disk(const char *dir)
{
    char map[64];
    unsigned uid = geteuid();
    if (unshare(CLONE_NEWNS)) {
        if (unshare(CLONE_NEWUSER | CLONE_NEWNS))
            return false;
        snprintf(map, sizeof(map), "0 %u 1", uid);
        write_text("/proc/self/uid_map", map);
    }
    return !mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) &&
           !mount("none", dir, "tmpfs", 0, "size=2m");
}

static void stop_when_space(void *arg)
{
    struct fixture *f = arg;
    if (!store_full(f->store))
        loop_stop(f->loop);
}

struct again {
    struct fixture *f;
    struct loop_timer *timer;
};

static void look_again(void *arg)
{
    struct again *a = arg;
    stop_when_space(a->f);
    loop_timer_arm(a->timer, 20);
}

static void wait_for_space(struct fixture *f)
{
    struct again a = {.f = f};
    a.timer = loop_timer_new(f->loop, look_again, &a);
    loop_timer_arm(a.timer, 0);
    loop_run(f->loop);
    loop_timer_free(a.timer);
}

/* Adds events until one does not fit (the disk holds some 200 of them); how many did. */
static int fill(struct fixture *f, int from, struct told *last)
{
    static char body[8193];
    memset(body, '7', sizeof(body) - 1);
    for (int n = from;; n++) {
        char id[16];
        snprintf(id, sizeof(id), "evt_%d", n);
        *last = (struct told){0};
        add_event(f, id, "acme", id, body, last);
        fixture_settle(f);
        if (last->e.code != ERR_NONE || n - from == 1000)
            return n - from;
    }
}

static int run_out_of_space(struct fixture *f)
{
    char ballast[128], zeros[4096] = {0};
    struct told t;
    if (!mount_small_disk(f->dir))
        return EXIT_CANNOT;
    snprintf(ballast, sizeof(ballast), "%s/ballast", f->dir);
    int fd = open(ballast, O_WRONLY | O_CREAT, 0600);
    for (int i = 0; i < 200; i++)
        CHECK(write(fd, zeros, sizeof(zeros)) == sizeof(zeros));
    close(fd);
    fixture_open(f);
    int stored = fill(f, 0, &t);
    CHECK(stored > 10);
    CHECK(t.result == STORE_EVENT_FAILED && t.e.code == ERR_IO && strstr(t.e.text, "disk full"));
    CHECK(store_full(f->store));
    CHECK(fixture_number(f, "SELECT count(*) FROM events JOIN bodies ON event = seq") == stored);
    unlink(ballast);
    wait_for_space(f);
    int more = fill(f, stored, &t);
    CHECK(more > 10);
    fixture_close(f); /* full again: this must not hang, nor lose anything */
    CHECK(fixture_number(f, "SELECT count(*) FROM events JOIN bodies ON event = seq") ==
          stored + more);
    return 0;
}

/* ---- starting it and looking at what is left ---- */

struct acks {
    bool seen[128][CHAINS];
    int n;
};

static pid_t start(const char *dir, const char *task, const char *env, const char *value, int out)
{
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    if (env)
        setenv(env, value, 1);
    if (out != ACKS_FD) {
        dup2(out, ACKS_FD);
        close(out);
    }
    execl("/proc/self/exe", "store_crash_test", dir, task, (char *)NULL);
    _exit(1);
}

/* Reads what it says until it ends (or kills it after so many microseconds); its wait status. */
static int run_child(struct fixture *f, const char *task, const char *env, const char *value,
    long kill_us, struct acks *acks)
{
    int ends[2], status;
    char what;
    int n;
    memset(acks, 0, sizeof(*acks));
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid_t pid = start(f->dir, task, env, value, ends[1]);
    assert_true(pid > 0);
    close(ends[1]);
    if (kill_us >= 0) {
        struct timespec t = {kill_us / 1000000, kill_us % 1000000 * 1000};
        nanosleep(&t, NULL);
        kill(pid, SIGKILL);
    }
    FILE *in = fdopen(ends[0], "r");
    while (fscanf(in, "%c%d\n", &what, &n) == 2) {
        assert_in_range(n, 0, CHAINS - 1);
        acks->seen[(int)what][n] = true;
        acks->n++;
    }
    fclose(in);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static bool holds(sqlite3 *h, const char *sql, int n)
{
    sqlite3_stmt *st;
    if (sqlite3_prepare_v2(h, sql, -1, &st, NULL) || sqlite3_bind_int(st, 1, n) ||
        sqlite3_step(st) != SQLITE_ROW)
        fail_msg("%s: %s", sql, sqlite3_errmsg(h));
    bool is = sqlite3_column_int(st, 0) == 1;
    sqlite3_finalize(st);
    return is;
}

static void nothing_is_lost(struct fixture *f, const struct acks *acks)
{
    static const struct {
        char what;
        const char *sql;
    } facts[] = {
        {'E', "SELECT count(*) FROM events JOIN bodies ON event = seq WHERE id = 'evt_' || ?"},
        {'R', "SELECT count(*) FROM events e JOIN runs r ON r.event = e.seq"
              " WHERE routed AND r.id = 'run_' || ?"},
        {'I', "SELECT count(*) FROM steps WHERE key = 1 +"
              " ((SELECT n FROM runs WHERE id = 'run_' || ?) << 20)"},
        {'A', "SELECT count(*) FROM steps WHERE outcome = 'done' AND key = 1 +"
              " ((SELECT n FROM runs WHERE id = 'run_' || ?) << 20)"},
        {'D', "SELECT count(*) FROM runs WHERE state = 'done' AND id = 'run_' || ?"},
    };
    sqlite3 *h = fixture_sqlite(f);
    for (size_t k = 0; k < sizeof(facts) / sizeof(facts[0]); k++)
        for (int i = 0; i < CHAINS; i++)
            if (acks->seen[(int)facts[k].what][i] && !holds(h, facts[k].sql, i))
                fail_msg("%c%d was acknowledged and is lost", facts[k].what, i);
    sqlite3_close(h);
}

static void nothing_is_half(struct fixture *f)
{
    static const char *const none[] = {
        "SELECT count(*) FROM events LEFT JOIN bodies ON event = seq WHERE event IS NULL",
        "SELECT count(*) FROM bodies LEFT JOIN events ON event = seq WHERE seq IS NULL",
        "SELECT count(*) FROM events e WHERE routed <>"
        " (SELECT count(*) FROM runs WHERE event = e.seq)",
        "SELECT count(*) FROM runs r JOIN events e ON e.seq = r.event"
        " WHERE (r.state = 'done') <> (e.state = 'done')",
        "SELECT count(*) FROM runs r JOIN steps s ON s.key >> 20 = r.n"
        " WHERE r.state = 'done' AND s.outcome IS NULL",
        "SELECT count(*) FROM (SELECT state, sum(n) AS n FROM books WHERE state <> 'received'"
        " GROUP BY state) b WHERE n <> (SELECT count(*) FROM events e WHERE e.state = b.state)",
        "SELECT count(*) FROM events HAVING count(*) <>"
        " (SELECT coalesce(sum(n), 0) FROM books WHERE state = 'received')",
        "SELECT count(*) FROM pragma_foreign_key_check",
        "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'",
    };
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        char sql[512];
        snprintf(sql, sizeof(sql), "SELECT coalesce((%s), 0)", none[i]);
        if (fixture_number(f, sql) != 0)
            fail_msg("half done: %s", none[i]);
    }
}

static void look(struct fixture *f, const struct acks *acks)
{
    fixture_open(f); /* also recovers the log */
    nothing_is_lost(f, acks);
    nothing_is_half(f);
    fixture_close(f);
}

static void fresh(struct fixture *f)
{
    static const char *const names[] = {"sauma.db", "sauma.db-wal", "sauma.db-shm", "lock"};
    char path[128];
    for (int i = 0; i < 4; i++) {
        snprintf(path, sizeof(path), "%s/%s", f->dir, names[i]);
        if (unlink(path) && errno != ENOENT)
            fail_msg("%s: %s", path, strerror(errno));
    }
}

static void killed_at_random(void **state)
{
    struct fixture *f = *state;
    struct acks *acks = mem_alloc(sizeof(*acks));
    fixture_close(f);
    int with_acks = 0;
    uint32_t window_us = 60000; /* grows where the child is slow to start: under load, valgrind */
    for (int i = 0; i < 25; i++) {
        uint32_t random;
        fresh(f);
        assert_int_equal(getrandom(&random, sizeof(random), 0), sizeof(random));
        int status = run_child(f, "work", NULL, NULL, random % window_us, acks);
        assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
        with_acks += acks->n > 0;
        if (acks->n == 0)
            window_us += window_us / 4;
        look(f, acks);
    }
    assert_true(with_acks > 0);
    mem_free(acks);
}

static void left_alone_it_finishes(void **state)
{
    struct fixture *f = *state;
    struct acks *acks = mem_alloc(sizeof(*acks));
    fixture_close(f);
    int status = run_child(f, "work", NULL, NULL, -1, acks);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_int_equal(acks->n, CHAINS * 5);
    look(f, acks);
    mem_free(acks);
}

static void full_disk_refuses_and_heals(void **state)
{
    struct fixture *f = *state;
    struct acks *acks = mem_alloc(sizeof(*acks));
    fixture_close(f);
    int status = run_child(f, "full", NULL, NULL, -1, acks);
    mem_free(acks);
    if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_CANNOT)
        skip();
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

#ifdef SAUMA_FAULTS
static void killed_at_each_fault_point(void **state)
{
    static const struct {
        const char *name;
        int passes[5]; /* the highest that is certain to come is 1 for most */
    } points[] = {
        {"store_before_migrate", {1}},
        {"store_in_batch", {1, 2, 30, 150}},
        {"store_before_commit", {1, 2, 5, 12}},
        {"store_after_commit", {1, 2, 5, 12}},
        {"store_before_checkpoint", {1}},
        {"store_after_checkpoint", {1}},
    };
    struct fixture *f = *state;
    struct acks *acks = mem_alloc(sizeof(*acks));
    fixture_close(f);
    for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
        for (const int *n = points[i].passes; n < points[i].passes + 5 && *n; n++) {
            char value[64];
            fresh(f);
            snprintf(value, sizeof(value), "%s:%d", points[i].name, *n);
            int status = run_child(f, "work", "SAUMA_FAULT", value, -1, acks);
            if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
                fail_msg("%s: not reached (status %x)", value, status);
            look(f, acks);
        }
    }
    mem_free(acks);
}

static void failed_commit_ends_the_process(void **state)
{
    struct fixture *f = *state;
    struct acks *acks = mem_alloc(sizeof(*acks));
    fixture_close(f);
    int status = run_child(f, "work", "SAUMA_FAIL", "store_commit_io:4", -1, acks);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 74);
    assert_true(acks->n > 0);
    look(f, acks);
    mem_free(acks);
}

static void each_operation_fails_for_itself_when_full(void **state)
{
    struct fixture *f = *state;
    struct told t[8] = {0};
    /* The first pass breaks the batch; the next four are operations on their own. */
    setenv("SAUMA_FAIL", "store_full:1-5", 1);
    for (int i = 0; i < 8; i++) {
        char id[16];
        snprintf(id, sizeof(id), "evt_%d", i);
        add_event(f, id, "acme", id, "{}", &t[i]);
    }
    fixture_settle(f);
    unsetenv("SAUMA_FAIL");
    for (int i = 0; i < 8; i++) {
        if (i < 4) {
            assert_refused(t[i], ERR_IO);
            assert_non_null(strstr(t[i].e.text, "disk full"));
        } else {
            assert_told(t[i]);
        }
    }
    assert_true(store_full(f->store));
    wait_for_space(f);
    assert_int_equal(fixture_number(f, "SELECT count(*) FROM events"), 4);
    nothing_is_half(f);
}
#endif

#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

static int child_main(const char *dir, const char *task)
{
    struct fixture f = {0};
    snprintf(f.dir, sizeof(f.dir), "%s", dir);
    f.loop = loop_new(NULL);
    int rc = !strcmp(task, "full") ? run_out_of_space(&f) : work_until_killed(&f);
    loop_free(f.loop);
    return rc;
}

int main(int argc, char **argv)
{
    if (argc == 3)
        return child_main(argv[1], argv[2]);
    const struct CMUnitTest tests[] = {
        T(left_alone_it_finishes),
        T(killed_at_random),
        T(full_disk_refuses_and_heals),
#ifdef SAUMA_FAULTS
        T(killed_at_each_fault_point),
        T(failed_commit_ends_the_process),
        T(each_operation_fails_for_itself_when_full),
#endif
    };
    return cmocka_run_group_tests_name("store after a crash", tests, NULL, NULL);
}
