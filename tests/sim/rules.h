/* A call in a script process, and the rules that run there. */
#ifndef RULES_H
#define RULES_H

#include "scripts.h"
#include "sim.h"

/* How a piece of a rule goes on. */
enum flow {
    FLOW_WAITS,   /* it asked for a step */
    FLOW_GOES_ON, /* it is through */
    FLOW_RAISED,  /* an error is on its way up: call->error */
    FLOW_ENDED    /* the call is over */
};

/* One write under way, as lua/http.lua's http.write has it in its locals. */
struct write {
    int at;
    const char *connection, *path, *body;
    const char *find; /* path of the search; NULL: there is none */
    bool drop;        /* lost = "drop" */
    int attempts;     /* 0: not said */
    bool look_now, granted, adopted, unknown;
    uint32_t looked, seq;
    int tries, sends, nlooks, i;
    int64_t looks_ms[8];
};

struct script_call {
    struct script_call *next, *prev;
    struct script_handlers h;
    int worker, version;
    bool started, asked, gone;
    uint32_t seq;
    const char *company, *function, *run, *rule;
    struct str arguments, body;
    struct str meta, answer; /* of the last step */
    int at, part, i;         /* where the rule stands */
    struct write write;
    const char *error;
};

/* Goes on from the answer of the last step, or from the beginning. */
void rules_go_on(struct script_call *c);
/* The manifest of a version; the argument is its number. */
const char *rules_manifest(const char *company, int version);
/* The member of a flat JSON object as text, "" if it is not there. */
const char *rules_member(struct str json, const char *name);

/* scripts.c, for the rules */
void call_step(struct script_call *c, const char *spec, const char *body);
void call_end(struct script_call *c, enum script_outcome o, const char *json);

#endif
