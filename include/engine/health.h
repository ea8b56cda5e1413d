/* Is a connection well? What its requests met, and the alerts that follow: one that has not worked
 * for longer than connection_down_ms (kind "connection-down"), one whose credentials are refused
 * ("connection-refused"), and one with nothing that gives tokens at its address
 * ("connection-address"). At most one of each a company and connection is open; all close by
 * themselves when a request succeeds. */
#ifndef HEALTH_H
#define HEALTH_H

#include <stdbool.h>
#include <stdint.h>

struct channel;
struct company;

struct health {
    int64_t failing_ms; /* monotonic: the first failure since it last worked; 0: it works */
    int failures;       /* since then */
    struct health_alert {
        enum {
            HEALTH_UNKNOWN,
            HEALTH_OPEN,
            HEALTH_CLOSED
        } state;         /* an earlier start may have
                          * opened it */
        int64_t told_ms; /* monotonic, when it was last */
    } down, refused, address;
    /* What was refused by 403: method and first part of the path, since others may be allowed;
     * "": all of it. */
    char refused_for[64];
};

/* An answer came. title: "POST /invoices"; status 401, 403 and (a proxy's) 407 say that the
 * credentials are refused, what the script asked for (its accept list) is to be given as 200. */
void health_answered(struct channel *ch, const char *title, int status);
/* None came, or no token for want of an answer. */
void health_failed(struct channel *ch, const char *problem);
/* The other side does not take the credentials; words: its own, or the status. */
void health_refused(struct channel *ch, const char *words);
/* At the address for tokens is nothing that gives any: it answered 404, say, or sends elsewhere. */
void health_misplaced(struct channel *ch, const char *words);
/* The company has another version: alerts of connections that it no longer has are over. */
void health_renew(struct company *c);

#endif
