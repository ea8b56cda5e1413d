/* What a person may do next with a run, by the state it is in. */
#ifndef NEXT_H
#define NEXT_H

#include "buf.h"

/* Writes the row (a run of store_read.h as JSON) with one more member: `next`, a list of {"action":
 * "retry", "command": "sauma retry run_...", "words": "what it does"}; command is "" for what is
 * done outside by hand. Empty for a run that needs nobody. */
void next_put(struct buf *b, struct str row);

#endif
