/* The option --since of what lists. */
#ifndef SINCE_H
#define SINCE_H

#include <stdbool.h>
#include <stdint.h>
#include "conf.h"

/* "30d" ago, or a date (UTC), as wall clock; false if it is neither. */
bool since_parse(const char *text, int64_t *wall_ms);
/* The same of the option, whose date is one of this machine's time zone; 0 if it was not given; -1
 * and a message if it is neither. */
int since_option(const struct conf *c, int64_t *wall_ms);

#endif
