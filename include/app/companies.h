/* Companies that a command looks at one after the other, on parts that are opened once. */
#ifndef COMPANIES_H
#define COMPANIES_H

#include "connect.h"
#include "parts.h"

struct companies {
    struct parts parts;
};

/* secrets_data: folder whose secrets are looked up; NULL: none are. The status of the command:
 * STATUS_OK, or what e is about. companies_close must be called either way. */
int companies_open(
    struct companies *all, const struct conf *c, const char *secrets_data, struct err *e);
void companies_close(struct companies *all);

/* Loads the company in dir as the host would and calls fn before it returns; only meanwhile it can
 * be asked for by its name. */
void companies_look(struct companies *all, const char *dir, engine_loaded_fn fn, void *arg);

/* Calls fn for each folder of dir that holds a company.lua, in alphabetical order, until one call
 * returns another status than STATUS_OK, which it returns; -1: dir cannot be read. */
int companies_each(const char *dir, int (*fn)(void *arg, const char *path), void *arg);

/* The command that sets a secret of the company. Owned by the caller. */
char *companies_secret_command(
    const struct companies *all, const char *company, const char *secret);
/* True if a person is to connect it, for the first time or anew; its words say with which command.
 */
bool companies_waits_for_person(const struct connection_info *i);

#endif
