/* HTTP/1.1 server: libevent sockets, llhttp parsing, strict. The handler gets whole requests and
 * answers whenever it likes; the answers of pipelined requests leave in order. */
#ifndef HTTP_IN_H
#define HTTP_IN_H

#include <stdbool.h>
#include <stdint.h>
#include "err.h"
#include "http.h"
#include "http_proxies.h"
#include "http_tls.h"
#include "loop.h"

struct http_in;          /* a listening server */
struct http_in_exchange; /* one request and its pending answer */

struct http_in_config {
    const char *listen;  /* "127.0.0.1:8700", "[::1]:0"; port 0 picks a free one */
    int listener;        /* a socket that listens already, which the server owns then; -1: none */
    size_t max_body;     /* bytes; over it: 413 */
    size_t max_bodies;   /* bytes of bodies held in all; over it: 503 for who is slowest */
    size_t max_unsent;   /* bytes of answers that wait for their readers in all; over it they are
                          * cut, the slowest first */
    size_t max_header;   /* bytes of request line and headers; over it: 431 */
    int64_t header_ms;   /* first byte of a request to the end of its headers, else 408 */
    int64_t body_ms;     /* end of headers to the end of the body, else 408 */
    int64_t idle_ms;     /* keep-alive without a request */
    int64_t write_ms;    /* one answer, from when the peer stops taking it to its last byte */
    int64_t linger_ms;   /* after the last answer: what the peer goes on sending is dropped, so that
                          * no reset eats the answer; then it is cut */
    int64_t drain_ms;    /* what a drain still gives a request that is half here, or an answer */
    int max_connections; /* at the limit whose peer is waited for longest makes room, else accepting
                          * pauses */
    int max_pipelined;   /* requests of one connection whose answers have not left yet */
    const struct http_proxies *proxies; /* NULL: none; outlives the server */
    const struct http_tls *tls;         /* NULL: plain; outlives the server */
};
/* 127.0.0.1:8700, no listener, 1 MiB bodies, 256 MiB in all, 512 MiB of answers, 16 KiB headers, 10
 * s, 30 s, 60 s, 30 s, 5 s, 10 s, 4096 and 32. */
void http_in_config_defaults(struct http_in_config *c);

struct http_in_request {
    const char *method; /* "POST" */
    struct str target;  /* as sent */
    struct str path;    /* percent-decoded but for %2F, before '?'; never holds NUL */
    struct str query;   /* raw, after '?' */
    const struct http_header *headers;
    int nheaders;
    struct str body;
    const char *peer;   /* "127.0.0.1" */
    const char *client; /* who sent it: the peer, or whom a listed proxy names */
    bool secure;        /* it came by https, as far as is known: see http_client */
    int64_t connection; /* counts the server's connections from 1 */
    int64_t nth;        /* counts the requests of its connection from 0 */
};

/* Called once for each whole request. The request lives until http_in_reply or abort. */
typedef void (*http_in_handler)(void *arg, struct http_in_exchange *x);

/* NULL and e: it cannot listen there; the listener is closed then, too. */
struct http_in *http_in_start(
    struct loop *l, const struct http_in_config *c, http_in_handler fn, void *arg, struct err *e);
const char *http_in_address(const struct http_in *s); /* "127.0.0.1:8700" as bound */
/* The same of a socket that listens: "[::]:443". */
#define HTTP_BOUND_TEXT 64
void http_in_bound(int fd, char out[HTTP_BOUND_TEXT]);
/* A request this server itself refused (413, 400 ...): told for counting and alerts. client as in
 * http_in_request, as far as its headers were read. */
void http_in_on_refused(struct http_in *s,
    void (*fn)(void *arg, const char *client, struct str target, int status, const char *why),
    void *arg);
/* A request that was answered, by the handler or (why is set) by a refusal of the server. What was
 * not read of a refused request is NULL or STR_NONE. Told when the answer is ready, not when it has
 * left; it lives during the call. */
struct http_in_answered {
    const struct http_in_request *request;
    int status;
    size_t bytes; /* of the answer's body */
    int64_t us;   /* since the request's first byte */
    const char *why;
};
/* fn is told of each; one at a time, the last one set. */
void http_in_on_answered(
    struct http_in *s, void (*fn)(void *arg, const struct http_in_answered *a), void *arg);

/* The limits, and how often each was hit so far. */
enum http_limit {
    HTTP_LIMIT_CONNECTIONS,
    HTTP_LIMIT_DESCRIPTORS, /* the system's */
    HTTP_LIMIT_HEADER,
    HTTP_LIMIT_BODY,
    HTTP_LIMIT_BODIES,
    HTTP_LIMIT_UNSENT,
    HTTP_LIMIT_HEADER_MS,
    HTTP_LIMIT_BODY_MS,
    HTTP_LIMIT_WRITE_MS,
    HTTP_LIMIT_PIPELINED,
    HTTP_LIMITS
};
const char *http_limit_name(enum http_limit limit); /* "max-connections" */
/* TLS connections that ended before they had begun. */
int64_t http_in_tls_failures(const struct http_in *s);
/* How often that limit was hit since the start. */
int64_t http_in_hits(const struct http_in *s, enum http_limit limit);

/* Stops accepting, lets requests under way finish, then calls done (from the loop). Idle
 * connections are closed. It has no deadline for the handler: that is the caller's. */
void http_in_drain(struct http_in *s, loop_fn done, void *arg);
/* Closes everything. Exchanges that the handler still holds stay valid until they are answered.
 * Not from inside the handler. */
void http_in_free(struct http_in *s);
/* Connections that are open now. */
int http_in_connections(const struct http_in *s);

/* What was asked; it lives as long as x. */
const struct http_in_request *http_in_request(const struct http_in_exchange *x);
/* GET, or HEAD: that is answered as GET is, and the server leaves the body out. */
bool http_in_reads(const struct http_in_request *r);
/* Answers, once; x is gone afterwards. Works (and frees) also when the peer has left meanwhile.
 * headers may be NULL. Content-Length, Date and Connection are added and left out of headers, but
 * "Connection: close" there is heeded. A HEAD, 204 and 304 get no body. What would break the syntax
 * never reaches the wire: a header whose name is no token is dropped, control characters in a value
 * become spaces. */
void http_in_reply(struct http_in_exchange *x, int status, const struct http_header *headers,
    int nheaders, struct str body);
/* The next http_in_reply of x calls fn instead, which sees what is to be answered and answers when
 * it likes, with http_in_reply. */
typedef void (*http_in_reply_fn)(void *arg, struct http_in_exchange *x, int status,
    const struct http_header *headers, int nheaders, struct str body);
void http_in_before_reply(struct http_in_exchange *x, http_in_reply_fn fn, void *arg);
/* For sandboxes: closes the connection with a TCP reset instead of an answer; or sends the first
 * `bytes` of an answer, its status line and headers included, and then closes. Either waits for the
 * answers before it. */
void http_in_abort(struct http_in_exchange *x);
void http_in_reply_cut(struct http_in_exchange *x, int status, const struct http_header *headers,
    int nheaders, struct str body, size_t bytes);
/* For sandboxes: bytes of an answer exactly as they are, bit by bit if there is more. False if the
 * peer has left: x is gone then, as it is after the last bytes. */
enum http_in_raw { HTTP_IN_MORE, HTTP_IN_LAST, HTTP_IN_LAST_CLOSE };
bool http_in_raw(struct http_in_exchange *x, struct str bytes, enum http_in_raw what);
/* Bytes of http_in_raw that the peer has not taken yet. */
size_t http_in_unsent(const struct http_in_exchange *x);
/* For sandboxes: accept is asked at each new connection, head at each request whose headers are
 * whole (its body is not there yet); either resets the connection by saying true. */
struct http_in_early {
    bool (*accept)(void *arg);
    bool (*head)(void *arg, const struct http_in_request *r);
    void *arg;
};
void http_in_on_early(struct http_in *s, const struct http_in_early *early);
/* Value of a query parameter, percent-decoded into a string owned by the caller; NULL if absent. */
char *http_in_query(const struct http_in_request *r, const char *name);

#endif
