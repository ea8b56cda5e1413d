/* Times of day and days as cron writes them (crontab(5)): five fields, minute hour day-of-month
 * month day-of-week. Each is a star or a list of numbers, names (jan, mon) and ranges, a range or
 * star with a step perhaps: "0 3 * * *", "0-59/15 8-16 * * mon-fri". Also @hourly @daily @midnight
 * @weekly @monthly @yearly @annually.
 *
 * The rule for days is Vixie's: if both the day of the month and the day of the week are given
 * (neither begins with a star), a day counts that fits either; else it must fit both. 0 and 7 are
 * both Sunday.
 *
 * All of this is about the clock on the wall: a local time is a count of minutes since
 * 1970-01-01T00:00 of the local calendar. What instant that is, zone.h says. */
#ifndef CRON_H
#define CRON_H

#include <stdbool.h>
#include <stdint.h>
#include "err.h"
#include "str.h"

struct cron {
    uint64_t minutes; /* bit n: minute n, and so on */
    uint32_t hours, days, months, weekdays;
    bool either; /* a day counts that fits one of days and weekdays */
};

/* -1 and e, which names the field and the character (from 1) where it goes wrong, or says that no
 * such day exists (30 February). */
int cron_parse(struct str text, struct cron *c, struct err *e);
bool cron_matches(const struct cron *c, int64_t local_minute);
/* The first local time after `after` that matches; there is one within 41 years. */
int64_t cron_next(const struct cron *c, int64_t after);

#endif
