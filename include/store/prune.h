/* One small operation of pruning, and who asks for them in turn. */
#ifndef PRUNE_H
#define PRUNE_H

#include "store_private.h"
#include "store_prune.h"

/* In this order. */
enum prune_phase { PRUNE_BODIES, PRUNE_EVENTS, PRUNE_VERSIONS, PRUNE_SPACE, PRUNE_PHASES };

struct prune_slice {
    struct store_retention keep;
    enum prune_phase phase;
    int64_t now_ms, from; /* where the last slice of this phase ended; 0 at first */
    int64_t cursor;       /* where this one ended */
    bool more;            /* the phase is not over */
    struct store_pruned did;
};
/* Within a transaction; 0, or -1 and s->rc. */
int prune_slice(struct sql *s, struct prune_slice *sl);

struct pruner;
struct pruner *pruner_new(struct store *s, struct loop *l, const struct store_retention *r);
/* Asks for nothing more; what was asked may still end. */
void pruner_stop(struct pruner *p);
void pruner_free(struct pruner *p);
void pruner_sum(const struct pruner *p, struct store_pruned *out); /* p may be NULL */

#endif
