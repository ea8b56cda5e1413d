/* The host's front: the server with its limits, the proxies before it and its access log, as the
 * settings of `serve` say. */
#ifndef FRONT_H
#define FRONT_H

#include "conf.h"
#include "front_tls.h"
#include "http_in.h"
#include "routes.h"

struct front;

/* The options that it reads. */
#define OPTIONS_FRONT                                                                              \
    {"listen", CONF_TEXT, "127.0.0.1:8700", "address and port; port 0 takes a free one"},          \
        OPTIONS_FRONT_TLS, {"insecure", CONF_FLAG, NULL, "plain HTTP though others reach LISTEN"}, \
        {"allow-root", CONF_FLAG, NULL, "run as root though others reach the host"},               \
        {"trusted-proxy", CONF_LIST, NULL,                                                         \
            "addresses or networks of proxies that name the client; may be given again"},          \
        {"forwarded-header", CONF_TEXT, "x-forwarded-for",                                         \
            "where they name it: x-forwarded-for, or forwarded (RFC 7239)"},                       \
        {"access-log", CONF_TEXT, NULL,                                                            \
            "file with a line of JSON a request; SIGUSR1 opens it again"},                         \
        {"access-log-addresses", CONF_TEXT, "short",                                               \
            "of clients there: short (/24, /48) or full"},                                         \
        {"max-body", CONF_SIZE, "10m", "bytes of a delivery; over it: 413"},                       \
        {"max-bodies", CONF_SIZE, "256m", "bytes of all deliveries being read; over it: 503"},     \
        {"max-unsent", CONF_SIZE, "512m",                                                          \
            "bytes of answers that nobody takes; over it the slowest readers are cut"},            \
        {"max-header", CONF_SIZE, "16k", "bytes of a request's headers; over it: 431"},            \
        {"max-connections", CONF_INT, "10000",                                                     \
            "connections at once; then the slowest or idlest makes room, or who comes waits"},     \
        {"max-pipelined", CONF_INT, "32", "requests of one connection that wait for answers"},     \
        {"header-timeout", CONF_MS, "10s", "first byte of a request to the end of its headers"},   \
        {"body-timeout", CONF_MS, "30s", "end of the headers to the end of the body"},             \
        {"write-timeout", CONF_MS, "30s", "an answer that its reader does not take"},              \
        {"linger-timeout", CONF_MS, "5s",                                                          \
            "what a sender goes on sending after its last answer; then it is cut"},                \
    {                                                                                              \
        "idle-timeout", CONF_MS, "75s", "a kept connection without a request"                      \
    }

/* Reads the settings, which stay. Not listening yet. listener: a socket that listens already
 * instead of the setting's address, owned from here on; -1: none. */
struct front *front_new(struct loop *l, const struct conf *c, int listener, struct err *e);
/* Begins to listen. r outlives it. */
int front_listen(struct front *f, struct routes *r, struct err *e);
/* As bound; NULL: not listening yet. */
const char *front_address(const struct front *f);
/* For the commands on this machine: with TLS a plain port of its own on the loopback, since the
 * certificate names the host as others know it. */
const char *front_local_address(const struct front *f);
bool front_secure(const struct front *f);
/* Reads the certificate again. */
void front_reload(struct front *f);
/* Opens the access log again. */
void front_reopen(struct front *f);
void front_drain(struct front *f, loop_fn done, void *arg);
void front_free(struct front *f);
/* What /metrics tells of it. */
void front_metrics(const struct front *f, struct buf *b);

#endif
