/* What must be remembered of time: which time of a schedule came last, what a poll has read, when a
 * connection or rule was last heard of, and how new the data is that a rule has worked with. None
 * of it goes when events are pruned. */
#ifndef STORE_SCHEDULE_H
#define STORE_SCHEDULE_H

#include "store.h"

/* ---- schedules ---- */
struct store_schedule {
    const char *name;
    const char *spec; /* when it comes; another one begins anew */
    int64_t slot;     /* of a new one: the last time that is over */
};
struct store_slot {
    int64_t slot;  /* the last time that came */
    int64_t since; /* the one at which the schedule began: those up to it never come */
};
/* slots: of each, in order; they live during the call. NULL with e. */
typedef void (*store_schedules_fn)(void *arg, const struct store_slot *slots, const struct err *e);
/* These are the company's schedules from now on. One that it had before, with the same spec, goes
 * on from its slot; one that is left out begins anew when it comes back (but keeps its cursor). */
void store_sync_schedules(struct store *s, const char *company, const struct store_schedule *v,
    int n, store_schedules_fn fn, void *arg);
/* The event of a time of a schedule, and its slot, in one transaction. An event of the same
 * delivery id is STORE_EVENT_DUPLICATE whatever its body; the slot is set then too. */
void store_add_scheduled(struct store *s, const struct store_event *ev, const char *schedule,
    int64_t slot, store_event_fn fn, void *arg);
/* That time is over without an event. */
void store_set_slot(struct store *s, const char *company, const char *schedule, int64_t slot,
    store_done_fn fn, void *arg);

/* ---- polls: what the rule of a schedule has read ---- */
/* value: JSON, STR_NONE if it never moved. wait: why the run must leave this window, NULL if it
 * need not: another run of the rule has begun with it and needs a person, or a later one is to do
 * it. */
typedef void (*store_cursor_fn)(void *arg, struct str value, const char *wait, const struct err *e);
void store_load_cursor(struct store *s, const char *run, store_cursor_fn fn, void *arg);
void store_move_cursor(
    struct store *s, const char *run, struct str value, store_done_fn fn, void *arg);

#endif
