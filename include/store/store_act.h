/* What people do with runs: each act is checked, carried out and recorded in one transaction, so
 * that two people who press at once do not both get their way. */
#ifndef STORE_ACT_H
#define STORE_ACT_H

#include "store.h"

enum store_action {
    ACT_SEND,  /* a held run begins */
    ACT_RETRY, /* one that stands still goes on */
    ACT_SKIP,  /* it is left */
    ACT_EDIT   /* its event's data is changed for it; its state stays */
};
const char *store_action_name(enum store_action a); /* "send" ... */

/* A run that somebody wants to act on, with its event. Lives during the call. */
struct store_standing {
    struct store_run run;     /* all but event; id in full */
    const char *began;        /* the version that it began with: acts may have given it others */
    struct store_event event; /* all but headers; body: what the run's rule gets;
                               * p NULL if it was pruned */
    int64_t seq;              /* of the event */
    int64_t edit;             /* number of the edit that the body is of; 0: as it came */
    bool edited;              /* since it last began or went on */
    int nsteps;               /* in its journal */
};
/* st NULL with e: ERR_NOT_FOUND, or ERR_CONFLICT if more than one begins so. */
typedef void (*store_standing_fn)(void *arg, const struct store_standing *st, const struct err *e);
/* run: an id, or a beginning of it that only one run has. */
void store_load_standing(struct store *s, const char *run, store_standing_fn fn, void *arg);

#define STORE_FROM_LAST_EFFECT (-1)
struct store_act {
    const char *run; /* id in full */
    enum store_action action;
    const char *actor, *reason; /* who says so; "" if no reason was given */
    /* Retry: the steps after `from` leave the journal and are asked again. */
    int64_t from;
    /* Retry: all of them do, and what was done outside is kept in mind: see revision.h. */
    bool afresh;
    /* Retry: steps whose effect outside may happen once more. */
    const uint32_t *again;
    int nagain;
    bool skipped; /* retry: a run that was skipped, too */
    /* Its rule could not be found because the routing failed: the event is routed again. */
    bool reroute;
    const char *version; /* it goes on with; NULL: unchanged */
    const char *key;     /* NULL: unchanged */
    int64_t edit;        /* what was seen in store_standing; another one is ERR_CONFLICT */
    struct str body;     /* its data from now on; p NULL: unchanged */
    struct str changes;  /* JSON list of {path, before, after} */
};
/* ERR_NOT_FOUND; ERR_CONFLICT if the run's state does not allow it, or a step that would be dropped
 * had an effect outside and is not among `again`. The words say what to do. */
void store_act(struct store *s, const struct store_act *a, store_done_fn fn, void *arg);

/* ---- what a run that goes on must know beyond its journal ---- */

/* An effect outside of an earlier pass of the run that began afresh since. */
struct store_effect {
    uint32_t seq; /* in that pass */
    const char *connection, *title, *fingerprint;
    const char *outcome; /* "done", "unknown"; "" if its answer was never recorded */
    struct str spec, body;
    struct str meta, answer;
    int64_t at_ms;
};
/* body p NULL: the event's own. All live during the call. */
typedef void (*store_revision_fn)(
    void *arg, struct str body, const struct store_effect *effects, int n, const struct err *e);
void store_load_revision(struct store *s, const char *run, store_revision_fn fn, void *arg);

#endif
