/* libcurl's socket interface on the loop: it says which descriptors to watch and when to wake it.
 * A watch belongs to a descriptor number and is kept: libcurl lets go of a socket after each
 * transfer and asks for it again at the next, and a watch made anew each time would cost more. So
 * would a system call each time: a connection that is let go of is watched on until something
 * happens on it that nobody waits for, or it is closed. */
#include <string.h>
#include <unistd.h>
#include "http_out_clock.h"
#include "http_out_impl.h"
#include "mem.h"

struct socket_watch {
    struct http_out_lane *lane; /* that asked last */
    struct loop_fd *fd;
    curl_socket_t number;
    bool in, out; /* what libcurl asked for */
    bool lasting; /* a connection of ours: its end is told by its closing */
};

static void act(struct http_out_lane *lane, curl_socket_t fd, int events)
{
    int running;
    list_remove(&lane->kicked);
    http_out_clock_hold();
    curl_multi_socket_action(lane->multi, fd, events, &running);
    http_out_collect(lane);
    http_out_clock_release();
    http_out_deliver_all(lane->owner);
}

void http_out_sockets_kick(struct http_out_lane *lane)
{
    act(lane, CURL_SOCKET_TIMEOUT, 0);
}

static void socket_ready(void *arg, bool readable, bool writable)
{
    struct socket_watch *w = arg;
    if (!w->in && !w->out) { /* an idle connection: libcurl looks at it when it is wanted again */
        loop_fd_watch(w->fd, false, false);
        return;
    }
    act(w->lane, w->number, (readable ? CURL_CSELECT_IN : 0) | (writable ? CURL_CSELECT_OUT : 0));
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
        w->number = number;
        w->fd = loop_fd_new(h->loop, number, socket_ready, w);
        h->watches[i] = w;
    }
    return h->watches[i];
}

/* libcurl calls this from inside; nothing here may call libcurl. */
static int socket_wanted(CURL *easy, curl_socket_t number, int what, void *arg, void *own)
{
    struct http_out_lane *lane = arg;
    struct http_out *h = lane->owner;
    if (what == CURL_POLL_REMOVE && ((size_t)number >= h->nwatches || !h->watches[number]))
        return 0;
    struct socket_watch *w = watch_of(h, number);
    bool wrote = w->out;
    w->lane = lane;
    w->in = what == CURL_POLL_IN || what == CURL_POLL_INOUT;
    w->out = what == CURL_POLL_OUT || what == CURL_POLL_INOUT;
    if (w->in || w->out || wrote || !w->lasting)
        loop_fd_watch(w->fd, w->in, w->out);
    return 0;
}

/* One that is not connected yet libcurl closes without a word, and the kernel watches it no longer.
 * The next socket has its number, and libcurl may take it for watched. */
void http_out_sockets_opened(struct http_out *h, curl_socket_t number)
{
    struct socket_watch *w = watch_of(h, number);
    w->lasting = true;
    loop_fd_watch(w->fd, false, false);
    loop_fd_watch(w->fd, w->in, w->out);
}

int http_out_sockets_close(void *arg, curl_socket_t number)
{
    struct http_out *h = arg;
    struct socket_watch *w = watch_of(h, number);
    w->in = w->out = w->lasting = false;
    loop_fd_watch(w->fd, false, false);
    return close(number);
}

static int timer_wanted(CURLM *multi, long ms, void *arg)
{
    struct http_out_lane *lane = arg;
    list_remove(&lane->kicked);
    if (ms == 0) {
        list_append(&lane->owner->kicked, &lane->kicked);
        http_out_post(lane->owner);
    }
    if (ms > 0)
        loop_timer_arm(lane->timer, ms);
    else
        loop_timer_disarm(lane->timer);
    return 0;
}

int http_out_sockets_serve(struct http_out_lane *lane)
{
    lane->timer = loop_timer_new(lane->owner->loop, timer_due, lane);
    CURLM *multi = lane->multi;
    if (curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, socket_wanted) == CURLM_OK &&
        curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, lane) == CURLM_OK &&
        curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, timer_wanted) == CURLM_OK &&
        curl_multi_setopt(multi, CURLMOPT_TIMERDATA, lane) == CURLM_OK)
        return 0;
    loop_timer_free(lane->timer);
    lane->timer = NULL;
    return -1;
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
}
