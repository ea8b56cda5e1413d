/* lua-cjson as it is, but for three things. Its depth: scripts could set it so high that nested
 * brackets overflow the C stack, which no limit catches. Its settings, which stay in the state:
 * what a run set there would hold for those behind it, so they are set while files are loaded, or
 * of a copy that cjson.new made. And its memory, which is not the state's: the text that it writes
 * would grow without a bound, and what it reads into would be lost if the state's memory ended on
 * the way. */
#include "modules.h"

#include <stdbool.h>
#include <string.h>
#include <lauxlib.h>
#include <lua-cjson.h>
#include "call.h"
#include "unread.h"
#include "vm.h"

#define DEPTH_MAX 1000 /* lua-cjson's own default */
#define READ_MAX  ((size_t)4 << 20)
#define WRITE_MAX ((size_t)32 << 20)
#define TEXT_KEEP ((size_t)256 << 10) /* lua-cjson keeps the buffer of its last text */
/* Of a text's bytes at most, what its values take: "[]," is a table and its place in another. */
#define VALUES_PER_BYTE 48
#define ESCAPED_MOST    6 /* bytes that one may become */

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

/* Calls lua-cjson's function, the first upvalue, with the one argument. Its own buffer is lost if
 * an error of Lua's leaves it, which for want of memory alone can happen: so the state gets what is
 * needed at most, and is held to its limit afterwards. */
static int call_with_room(lua_State *L, size_t room)
{
    struct vm *vm = vm_of(L);
    size_t limit = vm->limit;
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    vm->limit = limit + room + TEXT_KEEP;
    int status = lua_pcall(L, 1, 1, 0);
    vm->limit = limit;
    return status;
}

static int finish(lua_State *L, int status)
{
    const struct vm *vm = vm_of(L);
    call_check(L);
    if (status == LUA_ERRMEM || vm->used > vm->limit)
        return call_hit_memory(L);
    if (status == LUA_OK)
        return 1;
    luaL_where(L, 1);
    lua_insert(L, -2);
    lua_concat(L, 2);
    return lua_error(L);
}

static int l_decode(lua_State *L)
{
    size_t n;
    luaL_argcheck(L, lua_gettop(L) == 1, 1, "expected 1 argument");
    luaL_checklstring(L, 1, &n);
    if (n > READ_MAX)
        return luaL_error(L,
            "cjson.decode: a text of %I bytes; at most %I are possible (json.decode takes more)",
            (LUAI_UACINT)n, (LUAI_UACINT)READ_MAX);
    return finish(L, call_with_room(L, VALUES_PER_BYTE * n));
}

static bool take(size_t *left, size_t n)
{
    bool enough = n <= *left;
    *left = enough ? *left - n : 0;
    return enough;
}

/* Walks as lua-cjson does, raw, and takes from *left what it will write; false: too much. What it
 * refuses by itself (depth, kinds of values, lists with holes) is not refused here. */
static bool fits(lua_State *L, int index, int depth, size_t *left)
{
    lua_Integer count = 0, most = 0;
    int type = lua_type(L, index);
    if (!take(left, type == LUA_TSTRING ? lua_rawlen(L, index) + 3 : type == LUA_TNUMBER ? 16 : 6))
        return false;
    if (type != LUA_TTABLE || depth > DEPTH_MAX || !lua_checkstack(L, 4))
        return true;
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        lua_Integer place = lua_isinteger(L, -2) ? lua_tointeger(L, -2) : 0;
        bool name = lua_type(L, -2) == LUA_TSTRING;
        count++;
        most = place > most ? place : most;
        if ((name && !take(left, lua_rawlen(L, -2) + 3)) ||
            !fits(L, lua_gettop(L), depth + 1, left)) {
            lua_pop(L, 2);
            return false;
        }
    }
    /* Each hole of a list is a null, where settings allow for that. */
    return most <= count ||
           ((size_t)(most - count) <= WRITE_MAX && take(left, 5 * (size_t)(most - count)));
}

/* The buffer is not of the state's account, and would stay for the next run. */
static void drop_buffer(lua_State *L)
{
    lua_pushvalue(L, lua_upvalueindex(2));
    lua_call(L, 0, 1);
    for (int keep = 0; keep < 2 && lua_toboolean(L, -1); keep++) {
        lua_pushvalue(L, lua_upvalueindex(2));
        lua_pushboolean(L, keep);
        lua_call(L, 1, 0);
    }
    lua_pop(L, 1);
}

/* The second upvalue is lua-cjson's encode_keep_buffer. */
static int l_encode(lua_State *L)
{
    size_t left = WRITE_MAX;
    luaL_argcheck(L, lua_gettop(L) == 1, 1, "expected 1 argument");
    if (!fits(L, 1, 0, &left))
        return luaL_error(L, "cjson.encode: a text of more than %I bytes", (LUAI_UACINT)WRITE_MAX);
    unread_fill_within(L, 1, DEPTH_MAX);
    int status = call_with_room(L, ESCAPED_MOST * (WRITE_MAX - left));
    if (WRITE_MAX - left > TEXT_KEEP / ESCAPED_MOST)
        drop_buffer(L);
    return finish(L, status);
}

static int l_new(lua_State *L);

static void push_module(lua_State *L, bool shared)
{
    lua_pushcfunction(L, luaopen_cjson);
    lua_call(L, 0, 1);
    lua_getfield(L, -1, "decode");
    lua_pushcclosure(L, l_decode, 1);
    lua_setfield(L, -2, "decode");
    lua_getfield(L, -1, "encode");
    lua_getfield(L, -2, "encode_keep_buffer");
    lua_pushcclosure(L, l_encode, 2);
    lua_setfield(L, -2, "encode");
    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
        lua_getfield(L, -1, settings[i]);
        lua_pushstring(L, settings[i]);
        lua_pushboolean(L, shared);
        lua_pushcclosure(L, l_setting, 3);
        lua_setfield(L, -2, settings[i]);
    }
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
