/* What scripts can reach: an allow-list, built from tables and never by taking things away. */
#ifndef ENV_H
#define ENV_H

#include <stdbool.h>
#include <lua.h>

/* Prepares a new state: the libraries, the modules of C, the environment of our own files. */
void env_open(lua_State *L);

/* Pushes a new table with what company files see of Lua itself. */
void env_push_basics(lua_State *L);
/* Pushes a read-only view of the table at index. */
void env_push_view(lua_State *L, int index);
/* Pushes a frozen environment that reads from the table at index. */
void env_push_environment(lua_State *L, int index);
/* If the value at index is a view or an environment, pushes the table behind it. Raises nothing. */
bool env_view_target(lua_State *L, int index);

/* From here on errors of the functions in the table on top say name.function, where Lua does not
 * know what the caller calls them ("bad argument #1 to 'string.rep'" of pcall(string.rep)). */
void env_name_functions(lua_State *L, const char *name);

/* Environments of files: of our own (lua/), and of the company's with the ready rules; the latter
 * is what host.use_environment said last, which may be nothing yet (nil). */
void env_push_system(lua_State *L);
void env_push_company(lua_State *L);
void env_set_company(lua_State *L, int index);

#endif
