/* lua-cjson as it is, but for three things. Its depth: scripts could set it so high that nested
 * brackets overflow the C stack, which no limit catches. And its settings, which stay in the state:
 * what a run set there would hold for those behind it, so they are set while files are loaded, or
 * of a copy that cjson.new made. And tables that nobody has looked into yet are filled before it
 * reads them, which it does raw. */
#include "modules.h"

#include <stdbool.h>
#include <string.h>
#include <lauxlib.h>
#include <lua-cjson.h>
#include "call.h"
#include "unread.h"
#include "vm.h"

#define DEPTH_MAX 1000 /* lua-cjson's own default */

static const char *const settings[] = {"decode_invalid_numbers", "decode_max_depth",
    "encode_invalid_numbers", "encode_keep_buffer", "encode_max_depth", "encode_number_precision",
    "encode_sparse_array"};

/* Upvalues: lua-cjson's function, its name, whether the module is shared. Without an argument it
 * only says how it is set. */
static int l_setting(lua_State *L)
{
    const char *name = lua_tostring(L, lua_upvalueindex(2));
    const struct call *c = vm_of(L)->call;
    if (!lua_isnoneornil(L, 1)) {
        if (lua_toboolean(L, lua_upvalueindex(3)) && c && !c->loading)
            return luaL_error(L,
                "cjson.%s would hold for later runs too: set it outside of functions, where the "
                "file is loaded, or on a cjson.new() of your own",
                name);
        if (strstr(name, "_depth"))
            luaL_argcheck(L, luaL_checkinteger(L, 1) <= DEPTH_MAX, 1, "at most 1000 are possible");
    }
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
    return lua_gettop(L);
}

/* Upvalue: lua-cjson's function. */
static int l_encode(lua_State *L)
{
    luaL_argcheck(L, lua_gettop(L) == 1, 1, "expected 1 argument");
    unread_fill_within(L, 1, DEPTH_MAX);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, 1, 1);
    return 1;
}

static int l_new(lua_State *L);

static void push_module(lua_State *L, bool shared)
{
    lua_pushcfunction(L, luaopen_cjson);
    lua_call(L, 0, 1);
    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
        lua_getfield(L, -1, settings[i]);
        lua_pushstring(L, settings[i]);
        lua_pushboolean(L, shared);
        lua_pushcclosure(L, l_setting, 3);
        lua_setfield(L, -2, settings[i]);
    }
    lua_getfield(L, -1, "encode");
    lua_pushcclosure(L, l_encode, 1);
    lua_setfield(L, -2, "encode");
    lua_pushcfunction(L, l_new);
    lua_setfield(L, -2, "new");
}

static int l_new(lua_State *L)
{
    push_module(L, false);
    return 1;
}

int l_open_cjson(lua_State *L)
{
    push_module(L, true);
    return 1;
}
