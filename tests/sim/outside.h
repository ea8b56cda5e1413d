/* The systems outside, and their ledger: what really happened there, whoever was told. */
#ifndef OUTSIDE_H
#define OUTSIDE_H

#include "sim.h"

/* No request lands later than this after its first byte left, and no search is blind for longer
 * than STALE_MAX_MS: together they are within the settle time of the connections, 120 s. That is
 * what a settle time means, and beyond it nobody could promise anything. */
#define LANDS_MAX_MS 80000
#define STALE_MAX_MS 30000

struct record {
    struct record *next;
    const char *company, *path, *key, *by;
    int64_t made_us, seen_us; /* monotonic; a search finds it from then on */
};

struct request {
    const char *company, *connection, *path; /* "/invoices", with what follows a ? */
    const char *authorization;
    struct str body;
    bool post;
};

struct answer {
    int status;
    const char *body;
    const char *retry_after; /* NULL: no such header */
};

void outside_begin(void);
/* Carries the request out as a sound system does. */
struct answer outside_serve(const struct request *q);
/* A new token is needed from now on. */
void outside_revoke(void);
int outside_count(const char *company, const char *path, const char *key);
/* Nobody answers there at the moment. */
bool outside_down(const struct request *q);
void outside_outage(void);

#endif
