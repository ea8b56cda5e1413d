/* What the files of http_out share: http_out.c owns lists and turns, http_out_check.c judges a
 * request, http_out_easy.c speaks to one easy handle, http_out_inflate.c unpacks its answer,
 * http_out_result.c says how it ended,
 * http_out_mail.c does all three for mails, http_out_peer.c judges addresses, http_out_lane.c has
 * libcurl's multi handles, http_out_sockets.c carries their sockets and timers. */
#ifndef HTTP_OUT_IMPL_H
#define HTTP_OUT_IMPL_H

#include <curl/curl.h>
#include <sys/socket.h>
#include <zlib.h>
#include "buf.h"
#include "http_out.h"
#include "list.h"

#define HTTP_OUT_ENCODINGS   "gzip"
#define HTTP_OUT_METHOD_MAX  32
#define HTTP_OUT_ORIGIN_MAX  300
#define HTTP_OUT_PROBLEM_MAX 800
#define HTTP_OUT_HEAD_MAX    ((size_t)128 << 10) /* bytes of an answer's headers and trailers */
#define HTTP_OUT_HEADERS_MAX 256                 /* headers of an answer */

enum transfer_state {
    TRANSFER_IDLE,      /* in the pool */
    TRANSFER_STARTING,  /* to be given to libcurl at the end of a turn, when a lane has room */
    TRANSFER_ACTIVE,    /* libcurl has it */
    TRANSFER_MAILING,   /* a thread of http_out_mail.c has it */
    TRANSFER_FINISHED,  /* done is to be called */
    TRANSFER_DELIVERING /* inside done */
};

/* Why a transfer that is not the operator's may not have its peer. */
struct http_out_peer {
    enum { PEER_FINE, PEER_NOT_PUBLIC, PEER_PORT } denied;
    int port;
};

/* Of an answer's body: not packed, in the middle of it, at its end. */
enum http_out_packing { PACKED_NOT, PACKED_YET, PACKED_WHOLE };

/* A header of the answer as offsets into `head`, which moves while it grows. */
struct header_span {
    size_t name, nname, value, nvalue;
};

struct http_out_transfer {
    struct list node; /* of the owner's list for its state */
    struct http_out *owner;
    enum transfer_state state;
    struct http_out_lane *lane; /* that has it while it is active */
    CURL *easy;
    bool lasting; /* it has the options that all requests have, see http_out_easy.c */
    http_out_done done;
    void *arg;

    char method[HTTP_OUT_METHOD_MAX];
    char origin[HTTP_OUT_ORIGIN_MAX]; /* "https://host:port" */
    char *url;
    CURLU *parts; /* of the last url, see http_out_easy.c; NULL: none yet */
    char parts_origin[HTTP_OUT_ORIGIN_MAX];
    bool public_only;
    char *proxy, *certificate, *key; /* NULL: none */
    struct buf lines;                /* of the request's head, a NUL behind each */
    struct curl_slist *headers;      /* an array of max_headers, of which nlines are linked */
    size_t nlines, max_headers;
    struct buf request; /* body to send */
    bool write;
    int64_t timeout_ms;
    size_t max_body;
    int64_t start_us;

    /* libcurl was about to send the request: from here on nobody knows what the other side saw. */
    bool begun;
    bool resent;               /* libcurl was so a second time: a read's connection had died */
    bool again_refused;        /* a write that libcurl was about to send a second time */
    bool undone;               /* because the other side said that the first was not carried out */
    bool invalid;              /* refused before libcurl saw it; problem says why */
    bool given;                /* libcurl had it, and may be asked what it knows of it */
    struct http_out_peer peer; /* what was denied, if it was */
    bool over_body, over_head;
    size_t head_bytes; /* of all its heads and its trailer */
    bool head_done;    /* the blank line after the headers of a final status came */
    const char *odd;   /* why the answer was not read to its end; NULL: it was, as far as it came */
    enum http_out_packing packing;
    z_stream z;    /* unless packing is PACKED_NOT */
    size_t packed; /* bytes that came */
    int status;
    struct buf body;
    struct buf head;
    struct header_span spans[HTTP_OUT_HEADERS_MAX];
    int nspans;
    CURLcode code;
    char error[CURL_ERROR_SIZE];
    char problem[HTTP_OUT_PROBLEM_MAX];
    struct mail_job *mail; /* http_out_mail.c; NULL: it is HTTP */
};

/* A network whose addresses are let through. */
struct http_out_net {
    int family; /* AF_INET, AF_INET6 */
    unsigned char prefix[16];
    int bits;
};

struct http_out_ports {
    int from, to; /* both included */
};

struct socket_watch; /* one descriptor of libcurl */

/* A multi handle of libcurl's, and what it has to do. */
struct http_out_lane {
    struct http_out *owner;
    CURLM *multi;
    struct loop_timer *timer;
    struct list kicked; /* of the owner's list, while libcurl wants to be called at once */
    int busy;           /* transfers that it has */
    bool used;          /* since it was last asked whether it is still needed */
};

struct http_out {
    struct loop *loop;
    CURLSH *share;
    struct http_out_lane **lanes; /* NULL: not needed yet */
    int nlanes, nbusy;            /* nbusy: transfers of all */
    struct loop_timer *rest;      /* lets lanes go that nobody needs */
    struct list kicked;
    struct socket_watch **watches; /* by descriptor number */
    size_t nwatches;
    bool turn_posted;
    struct list starting, active, finished, idle;
    struct loop_timer *patience; /* of those that wait for a lane */
    bool patient;                /* patience is armed */
    int nidle;
    struct mail_pool *mails;   /* NULL: none was sent yet */
    struct http_out_net *nets; /* of config.allow_net */
    int nnets;
    struct http_out_ports *ports; /* of config.allow_port */
    int nports;
    struct http_out_config config; /* strings owned */
};

/* http_out_check.c. Fills method, origin, url and headers from r; false with problem set. */
bool http_out_check(struct http_out_transfer *t, const struct http_out_request *r);

/* http_out_easy.c. Sets every option of the easy handle for the request in t; and leaves nothing
 * of the request in it, when it is over. */
CURLcode http_out_easy_set(struct http_out_transfer *t);
void http_out_easy_clear(struct http_out_transfer *t);

/* http_out_inflate.c. The head of an answer is there; and a part of its body, which is packed.
 * False: no more of it is wanted, odd or over_body says why. */
bool http_out_inflate_head(struct http_out_transfer *t);
bool http_out_inflate_add(struct http_out_transfer *t, const char *p, size_t n);
/* False: it was packed, and its end did not come. */
bool http_out_inflate_whole(const struct http_out_transfer *t);
void http_out_inflate_end(struct http_out_transfer *t);

/* http_out_result.c. Calls done with the result of a finished transfer. */
void http_out_deliver(struct http_out_transfer *t);
/* What to do where a certificate was not trusted, the proxy's or the other side's own: words behind
 * libcurl's, or "". */
const char *http_out_advice(CURL *easy, bool of_proxy);

/* http_out_mail.c. The same for a mail: check, start instead of set, result; and free, what it has
 * in t. */
bool http_out_mail_check(struct http_out_transfer *t, const struct http_out_request *r);
void http_out_mail_start(struct http_out_transfer *t);
void http_out_mail_result(struct http_out_transfer *t, struct http_out_result *r);
void http_out_mail_free(struct http_out_transfer *t);
void http_out_mail_stop(struct http_out *h); /* at the end of h: stops all that are under way */

/* http_out_peer.c. True if addr is an address of the public internet. */
bool http_out_peer_public(const struct sockaddr *addr);
/* http_out_net.c. What a transfer that is for public addresses alone is denied of this peer. */
struct http_out_peer http_out_peer_judge(
    const struct http_out *h, const struct sockaddr *addr, bool mail);
/* The same once it is connected, of an address as text. own is this end's: where both are the same,
 * it is this machine by its public address, behind whatever keeps others out, and must be listed.
 */
struct http_out_peer http_out_peer_judge_text(
    const struct http_out *h, const char *ip, int port, const char *own, bool mail);
/* In words for people, "" if nothing was denied; whose: "its", or who stands between. */
void http_out_peer_words(const struct http_out_peer *p, const char *whose, char *words, size_t n);
/* What libcurl opens its sockets by: the address is the one it really connects to, so neither a
 * spelling of a URL nor a name that changes its address gets past it. peer: NULL if the transfer
 * may have any; else it says what was denied. */
curl_socket_t http_out_open_socket(
    const struct http_out *h, bool mail, struct http_out_peer *peer, const struct curl_sockaddr *a);
/* Reads config.allow_net and allow_port. -1 and e: what is no network, or no port. */
int http_out_net_init(struct http_out *h, struct err *e);

/* http_out_lane.c. A transfer whose options are set is given to libcurl, unless the lanes are full;
 * false: it does not take it; and taken from it, be it done or not. The lanes go when no transfer
 * is active. */
void http_out_lanes_init(struct http_out *h);
void http_out_lanes_free(struct http_out *h);
bool http_out_lanes_full(const struct http_out *h);
bool http_out_lane_begin(struct http_out_transfer *t);
void http_out_lane_end(struct http_out_transfer *t);

/* http_out_sockets.c. Has the lane's sockets and timer served; -1: libcurl does not take that. */
int http_out_sockets_serve(struct http_out_lane *lane);
void http_out_sockets_free(struct http_out *h);
/* Lets libcurl work on what is due. */
void http_out_sockets_kick(struct http_out_lane *lane);
/* A connection of libcurl's was made with this descriptor; and it ends:
 * CURLOPT_CLOSESOCKETFUNCTION, arg is h. Between the two its watch may outlast a transfer. */
void http_out_sockets_opened(struct http_out *h, curl_socket_t number);
int http_out_sockets_close(void *arg, curl_socket_t number);

/* http_out.c. The transfer is over: done is called at the end of this turn. */
void http_out_finish(struct http_out_transfer *t);
/* http_out.c. Has http_out_turn run at the end of this turn of the loop. */
void http_out_post(struct http_out *h);
/* Takes what libcurl is done with in this lane. Not from libcurl's callbacks, as the next. */
void http_out_collect(struct http_out_lane *lane);
/* Calls done for all that is finished. */
void http_out_deliver_all(struct http_out *h);

#endif
