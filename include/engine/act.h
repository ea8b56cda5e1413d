/* What people do with a run that stands still. Whatever they do is recorded with who, when and why,
 * in the same transaction that does it: of two who press at once, one is told that it is done. */
#ifndef ACT_H
#define ACT_H

#include "engine.h"
#include "json_edit.h"

enum engine_action {
    ENGINE_SEND, /* a held run begins */
    /* A run that is held, failed or needs attention goes on. What it did outside is not done again;
     * what it read or was refused after that is asked again. It goes on with the company's current
     * scripts; if these or its data are others than before, the rule begins from its start and what
     * was done outside is kept in mind (revision.h). */
    ENGINE_RETRY,
    ENGINE_SKIP, /* leave it; reason says why */
    ENGINE_EDIT  /* change its data and leave it where it is; reason says why */
};

struct engine_act {
    const char *run; /* its id, or a beginning that no other has */
    enum engine_action action;
    const char *by;     /* who; "" is not allowed */
    const char *reason; /* why; NULL or "" only where the action needs none */
    /* Retry: steps after this one are asked again; -1: those after the last effect. */
    int64_t from;
    const uint32_t *again; /* retry: steps whose effect outside may happen once more */
    int nagain;
    bool afresh;       /* retry: from the rule's start in any case */
    bool same_version; /* retry: with the scripts that the run began with, before any act */
    bool skipped;      /* retry: also if it was skipped */
    /* Edit and retry: its data from now on, whole or changed in places. */
    struct str data; /* JSON; p NULL: not as a whole */
    const struct json_change *changes;
    int nchanges;
};

/* What can be said against it without looking: 0, or -1 and e (ERR_USAGE). */
int engine_act_check(const struct engine_act *a, struct err *e);

/* fn (may be NULL) is called once, from within the call only for what engine_act_check says:
 * ERR_NOT_FOUND (no such run), ERR_CONFLICT (its state, its journal or its company does not allow
 * it), ERR_INPUT (the data); the words say what to do. */
void engine_act(struct engine *e, const struct engine_act *a, engine_act_fn fn, void *arg);

#endif
