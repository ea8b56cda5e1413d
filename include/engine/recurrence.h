/* What recurs: at times of day that clocks of a zone show (cron), or so often, whatever clocks
 * show. Each time has a number, its slot, and the numbers rise with the times: a local time of cron
 * is one slot, so it comes once when clocks are turned back, and when they are turned forward over
 * it at the first moment after. */
#ifndef RECURRENCE_H
#define RECURRENCE_H

#include <stdbool.h>
#include <stdint.h>
#include "cron.h"
#include "err.h"
#include "zone.h"

#define RECURRENCE_EVERY_MIN INT64_C(1000)
#define RECURRENCE_EVERY_MAX INT64_C(31622400000) /* 366 days */

struct recurrence {
    struct cron cron;
    struct zone *zone; /* NULL: every */
    int64_t every_ms;
    int64_t phase_ms; /* of every: so that not all companies' come at once */
    char *text;       /* "0 3 * * * Europe/Helsinki", "every 15m" */
};

/* One of at (with the zone's name) and every is given, the other NULL or "". phase: which company
 * and schedule, say. -1 and e; r is to be freed either way. */
int recurrence_init(struct recurrence *r, const char *at, const char *time_zone, const char *every,
    const char *phase, struct err *e);
/* The same from what `text` says. */
int recurrence_parse(struct recurrence *r, const char *text, const char *phase, struct err *e);
void recurrence_free(struct recurrence *r);

/* The last slot that came at or before that instant (wall clock). */
int64_t recurrence_slot(const struct recurrence *r, int64_t wall_ms);
int64_t recurrence_next(const struct recurrence *r, int64_t slot);
/* When it comes. */
int64_t recurrence_ms(const struct recurrence *r, int64_t slot);
#define RECURRENCE_TEXT 40
/* "2026-11-25T03:00", the local time; of every "2026-11-25T01:07:30Z". */
void recurrence_name(const struct recurrence *r, int64_t slot, char out[RECURRENCE_TEXT]);
/* "2026-11-25T03:00:00+02:00": when it comes, as clocks there show it. */
void recurrence_time(const struct recurrence *r, int64_t slot, char out[RECURRENCE_TEXT]);
/* The slot of a time given as recurrence_name or RFC 3339 has it; false if it is none of cron's. */
bool recurrence_find(const struct recurrence *r, struct str text, int64_t *slot);

#endif
