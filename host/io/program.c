#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "buf.h"
#include "mem.h"

extern char **environ;

struct program {
    struct loop *loop;
    pid_t pid;
    int pidfd, output; /* output: -1 when it was closed */
    struct loop_fd *exit_watch, *output_watch;
    struct loop_timer *timer;
    struct buf said;
    bool late;
    program_fn fn;
    void *arg;
};

/* Its process is gone already, or is ended here. */
static void release(struct program *p)
{
    if (p->exit_watch)
        loop_fd_free(p->exit_watch);
    if (p->output_watch)
        loop_fd_free(p->output_watch);
    if (p->timer)
        loop_timer_free(p->timer);
    if (p->pidfd >= 0)
        close(p->pidfd);
    if (p->output >= 0)
        close(p->output);
    buf_free(&p->said);
    mem_free(p);
}

static void read_output(struct program *p)
{
    char bytes[4096];
    ssize_t n;
    while ((n = read(p->output, bytes, sizeof(bytes))) > 0) {
        buf_add(&p->said, bytes, (size_t)n);
        if (p->said.n > PROGRAM_OUTPUT_MAX)
            buf_drain(&p->said, p->said.n - PROGRAM_OUTPUT_MAX);
    }
    if (n == 0 || errno != EAGAIN)
        loop_fd_watch(p->output_watch, false, false);
}

static void on_output(void *arg, bool readable, bool writable)
{
    read_output(arg);
}

static void on_exit_seen(void *arg, bool readable, bool writable)
{
    struct program *p = arg;
    int status;
    pid_t pid = waitpid(p->pid, &status, WNOHANG);
    if (pid == 0)
        return;
    read_output(p);
    struct program_result r = {.status = pid > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1,
        .late = p->late,
        .output = buf_str(&p->said)};
    p->fn(p->arg, &r);
    release(p);
}

static void too_late(void *arg)
{
    struct program *p = arg;
    p->late = true;
    kill(-p->pid, SIGKILL); /* and what it has started */
}

static int spawn(struct program *p, char *const argv[], int out, struct err *e)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    sigset_t none;
    sigemptyset(&none);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, out, 1);
    posix_spawn_file_actions_adddup2(&files, out, 2);
    posix_spawnattr_init(&attr);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setsigmask(&attr, &none);
    int rc = posix_spawn(&p->pid, argv[0], &files, &attr, argv, environ);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attr);
    if (rc)
        return err_set(e, ERR_IO, "%s cannot be started: %s", argv[0], strerror(rc));
    p->pidfd = (int)syscall(SYS_pidfd_open, p->pid, 0);
    if (p->pidfd >= 0)
        return 0;
    err_set(e, ERR_IO, "%s cannot be waited for: %s", argv[0], strerror(errno));
    kill(-p->pid, SIGKILL);
    waitpid(p->pid, NULL, 0);
    return -1;
}

struct program *program_start(
    struct loop *l, char *const argv[], int64_t timeout_ms, program_fn fn, void *arg, struct err *e)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC)) {
        err_set(e, ERR_IO, "no pipe: %s", strerror(errno));
        return NULL;
    }
    struct program *p = mem_zalloc(1, sizeof(*p));
    *p = (struct program){.loop = l, .pidfd = -1, .output = ends[0], .fn = fn, .arg = arg};
    buf_init(&p->said, PROGRAM_OUTPUT_MAX + 4096);
    fcntl(p->output, F_SETFL, O_NONBLOCK);
    int rc = spawn(p, argv, ends[1], e);
    close(ends[1]);
    if (rc < 0) {
        release(p);
        return NULL;
    }
    p->exit_watch = loop_fd_new(l, p->pidfd, on_exit_seen, p);
    p->output_watch = loop_fd_new(l, p->output, on_output, p);
    p->timer = loop_timer_new(l, too_late, p);
    loop_fd_watch(p->exit_watch, true, false);
    loop_fd_watch(p->output_watch, true, false);
    loop_timer_arm(p->timer, timeout_ms);
    return p;
}

void program_free(struct program *p)
{
    if (!p)
        return;
    kill(-p->pid, SIGKILL);
    while (waitpid(p->pid, NULL, 0) < 0 && errno == EINTR) {
    }
    release(p);
}
