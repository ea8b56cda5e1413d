/* The option --since of what lists. */
#ifndef SINCE_H
#define SINCE_H

#include <stdint.h>
#include "conf.h"

/* "30d" ago, or a date (UTC), as wall clock; 0 if it was not given; -1 and a message if it is
 * neither. */
int since_option(const struct conf *c, int64_t *wall_ms);

#endif
