/* lua-cjson as it is, but for its depth: scripts could set it so high that nested brackets overflow
 * the C stack, which no limit catches. */
#include "modules.h"

#include <lauxlib.h>
#include <lua-cjson.h>

#define DEPTH_MAX 1000 /* lua-cjson's own default */

static int l_depth(lua_State *L)
{
    if (!lua_isnoneornil(L, 1))
        luaL_argcheck(L, luaL_checkinteger(L, 1) <= DEPTH_MAX, 1, "at most 1000 are possible");
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
    return lua_gettop(L);
}

int l_open_cjson(lua_State *L)
{
    static const char *const depths[] = {"decode_max_depth", "encode_max_depth"};
    lua_pushcfunction(L, luaopen_cjson);
    lua_call(L, 0, 1);
    for (size_t i = 0; i < sizeof(depths) / sizeof(depths[0]); i++) {
        lua_getfield(L, -1, depths[i]);
        lua_pushcclosure(L, l_depth, 1);
        lua_setfield(L, -2, depths[i]);
    }
    lua_pushcfunction(L, l_open_cjson);
    lua_setfield(L, -2, "new");
    return 1;
}
