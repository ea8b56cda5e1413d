/* Starts a child process that inherits two descriptors and nothing else. */
#include "child_spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE_SIZE 4096

/* All descriptors that are made on the way, so that one place closes what is left. */
struct ends {
    int ours, theirs;       /* the socket pair */
    int page;               /* memfd */
    int report[2];          /* pipe for the errno of a failed exec */
    struct child_page *map; /* of page */
};

static void ends_close(struct ends *x)
{
    int *all[] = {&x->ours, &x->theirs, &x->page, &x->report[0], &x->report[1]};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (*all[i] >= 0)
            close(*all[i]);
        *all[i] = -1;
    }
}

/* The child may write the page but not shrink the file: reading would end this process. */
static int page_make(struct ends *x, struct err *e)
{
    x->page = memfd_create("sauma-page", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (x->page < 0 || ftruncate(x->page, PAGE_SIZE) ||
        fcntl(x->page, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
        return err_set(e, ERR_IO, "cannot make a shared page: %s", strerror(errno));
    void *map = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, x->page, 0);
    if (map == MAP_FAILED)
        return err_set(e, ERR_IO, "cannot map a shared page: %s", strerror(errno));
    x->map = map;
    return 0;
}

static int ends_open(struct ends *x, struct err *e)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
        return err_set(e, ERR_IO, "cannot make a socket pair: %s", strerror(errno));
    x->ours = pair[0];
    x->theirs = pair[1];
    if (fcntl(x->ours, F_SETFL, O_NONBLOCK))
        return err_set(e, ERR_IO, "cannot make a socket non-blocking: %s", strerror(errno));
    if (pipe2(x->report, O_CLOEXEC)) {
        x->report[0] = x->report[1] = -1;
        return err_set(e, ERR_IO, "cannot make a pipe: %s", strerror(errno));
    }
    return page_make(x, e);
}

/* ---- in the child, between vfork and exec: it has the memory of the host, so async-signal-safe
 * calls only, and nothing is written but what is its own ---- */

static void reset_signals(void)
{
    struct sigaction usual = {.sa_handler = SIG_DFL};
    for (int i = 1; i < NSIG; i++)
        sigaction(i, &usual, NULL); /* fails for SIGKILL, SIGSTOP and those of the library */
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Moves the descriptors to their numbers. They are taken out of the way first: they may be each
 * other's number. The report pipe lives until exec. */
static bool place_descriptors(const struct ends *x, int *report)
{
    int socket = fcntl(x->theirs, F_DUPFD_CLOEXEC, 16);
    int page = fcntl(x->page, F_DUPFD_CLOEXEC, 16);
    *report = fcntl(x->report[1], F_DUPFD_CLOEXEC, 16);
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (socket < 0 || page < 0 || *report < 0 || nothing < 0)
        return false;
    if (dup2(nothing, 0) < 0 || dup2(nothing, 1) < 0 || dup2(socket, CHILD_SOCKET) < 0 ||
        dup2(page, CHILD_PAGE) < 0)
        return false;
    return close_range(CHILD_PAGE + 1, ~0U, CLOSE_RANGE_CLOEXEC) == 0;
}

static _Noreturn void become(
    const struct ends *x, pid_t parent, char *const argv[], char *const env[], bool own_group)
{
    int report = x->report[1];
    reset_signals();
    if (own_group)
        setsid(); /* the kernel makes a scheduling group of each session: see sched(7) */
    if (place_descriptors(x, &report) && prctl(PR_SET_PDEATHSIG, SIGKILL) == 0) {
        if (getppid() != parent)
            _exit(0); /* it died before the line above: nobody would tell us */
        execve(argv[0], argv, env);
    }
    int error = errno;
    ssize_t n = write(report < 0 ? x->report[1] : report, &error, sizeof(error));
    _exit(n > 0 ? 127 : 126);
}

/* ---- in the host ---- */

/* Not fork: that copies the page tables of a large host, milliseconds in which nobody is served,
 * and each page that is written afterwards costs a fault. This thread waits until exec; no handler
 * of the host's may run in the child meanwhile. */
static pid_t start(const struct ends *x, char *const argv[], char *const env[], bool own_group)
{
    sigset_t all, before;
    pid_t parent = getpid();
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    pid_t pid = vfork();
    if (pid == 0)
        become(x, parent, argv, env, own_group);
    int error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return pid;
}

/* What exec said, if it failed: the pipe was closed by it else. */
static int exec_error(struct ends *x)
{
    close(x->report[1]);
    x->report[1] = -1;
    int error = 0;
    ssize_t n;
    do {
        n = read(x->report[0], &error, sizeof(error));
    } while (n < 0 && errno == EINTR);
    return n == (ssize_t)sizeof(error) ? error : 0;
}

static int fail_after_start(pid_t pid, struct err *e, const char *path, int error)
{
    kill(pid, SIGKILL);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
    }
    return err_set(e, ERR_IO, "cannot start %s: %s", path, strerror(error));
}

/* Opened at once: a script process soon belongs to nobody but root, to whom a host need not run.
 * -1 where the kernel knows no such groups. */
static int open_group(pid_t pid)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/autogroup", (int)pid);
    return open(path, O_WRONLY | O_CLOEXEC);
}

int child_spawn(
    char *const argv[], char *const env[], bool own_group, struct child_spawned *out, struct err *e)
{
    struct ends x = {.ours = -1, .theirs = -1, .page = -1, .report = {-1, -1}};
    int rc = -1;
    if (ends_open(&x, e))
        goto out;
    pid_t pid = start(&x, argv, env, own_group);
    if (pid < 0) {
        err_set(e, ERR_IO, "cannot start a process: %s", strerror(errno));
        goto out;
    }
    int error = exec_error(&x);
    int pidfd = error ? -1 : (int)syscall(SYS_pidfd_open, pid, 0);
    if (pidfd < 0) {
        fail_after_start(pid, e, argv[0], error ? error : errno);
        goto out;
    }
    *out = (struct child_spawned){pid, pidfd, x.ours, own_group ? open_group(pid) : -1, x.map};
    x.ours = -1;
    x.map = NULL;
    rc = 0;
out:
    ends_close(&x);
    child_unmap(x.map);
    return rc;
}

void child_unmap(struct child_page *page)
{
    if (page)
        munmap(page, PAGE_SIZE);
}
