/* What a script process says of a call that did not return: {"message":..., "where":"file:line"} or
 * {"reason":...}. */
#ifndef VERDICT_H
#define VERDICT_H

#include "str.h"

/* "file:line: message", the place once; owned. */
char *verdict_words(struct str json);

#endif
