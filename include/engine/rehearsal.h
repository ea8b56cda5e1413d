/* Rehearsing an event: what a version of a company's scripts would do for it, without any
 * connection. Reads are answered from journals, the event's own first, then any of the company's;
 * writes are noted and not sent. */
#ifndef REHEARSAL_H
#define REHEARSAL_H

#include "history.h"
#include "scripts.h"

/* A write; and what the run leaves to other runs and people: a task, a link, an alert. These have
 * no connection (""), that word as their method and the type, name or kind as their path. */
struct rehearsal_effect {
    char *connection, *method, *path;
    char *body; /* NUL terminated */
    size_t nbody;
};
struct rehearsal_run {
    char *rule, *key;
    char
        *policy; /* "automatic", "manual": what it would do once a person sends it; "off", "skip" */
    char *end;   /* done, skipped, attention, failed, or "not covered": it asked what no journal
                    answers, and what it would have done then is not known */
    char *reason; /* of the end; for "not covered", what it asked */
    char *result; /* JSON, or NULL */
    struct rehearsal_effect *effects;
    int neffects;
};
struct rehearsal {
    struct rehearsal_run *runs;
    int nruns;
    char *problem; /* NULL, or why there are none: the routing failed */
};

/* Answers of the whole company: the same question asked for another event. */
struct memory;
struct memory *memory_new(struct store_reader *r);
/* The later of two alike counts. */
void memory_add(struct memory *m, int64_t key, struct str spec, struct str body);
void memory_free(struct memory *m);

/* fn gets the rehearsal and owns it. ev, context's scripts and m outlive the call. */
typedef void (*rehearsal_fn)(void *arg, struct rehearsal *r);
void rehearse(struct scripts *s, const char *context, const char *version,
    const struct history_event *ev, struct memory *m, rehearsal_fn fn, void *arg);
void rehearsal_free(struct rehearsal *r);
/* The same for the version that ran it, without playing it again; NULL: that is not certain (it did
 * not run to its end by itself, or in another version). */
struct rehearsal *rehearsal_recorded(const struct history_event *ev, const char *version);

#endif
