/* The base functions that Lua's own would be wrong for here. */
#include "modules.h"

#include <string.h>
#include <lauxlib.h>
#include "call.h"
#include "codec.h"
#include "context.h"
#include "unread.h"
#include "vm.h"
#include "wire.h"

#define LINE_MAX_BYTES 8000 /* of one line of a log */

/* ---- pcall --------------------------------------------------------------------------------- */

/* What both do after the call: errors that must not be caught go on. */
static int finish(lua_State *L, int status, lua_KContext skip)
{
    call_check(L);
    if (status == LUA_ERRMEM)
        call_hit_memory(L);
    if (status != LUA_OK && status != LUA_YIELD) {
        lua_pushboolean(L, 0);
        lua_pushvalue(L, -2);
        return 2;
    }
    return lua_gettop(L) - (int)skip;
}

int l_pcall(lua_State *L)
{
    luaL_checkany(L, 1);
    lua_pushboolean(L, 1);
    lua_insert(L, 1);
    return finish(L, lua_pcallk(L, lua_gettop(L) - 2, LUA_MULTRET, 0, 0, finish), 0);
}

/* The script's handler; not for what it cannot catch. */
static int l_handler(lua_State *L)
{
    const struct call *c = vm_of(L)->call;
    if (c && c->ending != ENDING_NONE)
        return 1;
    lua_settop(L, 1);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, 1, 1);
    return 1;
}

int l_xpcall(lua_State *L)
{
    int n = lua_gettop(L);
    luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_pushvalue(L, 2);
    lua_pushcclosure(L, l_handler, 1);
    lua_replace(L, 2);
    lua_pushboolean(L, 1);
    lua_pushvalue(L, 1);
    lua_rotate(L, 3, 2); /* both below the function's arguments */
    return finish(L, lua_pcallk(L, n - 2, LUA_MULTRET, 2, 2, finish), 2);
}

/* ---- text ---------------------------------------------------------------------------------- */

void base_push_text(lua_State *L, int index)
{
    index = lua_absindex(L, index);
    if (luaL_callmeta(L, index, "__tostring")) {
        if (!lua_isstring(L, -1))
            luaL_error(L, "'__tostring' must return a string");
        lua_tolstring(L, -1, NULL); /* a number becomes one */
        return;
    }
    int type = lua_type(L, index), name;
    if (type == LUA_TLIGHTUSERDATA && lua_touserdata(L, index) == CODEC_NULL) {
        lua_pushliteral(L, "null");
    } else if (type == LUA_TNUMBER || type == LUA_TSTRING || type == LUA_TBOOLEAN ||
               type == LUA_TNIL) {
        luaL_tolstring(L, index, NULL);
    } else if ((name = luaL_getmetafield(L, index, "__name")) != LUA_TSTRING) {
        if (name != LUA_TNIL)
            lua_pop(L, 1);
        /* No address: it would differ between executions, and tell where things are. */
        lua_pushstring(L, lua_typename(L, type));
    }
}

int l_tostring(lua_State *L)
{
    luaL_checkany(L, 1);
    base_push_text(L, 1);
    return 1;
}

void base_log(lua_State *L, const char *level, const char *text, size_t n)
{
    struct call *c = vm_of(L)->call;
    if (c->loading)
        return; /* said again in each fresh state, by whatever call happens to need one */
    size_t max = c->context->limits.log;
    if (c->logged > max)
        return;
    n = n < LINE_MAX_BYTES ? n : LINE_MAX_BYTES;
    c->logged += n + 1;
    struct wire_msg m = {
        .type = WIRE_LOG, .id = c->id, .nparts = 2, .part = {{level, strlen(level)}, {text, n}}};
    if (c->logged > max) {
        m.part[0] = STR_LIT("warn");
        m.part[1] = STR_LIT("the log of this run is full; what follows is left out");
    }
    wire_put(c->out, &m);
}

int l_print(lua_State *L)
{
    int n = lua_gettop(L);
    luaL_Buffer b;
    luaL_checkstack(L, n + 4, "print");
    for (int i = 1; i <= n; i++)
        base_push_text(L, i);
    luaL_buffinit(L, &b);
    for (int i = 1; i <= n; i++) {
        if (i > 1)
            luaL_addchar(&b, '\t');
        lua_pushvalue(L, n + i);
        luaL_addvalue(&b);
    }
    luaL_pushresult(&b);
    size_t size;
    const char *text = lua_tolstring(L, -1, &size);
    base_log(L, "info", text, size);
    return 0;
}

/* ---- tables -------------------------------------------------------------------------------- */

/* A finalizer could loop where nothing stops it, and weak tables in a full heap can crash
 * Lua 5.4.4; a field that is not nil already makes Lua look at what is put there later. (A __mode
 * that is set later is seen by the collector all the same, and nothing tells of it: what such a
 * table holds hangs on when the collector came by, for the run that did it alone.) */
int l_setmetatable(lua_State *L)
{
    static const char *const refused[] = {"__gc", "__mode"};
    int type = lua_type(L, 2);
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_argexpected(L, type == LUA_TNIL || type == LUA_TTABLE, 2, "nil or table");
    unread_fill(L, 1);
    unread_fill(L, 2);
    if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL)
        return luaL_error(L, "cannot change a protected metatable");
    for (int i = 0; i < 2 && type == LUA_TTABLE; i++) {
        lua_pushstring(L, refused[i]);
        if (lua_rawget(L, 2) != LUA_TNIL)
            return luaL_error(L, "a metatable with %s cannot be used here", refused[i]);
        lua_pop(L, 1);
    }
    lua_settop(L, 2);
    lua_setmetatable(L, 1);
    return 1;
}

int l_getmetatable(lua_State *L)
{
    luaL_checkany(L, 1);
    unread_fill(L, 1);
    if (!lua_getmetatable(L, 1))
        lua_pushnil(L);
    else
        luaL_getmetafield(L, 1, "__metatable");
    return 1;
}

int l_rawget(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checkany(L, 2);
    lua_settop(L, 2);
    unread_fill(L, 1);
    lua_rawget(L, 1);
    return 1;
}

int l_rawset(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checkany(L, 2);
    luaL_checkany(L, 3);
    lua_settop(L, 3);
    unread_fill(L, 1);
    if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL && codec_mark(L, 1) == 0)
        return luaL_error(L, "this table is read-only");
    lua_settop(L, 3);
    lua_rawset(L, 1);
    return 1;
}
