/* The right answers of a matching task, and how well decisions agree with them. */
#ifndef MATCH_GOLD_H
#define MATCH_GOLD_H

#include "decision.h"

struct match_gold;

/* Reads a table with the columns id_a (query) and id_b (catalogue). Pairs whose id_b the catalogue
 * does not have do not count: there is nothing to link to. NULL and e. */
struct match_gold *match_gold_open(const char *path, const struct catalog *c, struct err *e);
void match_gold_free(struct match_gold *g);

/* Counts the answer to one query. */
void match_gold_count(struct match_gold *g, struct str query, const struct decision_result *r);
/* Appends {"precision":..,"recall":..,...}. */
void match_gold_put_json(struct buf *out, const struct match_gold *g);

#endif
