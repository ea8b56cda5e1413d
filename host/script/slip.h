/* What was probably meant where Lua says that a text is no Lua. Pure functions. */
#ifndef SLIP_H
#define SLIP_H

#include "str.h"

/* The likely slip behind Lua's message on the source line it names, as words that follow the
 * message in brackets; NULL: the message says it all, or nothing is likely. */
const char *slip_of(struct str message, struct str line);

#endif
