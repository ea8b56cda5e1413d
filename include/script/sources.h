/* A bundle of Lua files: their texts as the host sent them, and their bytecode, compiled once per
 * process and shared by all states. Scripts never touch that memory, so bytecode from here is
 * trusted; nothing else is ever loaded as bytecode. */
#ifndef SOURCES_H
#define SOURCES_H

#include <lua.h>
#include "err.h"
#include "str.h"

struct sources;

/* json: object of path -> text. NULL and e if it is none. */
struct sources *sources_new(struct str json, struct err *e);
void sources_free(struct sources *s);

/* The text of a file; false if there is none of that path. */
bool sources_text(const struct sources *s, const char *path, struct str *text);
/* In order of the bundle: start with *at = 0; NULL at the end. */
const char *sources_next(const struct sources *s, size_t *at);

/* Pushes the file as a function with its one upvalue, _ENV, unset, and returns LUA_OK; or pushes
 * the error and returns its status. The chunk is named "@path". May raise (memory). */
int sources_load(struct sources *s, lua_State *L, const char *path);

/* The bytecode of a file, as lua_dump wrote it; empty if it was not loaded so far. */
struct str sources_bytecode(const struct sources *s, const char *path);

/* The text of a line (from 1) of a text, without its end; empty beyond the end. */
struct str sources_line(struct str text, int line);

#endif
