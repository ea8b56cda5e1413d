/* For tests of the HTTP server: a server on its own thread, and a peer that speaks raw bytes over
 * a real socket. Each test program has its own server, so this is a header of static functions. */
#ifndef HTTP_PEER_H
#define HTTP_PEER_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http_in.h"

struct served {
    struct loop *loop;
    struct http_in *http;
    struct loop_wake *wake;
    pthread_t thread;
    _Atomic(loop_fn) asked; /* to be run on the loop's thread */
    atomic_int seen;        /* requests the handler got */
    atomic_int refused;     /* requests the server refused */
    atomic_int done;        /* drains that ended */
    struct http_in_exchange *held[64];
    int nheld;
};

static void served_run_asked(void *arg)
{
    struct served *s = arg;
    loop_fn fn = atomic_exchange(&s->asked, NULL);
    if (fn != NULL)
        fn(s);
}

/* Has fn called on the loop's thread, and waits until it is about to be. */
static void served_ask(struct served *s, loop_fn fn)
{
    atomic_store(&s->asked, fn);
    loop_wake(s->wake);
    while (atomic_load(&s->asked) != NULL)
        usleep(200);
}

static inline void served_drained(void *arg)
{
    atomic_fetch_add(&((struct served *)arg)->done, 1);
}

/* For served_ask: the server drains, and counts in `done` that it has. */
static inline void served_drain(void *arg)
{
    struct served *s = arg;
    http_in_drain(s->http, served_drained, s);
}

static void served_count_refused(
    void *arg, const char *peer, struct str target, int status, const char *why)
{
    struct served *s = arg;
    atomic_fetch_add(&s->refused, 1);
}

static void *served_thread(void *arg)
{
    loop_run(((struct served *)arg)->loop);
    return NULL;
}

static void served_begin(struct served *s, const struct http_in_config *c, http_in_handler fn)
{
    struct err e = {0};
    memset(s, 0, sizeof(*s));
    s->loop = loop_new(&e);
    s->wake = loop_wake_new(s->loop, served_run_asked, s, &e);
    s->http = http_in_start(s->loop, c, fn, s, &e);
    if (s->http == NULL)
        fail_msg("%s", e.text);
    http_in_on_refused(s->http, served_count_refused, s);
    assert_int_equal(pthread_create(&s->thread, NULL, served_thread, s), 0);
}

static void served_stop(void *arg)
{
    loop_stop(((struct served *)arg)->loop);
}

static void served_end(struct served *s)
{
    served_ask(s, served_stop);
    pthread_join(s->thread, NULL);
    http_in_free(s->http);
    loop_wake_free(s->wake);
    loop_free(s->loop);
}

/* Limits small enough for tests to reach. */
static struct http_in_config served_config(void)
{
    struct http_in_config c;
    http_in_config_defaults(&c);
    c.listen = "127.0.0.1:0";
    c.max_body = 1000;
    return c;
}

/* ---- the peer ---- */

static int peer_connect(const struct served *s)
{
    int one = 1, port = atoi(strrchr(http_in_address(s->http), ':') + 1);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    return fd;
}

static void peer_send(int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t sent = send(fd, bytes, n, MSG_NOSIGNAL);
        if (sent < 0)
            return; /* refused meanwhile: the answer tells */
        bytes += sent;
        n -= (size_t)sent;
    }
}

static void peer_text(int fd, const char *text)
{
    peer_send(fd, text, strlen(text));
}

/* Reads until the server closes; a reset ends the text with "RESET". The caller frees. */
static char *peer_read_all(int fd, size_t *n)
{
    size_t cap = 1 << 16, used = 0;
    char *text = malloc(cap);
    for (;;) {
        if (cap - used < 4096)
            text = realloc(text, cap *= 2);
        ssize_t got = recv(fd, text + used, cap - used - 16, 0);
        if (got > 0) {
            used += (size_t)got;
            continue;
        }
        if (got < 0)
            used += (size_t)sprintf(text + used, "RESET");
        break;
    }
    text[used] = '\0';
    if (n != NULL)
        *n = used;
    return text;
}

/* Reads at least n bytes (or to the end) as text into out. */
static inline size_t peer_read(int fd, char *out, size_t n)
{
    size_t used = 0;
    while (used < n) {
        ssize_t got = recv(fd, out + used, n - used, 0);
        if (got <= 0)
            break;
        used += (size_t)got;
    }
    out[used] = '\0';
    return used;
}

/* "202 400" from the bytes of answers, by their lengths; "?" where they are malformed. */
static void peer_statuses(const char *text, size_t n, char *out, size_t room)
{
    size_t used = 0;
    out[0] = '\0';
    while (n > 0) {
        const char *end = strstr(text, "\r\n\r\n");
        const char *length = strstr(text, "\r\nContent-Length: ");
        int status = strncmp(text, "HTTP/1.1 ", 9) == 0 ? atoi(text + 9) : 0;
        size_t body = length != NULL && length < end ? (size_t)atol(length + 18) : 0;
        if (end == NULL || status == 0 || (size_t)(end + 4 - text) + body > n) {
            snprintf(out + used, room - used, "?");
            return;
        }
        used += (size_t)snprintf(out + used, room - used, used > 0 ? " %d" : "%d", status);
        n -= (size_t)(end + 4 - text) + body;
        text = end + 4 + body;
    }
}

#endif
