/* The modules and library parts that are written in C. Each l_open_* pushes one table and may
 * raise; each is called once per state. */
#ifndef MODULES_H
#define MODULES_H

#include <lua.h>

/* Parts of the allow-listed library, in place of Lua's own. */
int l_open_string(lua_State *L); /* also sets the metatable of strings */
int l_open_table(lua_State *L);
int l_open_math(lua_State *L);
int l_string_format(lua_State *L); /* string.format; its upvalue is Lua's own */
int l_getmetatable(lua_State *L);
int l_ipairs(lua_State *L);
int l_next(lua_State *L);
int l_pairs(lua_State *L);
int l_pcall(lua_State *L);
int l_xpcall(lua_State *L);
int l_print(lua_State *L);
int l_rawget(lua_State *L);
int l_rawset(lua_State *L);
int l_setmetatable(lua_State *L);
int l_tostring(lua_State *L);

/* Modules for require. */
int l_open_address(lua_State *L);
int l_open_cjson(lua_State *L);
int l_open_crypto(lua_State *L);
int l_open_decimal(lua_State *L);
int l_open_ids(lua_State *L);
int l_open_json(lua_State *L);
int l_open_match(lua_State *L);
int l_open_names(lua_State *L);
int l_open_text(lua_State *L);

/* Of the module "host". */
int l_host_plain(lua_State *L);
int l_host_read_body(lua_State *L);
int l_host_reader(lua_State *L);
int l_host_seq(lua_State *L);
int l_host_step(lua_State *L);
int l_host_trimmed(lua_State *L);

/* Pushes the text of the value at index as tostring gives it: never an address. May raise. */
void base_push_text(lua_State *L, int index);
/* Sends a line of a call's log. */
void base_log(lua_State *L, const char *level, const char *text, size_t n);

#endif
