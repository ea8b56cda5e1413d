/* Environments, and read-only views of tables. */
#include "env.h"

#include <lauxlib.h>
#include <lualib.h>
#include "codec.h"
#include "modules.h"
#include "require.h"
#include "unread.h"

static const char view_key = 0, basics_key = 0, system_key = 0, company_key = 0;

/* ---- views --------------------------------------------------------------------------------- */

bool env_view_target(lua_State *L, int index)
{
    if (!lua_istable(L, index) || !lua_checkstack(L, 2) || !lua_getmetatable(L, index))
        return false;
    if (lua_rawgetp(L, -1, &view_key) != LUA_TTABLE) {
        lua_pop(L, 2);
        return false;
    }
    lua_remove(L, -2);
    return true;
}

static int l_view_newindex(lua_State *L)
{
    base_push_text(L, 2);
    return luaL_error(L,
        "this table is read-only, so \"%s\" of it cannot be set; copy what you need "
        "into a table of your own",
        lua_tostring(L, -1));
}

static int l_environment_newindex(lua_State *L)
{
    base_push_text(L, 2);
    return luaL_error(L,
        "global variable \"%s\" cannot be set: write \"local %s\" (globals would "
        "reach from one run into the next)",
        lua_tostring(L, -1), lua_tostring(L, -1));
}

static int l_view_len(lua_State *L)
{
    luaL_argcheck(L, env_view_target(L, 1), 1, "no view");
    lua_pushinteger(L, luaL_len(L, -1));
    return 1;
}

/* A plain C function goes on as this call, so that its errors have the line of the script. */
static int l_view_call(lua_State *L)
{
    luaL_argcheck(L, env_view_target(L, 1), 1, "no view");
    lua_replace(L, 1);
    int top = lua_gettop(L);
    luaL_getmetafield(L, 1, "__call");
    lua_CFunction fn = lua_tocfunction(L, -1);
    bool plain = fn && !lua_getupvalue(L, -1, 1);
    lua_settop(L, top);
    if (plain)
        return fn(L);
    lua_call(L, top - 1, LUA_MULTRET);
    return lua_gettop(L);
}

static void push_view(lua_State *L, int index, lua_CFunction newindex)
{
    luaL_checkstack(L, 6, "view");
    /* Of what is behind it, if it is a view itself: one look-up less at each use. */
    if (!env_view_target(L, index))
        lua_pushvalue(L, index);
    int target = lua_gettop(L);
    lua_newtable(L);
    lua_createtable(L, 0, 6);
    lua_pushvalue(L, target);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, newindex);
    lua_setfield(L, -2, "__newindex");
    lua_pushcfunction(L, l_view_len);
    lua_setfield(L, -2, "__len");
    if (luaL_getmetafield(L, target, "__call") != LUA_TNIL) {
        lua_pop(L, 1);
        lua_pushcfunction(L, l_view_call);
        lua_setfield(L, -2, "__call");
    }
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_pushvalue(L, target);
    lua_rawsetp(L, -2, &view_key);
    lua_setmetatable(L, -2);
    lua_remove(L, target);
}

void env_push_view(lua_State *L, int index)
{
    push_view(L, index, l_view_newindex);
}

void env_push_environment(lua_State *L, int index)
{
    push_view(L, index, l_environment_newindex);
}

/* ---- the allow-list ------------------------------------------------------------------------ */

/* Functions of Lua's own base library that are harmless as they are. */
static const char *const kept[] = {
    "assert", "error", "rawequal", "rawlen", "select", "tonumber", "type"};

static const luaL_Reg ours[] = {{"getmetatable", l_getmetatable}, {"ipairs", l_ipairs},
    {"next", l_next}, {"pairs", l_pairs}, {"pcall", l_pcall}, {"print", l_print},
    {"rawget", l_rawget}, {"rawset", l_rawset}, {"setmetatable", l_setmetatable},
    {"tostring", l_tostring}, {"xpcall", l_xpcall}, {NULL, NULL}};

static const struct {
    const char *name;
    lua_CFunction open;
} libraries[] = {{"math", l_open_math}, {"string", l_open_string}, {"table", l_open_table},
    {"utf8", luaopen_utf8}};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Pushes Lua's base library. It comes as the table of globals, which is then replaced by an empty
 * one: no chunk of ours uses it, and nothing may be found there. */
static void push_base(lua_State *L)
{
    lua_pushcfunction(L, luaopen_base);
    lua_call(L, 0, 1);
    lua_newtable(L);
    lua_rawseti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
}

void env_name_functions(lua_State *L, const char *name)
{
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
    lua_pushvalue(L, -2);
    lua_setfield(L, -2, name);
    lua_pop(L, 1);
}

/* Pushes a table of the basics, with the libraries themselves. */
static void push_library(lua_State *L)
{
    lua_createtable(L, 0, 32);
    push_base(L);
    for (size_t i = 0; i < COUNT(kept); i++) {
        lua_getfield(L, -1, kept[i]);
        lua_setfield(L, -3, kept[i]);
    }
    lua_pop(L, 1);
    luaL_setfuncs(L, ours, 0);
    for (size_t i = 0; i < COUNT(libraries); i++) {
        lua_pushcfunction(L, libraries[i].open);
        lua_call(L, 0, 1);
        env_name_functions(L, libraries[i].name);
        lua_setfield(L, -2, libraries[i].name);
    }
    env_name_functions(L, LUA_GNAME);
}

/* The library as company files get it: with views, so that no script changes what others use. */
static void push_company_basics(lua_State *L, int library)
{
    lua_createtable(L, 0, 32);
    for (lua_pushnil(L); lua_next(L, library); lua_pop(L, 1)) {
        lua_pushvalue(L, -2);
        if (lua_istable(L, -2))
            env_push_view(L, -2);
        else
            lua_pushvalue(L, -2);
        lua_rawset(L, -5);
    }
    require_push(L, false);
    lua_setfield(L, -2, "require");
}

void env_open(lua_State *L)
{
    int top = lua_gettop(L);
    codec_open(L);
    unread_open(L);
    require_open(L);
    push_library(L);
    push_company_basics(L, top + 1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &basics_key);
    require_push(L, true);
    lua_setfield(L, -2, "require");
    env_push_environment(L, top + 1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &system_key);
    lua_settop(L, top);
}

void env_push_basics(lua_State *L)
{
    lua_createtable(L, 0, 64);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &basics_key);
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
        lua_pushvalue(L, -2);
        lua_pushvalue(L, -2);
        lua_rawset(L, -6);
    }
    lua_pop(L, 1);
}

void env_push_system(lua_State *L)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &system_key);
}

void env_push_company(lua_State *L)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &company_key);
}

void env_set_company(lua_State *L, int index)
{
    lua_pushvalue(L, index);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &company_key);
}
