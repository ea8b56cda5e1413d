/* The rule at the end of a TZif file, by which clocks are turned after its last recorded change:
 * POSIX's TZ text with the extensions of RFC 8536 3.3 ("EET-2EEST,M3.5.0/3,M10.5.0/4"). */
#ifndef ZONE_RULE_H
#define ZONE_RULE_H

#include <stdbool.h>
#include <stdint.h>
#include "str.h"

/* A day of the year and a time of it, seconds on the clock then in use, -167 h to 167 h. */
struct zone_day {
    enum { ZONE_JULIAN, ZONE_DAY, ZONE_WEEKDAY } kind;
    int day; /* ZONE_JULIAN: 1 to 365, 29 February is not counted; ZONE_DAY: 0 to 365 */
    int month, week, weekday; /* ZONE_WEEKDAY: week 5 is the last */
    int64_t time;
};

struct zone_rule {
    int64_t standard, summer; /* seconds ahead of UTC */
    bool turns;               /* false: standard all year */
    struct zone_day begin, end;
};

bool zone_rule_parse(struct str text, struct zone_rule *r);

/* A span of time in which the clocks are not turned. */
struct zone_span {
    int64_t from, until; /* instants; until is the first beyond */
    int64_t offset;
};
void zone_rule_span(const struct zone_rule *r, int64_t at, struct zone_span *out);

#endif
