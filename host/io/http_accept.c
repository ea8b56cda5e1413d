/* Accepting, within the limits of connections and descriptors. */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http_conn.h"

#define ACCEPT_BURST 64 /* connections taken in one turn, so that those there are get theirs */

void http_address_text(const struct sockaddr_storage *a, char out[48])
{
    const void *bytes = &((const struct sockaddr_in *)a)->sin_addr;
    if (a->ss_family == AF_INET6)
        bytes = &((const struct sockaddr_in6 *)a)->sin6_addr;
    if (inet_ntop(a->ss_family, bytes, out, 48) == NULL)
        out[0] = '\0';
}

/* The connection that at the limit gives its place to who comes: nothing is lost with the first
 * ones; the others send or read so slowly that they would hold it for as long as they may. NULL:
 * all are at work, or new. */
static struct http_conn *useless(struct http_in *s)
{
    static const enum http_wait waits[] = {HTTP_WAIT_LINGER, HTTP_WAIT_IDLE, HTTP_WAIT_FIRST,
        HTTP_WAIT_HEAD, HTTP_WAIT_BODY, HTTP_WAIT_WRITE};
    struct http_conn *c = NULL;
    for (size_t i = 0; c == NULL && i < sizeof(waits) / sizeof(*waits); i++)
        c = http_deadline_slowest(s, waits[i]);
    return c;
}

static bool make_room(struct http_in *s)
{
    struct http_conn *c = useless(s);
    if (c == NULL)
        return false;
    http_conn_close(c);
    return true;
}

static bool is_out_of(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

/* Who comes by IPv4 to a socket of both kinds is the same as at one of IPv4 alone. */
static void peer_text(const struct sockaddr_storage *a, char out[HTTP_ADDRESS_TEXT])
{
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)a;
    if (a->ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&six->sin6_addr))
        inet_ntop(AF_INET, six->sin6_addr.s6_addr + 12, out, HTTP_ADDRESS_TEXT);
    else
        http_address_text(a, out);
}

bool http_accept_one(struct http_in *s)
{
    struct sockaddr_storage a;
    socklen_t n = sizeof(a);
    int fd = accept4(s->fd, (struct sockaddr *)&a, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
        if (s->early.accept != NULL && s->early.accept(s->early.arg)) {
            struct linger hard = {.l_onoff = 1, .l_linger = 0};
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
            close(fd);
            return true;
        }
        char peer[HTTP_ADDRESS_TEXT];
        peer_text(&a, peer);
        http_conn_new(s, fd, peer);
        return true;
    }
    if (is_out_of(errno)) {
        http_limit_hit(s, HTTP_LIMIT_DESCRIPTORS);
        if (make_room(s))
            return true;
        /* Level-triggered readiness would spin: look again at the next tick. */
        s->paused = true;
        return false;
    }
    /* A connection that was reset while it waited is no reason to stop. */
    return errno == ECONNABORTED || errno == EINTR || errno == EPROTO;
}

void http_on_acceptable(evutil_socket_t fd, short what, void *arg)
{
    struct http_in *s = arg;
    for (int i = 0; i < ACCEPT_BURST; i++) {
        if (s->nconns >= s->config.max_connections) {
            http_limit_hit(s, HTTP_LIMIT_CONNECTIONS);
            if (!make_room(s))
                break;
        }
        if (!http_accept_one(s))
            break;
    }
    http_server_update(s);
}

void http_server_update(struct http_in *s)
{
    if (s->freed)
        return;
    bool want =
        s->fd >= 0 && !s->paused && (s->nconns < s->config.max_connections || useless(s) != NULL);
    if (want != s->accepting) {
        s->accepting = want;
        if (want)
            event_add(&s->ev_accept, NULL);
        else
            event_del(&s->ev_accept);
    }
    if (!s->ticking && (s->nconns > 0 || s->paused)) {
        s->ticking = true;
        loop_timer_arm(s->tick, s->tick_ms);
    }
}
