/* Modules: files of the company's bundle and of the installation, and modules of C. */
#ifndef REQUIRE_H
#define REQUIRE_H

#include <stdbool.h>
#include <lua.h>

/* Pushes the function `require` for our own files (system) or for company files. */
void require_push(lua_State *L, bool system);
/* Requires a module with the rights of our own files, and pushes it. Raises. */
void require_module(lua_State *L, const char *name);
/* Runs a file of the company's bundle in the environment at index (0: the company's) and leaves
 * what it returns on the stack; the number of results. Raises. */
int require_run_file(lua_State *L, const char *path, int env);
/* Prepares a state. */
void require_open(lua_State *L);

#endif
