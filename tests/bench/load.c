/* Load on a webhook port: keeps N connections busy for some seconds with POSTs of one body, in
 * which %ID% becomes a number of its own each time, and prints one JSON object with the rate and
 * the latencies. One thread, epoll, no allocation while it runs.
 * usage: load HOST PORT PATH BODY-FILE CONNECTIONS SECONDS [tls] */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_MAX 1024
#define REQUEST_MAX     8192
#define ANSWER_MAX      8192
#define BUCKETS         200000 /* of 1 us up to 100 ms, then of 100 us */

struct connection {
    int fd;
    SSL *ssl; /* NULL: plain */
    char out[REQUEST_MAX];
    size_t out_n, sent;
    char in[ANSWER_MAX];
    size_t in_n;
    int64_t began_ns;
};

static struct connection connections[CONNECTIONS_MAX];
static uint32_t histogram[BUCKETS];
static uint64_t answered, accepted, next_id;
static const char *host_name, *path;
static char body[REQUEST_MAX];
static SSL_CTX *tls; /* NULL: plain */

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void die(const char *what)
{
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int dial(const char *host, int port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || inet_pton(AF_INET, host, &a.sin_addr) != 1 ||
        connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
        die("connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

/* As read and write do; no certificate is looked at, since it is speed that is measured. */
static ssize_t tls_result(struct connection *c, int rc)
{
    int why = rc > 0 ? 0 : SSL_get_error(c->ssl, rc);
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) {
        errno = EAGAIN;
        return -1;
    }
    return rc > 0 ? rc : 0;
}

static ssize_t get(struct connection *c, char *out, size_t n)
{
    return c->ssl ? tls_result(c, SSL_read(c->ssl, out, (int)n)) : read(c->fd, out, n);
}

static ssize_t put(struct connection *c, const char *from, size_t n)
{
    return c->ssl ? tls_result(c, SSL_write(c->ssl, from, (int)n)) : write(c->fd, from, n);
}

static void secure(struct connection *c)
{
    if (!tls)
        return;
    int flags = fcntl(c->fd, F_GETFL);
    fcntl(c->fd, F_SETFL, flags & ~O_NONBLOCK);
    c->ssl = SSL_new(tls);
    SSL_set_fd(c->ssl, c->fd);
    if (SSL_connect(c->ssl) != 1)
        die("TLS");
    fcntl(c->fd, F_SETFL, flags);
}

/* The body with each %ID% replaced by id. */
static size_t fill(char *out, size_t size, uint64_t id)
{
    size_t n = 0;
    for (const char *p = body; *p && n + 24 < size;) {
        if (!strncmp(p, "%ID%", 4)) {
            n += (size_t)snprintf(out + n, size - n, "%012llu", (unsigned long long)id);
            p += 4;
        } else {
            out[n++] = *p++;
        }
    }
    return n;
}

static void compose(struct connection *c)
{
    char filled[REQUEST_MAX];
    size_t n = fill(filled, sizeof(filled), next_id++);
    int head = snprintf(c->out, sizeof(c->out),
        "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: "
        "%zu\r\n\r\n",
        path, host_name, n);
    memcpy(c->out + head, filled, n);
    c->out_n = (size_t)head + n;
    c->sent = 0;
    c->in_n = 0;
    c->began_ns = now_ns();
}

static void send_some(struct connection *c)
{
    while (c->sent < c->out_n) {
        ssize_t n = put(c, c->out + c->sent, c->out_n - c->sent);
        if (n < 0 && errno == EAGAIN)
            return;
        if (n < 0)
            die("write");
        c->sent += (size_t)n;
    }
}

/* Length of the whole answer in c->in, or 0 if it is not all there. */
static size_t whole(const struct connection *c)
{
    const char *end = memmem(c->in, c->in_n, "\r\n\r\n", 4);
    if (!end)
        return 0;
    size_t head = (size_t)(end - c->in) + 4, length = 0;
    for (const char *p = c->in; p < end; p++)
        if ((p == c->in || p[-1] == '\n') && !strncasecmp(p, "content-length:", 15))
            length = strtoul(p + 15, NULL, 10);
    return c->in_n >= head + length ? head + length : 0;
}

static void count(int64_t ns)
{
    int64_t us = ns / 1000;
    int64_t bucket = us < 100000 ? us : 100000 + (us - 100000) / 100;
    histogram[bucket < BUCKETS ? bucket : BUCKETS - 1]++;
}

static void receive(struct connection *c)
{
    ssize_t n = get(c, c->in + c->in_n, sizeof(c->in) - c->in_n);
    if (n < 0 && errno == EAGAIN)
        return;
    if (n <= 0)
        die("the server closed a connection");
    c->in_n += (size_t)n;
    if (!whole(c)) {
        if (c->ssl)
            receive(c); /* there may be another record */
        return;
    }
    answered++;
    accepted += !strncmp(c->in + 9, "202", 3);
    count(now_ns() - c->began_ns);
    compose(c);
    send_some(c);
}

static double percentile(double p)
{
    uint64_t seen = 0;
    for (int i = 0; i < BUCKETS; i++) {
        seen += histogram[i];
        if ((double)seen >= p * (double)answered)
            return (i < 100000 ? i : 100000 + (i - 100000) * 100) / 1000.0;
    }
    return -1;
}

int main(int argc, char **argv)
{
    if (argc != 7 && argc != 8) {
        fprintf(stderr, "usage: load HOST PORT PATH BODY-FILE CONNECTIONS SECONDS [tls]\n");
        return 2;
    }
    if (argc == 8) {
        signal(SIGPIPE, SIG_IGN);
        tls = SSL_CTX_new(TLS_client_method());
    }
    host_name = argv[1];
    path = argv[3];
    FILE *f = fopen(argv[4], "r");
    if (!f || fread(body, 1, sizeof(body) - 1, f) == 0)
        die(argv[4]);
    fclose(f);
    int n = atoi(argv[5]), ep = epoll_create1(0);
    if (n < 1 || n > CONNECTIONS_MAX)
        die("1 to 1024 connections");
    next_id = (uint64_t)now_ns() % 1000000000000u;
    for (int i = 0; i < n; i++) {
        struct connection *c = &connections[i];
        struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
        c->fd = dial(host_name, atoi(argv[2]));
        secure(c);
        epoll_ctl(ep, EPOLL_CTL_ADD, c->fd, &e);
        compose(c);
        send_some(c);
    }
    int64_t began = now_ns(), end = began + (int64_t)(atof(argv[6]) * 1e9);
    while (now_ns() < end) {
        struct epoll_event events[256];
        int ready = epoll_wait(ep, events, 256, 100);
        for (int i = 0; i < ready; i++)
            receive(events[i].data.ptr);
    }
    double seconds = (double)(now_ns() - began) / 1e9;
    printf("{\"connections\":%d,\"rate\":%.0f,\"accepted\":%llu,\"answered\":%llu,\"p50_ms\":%.3f,"
           "\"p99_ms\":%.3f}\n",
        n, (double)answered / seconds, (unsigned long long)accepted, (unsigned long long)answered,
        percentile(0.5), percentile(0.99));
    return 0;
}
