/* A child process and its message channel. Messages are gathered during a turn of the loop and
 * leave in one write; what the socket does not take waits for it to become writable. The child is
 * over when its process has ended; its last messages are read first, then `gone` is called. */
#include "child.h"

#include <errno.h>
#include <linux/sched.h>
#include <linux/sched/types.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "child_spawn.h"
#include "mem.h"

#define READ_SIZE   ((size_t)256 << 10) /* bytes of one read */
#define READS_MAX   4                   /* reads in a row, so that other descriptors get a turn */
#define KEEP_MAX    ((size_t)1 << 20)   /* an empty buffer larger than this is given back */
#define NICE_MOST   19
#define FAREWELL_MS 200 /* what a child without a socket gets to end by itself */

struct child {
    struct loop *loop;
    struct child_handlers on;
    struct child_spawned p; /* socket is -1 once closed */
    struct loop_fd *socket_watch, *exit_watch;
    struct loop_timer *patience; /* armed when it closed its socket but goes on */
    struct buf in, out;
    size_t sent; /* bytes of out that are gone */
    bool flush_posted;
    int calls; /* handlers under way: freeing waits for them */
    bool over; /* gone was called, or child_free was */
    bool free_wanted;
    int group_nice; /* of its scheduling group */
    char why[256];  /* why it was killed, if it was */
    bool struck;    /* see child_was_struck */
};

static void release(struct child *c)
{
    buf_free(&c->in);
    buf_free(&c->out);
    child_unmap(c->p.page);
    mem_free(c);
}

static void close_socket(struct child *c)
{
    if (c->p.socket < 0)
        return;
    loop_fd_free(c->socket_watch);
    c->socket_watch = NULL;
    close(c->p.socket);
    c->p.socket = -1;
}

static void kill_because(struct child *c, const char *why)
{
    if (!c->why[0])
        snprintf(c->why, sizeof(c->why), "%s", why);
    /* Not yet waited for, so the number is still its own. */
    kill(c->p.pid, SIGKILL);
}

/* ---- sending --------------------------------------------------------------------------------- */

static void send_waiting(struct child *c)
{
    while (c->p.socket >= 0 && c->sent < c->out.n) {
        ssize_t n = send(c->p.socket, c->out.p + c->sent, c->out.n - c->sent, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN) {
            loop_fd_watch(c->socket_watch, true, true);
            return;
        }
        if (n < 0)
            break; /* it closed its end: reading finds that out and says so */
        c->sent += (size_t)n;
    }
    c->sent = 0;
    if (c->out.cap > KEEP_MAX)
        buf_free(&c->out);
    else
        buf_clear(&c->out);
    if (c->p.socket >= 0)
        loop_fd_watch(c->socket_watch, true, false);
}

static void flush_run(void *arg)
{
    struct child *c = arg;
    c->flush_posted = false;
    send_waiting(c);
}

/* What was sent goes once it is half of the buffer, so that moving the rest stays cheap. */
static void drop_sent(struct child *c)
{
    if (c->sent < READ_SIZE || c->sent < c->out.n / 2)
        return;
    buf_drain(&c->out, c->sent);
    c->sent = 0;
}

void child_send(struct child *c, const struct wire_msg *m)
{
    if (c->over || c->p.socket < 0)
        return;
    drop_sent(c);
    if (wire_put(&c->out, m)) {
        kill_because(c, "did not read its messages and was ended");
        close_socket(c);
        return;
    }
    if (c->flush_posted)
        return;
    c->flush_posted = true;
    loop_post(c->loop, flush_run, c);
}

/* ---- receiving ------------------------------------------------------------------------------- */

/* Hands over all whole messages of the buffer. False if they are malformed. */
static bool hand_over(struct child *c)
{
    size_t at = 0;
    struct err e = {0};
    while (!c->over && at < c->in.n) {
        struct wire_msg m;
        size_t used;
        int got = wire_get(c->in.p + at, c->in.n - at, &m, &used, &e);
        if (got < 0) {
            char why[sizeof(c->why)];
            snprintf(why, sizeof(why), "sent a malformed message and was ended: %.180s", e.text);
            kill_because(c, why);
            return false;
        }
        if (got == 0)
            break;
        at += used;
        c->on.message(c->on.arg, &m);
    }
    if (!c->over)
        buf_drain(&c->in, at);
    if (c->in.n == 0 && c->in.cap > KEEP_MAX)
        buf_free(&c->in);
    return true;
}

/* One read: true if there may be more. */
static bool read_some(struct child *c)
{
    char *room = buf_room(&c->in, READ_SIZE);
    if (!room) { /* wire_get refuses a frame over its maximum long before */
        kill_because(c, "sent more than a message may hold and was ended");
        close_socket(c);
        return false;
    }
    ssize_t n = recv(c->p.socket, room, READ_SIZE, 0);
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return errno == EINTR;
    if (n <= 0) {
        close_socket(c);
        loop_timer_arm(c->patience, FAREWELL_MS);
        return false;
    }
    c->in.n += (size_t)n;
    if (!hand_over(c)) {
        close_socket(c);
        return false;
    }
    return (size_t)n == READ_SIZE;
}

static void enter(struct child *c)
{
    c->calls++;
}

static void leave(struct child *c)
{
    if (--c->calls == 0 && c->free_wanted)
        release(c);
}

static void socket_ready(void *arg, bool readable, bool writable)
{
    struct child *c = arg;
    enter(c);
    if (writable)
        send_waiting(c);
    for (int i = 0; readable && i < READS_MAX; i++)
        if (c->over || c->p.socket < 0 || !read_some(c))
            break;
    leave(c);
}

/* ---- the end --------------------------------------------------------------------------------- */

static void say_how(const struct child *c, int status, char *how, size_t n)
{
    if (c->why[0])
        snprintf(how, n, "%s", c->why);
    else if (WIFEXITED(status))
        snprintf(how, n, "exited with status %d", WEXITSTATUS(status));
    else if (WIFSIGNALED(status))
        snprintf(how, n, "was ended by signal %d (SIG%s)", WTERMSIG(status),
            sigabbrev_np(WTERMSIG(status)) ? sigabbrev_np(WTERMSIG(status)) : "?");
    else
        snprintf(how, n, "ended");
}

/* Without its socket it is of no use, whatever it still does. */
static void patience_ended(void *arg)
{
    kill_because(arg, "closed its socket and was ended");
}

static void end_watching(struct child *c)
{
    close_socket(c);
    loop_timer_free(c->patience);
    c->patience = NULL;
    loop_fd_free(c->exit_watch);
    c->exit_watch = NULL;
    close(c->p.pidfd);
    if (c->p.group >= 0)
        close(c->p.group);
}

static void process_ended(void *arg, bool readable, bool writable)
{
    struct child *c = arg;
    int status = 0;
    pid_t pid = waitpid(c->p.pid, &status, WNOHANG);
    if (pid == 0 || (pid < 0 && errno == EINTR))
        return;
    enter(c);
    while (!c->over && c->p.socket >= 0 && read_some(c)) {
    }
    if (!c->over) {
        char how[300];
        say_how(c, status, how, sizeof(how));
        c->struck = !c->why[0] && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
        end_watching(c);
        c->over = true;
        c->on.gone(c->on.arg, how, c->p.page->current);
    }
    leave(c);
}

/* ---- public ---------------------------------------------------------------------------------- */

struct child *child_start(struct loop *l, char *const argv[], char *const env[], bool own_group,
    const struct child_handlers *h, struct err *e)
{
    struct child_spawned p;
    if (child_spawn(argv, env, own_group, &p, e))
        return NULL;
    struct child *c = mem_zalloc(1, sizeof(*c));
    c->loop = l;
    c->on = *h;
    c->p = p;
    buf_init(&c->in, WIRE_FRAME_MAX + 2 * READ_SIZE);
    buf_init(&c->out, CHILD_QUEUE_MAX);
    c->patience = loop_timer_new(l, patience_ended, c);
    c->socket_watch = loop_fd_new(l, p.socket, socket_ready, c);
    loop_fd_watch(c->socket_watch, true, false);
    c->exit_watch = loop_fd_new(l, p.pidfd, process_ended, c);
    loop_fd_watch(c->exit_watch, true, false);
    return c;
}

void child_kill(struct child *c)
{
    if (!c->over)
        kill_because(c, "was ended by the host");
}

/* A group's niceness counts between sessions, a process's own within its session, or among all
 * where the kernel makes no groups of them: so it gets both. Not SCHED_IDLE: to the kernel a
 * processor with nothing but such processes is idle, and it leaves others there to wait for as long
 * as a tick, since a group never is (measured: their p99 was three times as long). */
#define STEP_BACK 10 /* nicer than it was by: a tenth of what another gets */
/* With a long slice whoever wakes up takes its processor at once (since Linux 6.12; before, the
 * lower priority does), where otherwise it would go on for some milliseconds. */
#define STEP_BACK_RUN (UINT64_C(100000000)) /* ns; as long as the kernel allows */

/* Somebody who is not root may do it ten times a second in all; it is tried again then. */
static void set_group_nice(struct child *c, int nice)
{
    char text[16];
    int n = snprintf(text, sizeof(text), "%d", nice);
    if (c->p.group >= 0 && nice != c->group_nice && write(c->p.group, text, (size_t)n) == n)
        c->group_nice = nice;
}

/* The calls are refused by no kernel that has them; and a process that could not step back costs
 * others time, nothing else. */
void child_step_back(struct child *c)
{
    if (c->over)
        return;
    int nice = getpriority(PRIO_PROCESS, (id_t)c->p.pid) + STEP_BACK;
    struct sched_attr a = {.size = sizeof(a),
        .sched_policy = SCHED_NORMAL,
        .sched_nice = nice < NICE_MOST ? nice : NICE_MOST,
        .sched_runtime = STEP_BACK_RUN};
    syscall(SYS_sched_setattr, c->p.pid, &a, 0);
    set_group_nice(c, NICE_MOST);
}

void child_yield(struct child *c, bool most)
{
    if (!c->over)
        set_group_nice(c, most ? NICE_MOST : STEP_BACK);
}

void child_hold(struct child *c, int percent)
{
    c->p.page->percent = (uint32_t)percent;
}

bool child_was_struck(const struct child *c)
{
    return c->struck;
}

pid_t child_pid(const struct child *c)
{
    return c->p.pid;
}

int64_t child_cpu_ms(const struct child *c)
{
    clockid_t clock;
    struct timespec t;
    if (clock_getcpuclockid(c->p.pid, &clock) || clock_gettime(clock, &t))
        return -1;
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void child_limit_cpu(struct child *c, int64_t ms)
{
    struct rlimit l;
    if (c->over || getrlimit(RLIMIT_CPU, &l))
        return;
    l.rlim_cur = (rlim_t)(ms / 1000 + 1);
    if (l.rlim_cur > l.rlim_max)
        l.rlim_cur = l.rlim_max;
    prlimit(c->p.pid, RLIMIT_CPU, &l, NULL);
}

const struct child_page *child_shared(const struct child *c)
{
    return c->p.page;
}

/* Closing the socket tells the child to end; one that does not, or that computes, is made to. */
static void see_off(struct child *c)
{
    struct pollfd ended = {.fd = c->p.pidfd, .events = POLLIN};
    close_socket(c);
    if (c->p.page->current || poll(&ended, 1, FAREWELL_MS) <= 0)
        kill(c->p.pid, SIGKILL);
    while (waitpid(c->p.pid, NULL, 0) < 0 && errno == EINTR) {
    }
    end_watching(c);
}

void child_free(struct child *c)
{
    if (!c || c->free_wanted)
        return;
    c->free_wanted = true;
    loop_unpost(c->loop, flush_run, c);
    if (!c->over) {
        c->over = true;
        see_off(c);
    }
    if (c->calls == 0)
        release(c);
}

const char *child_self(void)
{
    return "/proc/self/exe";
}
