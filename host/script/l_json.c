/* The module json.
 *
 *   json.decode(text [, {numbers = "float", nulls = false}])  -> value; raises "not JSON: ... at
 *                         line 3, column 7". nulls = false leaves out the members that are null
 *   json.encode(value)    -> text with sorted keys; raises with the way to what JSON cannot hold
 *   json.null             null, which is no nil: json.decode keeps it, and encode writes it
 *   json.array(t)         marks t (default: a new table) as an array, so that it stays one when
 * empty json.object(t)        marks t as an object json.is_array(value)  -> true for a table that
 * encode would write as an array
 */
#include "modules.h"

#include <lauxlib.h>
#include "codec.h"
#include "env.h"
#include "unread.h"

static int read_flags(lua_State *L, int index)
{
    if (lua_isnoneornil(L, index))
        return 0;
    luaL_checktype(L, index, LUA_TTABLE);
    static const char *const names[] = {"decimal", "float", NULL};
    int flags = 0;
    lua_getfield(L, index, "numbers");
    if (!lua_isnil(L, -1) && luaL_checkoption(L, -1, "decimal", names))
        flags |= CODEC_FLOATS;
    lua_getfield(L, index, "nulls");
    if (lua_isboolean(L, -1) && !lua_toboolean(L, -1))
        flags |= CODEC_NO_NULLS;
    return flags;
}

static int l_decode(lua_State *L)
{
    struct err e = {0};
    struct str text;
    text.p = luaL_checklstring(L, 1, &text.n);
    int flags = read_flags(L, 2);
    lua_settop(L, 1);
    if (codec_decode(L, text, flags, &e) < 0)
        return luaL_error(L, "%s", e.text);
    return 1;
}

static int l_encode(lua_State *L)
{
    struct vm *vm = vm_of(L);
    struct err e = {0};
    luaL_checkany(L, 1);
    buf_clear(&vm->text);
    if (codec_encode(vm, L, 1, &vm->text, &e) < 0)
        return luaL_error(L, "this cannot be written as JSON: %s", e.text);
    lua_pushlstring(L, vm->text.p, vm->text.n);
    return 1;
}

static int mark(lua_State *L, int as)
{
    lua_settop(L, 1);
    if (lua_isnil(L, 1)) {
        lua_newtable(L);
        lua_replace(L, 1);
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    unread_fill(L, 1);
    if (codec_mark(L, 1) == as)
        return 1;
    if (codec_mark(L, 1) == 0 && lua_getmetatable(L, 1))
        return luaL_error(L, "this table has a metatable already");
    codec_set_mark(L, 1, as);
    return 1;
}

static int l_array(lua_State *L)
{
    return mark(L, 'a');
}

static int l_object(lua_State *L)
{
    return mark(L, 'o');
}

static int l_is_array(lua_State *L)
{
    bool is = false;
    lua_settop(L, 1);
    if (lua_istable(L, 1)) {
        if (env_view_target(L, 1))
            lua_replace(L, 1);
        int as = codec_mark(L, 1);
        is = as == 'a' || (as == 0 && lua_rawgeti(L, 1, 1) != LUA_TNIL);
    }
    lua_pushboolean(L, is);
    return 1;
}

int l_open_json(lua_State *L)
{
    static const luaL_Reg functions[] = {{"array", l_array}, {"decode", l_decode},
        {"encode", l_encode}, {"is_array", l_is_array}, {"object", l_object}, {NULL, NULL}};
    luaL_newlib(L, functions);
    lua_pushlightuserdata(L, CODEC_NULL);
    lua_setfield(L, -2, "null");
    return 1;
}
