/* What two rehearsals of the same event differ in: effects added, missing and changed, ends and
 * policies, and the sums of what the rules returned. */
#ifndef DIFF_H
#define DIFF_H

#include "buf.h"
#include "decimal.h"
#include "jsondoc.h"
#include "map.h"
#include "rehearsal.h"

/* Sums of the members "total" (and "currency", EUR if there is none) of results. */
#define DIFF_CURRENCIES 8
struct diff_sum {
    char currency[8];
    struct decimal before, now;
};
struct diff_totals {
    int64_t events, same, changed, added, missing; /* events; then effects */
    int64_t not_covered;                           /* events of which one side is not known */
    int64_t not_kept;                              /* events without a body any more */
    struct map *customers;                         /* keys of runs that changed */
    struct diff_sum sums[DIFF_CURRENCIES];
    int nsums;
};
void diff_totals_init(struct diff_totals *t);
void diff_totals_free(struct diff_totals *t);

/* Compares, counts into t, and writes what differs to b: as lines for people, or (json) as one
 * object. True if anything differs. */
bool diff_event(struct diff_totals *t, const struct history_event *ev,
    const struct rehearsal *before, const struct rehearsal *now, bool json, struct buf *b);
/* The last words: a few lines, or (json) {"summary":{...}}. */
void diff_summary(const struct diff_totals *t, bool json, struct buf *b);

/* The fields in which two JSON texts differ, each told as path, before and now (JSON; NULL: not
 * there). Numbers that are equal are equal however they are written. Bytes that are no JSON differ
 * as a whole, with the path "". */
typedef void (*diff_field_fn)(
    void *arg, const char *path, const struct jsonv *before, const struct jsonv *now);
void diff_fields(struct str before, struct str now, diff_field_fn fn, void *arg);

#endif
