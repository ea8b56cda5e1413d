/* How long things are kept. What is older goes bit by bit while the host runs, bodies before facts:
 *
 *   after keep-bodies   bodies of events and of refused deliveries; requests and answers of steps
 *                       that are large
 *   after keep-events   the events themselves, with runs, steps and logs; refused deliveries;
 * alerts that were closed, and versions of scripts that were replaced, before that time, if no
 * unsettled run needs them
 *
 * The age of an event is counted from its last change. Only what is done or skipped ever goes: what
 * is held, failed, needs attention or is under way stays whole until it is settled. The books keep
 * counting what is gone. Pages that become free are used again, and beyond a tenth of the file they
 * are given back to the disk (a store that was made before it could do so keeps them; a backup put
 * back is as small as it can be). */
#ifndef STORE_PRUNE_H
#define STORE_PRUNE_H

#include "store.h"

/* Delivery ids tell a repetition from news: senders repeat for days. */
#define STORE_KEEP_MIN_MS ((int64_t)7 * 24 * 3600 * 1000)

struct store_retention {
    int64_t bodies_ms;  /* 0: for good */
    int64_t events_ms;  /* 0: for good */
    int64_t answers_ms; /* of the API, to requests with a key of their own */
    size_t large;       /* bytes over which a step's request or answer goes with the bodies */
    int versions;       /* of each company, the newest, which are kept whatever their age */
    int64_t every_ms;   /* how often the store is gone through */
    int64_t pause_ms;   /* between two small transactions of that */
};
void store_retention_defaults(struct store_retention *r);
/* Refuses ages that would lose what is needed, in words that name the settings. */
int store_retention_check(const struct store_retention *r, struct err *e);

/* Begins to prune: the first time after `every_ms`, until the store is closed. */
void store_keep(struct store *s, const struct store_retention *r);

/* What has gone since store_keep. */
struct store_pruned {
    int64_t bodies, events, versions, pages;
    int64_t passes; /* times that the store was gone through to its end */
};
void store_pruned(const struct store *s, struct store_pruned *out);

#endif
