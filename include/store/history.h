/* What happened, for going through it again: a company's events with what their runs asked of the
 * outside and were answered. Read beside the host that owns the store. */
#ifndef HISTORY_H
#define HISTORY_H

#include "store_read.h"

struct history_step {
    int64_t key; /* names it within the store */
    const char *kind, *connection;
    struct str spec, body; /* what was asked */
    const char *outcome;   /* "done", "error", ...; "" if it has no answer */
    struct str meta, answer;
};
struct history_run {
    const char *id, *rule, *version, *state, *key;
    struct str result;      /* JSON; p NULL: none */
    bool touched;           /* a person acted on it, or changed its data */
    int first_step, nsteps; /* its own in the event's steps */
};
struct history_event {
    int64_t seq, received_ms;
    const char *id, *connection, *type, *delivery;
    struct str body; /* p NULL: no longer kept */
    struct history_run *runs;
    struct history_step *steps; /* of all its runs, in their order */
    int nruns, nsteps;
};

/* Events of a company received since then, oldest first; the next one behind `after` (0: the
 * first), or NULL: there is none, or e says what went wrong. Freed by history_event_free. */
struct history_event *history_next(
    struct store_reader *r, const char *company, int64_t since_ms, int64_t after, struct err *e);
void history_event_free(struct history_event *ev);

/* Every answered read of a company since then, oldest first: its key and what was asked. 0 or -1.
 */
typedef void (*history_read_fn)(void *arg, int64_t key, struct str spec, struct str body);
int history_each_read(struct store_reader *r, const char *company, int64_t since_ms,
    history_read_fn fn, void *arg, struct err *e);
/* The answer of the step of that key, owned by the caller (mem_free of meta->p and answer->p). 0,
 * or -1 if it is gone. */
int history_answer(struct store_reader *r, int64_t key, struct str *meta, struct str *answer);

/* The fields of the company's data that people are not shown (redact.h), owned; NULL: none. */
char *history_redaction(struct store_reader *r, const char *company);

/* The scripts that are live for a company, by its last switch; all texts owned by the caller. */
struct history_version {
    char *name, *bundle, *system_hash, *system;
};
/* 0, or -1 and e: ERR_NOT_FOUND if the company never had any here. */
int history_live(
    struct store_reader *r, const char *company, struct history_version *v, struct err *e);
void history_version_free(struct history_version *v);

#endif
