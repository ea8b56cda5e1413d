/* Takes away from the process what a script could misuse, should it ever break out of Lua. */
#ifndef CONFINE_H
#define CONFINE_H

#include <stdbool.h>
#include <stddef.h>
#include "err.h"

/* Resource limits, no new privileges, no core, no ptrace by others, and a filter of system calls
 * that leaves reading and writing what is open, memory, and the clock; any other call ends the
 * process. space: bytes of address space. filter false leaves the filter out. For good: call it
 * last. */
int confine(size_t space, bool filter, struct err *e);

#endif
