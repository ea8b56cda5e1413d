/* A small server for tests of the HTTP client: plain sockets, a thread a connection. What it does
 * with a request is in the request's path; it counts what it carried out. */
#ifndef CUT_SERVER_H
#define CUT_SERVER_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#ifdef __SANITIZE_THREAD__
/* When the client closes a socket, the kernel takes it out of the epoll set; that libevent says so
 * again a little later meets nothing, also if this server has the descriptor's number by then. */
const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void)
{
    return "race:epoll_ctl\n";
}
#endif

struct cut_server {
    int listener;
    int port;
    pthread_t thread;
    atomic_int executed;    /* whole requests read */
    atomic_int connections; /* accepted */
    atomic_int live;        /* connection threads */
};

struct cut_connection {
    struct cut_server *server;
    int fd;
};

struct cut_request {
    char method[16], path[128];
    char head[16384];
    char *body;
    size_t nbody;
};

static inline void cut_send(int fd, const void *p, size_t n)
{
    const char *at = p;
    while (n) {
        ssize_t sent = send(fd, at, n, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        at += sent;
        n -= (size_t)sent;
    }
}

static inline void cut_say(int fd, const char *s)
{
    cut_send(fd, s, strlen(s));
}

/* Reads one request; false at the end of the connection. */
static inline bool cut_read(int fd, struct cut_request *r)
{
    size_t n = 0;
    memset(r, 0, sizeof(*r));
    while (!strstr(r->head, "\r\n\r\n")) {
        if (n == sizeof(r->head) - 1 || recv(fd, r->head + n, 1, 0) <= 0)
            return false;
        n++;
    }
    sscanf(r->head, "%15s %127s", r->method, r->path);
    const char *length = strcasestr(r->head, "\r\nContent-Length:");
    r->nbody = length ? strtoul(length + 17, NULL, 10) : 0;
    r->body = calloc(1, r->nbody + 1);
    for (size_t got = 0; got < r->nbody;) {
        ssize_t more = recv(fd, r->body + got, r->nbody - got, 0);
        if (more <= 0) {
            free(r->body);
            return false;
        }
        got += (size_t)more;
    }
    return true;
}

static inline void cut_answer(int fd, const char *headers, const void *body, size_t n)
{
    char head[512];
    int len = snprintf(
        head, sizeof(head), "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n%s\r\n", n, headers);
    cut_send(fd, head, (size_t)len);
    cut_send(fd, body, n);
}

static inline void cut_reset(int fd)
{
    struct linger hard = {1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
}

/* 16 MiB of zeros in some 16 KiB of gzip. */
static inline void cut_bomb(int fd)
{
    static const size_t plain = (size_t)16 << 20;
    unsigned char *zeros = calloc(1, plain), *packed = malloc(plain);
    z_stream z = {0};
    deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
    z.next_in = zeros;
    z.avail_in = (unsigned)plain;
    z.next_out = packed;
    z.avail_out = (unsigned)plain;
    deflate(&z, Z_FINISH);
    cut_answer(fd, "Content-Encoding: gzip\r\n", packed, z.total_out);
    deflateEnd(&z);
    free(zeros);
    free(packed);
}

static inline void cut_gzip(int fd, const char *text)
{
    unsigned char packed[512];
    z_stream z = {0};
    deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
    z.next_in = (unsigned char *)(uintptr_t)text;
    z.avail_in = (unsigned)strlen(text);
    z.next_out = packed;
    z.avail_out = sizeof(packed);
    deflate(&z, Z_FINISH);
    cut_answer(fd, "Content-Encoding: gzip\r\n", packed, z.total_out);
    deflateEnd(&z);
}

static inline void cut_endless(int fd)
{
    char block[8192];
    memset(block, 'x', sizeof(block));
    cut_say(fd, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
    while (send(fd, block, sizeof(block), MSG_NOSIGNAL) > 0) {
    }
}

static inline void cut_many_headers(int fd)
{
    cut_say(fd, "HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 400; i++)
        cut_say(fd, "X-More: and more\r\n");
    cut_say(fd, "Content-Length: 0\r\n\r\n");
}

/* What "/raw" is answered with, byte for byte; the connection is closed then. It is there until the
 * server has stopped. */
struct cut_text {
    char *p;
    size_t n;
};
static _Atomic(const struct cut_text *) cut_raw;

/* Text that is sent before the connection is closed, by path. */
static const struct {
    const char *path, *text;
} cuts[] = {
    {"/cut/nothing", ""},
    {"/cut/status", "HTTP/1."},
    {"/cut/status-line", "HTTP/1.1 200 O"},
    {"/cut/head", "HTTP/1.1 200 OK\r\nContent-Type: text/pl"},
    {"/cut/head-line", "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"},
    {"/cut/body", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"},
    {"/cut/chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe"},
    {"/cut/last-chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"},
    {"/cut/continue", "HTTP/1.1 100 Continue\r\n\r\n"},
    {"/cut/garbage", "SSH-2.0-OpenSSH_9.2\r\n"},
};

static inline bool cut_short(int fd, const char *path)
{
    for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
        if (strcmp(path, cuts[i].path))
            continue;
        cut_say(fd, cuts[i].text);
        return true;
    }
    return false;
}

/* Answers; false: the connection is to be closed. nth counts the requests of the connection. */
static inline bool cut_act(int fd, const struct cut_request *r, int nth)
{
    char c;
    if (cut_short(fd, r->path))
        return false;
    if (!strcmp(r->path, "/raw")) {
        const struct cut_text *raw = atomic_load(&cut_raw);
        cut_send(fd, raw->p, raw->n);
        return false;
    }
    if (!strcmp(r->path, "/reset")) {
        cut_reset(fd);
        return false;
    }
    if (!strcmp(r->path, "/dies-when-reused") && nth > 1) /* carried out, but nobody hears of it */
        return false;
    if (!strcmp(r->path, "/silent")) {
        while (recv(fd, &c, 1, 0) > 0) {
        }
        return false;
    }
    if (!strcmp(r->path, "/endless")) {
        cut_endless(fd);
        return false;
    }
    if (!strcmp(r->path, "/bomb"))
        cut_bomb(fd);
    else if (!strcmp(r->path, "/gzip"))
        cut_gzip(fd, "inflated");
    else if (!strcmp(r->path, "/head") || strstr(r->head, "\r\nX-Echo-Head:"))
        cut_answer(fd, "", r->head, strlen(r->head));
    else if (!strcmp(r->path, "/headers"))
        cut_answer(fd, "X-One: 1\r\nx-two:  two words  \r\nX-Empty:\r\n", "", 0);
    else if (!strcmp(r->path, "/many-headers"))
        cut_many_headers(fd);
    else if (!strcmp(r->path, "/early"))
        cut_say(fd, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
                    "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok");
    else if (!strcmp(r->path, "/redirect"))
        cut_say(fd, "HTTP/1.1 307 Temporary Redirect\r\nLocation: /echo\r\n"
                    "Content-Length: 0\r\n\r\n");
    else if (!strcmp(r->path, "/error"))
        cut_say(fd, "HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 4\r\n\r\nbusy");
    else if (!strcmp(r->path, "/trailer"))
        cut_say(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                    "5\r\nhello\r\n0\r\nX-Late: 1\r\n\r\n");
    else if (!strcmp(r->method, "HEAD"))
        cut_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n");
    else
        cut_answer(fd, "", r->body, r->nbody);
    return true;
}

static void *cut_serve(void *arg)
{
    struct cut_connection c = *(struct cut_connection *)arg;
    free(arg);
    struct cut_request r;
    for (int nth = 1; cut_read(c.fd, &r); nth++) {
        atomic_fetch_add(&c.server->executed, 1);
        bool on = cut_act(c.fd, &r, nth);
        free(r.body);
        if (!on)
            break;
    }
    close(c.fd);
    atomic_fetch_sub(&c.server->live, 1);
    return NULL;
}

static void *cut_accept(void *arg)
{
    struct cut_server *s = arg;
    for (;;) {
        int fd = accept(s->listener, NULL, NULL);
        if (fd < 0)
            return NULL;
        struct cut_connection *c = malloc(sizeof(*c));
        *c = (struct cut_connection){s, fd};
        atomic_fetch_add(&s->connections, 1);
        atomic_fetch_add(&s->live, 1);
        int on = 1; /* else an answer in two pieces waits for the client's delayed ACK */
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        pthread_t t;
        pthread_create(&t, NULL, cut_serve, c);
        pthread_detach(t);
    }
}

/* A listening socket on a free port of the loopback address. */
static inline int cut_listen(int *port, int backlog)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof(a);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(fd, (struct sockaddr *)&a, n) || listen(fd, backlog) ||
        getsockname(fd, (struct sockaddr *)&a, &n))
        abort();
    *port = ntohs(a.sin_port);
    return fd;
}

static inline void cut_start(struct cut_server *s)
{
    memset(s, 0, sizeof(*s));
    s->listener = cut_listen(&s->port, 1024);
    pthread_create(&s->thread, NULL, cut_accept, s);
}

/* All clients must have closed their connections. */
static inline void cut_stop(struct cut_server *s)
{
    shutdown(s->listener, SHUT_RDWR);
    pthread_join(s->thread, NULL);
    close(s->listener);
    while (atomic_load(&s->live))
        usleep(1000);
}

#endif
