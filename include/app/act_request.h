/* What a caller of the API wants to be done with runs, read from JSON:
 *   by       who; "api" if it is not said
 *   reason   why
 *   from, again[], afresh, same_version, skipped    of a retry, see act.h
 *   data     the run's data from now on, as a whole
 *   set      {"PATH": value, ...}   unset  ["PATH", ...]   changes  ["PATH=TEXT", "PATH:=JSON",
 * ...] and for many at once filter   {company, rule, state, key, event, reason_like, since} limit,
 * all, dry_run */
#ifndef ACT_REQUEST_H
#define ACT_REQUEST_H

#include "act.h"
#include "jsondoc.h"
#include "store_read.h"

struct act_request {
    struct engine_act act; /* run is set by who uses it; the rest lives as long as this */
    struct jsondoc *doc;
    struct json_change *changes;
    uint32_t *again;
    struct buf data, values;

    struct store_filter filter;
    bool filtered, all, dry_run;
    int64_t limit; /* 0: not given */
};

/* verb: "send", "retry", "skip", "edit". 0, or -1 and e (ERR_INPUT or ERR_USAGE); must be freed
 * either way. */
int act_request_read(struct act_request *q, struct str verb, struct str body, struct err *e);
void act_request_free(struct act_request *q);
/* "send", "retry", "skip" or "edit": 0, or -1. */
int act_verb(struct str verb, enum engine_action *a);
/* The status of the API for what engine_act said. */
int act_status(const struct err *e);

#endif
