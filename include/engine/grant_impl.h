/* For token_grant.c, which renews grants, and grant_person.c, which has what a person does. */
#ifndef GRANT_IMPL_H
#define GRANT_IMPL_H

#include "channel.h"

/* Renews it, when no other process does. */
void grant_renew(struct channel *ch);
/* People are told that it is to be connected, once, and so are all who wait. */
void grant_tell(struct channel *ch, const char *why);
/* NULL, or why the grant is of no use with the connection as it is now set. Owned by the caller. */
char *grant_misfit(const struct channel *ch);

#endif
