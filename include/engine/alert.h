/* Alerts: what is wrong and is no single run's to say. Stored, logged when it begins, counted while
 * it goes on, shown by `sauma alerts` and in /metrics until it is well again or a person closes it.
 */
#ifndef ALERT_H
#define ALERT_H

#include "engine.h"
#include "list.h"
#include "map.h"

struct company;

#define ALERT_CONNECTION "alert" /* where events of alerts come from */

/* Of the engine: see alert_gather.c. */
struct alerts {
    struct map *open;    /* company, kind and about -> one that is */
    struct list pending; /* of them those of which something is to be told */
    struct loop_timer *timer;
    int64_t due_ms; /* when it is set to; 0: it is not */
};

/* Of a company: what it was told one by one. */
struct alerts_told {
    int64_t since_ms; /* monotonic: the hour that is counted */
    int n;            /* told in it */
    bool many;        /* there were more */
};

/* company: "" for the host as a whole. kind: a word with hyphens ("delivery-conflict", "twins",
 * "silence"). about: which one of its kind (a connection, a rule, a delivery id). The text says
 * what happened, what is already done, and what to do. At most one of a company, kind and about is
 * open: raised again it is counted, with the newer text. On the loop. */
void alert_raise(struct engine *e, const char *company, const char *kind, const char *about,
    const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* A run of the company's rule is parked (state attention or failed): an alert of that kind about
 * the rule. Not for runs of alerts themselves. */
void alert_parked(struct engine *e, const char *company, const char *rule, const char *run,
    const char *key, enum run_state state, const char *reason);
/* A person acted on a run that was parked so: over, when no other run of the rule is. */
void alert_unparked(struct engine *e, const char *company, const char *rule, enum run_state state);
/* Events for the alerts that are open and have none yet; to be called once, after the start. */
void alert_tell_open(struct engine *e);
/* It is well again; nothing if it was not open. Cheap to call only where something changed: each
 * call asks the store. */
void alert_clear(struct engine *e, const char *company, const char *kind, const char *about);

/* To be called now and then: an hour of many alerts may have passed. */
void alert_look(struct company *c);
/* The engine's own part of it. */
void alerts_init(struct engine *e);
void alerts_free(struct engine *e);

/* A person closes the open alert of this number; by: who. fn is told when it is on disk, or with
 * ERR_NOT_FOUND. */
void alert_close(struct engine *e, int64_t n, const char *by, engine_act_fn fn, void *arg);

#endif
