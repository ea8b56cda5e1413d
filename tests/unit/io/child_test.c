/* Child processes: this test program starts itself again and plays the child's part as its first
 * argument says. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "child.h"
#include "mem.h"

/* ---- the child's part ------------------------------------------------------------------------ */

static void put(const struct wire_msg *m)
{
    struct buf b;
    buf_init(&b, BUF_MAX_DEFAULT * 2);
    wire_put(&b, m);
    for (size_t at = 0; at < b.n;) {
        ssize_t n = write(CHILD_SOCKET, b.p + at, b.n - at);
        if (n <= 0)
            _exit(9);
        at += (size_t)n;
    }
    buf_free(&b);
}

static void say(const char *text)
{
    struct wire_msg m = {.type = WIRE_LOG, .nparts = 1, .part = {str_of(text)}};
    put(&m);
}

/* Sends every message back until the socket is closed. */
static int play_echo(void)
{
    struct buf in;
    struct err e;
    buf_init(&in, WIRE_FRAME_MAX * 2);
    for (;;) {
        struct wire_msg m;
        size_t used;
        while (wire_get(in.p, in.n, &m, &used, &e) == 1) {
            put(&m);
            buf_drain(&in, used);
        }
        char *room = buf_room(&in, 65536);
        ssize_t n = room ? read(CHILD_SOCKET, room, 65536) : -1;
        if (n <= 0)
            break;
        in.n += (size_t)n;
    }
    buf_free(&in);
    return 0;
}

/* Tells what it was given: descriptors, environment, signals. */
static int play_tell(void)
{
    char text[4096] = "fds";
    DIR *d = opendir("/proc/self/fd");
    for (struct dirent *x; (x = readdir(d));)
        if (x->d_name[0] != '.' && atoll(x->d_name) != dirfd(d))
            snprintf(text + strlen(text), sizeof(text) - strlen(text), " %s", x->d_name);
    closedir(d);
    for (char **v = environ; *v; v++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), " env %s", *v);
    struct sigaction pipes;
    sigset_t blocked;
    sigaction(SIGPIPE, NULL, &pipes);
    sigprocmask(SIG_SETMASK, NULL, &blocked);
    snprintf(text + strlen(text), sizeof(text) - strlen(text), " pipe %s usr1 %s",
        pipes.sa_handler == SIG_DFL ? "usual" : "other",
        sigismember(&blocked, SIGUSR1) ? "blocked" : "open");
    say(text);
    return 3;
}

static struct child_page *page(void)
{
    return mmap(NULL, sizeof(struct child_page), PROT_READ | PROT_WRITE, MAP_SHARED, CHILD_PAGE, 0);
}

/* Says that it works on call 77, tries to shrink the page under the host, and crashes. */
static int play_crash(void)
{
    page()->current = 77;
    say(ftruncate(CHILD_PAGE, 0) ? "kept" : "shrunk");
    abort();
}

/* Many messages and an end right behind them. */
static int play_many(void)
{
    char text[32];
    for (int i = 0; i < 10000; i++) {
        snprintf(text, sizeof(text), "%d", i);
        say(text);
    }
    return 0;
}

static int play(const char *part)
{
    if (!strcmp(part, "echo"))
        return play_echo();
    if (!strcmp(part, "tell"))
        return play_tell();
    if (!strcmp(part, "crash"))
        return play_crash();
    if (!strcmp(part, "many"))
        return play_many();
    if (!strcmp(part, "garbage"))
        return write(CHILD_SOCKET, "\xff\xff\xff\xff garbage that is no frame", 30) < 0;
    if (!strcmp(part, "deaf"))
        close(CHILD_SOCKET);
    for (;;) /* "asleep" and "deaf" */
        pause();
}

/* ---- the host's part ------------------------------------------------------------------------- */

struct fixture {
    struct loop *loop;
    struct child *child;
    int messages, gone;
    int stop_after; /* messages */
    bool free_in_message;
    bool in_order;
    char last[8192];
    char how[300];
    uint64_t current;
    size_t bytes;
};

static void on_message(void *arg, const struct wire_msg *m)
{
    struct fixture *f = arg;
    assert_int_equal(f->gone, 0);
    snprintf(f->last, sizeof(f->last), "%.*s", STR_ARG(m->part[0]));
    f->in_order = f->in_order && atoll(f->last) == f->messages;
    for (int i = 0; i < m->nparts; i++)
        f->bytes += m->part[i].n;
    f->messages++;
    if (f->free_in_message) {
        child_free(f->child);
        f->child = NULL;
        loop_stop(f->loop);
    } else if (f->messages == f->stop_after) {
        loop_stop(f->loop);
    }
}

static void on_gone(void *arg, const char *how, uint64_t current)
{
    struct fixture *f = arg;
    f->gone++;
    f->current = current;
    snprintf(f->how, sizeof(f->how), "%s", how);
    child_free(f->child); /* allowed from inside */
    f->child = NULL;
    loop_stop(f->loop);
}

static void start(struct fixture *f, const char *part)
{
    char *argv[] = {(char *)(uintptr_t)child_self(), (char *)(uintptr_t)part, NULL};
    char *env[] = {(char *)(uintptr_t) "ONLY=this", NULL};
    struct child_handlers h = {on_message, on_gone, f};
    struct err e = {0};
    f->messages = f->gone = f->stop_after = 0;
    f->bytes = 0;
    f->in_order = true;
    f->child = child_start(f->loop, argv, env, false, &h, &e);
    if (!f->child)
        fail_msg("%s", e.text);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct err e;
    f->loop = loop_new(&e);
    *state = f;
    return f->loop ? 0 : -1;
}

static void stop(void *arg)
{
    loop_stop(arg);
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    child_free(f->child);
    loop_post(f->loop, stop, f->loop);
    loop_run(f->loop);
    loop_free(f->loop);
    free(f);
    return waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD ? 0 : -1; /* none is left */
}

static void it_gets_two_descriptors_and_nothing_else(void **state)
{
    struct fixture *f = *state;
    sigset_t usr1;
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    sigprocmask(SIG_BLOCK, &usr1, NULL);
    signal(SIGPIPE, SIG_IGN);
    int extra = open("/dev/null", O_RDONLY); /* without close-on-exec */
    start(f, "tell");
    loop_run(f->loop);
    close(extra);
    sigprocmask(SIG_UNBLOCK, &usr1, NULL);
    assert_string_equal(f->last, "fds 0 1 2 3 4 env ONLY=this pipe usual usr1 open");
    assert_string_equal(f->how, "exited with status 3");
    assert_int_equal(f->gone, 1);
    assert_int_equal(f->current, 0);
}

static void messages_go_both_ways(void **state)
{
    struct fixture *f = *state;
    start(f, "echo");
    char text[32];
    for (int i = 0; i < 5000; i++) {
        snprintf(text, sizeof(text), "%d", i);
        struct wire_msg m = {.type = WIRE_CALL, .nparts = 1, .part = {str_of(text)}};
        child_send(f->child, &m);
    }
    f->stop_after = 5000;
    loop_run(f->loop);
    assert_true(f->in_order);
    assert_int_equal(f->messages, 5000);
}

/* Far more than the sockets hold, both ways at once: who only writes would wait for ever. */
static void large_messages_pass_in_both_directions(void **state)
{
    struct fixture *f = *state;
    size_t big = (size_t)20 << 20;
    char *bytes = mem_alloc(big);
    memset(bytes, 'x', big);
    start(f, "echo");
    struct wire_msg m = {.type = WIRE_ANSWER, .nparts = 2, .part = {STR_LIT("big"), {bytes, big}}};
    for (int i = 0; i < 5; i++)
        child_send(f->child, &m);
    f->stop_after = 5;
    loop_run(f->loop);
    assert_int_equal(f->bytes, 5 * (big + 3));
    assert_int_equal(f->gone, 0);
    mem_free(bytes);
}

static void last_messages_are_read_before_the_end_is_told(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 20; i++) {
        start(f, "many");
        loop_run(f->loop);
        assert_int_equal(f->messages, 10000);
        assert_true(f->in_order);
        assert_string_equal(f->how, "exited with status 0");
    }
}

static void a_crash_says_what_was_worked_on(void **state)
{
    struct fixture *f = *state;
    start(f, "crash");
    loop_run(f->loop);
    assert_string_equal(f->last, "kept");
    assert_string_equal(f->how, "was ended by signal 6 (SIGABRT)");
    assert_int_equal(f->current, 77);
    assert_int_equal(f->gone, 1);
}

static void a_child_can_be_killed(void **state)
{
    struct fixture *f = *state;
    start(f, "asleep");
    child_kill(f->child);
    child_kill(f->child);
    loop_run(f->loop);
    assert_string_equal(f->how, "was ended by the host");
    assert_int_equal(f->gone, 1);
}

static void what_is_malformed_ends_the_child(void **state)
{
    struct fixture *f = *state;
    start(f, "garbage");
    loop_run(f->loop);
    assert_non_null(strstr(f->how, "malformed message"));
    assert_int_equal(f->messages, 0);
    start(f, "deaf");
    loop_run(f->loop);
    assert_string_equal(f->how, "closed its socket and was ended");
}

static void a_child_that_does_not_read_is_ended(void **state)
{
    struct fixture *f = *state;
    size_t big = (size_t)32 << 20;
    char *bytes = mem_alloc(big);
    memset(bytes, 'x', big);
    start(f, "asleep");
    struct wire_msg m = {.type = WIRE_ANSWER, .nparts = 1, .part = {{bytes, big}}};
    for (int i = 0; i < 9; i++)
        child_send(f->child, &m);
    loop_run(f->loop);
    assert_string_equal(f->how, "did not read its messages and was ended");
    mem_free(bytes);
}

static void freeing_tells_nothing(void **state)
{
    struct fixture *f = *state;
    start(f, "asleep"); /* has to be killed */
    child_free(f->child);
    start(f, "echo"); /* ends by itself */
    struct wire_msg m = {.type = WIRE_DROP, .nparts = 1, .part = {STR_LIT("0")}};
    child_send(f->child, &m);
    child_free(f->child);
    start(f, "many"); /* freed from inside its first message */
    f->free_in_message = true;
    loop_run(f->loop);
    assert_int_equal(f->messages, 1);
    assert_int_equal(f->gone, 0);
}

static void what_cannot_be_run_is_an_error(void **state)
{
    struct fixture *f = *state;
    char *argv[] = {(char *)(uintptr_t) "/no/such/program", NULL};
    char *env[] = {NULL};
    struct child_handlers h = {on_message, on_gone, f};
    struct err e = {0};
    assert_null(child_start(f->loop, argv, env, false, &h, &e));
    assert_string_equal(e.text, "cannot start /no/such/program: No such file or directory");
}

/* A host of its own starts a child and is killed: the child goes with it. */
static void a_child_dies_with_its_parent(void **state)
{
    int report[2];
    assert_int_equal(pipe(report), 0);
    pid_t host = fork();
    if (host == 0) {
        struct fixture *f = calloc(1, sizeof(*f));
        struct err e;
        f->loop = loop_new(&e);
        start(f, "asleep");
        pid_t pid = child_pid(f->child);
        if (write(report[1], &pid, sizeof(pid)) < 0)
            _exit(1);
        pause();
    }
    pid_t pid = 0;
    assert_int_equal(read(report[0], &pid, sizeof(pid)), sizeof(pid));
    kill(host, SIGKILL);
    waitpid(host, NULL, 0);
    char path[64], line[256];
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    for (;;) { /* until it is gone, or a zombie that nobody waits for */
        FILE *in = fopen(path, "r");
        bool dead = !in || !fgets(line, sizeof(line), in) || strstr(line, ") Z");
        if (in)
            fclose(in);
        if (dead)
            break;
        usleep(1000);
    }
    close(report[0]);
    close(report[1]);
}

int main(int argc, char **argv)
{
    if (argc == 2)
        return play(argv[1]);
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(it_gets_two_descriptors_and_nothing_else),
        TEST(messages_go_both_ways),
        TEST(large_messages_pass_in_both_directions),
        TEST(last_messages_are_read_before_the_end_is_told),
        TEST(a_crash_says_what_was_worked_on),
        TEST(a_child_can_be_killed),
        TEST(what_is_malformed_ends_the_child),
        TEST(a_child_that_does_not_read_is_ended),
        TEST(freeing_tells_nothing),
        TEST(what_cannot_be_run_is_an_error),
        TEST(a_child_dies_with_its_parent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
