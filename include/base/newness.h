/* How new something is, as its sender says it: a number ("n12.5"), or a text ("t2026-11-25"). */
#ifndef NEWNESS_H
#define NEWNESS_H

#include "str.h"

/* -1, 0, 1 as a is older than, as new as, or newer than b. Numbers compare as numbers; texts that
 * both are RFC 3339 times by the instant, to the last digit of a second; other texts byte by byte.
 * Of two kinds, a is as new: the rule says it in another way now, and nobody can tell. */
int newness_compare(struct str a, struct str b);

#endif
