/* Work for a store, the same for the same seed: events on their way from receipt to the end of
 * their runs. What was acknowledged is written down, and looked for afterwards. */
#ifndef STORE_WORK_H
#define STORE_WORK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include "loop.h"
#include "store.h"

#define WORK_MAX 256

/* What became durable of each event; in memory that is shared with the process which judges. */
enum work_fact { WORK_EVENT, WORK_ROUTED, WORK_INTENT, WORK_ANSWER, WORK_DONE, WORK_FACTS };
struct work_acks {
    /* shim_moment() when it was acknowledged, plus 1; 0: it was not. */
    atomic_long at[WORK_FACTS][WORK_MAX];
    atomic_int refused_full; /* operations answered "disk full" */
};

struct work_options {
    uint64_t seed;
    int events;      /* at most WORK_MAX */
    size_t largest;  /* bytes of a body */
    bool one_by_one; /* each is on disk before the next is asked: the same calls each time */
    bool prune;      /* bodies of what is old and done go meanwhile */
    int idle_one_in; /* so many times nothing happens for a while, so that the log is moved; 0:
                        never */
};

uint64_t work_random(uint64_t *seed);
/* The body of event n, the same each time it is asked; owned. */
char *work_body(const struct work_options *o, int n, size_t *size);
/* Does the work. 0, or -1 when an operation failed otherwise than for a full disk. */
int work_do(struct loop *l, struct store *s, const struct work_options *o, struct work_acks *acks);

/* Opens the store of dir and looks: is it sound, is nothing half there, and is all there that was
 * acknowledged before `moment` (in shim_moment, -1: all)? 0, or -1 and words of what is wrong. */
int work_judge(const char *dir, const struct work_options *o, const struct work_acks *acks,
    long moment, char *words, size_t size);

#endif
