/* Tables of texts that are filled only when a script looks into them: the headers of an answer,
 * which few do, while making them costs more than all else of a plain answer. To scripts they are
 * tables like others: an access that Lua tells of fills them, and functions that go past it (pairs,
 * next, rawget, setmetatable and what else reads tables raw) fill them first. JSON is written from
 * the text. */
#ifndef UNREAD_H
#define UNREAD_H

#include <stdbool.h>
#include <lua.h>
#include "str.h"

/* The next pair of a JSON object of texts without escapes. *at begins as unread_members of it.
 * False at the end, and *bad, if given, says whether that is no end of such an object. */
bool unread_next(struct str *at, struct str *name, struct str *value, bool *bad);
/* What is between the braces; bytes without "{...}" around them are given as they are, and are bad.
 */
struct str unread_members(struct str object);

/* Once per state. */
void unread_open(lua_State *L);
/* Pushes the metatable of such tables, which unread_push wants to have at some index. */
void unread_push_mark(lua_State *L);
/* Pushes a table for the object, all of which unread_next has been seen to read. May raise. */
void unread_push(lua_State *L, struct str object, int mark);
/* Fills the value at index if it is such a table. May raise (memory). */
void unread_fill(lua_State *L, int index);
/* The same for all tables within the value, so deep at most; for code that reads raw and is not
 * ours.
 */
void unread_fill_within(lua_State *L, int index, int depth);
/* True if it is one; its text lives as long as it stays one. Raises nothing. */
bool unread_text(lua_State *L, int index, struct str *object);

#endif
