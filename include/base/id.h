/* Identifiers: a prefix, then 26 characters of a ULID: 48 bits of wall time in ms and 80 random
 * bits in Crockford base 32, so ids sort by time and say what they are: "evt_01JD3K...". */
#ifndef ID_H
#define ID_H

#include <stdint.h>

#define ID_TEXT 32
/* prefix of at most 4 characters ("evt_", "run_"). Ids made by one process in the same
 * millisecond are increasing. Not thread safe: call from the main thread. */
void id_new(char out[ID_TEXT], const char *prefix, int64_t wall_ms);
/* 16 bytes of BLAKE2b as 32 hex digits: names of versions, fingerprints of steps. */
void id_hash(char out[33], const void *bytes, uint64_t n);

#endif
