/* For token_grant.c: the grant of a channel, in the store. */
#ifndef GRANT_STORE_H
#define GRANT_STORE_H

#include "channel.h"

/* Reads it: 1, 0 (there is none), -1 and e. */
int grant_read(struct channel *ch, struct err *e);
/* Writes it: 0, -1 and e, or 1: it was connected anew meanwhile, and that grant stays in the store.
 * ch->token.unsaved is whether it failed. */
int grant_save(struct channel *ch, struct err *e);
/* It is ours to renew, over all processes: 1, 0 (another has it), -1 and e. */
int grant_lock(struct channel *ch, struct err *e);
void grant_unlock(struct channel *ch); /* nothing if it is not locked */
void grant_drop(struct channel *ch);   /* from memory */

#endif
