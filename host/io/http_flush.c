/* Writing: all answers of a connection that are ready at the end of a turn leave in one call. */
#include "http_conn.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define GATHER_MAX 64

static void nothing(void *arg)
{
}

void http_conn_mark(struct http_conn *c)
{
    if (c->dirty)
        return;
    c->dirty = true;
    /* Answers may be given by an idle hook that runs after ours: the loop must not sleep then. */
    if (list_empty(&c->server->dirty))
        loop_post(c->server->loop, nothing, NULL);
    list_append(&c->server->dirty, &c->dirty_link);
}

/* Collects what may leave now: answers in order, up to the first that is not there yet. */
static int gather(struct http_conn *c, struct iovec *iov)
{
    int n = 0;
    for (struct list *l = c->exchanges.next; l != &c->exchanges && n < GATHER_MAX; l = l->next) {
        struct http_in_exchange *x = LIST_OF(l, struct http_in_exchange, link);
        if (x->out.n > x->sent)
            iov[n++] = (struct iovec){x->out.p + x->sent, x->out.n - x->sent};
        if (!x->answered || x->cut)
            break;
    }
    /* Before the incoming request everything is answered: it may have been told to go on. */
    struct http_in_exchange *in = c->incoming;
    if (in != NULL && list_empty(&c->exchanges) && in->out.n > in->sent)
        iov[n++] = (struct iovec){in->out.p + in->sent, in->out.n - in->sent};
    return n;
}

static void took(struct http_in_exchange *x, size_t *n)
{
    size_t part = x->out.n - x->sent < *n ? x->out.n - x->sent : *n;
    x->sent += part;
    http_conn_unsent(x->conn, -(ptrdiff_t)part);
    *n -= part;
}

/* Books n written bytes and lets go of exchanges that are through. */
static void account(struct http_conn *c, size_t n)
{
    while (!list_empty(&c->exchanges)) {
        struct http_in_exchange *x = LIST_OF(c->exchanges.next, struct http_in_exchange, link);
        took(x, &n);
        if (!x->answered || x->sent < x->out.n)
            break;
        c->cut = x->cut;
        c->reset = x->reset;
        list_remove(&x->link);
        c->nexchanges--;
        http_exchange_release(c->server, x);
        /* The next answer has its own time to be read. */
        http_deadline_set(c->server, &c->out, HTTP_WAIT_NONE);
        if (c->cut)
            return;
    }
    if (c->incoming != NULL && list_empty(&c->exchanges))
        took(c->incoming, &n);
}

static void cut(struct http_conn *c)
{
    struct linger hard = {.l_onoff = 1, .l_linger = 0};
    if (c->reset)
        setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
    http_conn_close(c);
}

/* Too much waits for its readers in all: the slowest are let go. False if c is gone with them. */
static bool bound_unsent(struct http_conn *c)
{
    struct http_in *s = c->server;
    struct http_conn *slowest = NULL;
    while (slowest != c && s->unsent > s->config.max_unsent) {
        slowest = http_deadline_slowest(s, HTTP_WAIT_WRITE);
        if (slowest == NULL)
            break;
        http_limit_hit(s, HTTP_LIMIT_UNSENT);
        http_conn_close(slowest);
    }
    return slowest != c;
}

/* Writes until there is nothing more or the socket is full. */
static void flush(struct http_conn *c)
{
    struct iovec iov[GATHER_MAX + 1];
    bool full = false;
    account(c, 0); /* what has nothing to write is through */
    for (int n; !full && !c->cut && (n = gather(c, iov)) > 0;) {
        size_t want = 0;
        for (int i = 0; i < n; i++)
            want += iov[i].iov_len;
        ssize_t done = http_wire_write(c, iov, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0 && errno != EAGAIN && errno != EWOULDBLOCK) {
            http_conn_close(c);
            return;
        }
        full = done < (ssize_t)want;
        account(c, done > 0 ? (size_t)done : 0);
    }
    if (c->cut) {
        cut(c);
        return;
    }
    http_deadline_set(c->server, &c->out, full ? HTTP_WAIT_WRITE : HTTP_WAIT_NONE);
    if (!bound_unsent(c))
        return;
    if (full != c->writing) {
        c->writing = full;
        if (full)
            event_add(&c->ev_write, NULL);
        else
            event_del(&c->ev_write);
    }
    http_conn_resume(c);
}

void http_server_flush(void *server)
{
    struct http_in *s = server;
    struct list *l;
    while ((l = list_shift(&s->dirty)) != NULL) {
        struct http_conn *c = LIST_OF(l, struct http_conn, dirty_link);
        c->dirty = false;
        flush(c); /* may mark it again, or close it */
    }
    s->now_ms = 0;
}
