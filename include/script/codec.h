/* JSON to Lua values and back, lossless: integers stay integers, numbers with a fraction or an
 * exponent, or beyond 64 bits, are decimals, arrays know that they are arrays, null is a value. */
#ifndef CODEC_H
#define CODEC_H

#include <lua.h>
#include "buf.h"
#include "err.h"
#include "str.h"
#include "vm.h"

#define CODEC_FLOATS   1 /* floats in place of decimals */
#define CODEC_NO_NULLS 2 /* objects without the members that are null */

/* Pushes the value of a whole JSON text. 0, or -1 and e, and nothing is pushed. May raise (memory).
 */
int codec_decode(lua_State *L, struct str text, int flags, struct err *e);
/* The same, the outermost object without its member of that name. */
int codec_decode_without(lua_State *L, struct str text, const char *name, struct err *e);

/* Appends the value at index as JSON with sorted keys. 0; or -1 and e says what is wrong and where
 * in the value ("rows[2].price: ..."), and out is as it was. Raises nothing, runs no metamethods.
 */
int codec_encode(struct vm *vm, lua_State *L, int index, struct buf *out, struct err *e);

/* json.null: a light userdata, the same as lua-cjson's. */
#define CODEC_NULL ((void *)0)

/* What marks a table as an array or as an object: shared metatables, made by codec_open once per
 * state, before the first decode. */
void codec_open(lua_State *L);
/* Sets the mark ('a' or 'o') of the table at index. May raise. */
void codec_set_mark(lua_State *L, int index, int mark);
/* The mark of the table at index, 0 if it has none. Raises nothing. */
int codec_mark(lua_State *L, int index);

#endif
