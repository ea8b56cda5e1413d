#include "line_in.h"

#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <event2/util.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include "buf.h"
#include "list.h"
#include "mem.h"

struct line_in {
    struct loop *loop;
    struct evconnlistener *listener;
    struct line_in_handlers h;
    struct list conns;
    int nconns;
    uint64_t sessions;
    char address[80];
};

struct line_conn {
    struct list node;
    struct line_in *server;
    struct bufferevent *io;
    uint64_t session;
    struct buf text;
    bool collecting, asked; /* asked: a line was given and is not answered */
    bool closing;           /* as soon as all is sent */
};

static void conn_free(struct line_conn *c)
{
    list_remove(&c->node);
    c->server->nconns--;
    bufferevent_free(c->io);
    buf_free(&c->text);
    mem_free(c);
}

static void conn_end(struct line_conn *c)
{
    c->server->h.closed(c->server->h.arg, c, c->session);
    conn_free(c);
}

static void give(struct line_conn *c, bool is_text, struct str s)
{
    c->asked = true;
    c->server->h.line(c->server->h.arg, c, c->session, is_text, s);
}

/* A line of a text: a dot alone ends it, a dot too many in front is taken away. */
static bool add_line(struct line_conn *c, struct str line)
{
    if (str_is(line, "."))
        return true;
    if (line.n && line.p[0] == '.')
        line = (struct str){line.p + 1, line.n - 1};
    buf_add(&c->text, line.p, line.n);
    buf_adds(&c->text, "\r\n");
    return false;
}

/* Takes lines as long as nobody has to answer one. The last thing it does may free c. */
static void pump(struct line_conn *c)
{
    struct evbuffer *in = bufferevent_get_input(c->io);
    while (!c->asked && !c->closing) {
        size_t n;
        char *line = evbuffer_readln(in, &n, EVBUFFER_EOL_CRLF);
        if (!line) {
            if (evbuffer_get_length(in) > LINE_IN_LINE_MAX || c->text.failed)
                conn_end(c);
            return;
        }
        if (!c->collecting) {
            give(c, false, (struct str){line, n});
        } else if (add_line(c, (struct str){line, n})) {
            c->collecting = false;
            give(c, true, buf_str(&c->text));
        }
        free(line);
    }
}

static void on_read(struct bufferevent *io, void *arg)
{
    pump(arg);
}

static void on_write(struct bufferevent *io, void *arg)
{
    struct line_conn *c = arg;
    if (c->closing)
        conn_end(c);
}

static void on_event(struct bufferevent *io, short what, void *arg)
{
    conn_end(arg);
}

static void on_accept(
    struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *peer, int n, void *arg)
{
    struct line_in *s = arg;
    if (s->nconns >= LINE_IN_CONNECTIONS) {
        evutil_closesocket(fd);
        return;
    }
    struct line_conn *c = mem_zalloc(1, sizeof *c);
    const struct timeval idle = {.tv_sec = LINE_IN_IDLE_S};
    c->server = s;
    c->session = ++s->sessions;
    c->asked = true;
    buf_init(&c->text, LINE_IN_TEXT_MAX);
    c->io = bufferevent_socket_new(loop_base(s->loop), fd, BEV_OPT_CLOSE_ON_FREE);
    list_append(&s->conns, &c->node);
    s->nconns++;
    bufferevent_setcb(c->io, on_read, on_write, on_event, c);
    bufferevent_set_timeouts(c->io, &idle, &idle);
    bufferevent_enable(c->io, EV_READ | EV_WRITE);
    s->h.opened(s->h.arg, c, c->session);
}

static void answer(struct line_conn *c, struct str text)
{
    bufferevent_write(c->io, text.p ? text.p : "", text.n);
    c->asked = false;
    buf_clear(&c->text);
}

void line_conn_answer(struct line_conn *c, struct str text)
{
    answer(c, text);
    pump(c);
}

void line_conn_collect(struct line_conn *c, struct str text)
{
    answer(c, text);
    c->collecting = true;
    pump(c);
}

void line_conn_close(struct line_conn *c, struct str text)
{
    answer(c, text);
    c->closing = true;
    if (!text.n)
        conn_end(c);
}

static void take_address(struct line_in *s)
{
    struct sockaddr_storage a;
    socklen_t n = sizeof a;
    char host[64] = "";
    int port = 0;
    memset(&a, 0, sizeof a);
    getsockname(evconnlistener_get_fd(s->listener), (struct sockaddr *)&a, &n);
    if (a.ss_family == AF_INET6) {
        struct sockaddr_in6 in;
        memcpy(&in, &a, sizeof in);
        inet_ntop(AF_INET6, &in.sin6_addr, host, sizeof host);
        port = ntohs(in.sin6_port);
        snprintf(s->address, sizeof s->address, "[%s]:%d", host, port);
    } else {
        struct sockaddr_in in;
        memcpy(&in, &a, sizeof in);
        inet_ntop(AF_INET, &in.sin_addr, host, sizeof host);
        port = ntohs(in.sin_port);
        snprintf(s->address, sizeof s->address, "%s:%d", host, port);
    }
}

/* "127.0.0.1:0", "[::1]:2525". libevent's own reader takes no port 0, so the port is put in here.
 */
static bool read_address(const char *text, struct sockaddr_storage *a, int *n)
{
    const char *colon = strrchr(text, ':');
    int64_t port;
    char host[64];
    *n = sizeof *a;
    memset(a, 0, sizeof *a);
    if (!colon || colon - text >= (int)sizeof host || !str_to_i64(str_of(colon + 1), &port) ||
        port < 0 || port > 65535)
        return false;
    snprintf(host, sizeof host, "%.*s", (int)(colon - text), text);
    if (evutil_parse_sockaddr_port(host, (struct sockaddr *)a, n))
        return false;
    /* The port is at the same place in both families. */
    ((struct sockaddr_in *)a)->sin_port = htons((uint16_t)port);
    return true;
}

struct line_in *line_in_new(
    struct loop *l, const char *listen, const struct line_in_handlers *h, struct err *e)
{
    struct sockaddr_storage a;
    int n;
    if (!read_address(listen, &a, &n)) {
        err_set(
            e, ERR_INPUT, "\"%s\" is not an address to listen on: write 127.0.0.1:2525", listen);
        return NULL;
    }
    struct line_in *s = mem_zalloc(1, sizeof *s);
    s->loop = l;
    s->h = *h;
    list_init(&s->conns);
    s->listener = evconnlistener_new_bind(loop_base(l), on_accept, s,
        LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE, 128,
        (struct sockaddr *)&a, n);
    if (!s->listener) {
        err_set(e, ERR_IO, "cannot listen on %s", listen);
        mem_free(s);
        return NULL;
    }
    take_address(s);
    return s;
}

void line_in_free(struct line_in *s)
{
    if (!s)
        return;
    while (!list_empty(&s->conns))
        conn_free(LIST_OF(s->conns.next, struct line_conn, node));
    evconnlistener_free(s->listener);
    mem_free(s);
}

const char *line_in_address(const struct line_in *s)
{
    return s->address;
}
