/* Contexts: a company's version, a sandbox, a company's tests. Each makes Lua states on demand, all
 * alike: the environment is built, the context's module is required, its load(options) is called.
 * A company's states serve one call at a time and are kept for the next one after a clean end, or a
 * drop at a step; a single context has one state that lives as long as it does. */
#ifndef CONTEXT_H
#define CONTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "buf.h"
#include "call.h"
#include "err.h"
#include "list.h"
#include "sources.h"
#include "str.h"
#include "vm.h"

/* Of one context: as many as may run at once, because a fresh one costs more than the run itself.
 */
#define IDLE_STATES_MAX 128

/* Idle states of all contexts, the least recently used first; over the maximum these are closed. */
struct idle_states {
    struct list list;
    size_t bytes, max;
    unsigned period; /* counts idle_trim */
};

struct limits {
    size_t memory;    /* of one state */
    int64_t burst_ms; /* CPU time of one burst */
    int64_t call_ms;  /* CPU time of one call */
    uint32_t steps;   /* of one call */
    size_t log;       /* bytes of one call's log */
    int64_t fail_in;  /* tests: struct vm */
};

struct context {
    char *name;
    bool single;
    char *module;
    struct sources *system; /* not owned */
    struct sources *company;
    struct str options; /* JSON, owned */
    struct buf spec; /* JSON of the step that a call has just asked for; sent in the same burst */
    struct limits limits;
    struct idle_states *idle;
    struct list mine; /* its idle states, the one used last at the end */
    int nidle;
    struct vm *only; /* of a single context */
    bool retired;    /* unloaded: no state is kept any more */
    int refs;        /* the list of contexts, and each call */
};

/* The parts of a LOAD message. system, limits and idle stay the caller's; options may set
 * limits: {"limits": {"memory": bytes, "burst_ms", "call_ms", "steps", "log"}}; calls of a single
 * context, whose calls may serve many tests, have no limit of call_ms and steps of their own. One
 * reference.
 * NULL and e if something is malformed. */
struct context *context_new(struct str name, bool single, struct str module, struct sources *system,
    struct str bundle, struct str options, const struct limits *limits, struct idle_states *idle,
    struct err *e);
/* Lowers its limits to those that its manifest names (JSON, member "limits" with the members that
 * the options' have); what is higher there changes nothing. */
void context_lower(struct context *c, struct str manifest);
/* Closes the states that nobody has wanted since the last call of this; true if there were any. */
bool idle_trim(struct idle_states *idle);
/* The context was unloaded: its idle states go, it itself with the last call. */
void context_retire(struct context *c);
void context_release(struct context *c);

/* A state for a call: an idle one or a fresh one. NULL: vm could not be made, and out (JSON, see
 * report.h) says why. by is the call or load that pays for it. What load(options) returned is
 * written to manifest (may be NULL: dropped). */
struct vm *context_take(struct context *c, struct call *by, struct buf *manifest, struct buf *out);
/* Gives the state back; clean: it may serve again. */
void context_give(struct context *c, struct vm *vm, bool clean);

#endif
