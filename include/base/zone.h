/* Time zones, from the system's data (TZif, RFC 8536; Debian's tzdata keeps it current). The C
 * library knows one zone a process, through the environment; here there are as many as wanted.
 *
 * Instants are seconds since 1970-01-01T00:00:00Z; a local time is the same count of what a clock
 * on the wall there shows. */
#ifndef ZONE_H
#define ZONE_H

#include <stdbool.h>
#include <stdint.h>
#include "err.h"
#include "str.h"

struct zone;

/* Reads the zone of that name ("Europe/Helsinki", "UTC") from TZDIR or /usr/share/zoneinfo. NULL
 * and e: it is no name of a zone (ERR_NOT_FOUND), or the data is not there or damaged (ERR_IO). */
struct zone *zone_open(const char *name, struct err *e);
/* The bytes of a TZif file. NULL and e if they are none. */
struct zone *zone_parse(struct str bytes, struct err *e);
void zone_free(struct zone *z);

/* Seconds that the clocks there are ahead of UTC at an instant. */
int64_t zone_offset(const struct zone *z, int64_t at);
/* The instant of a local time, each local time once: of one that clocks show twice the first; for
 * one that they leave out the first moment after the gap. */
int64_t zone_instant(const struct zone *z, int64_t local);

/* True for text that may name a zone's file: no path that leads elsewhere. */
bool zone_name_ok(struct str name);

#endif
