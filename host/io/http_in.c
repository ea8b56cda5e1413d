/* The server: its exchanges and its time, listening, draining. */
#include "http_in.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "http_conn.h"
#include "log.h"
#include "mem.h"

#define BACKLOG         4096
#define SPARE_MAX       256 /* exchanges kept for reuse */
#define DRAIN_LINGER_MS 1000

void http_in_config_defaults(struct http_in_config *c)
{
    *c = (struct http_in_config){
        .listen = "127.0.0.1:8700",
        .listener = -1,
        .max_body = (size_t)1 << 20,
        .max_bodies = (size_t)256 << 20,
        .max_unsent = (size_t)512 << 20,
        .max_header = (size_t)16 << 10,
        .header_ms = 10000,
        .body_ms = 30000,
        .idle_ms = 60000,
        .write_ms = 30000,
        .linger_ms = 5000,
        .drain_ms = 10000,
        .max_connections = 4096,
        .max_pipelined = 32,
    };
}

/* ---- time ---- */

int64_t http_server_now(struct http_in *s)
{
    if (s->now_ms == 0)
        s->now_ms = clock_mono_ms();
    return s->now_ms;
}

const char *http_server_date(struct http_in *s)
{
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    time_t now = (time_t)(clock_wall_ms() / 1000);
    struct tm t;
    if (s->date_s == now || gmtime_r(&now, &t) == NULL)
        return s->date;
    /* The names of strftime depend on the locale. */
    snprintf(s->date, sizeof(s->date), "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT",
        days + 3 * t.tm_wday, t.tm_mday % 100, months + 3 * t.tm_mon, (t.tm_year + 1900) % 10000,
        t.tm_hour % 100, t.tm_min % 100, t.tm_sec % 100);
    s->date_s = now;
    return s->date;
}

/* ---- exchanges ---- */

struct http_in_exchange *http_exchange_new(struct http_conn *c)
{
    struct http_in *s = c->server;
    struct list *l = list_shift(&s->spare);
    struct http_in_exchange *x;
    if (l != NULL) {
        x = LIST_OF(l, struct http_in_exchange, link);
        s->nspare--;
    } else {
        x = mem_alloc(sizeof(*x));
        memset(x, 0, offsetof(struct http_in_exchange, parse));
        list_init(&x->link);
        http_parse_init(&x->parse, s->config.max_header, s->config.max_body);
        buf_init(&x->out, SIZE_MAX / 4);
    }
    x->conn = c;
    x->began_us = s->on_answered != NULL ? clock_mono_us() : 0;
    x->before = NULL;
    x->sent = x->counted = 0;
    x->answered = x->last = x->cut = x->reset = x->continued = x->headed = x->filled = false;
    return x;
}

void http_exchange_count(struct http_in_exchange *x)
{
    x->conn->bodies += x->parse.body.n - x->counted;
    x->conn->server->bodies += x->parse.body.n - x->counted;
    x->counted = x->parse.body.n;
}

void http_exchange_release(struct http_in *s, struct http_in_exchange *x)
{
    buf_clear(&x->parse.body);
    http_exchange_count(x);
    if (s->freed || s->nspare >= SPARE_MAX) {
        http_parse_free(&x->parse);
        buf_free(&x->out);
        mem_free(x);
        return;
    }
    http_parse_reset(&x->parse);
    if (x->out.cap > HTTP_SCRATCH_BYTES / 4)
        buf_free(&x->out);
    buf_clear(&x->out);
    x->conn = NULL;
    list_init(&x->link);
    list_append(&s->spare, &x->link);
    s->nspare++;
}

/* ---- listening ---- */

/* Cuts "host:port" and "[host]:port". */
static int split_address(const char *text, char host[256], char port[8], struct err *e)
{
    const char *colon = strrchr(text, ':');
    size_t n = colon != NULL ? (size_t)(colon - text) : 0;
    bool bracketed = n >= 2 && text[0] == '[' && text[n - 1] == ']';
    int64_t number;
    if (colon == NULL || n == 0 || n > 255 || strlen(colon + 1) > 5 ||
        !str_to_i64(str_of(colon + 1), &number) || number < 0 || number > 65535)
        return err_set(
            e, ERR_INPUT, "\"%s\" is not an address to listen on: write 127.0.0.1:8700", text);
    snprintf(host, 256, "%.*s", (int)(bracketed ? n - 2 : n), text + (bracketed ? 1 : 0));
    snprintf(port, 8, "%d", (int)number);
    return 0;
}

static int listen_on(const struct addrinfo *a)
{
    int one = 1, fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    /* Connections inherit it from the listening socket. */
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    if (bind(fd, a->ai_addr, a->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

static int open_listener(struct http_in *s, struct err *e)
{
    char host[256], port[8];
    int one = 1;
    s->fd = s->config.listener;
    if (s->fd >= 0) {
        setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        return 0;
    }
    if (split_address(s->config.listen, host, port, e) < 0)
        return -1;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *list = NULL;
    int rc = getaddrinfo(host, port, &hints, &list);
    if (rc != 0)
        return err_set(e, ERR_IO, "cannot listen on %s: %s", s->config.listen, gai_strerror(rc));
    s->fd = listen_on(list);
    if (s->fd < 0)
        err_set(e, ERR_IO, "cannot listen on %s: %s", s->config.listen, strerror(errno));
    freeaddrinfo(list);
    return s->fd < 0 ? -1 : 0;
}

void http_in_bound(int fd, char out[HTTP_BOUND_TEXT])
{
    struct sockaddr_storage a = {0};
    socklen_t n = sizeof(a);
    char host[48];
    getsockname(fd, (struct sockaddr *)&a, &n);
    http_address_text(&a, host);
    /* The port is at the same place in both families. */
    int port = ntohs(((struct sockaddr_in *)&a)->sin_port);
    snprintf(out, HTTP_BOUND_TEXT, a.ss_family == AF_INET6 ? "[%s]:%d" : "%s:%d", host, port);
}

struct http_in *http_in_start(
    struct loop *l, const struct http_in_config *c, http_in_handler fn, void *arg, struct err *e)
{
    struct http_in *s = mem_zalloc(1, sizeof(*s));
    s->loop = l;
    s->config = *c;
    s->handler = fn;
    s->arg = arg;
    if (open_listener(s, e) < 0) {
        mem_free(s);
        return NULL;
    }
    http_in_bound(s->fd, s->address);
    s->config.listen = s->address;
    list_init(&s->conns);
    list_init(&s->dirty);
    list_init(&s->spare);
    http_deadlines_init(s);
    event_assign(&s->ev_accept, loop_base(l), s->fd, EV_READ | EV_PERSIST, http_on_acceptable, s);
    loop_on_idle(l, http_server_flush, s);
    http_server_update(s);
    return s;
}

const char *http_in_address(const struct http_in *s)
{
    return s->address;
}

int64_t http_in_tls_failures(const struct http_in *s)
{
    return s->tls_failures;
}

int http_in_connections(const struct http_in *s)
{
    return s->nconns;
}

void http_in_on_refused(struct http_in *s,
    void (*fn)(void *arg, const char *client, struct str target, int status, const char *why),
    void *arg)
{
    s->refused = fn;
    s->refused_arg = arg;
}

void http_in_on_answered(
    struct http_in *s, void (*fn)(void *arg, const struct http_in_answered *a), void *arg)
{
    s->on_answered = fn;
    s->on_answered_arg = arg;
}

void http_in_on_early(struct http_in *s, const struct http_in_early *early)
{
    s->early = *early;
}

/* ---- ending ---- */

static void stop_listening(struct http_in *s)
{
    if (s->fd < 0)
        return;
    event_del(&s->ev_accept);
    s->accepting = false;
    close(s->fd);
    s->fd = -1;
}

void http_server_settle(struct http_in *s)
{
    if (s->nconns > 0 || s->nzombies > 0) {
        http_server_update(s);
        return;
    }
    if (s->freed) {
        mem_free(s);
        return;
    }
    http_server_update(s);
    if (s->draining && s->drained != NULL) {
        loop_post(s->loop, s->drained, s->drained_arg);
        s->drained = NULL;
    }
}

static void drain(void *arg)
{
    struct http_in *s = arg;
    if (s->freed) {
        s->nzombies--;
        http_server_settle(s);
        return;
    }
    /* Who is connected already, or has sent a request already, is served. */
    while (s->nconns < s->config.max_connections && http_accept_one(s))
        continue;
    stop_listening(s);
    http_deadlines_hurry(s, HTTP_WAIT_LINGER, DRAIN_LINGER_MS);
    http_deadlines_hurry(s, HTTP_WAIT_HEAD, s->config.drain_ms);
    http_deadlines_hurry(s, HTTP_WAIT_BODY, s->config.drain_ms);
    http_deadlines_hurry(s, HTTP_WAIT_WRITE, s->config.drain_ms);
    struct list *next;
    for (struct list *l = s->conns.next; l != &s->conns; l = next) {
        struct http_conn *c = LIST_OF(l, struct http_conn, link);
        next = l->next;
        if (c->reading || c->in.wait == HTTP_WAIT_FIRST)
            http_conn_read(c);
    }
    for (struct list *l = s->conns.next; l != &s->conns; l = next) {
        next = l->next;
        http_conn_update(LIST_OF(l, struct http_conn, link));
    }
    s->nzombies--;
    http_server_settle(s);
}

void http_in_drain(struct http_in *s, loop_fn done, void *arg)
{
    if (s->draining)
        return;
    s->draining = true;
    s->drained = done;
    s->drained_arg = arg;
    /* Not at once: the caller may be the handler, in the middle of a read. Until then, and while
     * connections are closed, done must not be called nor the server freed. */
    s->nzombies++;
    loop_post(s->loop, drain, s);
}

void http_in_free(struct http_in *s)
{
    if (s == NULL)
        return;
    stop_listening(s);
    loop_off_idle(s->loop, http_server_flush, s);
    http_deadlines_free(s);
    struct list *l;
    while ((l = list_shift(&s->spare)) != NULL) {
        s->nspare--;
        struct http_in_exchange *x = LIST_OF(l, struct http_in_exchange, link);
        http_parse_free(&x->parse);
        buf_free(&x->out);
        mem_free(x);
    }
    s->freed = true;
    s->nzombies++; /* ours: the last close must not free it under our feet */
    while (!list_empty(&s->conns))
        http_conn_close(LIST_OF(s->conns.next, struct http_conn, link));
    s->nzombies--;
    http_server_settle(s);
}
