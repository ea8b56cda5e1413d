/* What stands in the store as a time of the wall clock and is a wait. */
#ifndef STORE_CLOCK_H
#define STORE_CLOCK_H

#include "store.h"

/* The wall clock was set by delta_ms at since_ms or later (as it is now) and shows now_ms: runs
 * that wait go on to wait as long as they would have; those that began to wait between the two
 * times are taken for younger than the setting. delta_ms 0, at a start: nobody knows whether it was
 * set; those that began to wait later than now wait as long as they began to, from now. */
void store_shift_waits(struct store *s, int64_t since_ms, int64_t now_ms, int64_t delta_ms,
    store_done_fn fn, void *arg);

/* Runs of the company that wait, with a reason that begins so, are due now. */
void store_wake_waits(struct store *s, const char *company, const char *reason, int64_t now_ms,
    store_done_fn fn, void *arg);

#endif
