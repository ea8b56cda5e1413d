/* A connection: reading, running requests in order of arrival, ending in good manners.
 *
 * Life of a connection: open -> closing (takes no more requests) -> lingering (all is answered, our
 * side is shut; what still comes is dropped) -> gone. A connection that is gone but whose exchanges
 * the handler still holds stays as a zombie until these are answered. */
#include "http_conn.h"

#include <errno.h>
#include <stdio.h>

#include "loop.h"
#include "mem.h"

static bool has_rest(const struct http_conn *c)
{
    return c->rest.n > c->rest_used;
}

static void parse_rest(struct http_conn *c);

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct http_conn *c = arg;
    if (has_rest(c))
        parse_rest(c);
    else
        http_conn_read(c);
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
    struct http_conn *c = arg;
    if (!c->wants_write) {
        http_conn_mark(c);
        return;
    }
    c->wants_write = false;
    if (!c->writing)
        event_del(&c->ev_write);
    http_conn_read(c);
}

void http_conn_new(struct http_in *s, int fd, const char *peer)
{
    struct http_conn *c = mem_zalloc(1, sizeof(*c));
    struct event_base *base = loop_base(s->loop);
    c->server = s;
    c->fd = fd;
    c->number = ++s->accepted;
    snprintf(c->peer, sizeof(c->peer), "%s", peer);
    http_wire_open(c);
    event_assign(&c->ev_read, base, fd, EV_READ | EV_PERSIST, on_readable, c);
    event_assign(&c->ev_write, base, fd, EV_WRITE | EV_PERSIST, on_writable, c);
    list_init(&c->exchanges);
    list_init(&c->dirty_link);
    list_init(&c->in.link);
    list_init(&c->out.link);
    buf_init(&c->rest, HTTP_SCRATCH_BYTES);
    list_append(&s->conns, &c->link);
    s->nconns++;
    http_deadline_set(s, &c->in, HTTP_WAIT_FIRST);
    if (!s->draining) /* else it is read first */
        http_conn_update(c);
}

void http_conn_unsent(struct http_conn *c, ptrdiff_t bytes)
{
    c->unsent += (size_t)bytes; /* wraps around, and back */
    c->server->unsent += (size_t)bytes;
}

static void free_conn(struct http_conn *c)
{
    buf_free(&c->rest);
    mem_free(c);
}

void http_conn_close(struct http_conn *c)
{
    struct http_in *s = c->server;
    event_del(&c->ev_read);
    event_del(&c->ev_write);
    http_wire_close(c);
    http_deadline_set(s, &c->in, HTTP_WAIT_NONE);
    http_deadline_set(s, &c->out, HTTP_WAIT_NONE);
    list_remove(&c->link);
    list_remove(&c->dirty_link);
    s->nconns--;
    http_conn_unsent(c, -(ptrdiff_t)c->unsent);
    s->paused = false; /* a descriptor is free again */
    if (c->incoming != NULL)
        http_exchange_release(s, c->incoming);
    c->incoming = NULL;
    struct list *next;
    for (struct list *l = c->exchanges.next; l != &c->exchanges; l = next) {
        struct http_in_exchange *x = LIST_OF(l, struct http_in_exchange, link);
        next = l->next;
        if (!x->answered)
            continue;
        list_remove(l);
        http_exchange_release(s, x);
    }
    if (list_empty(&c->exchanges))
        free_conn(c);
    else
        s->nzombies++;
    http_server_settle(s);
}

void http_conn_forget(struct http_conn *c, struct http_in_exchange *x)
{
    struct http_in *s = c->server;
    list_remove(&x->link);
    http_exchange_release(s, x);
    if (!list_empty(&c->exchanges))
        return;
    free_conn(c);
    s->nzombies--;
    http_server_settle(s);
}

/* The incoming request is whole, or refused: it takes its place in the line of answers. */
static struct http_in_exchange *take_incoming(struct http_conn *c)
{
    struct http_in_exchange *x = c->incoming;
    c->incoming = NULL;
    list_append(&c->exchanges, &x->link);
    c->nexchanges++;
    http_deadline_set(c->server, &c->in, HTTP_WAIT_NONE);
    return x;
}

void http_conn_refuse(struct http_conn *c, int status, const char *why)
{
    struct http_in *s = c->server;
    struct http_in_exchange *x = take_incoming(c);
    char text[256];
    /* Whose request it was is told with the refusal, as far as its first line says that. */
    if (x->parse.target.p == NULL && x->parse.head.n > 0)
        x->parse.target = http_line_target((struct str){x->parse.head.p, x->parse.head.n});
    int n = snprintf(text, sizeof(text), "{\"error\":\"%s\"}\n", why);
    struct http_header h[] = {
        {STR_LIT("Content-Type"), STR_LIT("application/json")},
        {STR_LIT("Retry-After"), STR_LIT("5")},
    };
    x->last = x->answered = true;
    c->closing = true;
    http_answer_put(x, status, h, status == 503 ? 2 : 1, (struct str){text, (size_t)n});
    http_answer_tell(x, status, (size_t)n, why);
    http_conn_mark(c);
    enum http_limit limit = http_limit_of(status, x->parse.state);
    if (limit < HTTP_LIMITS)
        http_limit_hit(s, limit);
    if (s->refused != NULL) {
        http_request_fill(x); /* behind a proxy it names the client, if the headers are known */
        s->refused(s->refused_arg, x->request.client, x->parse.target, status, why);
    }
    buf_free(&x->parse.body);
    http_exchange_count(x);
    buf_free(&c->rest);
    c->rest_used = 0;
    http_conn_update(c);
}

/* The headers are whole: a sandbox may cut the line here. True if it does. */
static bool cut_early(struct http_conn *c)
{
    const struct http_in_early *early = &c->server->early;
    struct http_in_exchange *x = c->incoming;
    if (x->headed || x->parse.state == HTTP_PARSE_HEAD || x->parse.state == HTTP_PARSE_REFUSED)
        return false;
    x->headed = true;
    if (early->head == NULL)
        return false;
    http_request_fill(x);
    if (!early->head(early->arg, &x->request))
        return false;
    take_incoming(c);
    x->answered = x->last = x->cut = x->reset = true;
    c->closing = true;
    http_conn_mark(c);
    return true;
}

static void run_incoming(struct http_conn *c)
{
    struct http_in *s = c->server;
    struct http_in_exchange *x = take_incoming(c);
    http_request_fill(x);
    c->requests++;
    x->last = !x->parse.keep_alive;
    if (x->last)
        c->closing = true;
    s->handler(s->arg, x);
}

static void send_continue(struct http_conn *c)
{
    static const struct str text = {"HTTP/1.1 100 Continue\r\n\r\n", 25};
    struct http_in_exchange *x = c->incoming;
    x->continued = true;
    if (x->parse.body.n > 0) /* it did not wait */
        return;
    buf_add(&x->out, text.p, text.n);
    http_conn_unsent(c, (ptrdiff_t)text.n);
    http_conn_mark(c);
}

/* Too much is held in all: who is slowest at sending what gives way, so that nobody can hold all of
 * it against the others; if none is slow, who comes with more. False if that is c. */
static bool bound_bodies(struct http_conn *c)
{
    struct http_in *s = c->server;
    while (c->incoming != NULL && s->bodies > s->config.max_bodies) {
        struct http_conn *slowest = http_deadline_slowest(s, HTTP_WAIT_BODY);
        http_conn_refuse(slowest != NULL ? slowest : c, 503, "too many large requests at once");
    }
    return c->incoming != NULL;
}

/* May the request under way go on, or another one be begun? */
static bool takes_more(const struct http_conn *c)
{
    const struct http_in *s = c->server;
    if (c->closing || c->incoming != NULL)
        return !c->closing;
    if (c->unsent > 0 && s->unsent > s->config.max_unsent)
        return false;
    return c->nexchanges < c->server->config.max_pipelined && c->unsent < HTTP_PENDING_MAX &&
           c->bodies < HTTP_PENDING_MAX;
}

/* Parses, and runs each request that is whole. Returns how many bytes were used. */
static size_t consume(struct http_conn *c, const char *bytes, size_t n)
{
    size_t used = 0;
    while (used < n && takes_more(c)) {
        if (c->incoming == NULL) {
            http_deadline_set(c->server, &c->in, HTTP_WAIT_NONE);
            c->incoming = http_exchange_new(c);
        }
        struct http_parse *p = &c->incoming->parse;
        used += http_parse_feed(p, bytes + used, n - used);
        http_exchange_count(c->incoming);
        if (cut_early(c))
            break;
        if (p->state == HTTP_PARSE_DONE)
            run_incoming(c);
        else if (p->state == HTTP_PARSE_REFUSED)
            http_conn_refuse(c, p->problem.status, p->problem.why);
        else if (bound_bodies(c) && p->state != HTTP_PARSE_HEAD && p->expects_continue &&
                 !c->incoming->continued)
            send_continue(c);
    }
    return c->closing ? n : used;
}

static void parse_rest(struct http_conn *c)
{
    c->rest_used += consume(c, c->rest.p + c->rest_used, c->rest.n - c->rest_used);
    if (!has_rest(c)) {
        buf_free(&c->rest);
        c->rest_used = 0;
    }
    http_conn_update(c);
}

void http_conn_resume(struct http_conn *c)
{
    if (has_rest(c))
        event_active(&c->ev_read, EV_READ, 0);
    else
        http_conn_update(c);
}

void http_conn_read(struct http_conn *c)
{
    struct http_in *s = c->server;
    ssize_t n = http_wire_read(c, s->scratch, sizeof(s->scratch));
    if (n < 0 && c->wants_write)
        event_add(&c->ev_write, NULL);
    if (n < 0 && errno == EPROTO && c->plain) {
        c->incoming = http_exchange_new(c);
        http_conn_refuse(c, 400, "this port speaks TLS: send it to https");
        return;
    }
    if (n < 0) {
        if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
            http_conn_close(c);
        return;
    }
    if (n == 0) {
        c->peer_closed = true;
    } else if (!c->lingering) {
        size_t used = consume(c, s->scratch, (size_t)n);
        buf_add(&c->rest, s->scratch + used, (size_t)n - used);
    }
    http_conn_update(c);
}

/* Everything is answered: closes when the peer has done so, and reads on until then, because a
 * close with unread bytes is a reset, which can eat the answer. True if the connection is gone. */
static bool end(struct http_conn *c)
{
    if (!c->peer_closed && (c->lingering || http_wire_end(c) == 0)) {
        c->lingering = true;
        return false;
    }
    http_conn_close(c);
    return true;
}

static enum http_wait wait_for(const struct http_conn *c)
{
    if (c->lingering)
        return HTTP_WAIT_LINGER;
    if (c->incoming != NULL)
        return c->incoming->parse.state == HTTP_PARSE_HEAD ? HTTP_WAIT_HEAD : HTTP_WAIT_BODY;
    if (!list_empty(&c->exchanges) || has_rest(c))
        return HTTP_WAIT_NONE;
    return c->in.wait == HTTP_WAIT_FIRST ? HTTP_WAIT_FIRST : HTTP_WAIT_IDLE;
}

void http_conn_update(struct http_conn *c)
{
    struct http_in *s = c->server;
    if (c->peer_closed && c->incoming != NULL && !has_rest(c)) {
        http_exchange_release(s, c->incoming); /* half a request is none */
        c->incoming = NULL;
    }
    bool through = c->incoming == NULL && list_empty(&c->exchanges) && !has_rest(c);
    if (through && (c->closing || c->peer_closed || s->draining) && end(c))
        return;
    bool want = !c->peer_closed && (c->lingering || (takes_more(c) && !has_rest(c)));
    if (c->reading && !want && c->nexchanges >= s->config.max_pipelined)
        http_limit_hit(s, HTTP_LIMIT_PIPELINED);
    if (want != c->reading) {
        c->reading = want;
        if (want)
            event_add(&c->ev_read, NULL);
        else
            event_del(&c->ev_read);
    }
    if (want && c->more)
        event_active(&c->ev_read, EV_READ, 0);
    http_deadline_set(s, &c->in, wait_for(c));
}
