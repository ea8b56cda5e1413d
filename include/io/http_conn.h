/* The inside of the HTTP server: what http_in.c (server), http_accept.c, http_conn.c (connection),
 * http_flush.c and http_wire.c (writing), http_answer.c (answers), http_deadline.c and
 * http_limit.c share. */
#ifndef HTTP_CONN_H
#define HTTP_CONN_H

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include "buf.h"
#include "http_in.h"
#include "http_parse.h"
#include "list.h"

/* One receive takes at most this much; it is parsed before the next one. */
#define HTTP_SCRATCH_BYTES ((size_t)64 << 10)
/* A connection with more unsent answers, or bodies in waiting, than this is not read from. */
#define HTTP_PENDING_MAX ((size_t)256 << 10)

/* Why a connection is being timed. All waits of one kind have the same length, so a list in order
 * of beginning is in order of ending as well, and only its first member is ever looked at. */
enum http_wait {
    HTTP_WAIT_NONE,
    HTTP_WAIT_FIRST, /* accepted, no byte yet */
    HTTP_WAIT_HEAD,
    HTTP_WAIT_BODY,
    HTTP_WAIT_IDLE,   /* between requests */
    HTTP_WAIT_LINGER, /* answered for the last time; the peer still sends */
    HTTP_WAIT_WRITE,  /* the peer does not read */
    HTTP_WAITS
};

struct http_deadline {
    struct list link;
    int64_t at;
    enum http_wait wait;
};

struct http_conn {
    struct http_in *server;
    struct list link;      /* all connections with a descriptor */
    int fd;                /* -1: gone, stays until the handler has answered all its exchanges */
    struct ssl_st *ssl;    /* NULL: plain */
    bool secure;           /* it speaks TLS */
    bool begun, plain;     /* TLS: the first byte was seen; it was none of TLS */
    bool broken;           /* TLS: nothing more can be said on it */
    bool wants_write;      /* TLS: a read goes on when the socket takes bytes */
    bool more;             /* TLS: there is more to read, though the socket may not say so */
    bool reading, writing; /* events that are armed */
    struct event ev_read, ev_write;
    struct http_deadline in, out; /* for what the peer sends; for what it reads */

    struct list exchanges; /* whole requests in order of arrival, until their answers have left */
    int nexchanges;
    size_t unsent;                     /* bytes of answers not yet written */
    size_t bodies;                     /* bytes of bodies held */
    struct http_in_exchange *incoming; /* the request being received */
    struct buf rest;                   /* received, not yet parsed: no more requests may wait */
    size_t rest_used;

    bool closing; /* no further request is taken; closed when the last answer has left */
    bool lingering;
    bool peer_closed; /* no more bytes will come */
    bool cut, reset;  /* of an exchange that has left: close now */
    bool dirty;       /* in the server's list of connections to flush */
    struct list dirty_link;
    char peer[48];
    int64_t number, requests; /* this connection among all; requests it has had */
};

struct http_in_exchange {
    struct list link;
    struct http_conn *conn;
    struct http_parse parse;
    struct http_in_request request;
    size_t counted; /* bytes of its body within the sums of connection and server */
    struct buf out; /* an interim 100 and the answer */
    size_t sent;
    bool answered;
    bool last;                 /* the answer says "Connection: close", and so it is */
    bool cut;                  /* the connection is closed at once after these bytes */
    bool reset;                /* ... by a reset */
    bool continued;            /* 100 Continue was written */
    bool headed;               /* its headers are whole, and http_in_early was asked */
    bool filled;               /* request is set */
    int64_t began_us;          /* first byte; 0: nobody asks */
    struct http_client client; /* behind a listed proxy */
    http_in_reply_fn before;   /* is called instead of the next http_in_reply */
    void *before_arg;
};

struct http_in {
    struct loop *loop;
    struct http_in_config config;
    http_in_handler handler;
    void *arg;
    void (*refused)(void *arg, const char *client, struct str target, int status, const char *why);
    void *refused_arg;
    struct http_in_early early;
    void (*on_answered)(void *arg, const struct http_in_answered *a);
    void *on_answered_arg;
    int64_t hits[HTTP_LIMITS];
    int64_t told_ms[HTTP_LIMITS]; /* when that was last in the log; 0: never */
    int64_t accepted;             /* connections so far */

    int fd; /* -1: not listening any more */
    struct event ev_accept;
    bool accepting;
    bool paused; /* no descriptors left: accepting again at the next tick */
    char address[64];

    struct list conns;
    size_t bodies; /* bytes of bodies held */
    size_t unsent; /* bytes of answers not yet written */
    int nconns;
    int nzombies; /* connections without descriptor whose exchanges the handler still holds */
    struct list dirty;
    struct list waits[HTTP_WAITS];
    int64_t wait_ms[HTTP_WAITS];
    struct loop_timer *tick;
    bool ticking;
    int64_t tick_ms;

    int64_t now_ms;    /* monotonic time of this turn; 0: not asked yet */
    int64_t date_s;    /* second that date is of */
    char date[48];     /* "Fri, 20 Nov 2026 09:15:00 GMT" */
    struct list spare; /* exchanges for reuse */
    int nspare;

    bool draining, freed;
    loop_fn drained;
    void *drained_arg;
    int64_t tls_failures, tls_told_ms;
    char record[16 << 10]; /* one record of TLS */
    char scratch[HTTP_SCRATCH_BYTES];
};

/* ---- http_in.c ---- */
/* Monotonic milliseconds, read once a turn. */
int64_t http_server_now(struct http_in *s);
/* After a connection has gone: tells who waits for the drain, frees a server that was given up. */
void http_server_settle(struct http_in *s);
/* Text of the date for the Date header. */
const char *http_server_date(struct http_in *s);
/* One for the connection's next request, perhaps one used before; and back, when it is answered. */
struct http_in_exchange *http_exchange_new(struct http_conn *c);
void http_exchange_release(struct http_in *s, struct http_in_exchange *x);
/* After a change of the size of its body. */
void http_exchange_count(struct http_in_exchange *x);

/* ---- http_accept.c ---- */

/* Accepts one; false if there is none now, or no descriptor for it. */
bool http_accept_one(struct http_in *s);
/* Starts or stops accepting, after a change of the number of connections. */
void http_server_update(struct http_in *s);
/* Libevent's: somebody waits to be accepted. */
void http_on_acceptable(evutil_socket_t fd, short what, void *server);
/* The address without its port, "" if it is none of IP. */
void http_address_text(const struct sockaddr_storage *a, char out[HTTP_ADDRESS_TEXT]);

/* ---- http_limit.c ---- */

/* Counts, and says so in the log, but once a minute at most for each limit. */
void http_limit_hit(struct http_in *s, enum http_limit limit);
/* The limit that a refusal with that status is for. */
enum http_limit http_limit_of(int status, enum http_parse_state state);

/* ---- http_conn.c ---- */
/* A connection that was accepted; it owns fd. */
void http_conn_new(struct http_in *s, int fd, const char *peer);
/* Reads what is there and runs the requests in it; arms or ends the connection accordingly. */
void http_conn_read(struct http_conn *c);
/* After any change: closes it if it has nothing more to do, else sets events and deadlines. */
void http_conn_update(struct http_conn *c);
/* Has what was received while the pipeline was full parsed in the next turn: who sends a thousand
 * requests at once gets as many a turn as fit the pipeline, and all others theirs in between. */
void http_conn_resume(struct http_conn *c);
/* So many bytes of answers more, or fewer, wait for the peer. */
void http_conn_unsent(struct http_conn *c, ptrdiff_t bytes);
/* Closes at once. Exchanges that the handler holds stay valid; c may be freed. */
void http_conn_close(struct http_conn *c);
/* Refuses the incoming request with an answer and ends the connection after it. */
void http_conn_refuse(struct http_conn *c, int status, const char *why);
/* Forgets an exchange of a connection that is gone, and the connection with its last one. */
void http_conn_forget(struct http_conn *c, struct http_in_exchange *x);

/* ---- http_wire.c ---- */

/* A connection begins. */
void http_wire_open(struct http_conn *c);
/* As recv and sendmsg do. EPROTO: the peer sent plain text to a server that speaks TLS; from here
 * on the connection is plain, to tell it so. */
ssize_t http_wire_read(struct http_conn *c, char *out, size_t n);
ssize_t http_wire_write(struct http_conn *c, struct iovec *iov, int n);
/* No more will be written; -1 if the connection is gone. */
int http_wire_end(struct http_conn *c);
/* Closes the descriptor, and forgets its TLS. */
void http_wire_close(struct http_conn *c);

/* ---- http_flush.c ---- */
/* Has the connection flushed at the end of this turn. */
void http_conn_mark(struct http_conn *c);
/* The loop's hook: writes what the turn has answered, connection by connection. */
void http_server_flush(void *server);

/* ---- http_answer.c ---- */
/* Fills in x->request from what was parsed so far. */
void http_request_fill(struct http_in_exchange *x);
/* Tells who asked that x is answered; why NULL: by the handler. */
void http_answer_tell(struct http_in_exchange *x, int status, size_t bytes, const char *why);
/* Puts a whole answer into x->out. */
void http_answer_put(struct http_in_exchange *x, int status, const struct http_header *headers,
    int nheaders, struct str body);

/* ---- http_deadline.c ---- */
/* Lists of who waits for what, a tick that looks at them; and no more of it. */
void http_deadlines_init(struct http_in *s);
/* Begins that wait, unless it is under way already; HTTP_WAIT_NONE ends it. */
void http_deadline_set(struct http_in *s, struct http_deadline *d, enum http_wait wait);
/* The connection that waits so for its peer longest, a second at least; NULL: none. */
struct http_conn *http_deadline_slowest(struct http_in *s, enum http_wait wait);
/* Connections that wait so get no more than ms from now on. */
void http_deadlines_hurry(struct http_in *s, enum http_wait wait, int64_t ms);
void http_deadlines_free(struct http_in *s);

#endif
