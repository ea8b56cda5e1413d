/* The event loop: turns of our own around libevent's event_base.
 *
 * libevent 2.1 has no hook before it sleeps, and deferred calls and the idle hooks need one place
 * that is neither too early (events of the turn still to come) nor too late (already asleep). So
 * each turn is one EVLOOP_ONCE pass, then what was posted, then the hooks. */
#include "loop.h"

#include <errno.h>
#include <event2/event.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "mem.h"

/* Calls that post calls are followed this many times before the descriptors get their turn. */
#define POST_ROUNDS 8

struct call {
    loop_fn fn;
    void *arg;
};

/* A growing array of calls; its memory stays for the next turn. */
struct calls {
    struct call *at;
    size_t n, cap;
};

struct loop {
    struct event_base *base;
    struct calls posted, running, hooks;
    bool hooks_left; /* a hook was taken away: its place is closed after the round */
    bool stopping;
};

struct loop_timer {
    struct event *ev;
    loop_fn fn;
    void *arg;
};

struct loop_fd {
    struct loop *loop;
    struct event *ev;
    int fd;
    short watching;
    loop_fd_fn fn;
    void *arg;
};

struct loop_signal {
    struct event *ev;
    loop_fn fn;
    void *arg;
};

struct loop_wake {
    struct event *ev;
    int fd;
    atomic_bool rung; /* a wake is on its way: further ones need no system call */
    loop_fn fn;
    void *arg;
};

static void calls_add(struct calls *c, loop_fn fn, void *arg)
{
    if (c->n == c->cap) {
        c->cap = c->cap > 0 ? c->cap * 2 : 64;
        c->at = mem_realloc(c->at, c->cap * sizeof(*c->at));
    }
    c->at[c->n++] = (struct call){fn, arg};
}

struct loop *loop_new(struct err *e)
{
    event_set_mem_functions(mem_alloc, mem_realloc, mem_free);
    struct loop *l = mem_zalloc(1, sizeof(*l));
    struct event_config *config = event_config_new();
    if (config != NULL) {
        /* No locks: only loop_wake is called by other threads, and it touches no event_base.
         * The changelist saves a system call for each descriptor that is armed and disarmed
         * within a turn. */
        event_config_set_flag(
            config, EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST);
        l->base = event_base_new_with_config(config);
        event_config_free(config);
    }
    if (l->base == NULL) {
        mem_free(l);
        err_set(e, ERR_IO, "cannot make an event loop: %s", strerror(errno));
        return NULL;
    }
    return l;
}

void loop_free(struct loop *l)
{
    if (l == NULL)
        return;
    event_base_free(l->base);
    mem_free(l->posted.at);
    mem_free(l->running.at);
    mem_free(l->hooks.at);
    mem_free(l);
}

struct event_base *loop_base(struct loop *l)
{
    return l->base;
}

static void run_posted(struct loop *l)
{
    for (int round = 0; round < POST_ROUNDS && l->posted.n > 0; round++) {
        struct calls now = l->posted;
        l->posted = l->running;
        l->posted.n = 0;
        l->running = now;
        for (size_t i = 0; i < now.n; i++)
            if (now.at[i].fn != NULL)
                now.at[i].fn(now.at[i].arg);
        l->running.n = 0;
    }
}

static void run_hooks(struct loop *l)
{
    /* By index: a hook may add hooks, which moves the array. */
    for (size_t i = 0; i < l->hooks.n; i++) {
        struct call hook = l->hooks.at[i];
        if (hook.fn != NULL)
            hook.fn(hook.arg);
    }
    if (!l->hooks_left)
        return;
    size_t kept = 0;
    for (size_t i = 0; i < l->hooks.n; i++)
        if (l->hooks.at[i].fn != NULL)
            l->hooks.at[kept++] = l->hooks.at[i];
    l->hooks.n = kept;
    l->hooks_left = false;
}

void loop_run(struct loop *l)
{
    while (!l->stopping) {
        int flags = EVLOOP_ONCE | EVLOOP_NO_EXIT_ON_EMPTY;
        if (l->posted.n > 0)
            flags |= EVLOOP_NONBLOCK;
        event_base_loop(l->base, flags);
        run_posted(l);
        run_hooks(l);
    }
    l->stopping = false;
}

void loop_stop(struct loop *l)
{
    l->stopping = true;
}

void loop_post(struct loop *l, loop_fn fn, void *arg)
{
    calls_add(&l->posted, fn, arg);
}

static void forget(struct calls *c, loop_fn fn, void *arg)
{
    for (size_t i = 0; i < c->n; i++)
        if (c->at[i].fn == fn && c->at[i].arg == arg)
            c->at[i].fn = NULL;
}

void loop_unpost(struct loop *l, loop_fn fn, void *arg)
{
    forget(&l->posted, fn, arg);
    forget(&l->running, fn, arg);
}

void loop_on_idle(struct loop *l, loop_fn fn, void *arg)
{
    calls_add(&l->hooks, fn, arg);
}

void loop_off_idle(struct loop *l, loop_fn fn, void *arg)
{
    for (size_t i = 0; i < l->hooks.n; i++) {
        if (l->hooks.at[i].fn != fn || l->hooks.at[i].arg != arg)
            continue;
        l->hooks.at[i].fn = NULL;
        l->hooks_left = true;
    }
}

/* libevent gives none only without memory. */
static struct event *new_event(struct loop *l, int fd, short what, event_callback_fn cb, void *arg)
{
    struct event *ev = event_new(l->base, fd, what, cb, arg);
    if (ev == NULL)
        mem_exhausted();
    return ev;
}

static void timer_fired(evutil_socket_t fd, short what, void *arg)
{
    struct loop_timer *t = arg;
    t->fn(t->arg); /* may free t */
}

struct loop_timer *loop_timer_new(struct loop *l, loop_fn fn, void *arg)
{
    struct loop_timer *t = mem_zalloc(1, sizeof(*t));
    t->fn = fn;
    t->arg = arg;
    t->ev = new_event(l, -1, 0, timer_fired, t);
    return t;
}

void loop_timer_arm(struct loop_timer *t, int64_t ms)
{
    if (ms < 0)
        ms = 0;
    struct timeval tv = {.tv_sec = ms / 1000, .tv_usec = (ms % 1000) * 1000};
    event_add(t->ev, &tv);
}

void loop_timer_disarm(struct loop_timer *t)
{
    event_del(t->ev);
}

void loop_timer_free(struct loop_timer *t)
{
    if (t == NULL)
        return;
    event_free(t->ev);
    mem_free(t);
}

static void fd_ready(evutil_socket_t fd, short what, void *arg)
{
    struct loop_fd *w = arg;
    w->fn(w->arg, (what & EV_READ) != 0, (what & EV_WRITE) != 0); /* may free w */
}

struct loop_fd *loop_fd_new(struct loop *l, int fd, loop_fd_fn fn, void *arg)
{
    struct loop_fd *w = mem_zalloc(1, sizeof(*w));
    w->loop = l;
    w->fd = fd;
    w->fn = fn;
    w->arg = arg;
    w->ev = new_event(l, fd, EV_READ | EV_PERSIST, fd_ready, w);
    return w;
}

void loop_fd_watch(struct loop_fd *w, bool readable, bool writable)
{
    short what = (short)((readable ? EV_READ : 0) | (writable ? EV_WRITE : 0));
    if (what == w->watching)
        return;
    event_del(w->ev);
    w->watching = what;
    if (what == 0)
        return;
    event_assign(w->ev, w->loop->base, w->fd, (short)(what | EV_PERSIST), fd_ready, w);
    event_add(w->ev, NULL);
}

void loop_fd_free(struct loop_fd *w)
{
    if (w == NULL)
        return;
    event_free(w->ev);
    mem_free(w);
}

static void signal_came(evutil_socket_t number, short what, void *arg)
{
    struct loop_signal *s = arg;
    s->fn(s->arg); /* may free s */
}

struct loop_signal *loop_signal_new(struct loop *l, int signal_number, loop_fn fn, void *arg)
{
    struct loop_signal *s = mem_zalloc(1, sizeof(*s));
    s->fn = fn;
    s->arg = arg;
    s->ev = new_event(l, signal_number, EV_SIGNAL | EV_PERSIST, signal_came, s);
    event_add(s->ev, NULL);
    return s;
}

void loop_signal_free(struct loop_signal *s)
{
    if (s == NULL)
        return;
    event_free(s->ev);
    mem_free(s);
}

static void wake_heard(evutil_socket_t fd, short what, void *arg)
{
    struct loop_wake *w = arg;
    uint64_t count;
    ssize_t n = read(w->fd, &count, sizeof(count));
    /* Unset before fn looks at what there is to do: who comes later rings again. An exchange, not
     * a store: it must see what was written before a ring that found the bell rung already. */
    atomic_exchange(&w->rung, false);
    if (n == (ssize_t)sizeof(count))
        w->fn(w->arg); /* may free w */
}

struct loop_wake *loop_wake_new(struct loop *l, loop_fn fn, void *arg, struct err *e)
{
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd < 0) {
        err_set(e, ERR_IO, "cannot make an eventfd: %s", strerror(errno));
        return NULL;
    }
    struct loop_wake *w = mem_zalloc(1, sizeof(*w));
    w->fd = fd;
    w->fn = fn;
    w->arg = arg;
    atomic_init(&w->rung, false);
    w->ev = new_event(l, fd, EV_READ | EV_PERSIST, wake_heard, w);
    event_add(w->ev, NULL);
    return w;
}

void loop_wake(struct loop_wake *w)
{
    if (atomic_exchange(&w->rung, true))
        return;
    uint64_t one = 1;
    /* Cannot fail but by EAGAIN at 2^64 - 2 unread wakes, which is a wake as well. */
    if (write(w->fd, &one, sizeof(one)) < 0)
        return;
}

void loop_wake_free(struct loop_wake *w)
{
    if (w == NULL)
        return;
    event_free(w->ev);
    close(w->fd);
    mem_free(w);
}
