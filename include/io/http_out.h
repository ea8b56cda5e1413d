/* HTTP client: libcurl on the loop. A write is never sent twice by itself: what
 * libcurl would send again is refused, and redirects are not followed. HTTP/2 where a server of TLS
 * offers it, else HTTP/1.1; gzip answers are inflated. */
#ifndef HTTP_OUT_H
#define HTTP_OUT_H

#include <stdbool.h>
#include <stdint.h>
#include "buf.h"
#include "err.h"
#include "http.h"
#include "loop.h"

struct http_out;
struct http_out_mail;
struct http_out_transfer;

struct http_out_config {
    int connect_ms;            /* until connected, TLS included */
    int64_t max_idle_ms;       /* a reused connection was idle at most this long, for reads */
    int64_t max_idle_write_ms; /* and for writes, much shorter; 0: a new connection each time.
                                * Both count in whole seconds, rounded down. */
    const char *ca_file;       /* NULL: the system's certificates */
    const char *user_agent;
    int max_connections;      /* in all, and requests under way: the others wait; 0: no limit */
    int max_idle_connections; /* kept open without a transfer; but one for 16 of all at least */
    bool public_only;         /* refuse to connect to loopback, private and special addresses */
    /* Networks that count as public all the same: "10.1.0.0/16, fd00::/8, 127.0.0.1"; NULL: none.
     */
    const char *allow_net;
    /* Ports of public addresses that such a request may go to, "443, 8000-8100"; NULL: all. Mails
     * may go to those of mail as well, and what allow_net names has any port. */
    const char *allow_port;
};
/* What each member is if nobody says otherwise. */
void http_out_config_defaults(struct http_out_config *c);

/* How one request gets out; all NULL and false by default. Copied, and wiped afterwards. */
struct http_out_way {
    bool public_only;  /* as in the config, for this one */
    const char *proxy; /* http://, https:// or socks5h:// address, with user and password if any;
                        * public_only is then about the proxy alone */
    const char *certificate; /* PEM of the client's certificate (chain), and */
    const char *key;         /* of its key; NULL: it is in the same text */
};

struct http_out_request {
    const char *method;
    const char *url; /* absolute http:// or https:// */
    /* Host, Connection, Content-Length, Transfer-Encoding, Expect, Upgrade, TE and Trailer belong
     * to the client and are refused; a request with any of them is not sent. */
    const struct http_header *headers;
    int nheaders;
    struct str body;
    struct http_out_way way;
    struct buf *own;    /* the body instead, taken over without a copy; NULL: none */
    bool write;         /* has an effect outside: see above */
    int64_t timeout_ms; /* whole transfer, waiting for a connection included */
    size_t max_body;    /* of the answer, after inflating */
    /* NULL, or: body is a mail for these recipients and url an SMTP server's, see http_out_mail.h.
     * method and headers are not used. */
    const struct http_out_mail *mail;
};

enum http_out_outcome {
    HTTP_OUT_ANSWERED, /* a whole answer came: status, headers, body */
    /* Certainly not carried out: no byte of the request left (DNS, connect, TLS, bad URL), or the
     * other side says so (a stream of HTTP/2 that it refuses). */
    HTTP_OUT_NOT_SENT,
    /* The request may have been carried out: timeout, reset, half an answer, or an answer over
     * max_body (problem names the limit). status is set if the status line came, else 0. */
    HTTP_OUT_UNKNOWN
};

/* Microseconds since the transfer began at which each was done; 0: it was not, or not needed. */
struct http_out_timing {
    int64_t dns_us, connect_us, tls_us, first_byte_us, total_us;
    bool reused; /* the connection was there already */
    int version; /* 10, 11, 20; 0: no answer */
};

struct http_out_result {
    enum http_out_outcome outcome;
    int status;
    /* As they came; Content-Encoding and Content-Length may tell of the body before inflating. */
    const struct http_header *headers;
    int nheaders;
    struct str body;
    const char *problem; /* NOT_SENT, UNKNOWN: what happened, in words with scheme, host and port
                          * but never the path, which may hold a secret; else NULL */
    bool too_large;      /* UNKNOWN since the answer is over max_body, or its head over its limit */
    bool permanent;      /* NOT_SENT that no retry heals: bad URL, forbidden protocol or address */
    int64_t duration_us;
    struct http_out_timing timing;
};

typedef void (*http_out_done)(void *arg, const struct http_out_result *r);

/* A client on that loop, with its connections; c is copied with its texts. NULL and e: allow_net is
 * no list of networks, allow_port none of ports, or the system gives nothing. */
struct http_out *http_out_new(struct loop *l, const struct http_out_config *c, struct err *e);
/* Cancels what is under way. Not from inside a done callback. */
void http_out_free(struct http_out *h);
/* Copies all it needs of the request. done is called once, later, from the loop; the result lives
 * during the call. After it (or cancel) the transfer is gone. */
struct http_out_transfer *http_out_start(
    struct http_out *h, const struct http_out_request *r, http_out_done done, void *arg);
/* Stops without calling done. */
void http_out_cancel(struct http_out_transfer *t);

#endif
