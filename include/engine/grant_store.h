/* For token_grant.c: the grant of a channel, in the store. */
#ifndef GRANT_STORE_H
#define GRANT_STORE_H

#include "channel.h"
#include "resolver.h"

struct grant;

/* Reads it: 1, 0 (there is none), -1 and e. */
int grant_read(struct channel *ch, struct err *e);
/* The one that is there, owned by the caller; NULL: none, or it does not open. */
struct grant *grant_stored(const struct channel *ch);
/* What becomes of a write: rc 0, -1 and e, or 1: it was connected anew meanwhile, and that grant
 * stays in the store. */
typedef void (*grant_saved_fn)(struct channel *ch, int rc, const struct err *e);
/* Writes it, one at a time. ch->token.saving is set until that is over, ch->token.unsaved whether
 * it failed. then is called from the loop, and may be NULL. */
void grant_save(struct channel *ch, grant_saved_fn then);
/* Nobody is told what becomes of it; it is written all the same. */
void grant_save_forget(struct channel *ch);
/* It is ours to renew, over all processes: 1, 0 (another has it), -1 and e. */
int grant_lock(struct channel *ch, struct err *e);
/* Once what is being written is on disk: who has it next reads that. Nothing if it is not locked.
 */
void grant_unlock(struct channel *ch);
void grant_drop(struct channel *ch); /* from memory */
/* Writes what a person allowed: done is told as resolver.h says. NULL and e. */
struct secrets_write *grant_keep(const struct channel *ch, const struct grant *g,
    secrets_written_fn done, void *arg, struct err *e);

#endif
