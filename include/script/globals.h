/* Which global names the functions of a compiled file use: so that a misspelled one is found when
 * a company is loaded, and not by the first event that comes to that line. */
#ifndef GLOBALS_H
#define GLOBALS_H

#include <stdbool.h>
#include <stddef.h>
#include "str.h"

#define GLOBALS_MEMBERS 2

/* A use of a name: it is read, or set (written). members are what is read of it there and used
 * without being tested first: of slack.post(x) "post", of procountor.invoices.create(x) both; not
 * of `if slack.post then`. Or, without a name, a comparison by == or ~= with a number that has a
 * fraction. Texts are valid during the call. */
struct globals_use {
    struct str name, members[GLOBALS_MEMBERS];
    int nmembers;
    int line;
    bool set, tested, fraction;
};

/* May raise. */
typedef void (*globals_fn)(void *arg, const struct globals_use *use);

/* Calls fn for each use of a name of _ENV in the bytecode of one file, as lua_dump wrote it, main
 * part and all functions of it, in the order of functions. A `local _ENV` is not the file's. What
 * another version of Lua wrote is passed over: nothing is found. */
void globals_each(struct str bytecode, globals_fn fn, void *arg);

#endif
