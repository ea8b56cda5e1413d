/* Decimals as Lua values: a userdata that holds a struct decimal. */
#ifndef DECIMAL_VALUE_H
#define DECIMAL_VALUE_H

#include <lua.h>
#include "decimal.h"

/* May raise (memory). */
void decimal_push(lua_State *L, const struct decimal *d);
/* The decimal at index, or NULL if it is none. Raises nothing. */
const struct decimal *decimal_at(lua_State *L, int index);

#endif
