/* libcurl's socket interface on the loop: it says which descriptors to watch and when to wake it.
 * A watch belongs to a descriptor number and is kept: libcurl lets go of a socket after each
 * transfer and asks for it again at the next, and a watch made anew each time would cost more. So
 * would a system call each time: a connection that is let go of is watched on until something
 * happens on it that nobody waits for, or it is closed. */
#include <string.h>
#include <unistd.h>
#include "http_out_impl.h"
#include "mem.h"

struct socket_watch {
    struct http_out *h;
    struct loop_fd *fd;
    curl_socket_t number;
    bool asked;   /* by libcurl */
    bool lasting; /* a connection of ours: its end is told by its closing */
};

static void act(struct http_out *h, curl_socket_t fd, int events)
{
    int running;
    h->kick = false;
    curl_multi_socket_action(h->multi, fd, events, &running);
    if (h->kick)
        http_out_post(h);
    http_out_collect(h);
}

void http_out_sockets_kick(struct http_out *h)
{
    act(h, CURL_SOCKET_TIMEOUT, 0);
}

static void socket_ready(void *arg, bool readable, bool writable)
{
    struct socket_watch *w = arg;
    if (!w->asked) { /* an idle connection: libcurl looks at it when it is wanted again */
        loop_fd_watch(w->fd, false, false);
        return;
    }
    act(w->h, w->number, (readable ? CURL_CSELECT_IN : 0) | (writable ? CURL_CSELECT_OUT : 0));
}

static void timer_due(void *arg)
{
    http_out_sockets_kick(arg);
}

static struct socket_watch *watch_of(struct http_out *h, curl_socket_t number)
{
    size_t i = (size_t)number;
    if (i >= h->nwatches) {
        size_t n = h->nwatches ? h->nwatches : 64;
        while (n <= i)
            n *= 2;
        h->watches = mem_realloc(h->watches, n * sizeof(h->watches[0]));
        memset(h->watches + h->nwatches, 0, (n - h->nwatches) * sizeof(h->watches[0]));
        h->nwatches = n;
    }
    if (!h->watches[i]) {
        struct socket_watch *w = mem_zalloc(1, sizeof(*w));
        w->h = h;
        w->number = number;
        w->fd = loop_fd_new(h->loop, number, socket_ready, w);
        h->watches[i] = w;
    }
    return h->watches[i];
}

/* libcurl calls this from inside; nothing here may call libcurl. */
static int socket_wanted(CURL *easy, curl_socket_t number, int what, void *arg, void *own)
{
    struct http_out *h = arg;
    if (what == CURL_POLL_REMOVE && ((size_t)number >= h->nwatches || !h->watches[number]))
        return 0;
    struct socket_watch *w = watch_of(h, number);
    bool readable = what == CURL_POLL_IN || what == CURL_POLL_INOUT;
    bool writable = what == CURL_POLL_OUT || what == CURL_POLL_INOUT;
    w->asked = readable || writable;
    if (w->asked || !w->lasting)
        loop_fd_watch(w->fd, readable, writable);
    return 0;
}

void http_out_sockets_opened(struct http_out *h, curl_socket_t number)
{
    watch_of(h, number)->lasting = true;
}

int http_out_sockets_close(void *arg, curl_socket_t number)
{
    struct http_out *h = arg;
    struct socket_watch *w = watch_of(h, number);
    w->asked = w->lasting = false;
    loop_fd_watch(w->fd, false, false);
    return close(number);
}

static int timer_wanted(CURLM *multi, long ms, void *arg)
{
    struct http_out *h = arg;
    h->kick = ms == 0;
    if (ms == 0)
        http_out_post(h);
    if (ms > 0)
        loop_timer_arm(h->timer, ms);
    else
        loop_timer_disarm(h->timer);
    return 0;
}

int http_out_sockets_init(struct http_out *h, struct err *e)
{
    h->timer = loop_timer_new(h->loop, timer_due, h);
    if (curl_multi_setopt(h->multi, CURLMOPT_SOCKETFUNCTION, socket_wanted) != CURLM_OK ||
        curl_multi_setopt(h->multi, CURLMOPT_SOCKETDATA, h) != CURLM_OK ||
        curl_multi_setopt(h->multi, CURLMOPT_TIMERFUNCTION, timer_wanted) != CURLM_OK ||
        curl_multi_setopt(h->multi, CURLMOPT_TIMERDATA, h) != CURLM_OK)
        return err_set(e, ERR_IO, "libcurl does not take the socket interface");
    return 0;
}

void http_out_sockets_free(struct http_out *h)
{
    for (size_t i = 0; i < h->nwatches; i++) {
        if (!h->watches[i])
            continue;
        loop_fd_free(h->watches[i]->fd);
        mem_free(h->watches[i]);
    }
    mem_free(h->watches);
    if (h->timer)
        loop_timer_free(h->timer);
}
