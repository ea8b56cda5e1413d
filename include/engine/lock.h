/* Named locks of a company's runs: see lock.c. */
#ifndef LOCK_H
#define LOCK_H

#include "machine.h"

enum lock_result {
    LOCK_TAKEN,   /* the run has it (it may have had it) */
    LOCK_WAITS,   /* granted is called when it has it */
    LOCK_DEADLOCK /* who has it waits, in the end, for this run */
};
enum lock_result lock_take(struct run *r, const char *name, void (*granted)(struct run *r));
/* The run that has the lock; "" if none. */
const char *lock_holder(const struct company *c, const char *name);
/* That run held it when the host ended: it has it still. */
void lock_reserve(struct company *c, const char *name, const char *run);
/* The step seq drops it: it is free when that is on disk, which lock_left says. */
void lock_leave(struct run *r, const char *name, uint32_t seq);
void lock_left(struct run *r, uint32_t seq);
/* It is free at once: the journal says so. */
void lock_drop(struct run *r, const char *name);
void lock_stop_waiting(struct run *r);
/* All that it has are free: its end is on disk, or it leaves the memory. */
void lock_drop_all(struct run *r);
bool lock_held(const struct run *r);
void locks_free(struct map *locks);

#endif
