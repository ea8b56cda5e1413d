/* Link, new, or ask a person: what becomes of a record that comes in. Decided by classes of
 * evidence, not by one threshold on a score: what a score means differs between catalogues. */
#ifndef DECISION_H
#define DECISION_H

#include "buf.h"
#include "catalog.h"
#include "evidence.h"

enum decision { DECISION_LINK, DECISION_NEW, DECISION_REVIEW };

/* What a company may set. Zeroed: the defaults. */
struct decision_options {
    uint32_t no_veto;     /* conflicts (enum evidence_conflict) that do not keep from a link */
    uint32_t more_vetoes; /* and such that do, though by default they only ask: brand, price */
    int cover;            /* of 1000: least part of both names that a link without a code needs */
    int margin;           /* ten-thousandths: least distance to the runner-up */
    bool never_link;      /* a link becomes a review */
};

/* What a candidate would be by itself. */
enum decision_strength { DECISION_OTHER, DECISION_ASKS, DECISION_LINKS };

struct decision_candidate {
    struct str id; /* the catalogue's own bytes: until the next change of it */
    struct evidence evidence;
    int strength; /* enum decision_strength */
};

#define DECISION_CANDIDATES 5

struct decision_result {
    enum decision decision;
    const char *reason; /* in words */
    int match;          /* index of the candidate meant (link, review), or -1 */
    int margin;         /* its distance to the runner-up, ten-thousandths */
    int n;
    struct decision_candidate candidate[DECISION_CANDIDATES]; /* highest score first */
};

/* 0; or -1 with ERR_INPUT where the query has neither a name nor a code. The query's id may be
 * empty. */
int decision_find(struct catalog *c, const struct catalog_record *query,
    const struct decision_options *o, struct decision_result *out, struct err *e);

const char *decision_name(enum decision d); /* "link", "new", "review" */

/* Appends the result as members of a JSON object: "decision":..,"match":..,"score":..,
 * "candidates":[..], and with explain also "explain":{..}. */
void decision_put_json(struct buf *out, const struct decision_result *r, bool explain);

/* Lets each record be the match of one query only, the best: results[i] is the answer to the i-th.
 * Who loses gets its next candidate that is strong enough by itself, else becomes a review. */
void decision_one_to_one(struct decision_result *results, size_t n);

#endif
