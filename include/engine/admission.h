/* What a company may still bring in: its limits of open events, of those of a minute, and of what
 * is kept of it. */
#ifndef ADMISSION_H
#define ADMISSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct company;
struct store_refused;

/* Times are monotonic. */
struct admission {
    bool full, fast; /* refused for its open events; for those of a minute */
    int64_t minute_ms, in_minute;
    int64_t settled_from_ms, settled;
    double settled_a_second; /* 0: not known yet */
    int64_t counted_ms;
    bool counting;        /* the store is being asked for what follows */
    int64_t stored;       /* bytes that are kept of it, as the store said */
    int64_t stored_since; /* of bodies that came in after it was asked, */
    int64_t stored_asked; /* and of those before it was asked anew */
    int stored_level;     /* that was told: 1 nearly its limit, 2 over it */
    int64_t kept_ms;
    int kept, kept_unknown; /* refused deliveries that were stored in this minute */
};

/* 0: a new delivery of so many bytes may come in. Else the seconds to wait, and why in words. */
int admission_wait(struct company *c, size_t body, char *words, size_t n);
/* How much the store kept of it as the host began. What came in meanwhile may be in that already,
 * and is not counted twice. */
void admission_found(struct company *c, int64_t bytes);
/* Asks how much it keeps, if it grew by something else than deliveries or was told that it is much.
 */
void admission_look(struct company *c, bool grew);
bool admission_rests(const struct company *c); /* it keeps too much: its schedules do not come */
void admission_settled(struct company *c);     /* one of its events is no longer in flight */
/* A delivery was refused; at_ms is set here. */
void admission_keep(struct company *c, const struct store_refused *r);

#endif
