/* The whole script process as the host starts it: confined, over descriptors 3 and 4; and that the
 * confinement holds. */
#include "fake_host.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "confine.h"
#include "script.h"

static int wait_for(pid_t pid)
{
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

/* Descriptors 3 and 4 of a child become a socket and a page; the rest of it is script_main. */
static pid_t start(int *ours, struct child_page **page)
{
    int pair[2], memory = memfd_create("page", 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_int_equal(ftruncate(memory, 4096), 0);
    *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
    assert_true(*page != MAP_FAILED);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        int socket = fcntl(pair[1], F_DUPFD, 20), map = fcntl(memory, F_DUPFD, 20);
        dup2(socket, 3);
        dup2(map, 4);
        for (int fd = 5; fd < 40; fd++)
            close(fd);
        _exit(script_main());
    }
    close(pair[1]);
    close(memory);
    *ours = pair[0];
    return pid;
}

static bool receive(int fd, struct buf *in, struct wire_msg *m)
{
    size_t used = 0;
    struct err e = {0};
    while (wire_get(in->p, in->n, m, &used, &e) == 0) {
        char *to = buf_room(in, 65536);
        ssize_t n = read(fd, to, 65536);
        if (n <= 0)
            return false;
        in->n += (size_t)n;
    }
    return true;
}

static void test_process(void **state)
{
    struct child_page *page;
    int fd;
    pid_t pid = start(&fd, &page);
    struct buf out, in;
    struct wire_msg m = {0};
    buf_init(&out, 1 << 20);
    buf_init(&in, 1 << 20);
    char *system = bundle_of("lua/boot.lua", boot_source, NULL);
    char *company = bundle_of("company.lua",
        "return function(a) local t = {} for i = 1, 1e5 do t[i] = { i } end\n"
        "  for i = 1, 300 do t['k' .. i] = 1 end local s = 0 for k in pairs(t) do s = s + 1 end\n"
        "  if a.loop then while true do end end return { s, pcall(error, {}), math.random(3) ~= 4 } end",
        NULL);
    struct wire_msg system_message = {
        .type = WIRE_SYSTEM, .nparts = 2, .part = {STR_LIT("h"), str_of(system)}};
    struct wire_msg load = {.type = WIRE_LOAD,
        .id = 1,
        .nparts = 6,
        .part = {STR_LIT("c"), STR_LIT("company"), STR_LIT("boot"), STR_LIT("h"), str_of(company),
            STR_LIT("{\"limits\":{\"burst_ms\":2000}}")}};
    wire_put(&out, &system_message);
    wire_put(&out, &load);
    for (uint64_t id = 2; id < 5; id++) {
        struct wire_msg call = {.type = WIRE_CALL,
            .id = id,
            .nparts = 4,
            .part = {STR_LIT("c"), STR_LIT("run"),
                id == 3 ? STR_LIT("{\"loop\":true}") : STR_LIT("{}"), STR_NONE}};
        wire_put(&out, &call);
    }
    assert_int_equal(write(fd, out.p, out.n), out.n);
    static const char *const wanted[] = {"ok", "returned", "limit", "returned"};
    for (size_t i = 0; i < COUNT(wanted); i++) {
        size_t used;
        struct err e;
        assert_true(receive(fd, &in, &m));
        assert_int_equal(m.id, i + 1);
        assert_true(str_is(m.part[0], wanted[i]));
        assert_int_equal(wire_get(in.p, in.n, &m, &used, &e), 1);
        buf_drain(&in, used);
    }
    assert_int_equal(page->current, 0);
    assert_true(page->beat >= 4);
    close(fd);
    int status = wait_for(pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    munmap(page, 4096);
    buf_free(&out);
    buf_free(&in);
    mem_free(system);
    mem_free(company);
}

static void test_nonsense_ends_it(void **state)
{
    struct child_page *page;
    int fd;
    pid_t pid = start(&fd, &page);
    assert_int_equal(write(fd, "GET / HTTP/1.1\r\n\r\n", 18), 18);
    int status = wait_for(pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 1);
    close(fd);
    munmap(page, 4096);
}

static void try_open(void)
{
    if (open("/etc/hostname", O_RDONLY) < 0)
        _exit(EPERM);
}
static void try_socket(void)
{
    if (socket(AF_INET, SOCK_STREAM, 0) < 0)
        _exit(EPERM);
}
static void try_fork(void)
{
    if (fork() < 0)
        _exit(EPERM);
}
static void try_exec(void)
{
    execl("/bin/true", "true", (char *)NULL);
    _exit(EPERM);
}
static void try_kill(void)
{
    if (kill(getppid(), 0) < 0)
        _exit(EPERM);
}
static void try_memfd(void)
{
    if (memfd_create("x", 0) < 0)
        _exit(EPERM);
}
static void try_priority(void)
{
    if (setpriority(PRIO_PROCESS, 0, 5) < 0)
        _exit(EPERM);
}
/* No network, by whatever way: nor a network of its own. */
static void try_socketpair(void)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
        _exit(EPERM);
}
static void try_namespace(void)
{
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
        _exit(EPERM);
}
static void try_ring(void)
{
    char parameters[256] = {0};
    if (syscall(SYS_io_uring_setup, 1, parameters) < 0)
        _exit(errno == EPERM ? EPERM : 0);
}
static void try_ptrace(void)
{
    if (syscall(SYS_ptrace, 16 /* PTRACE_ATTACH */, getppid(), NULL, NULL) < 0)
        _exit(EPERM);
}

/* A call that is not on the list ends the process; under a sanitizer it fails. */
static void test_filter(void **state)
{
    static void (*const tries[])(void) = {try_open, try_socket, try_fork, try_exec, try_kill,
        try_memfd, try_priority, try_socketpair, try_namespace, try_ring, try_ptrace};
    for (size_t i = 0; i < COUNT(tries); i++) {
        fflush(NULL);
        pid_t pid = fork();
        if (pid == 0) {
            struct err e = {0};
            if (confine((size_t)1 << 40, true, &e) < 0)
                _exit(100);
            tries[i]();
            _exit(0);
        }
        int status = wait_for(pid);
        if (WIFSIGNALED(status))
            assert_int_equal(WTERMSIG(status), SIGSYS);
        else
            assert_int_equal(WEXITSTATUS(status), EPERM);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_process),
        cmocka_unit_test(test_nonsense_ends_it),
        cmocka_unit_test(test_filter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
