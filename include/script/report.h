/* Error objects of scripts as JSON for the host. Everything is read raw: an error object may be
 * anything, also a table whose metamethods raise. */
#ifndef REPORT_H
#define REPORT_H

#include <lua.h>
#include "buf.h"
#include "vm.h"

/* Writes the error object on top of L's stack, raised with status, as
 *   {"message": ..., "where": "rules/x.lua:12", "line": source text of that line, "class":
 * "script", "trace": "...", and the other fields of an error table} The stack of L must still be
 * the one it was raised on. Raises nothing, and leaves the stack as it was. */
void report_error(struct vm *vm, lua_State *L, int status, struct buf *out);

/* The place "file:line" of the innermost frame of L's stack that belongs to the company (its files
 * and ready rules); with any set, to any Lua file. False if there is none. */
bool report_where(lua_State *L, bool any, char *out, size_t size);

#endif
