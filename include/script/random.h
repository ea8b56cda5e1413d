/* Random numbers of a call: the same in each execution of it, since replay must not differ. */
#ifndef RANDOM_H
#define RANDOM_H

#include <stdint.h>
#include <lua.h>

/* The state that a call begins with: from the field "seed" (a string) of its arguments at index; a
 * constant if there is none. Raises nothing. */
uint64_t random_seed_of(lua_State *L, int index);
/* 64 random bits. */
uint64_t random_next(uint64_t *state);
/* Uniform in [0, 1). */
double random_float(uint64_t *state);

#endif
