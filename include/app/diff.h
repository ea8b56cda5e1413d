/* What two rehearsals of the same event differ in: effects added, missing and changed, ends and
 * policies, and the sums of what the rules returned. */
#ifndef DIFF_H
#define DIFF_H

#include "buf.h"
#include "decimal.h"
#include "jsondoc.h"
#include "map.h"
#include "rehearsal.h"

/* Sums of the members "total" (and "currency", EUR if there is none) of results, of runs whose
 * both sides are known. What is no code of three letters, and what comes when the table is full,
 * counts as the currency "?". */
#define DIFF_CURRENCIES 32
struct diff_sum {
    char currency[4];
    struct decimal before, now;
};
struct diff_totals {
    int64_t events, same, changed, added, missing; /* events; then effects */
    int64_t not_covered;                           /* events of which one side is not known */
    int64_t not_kept;                              /* events without a body any more */
    struct map *customers;                         /* keys of runs that are known to change */
    struct diff_sum sums[DIFF_CURRENCIES];
    int nsums;
};
void diff_totals_init(struct diff_totals *t);
void diff_totals_free(struct diff_totals *t);

struct diff_view {
    bool json;          /* one object, else lines for people */
    bool whole;         /* also what redact.h hides */
    const char *redact; /* the company's rules for that, or NULL */
};
/* Compares, counts into t, and writes what differs to b. True if anything differs. */
bool diff_event(struct diff_totals *t, const struct history_event *ev,
    const struct rehearsal *before, const struct rehearsal *now, const struct diff_view *view,
    struct buf *b);
/* The last words: a few lines, or (json) {"summary":{...}}. */
void diff_summary(const struct diff_totals *t, bool json, struct buf *b);

/* The fields in which two JSON texts differ, each told as path, before and now (JSON; NULL: not
 * there). Numbers that are equal are equal however they are written. Bytes that are no JSON differ
 * as a whole, with the path "". */
typedef void (*diff_field_fn)(
    void *arg, const char *path, const struct jsonv *before, const struct jsonv *now);
void diff_fields(struct str before, struct str now, diff_field_fn fn, void *arg);

#endif
