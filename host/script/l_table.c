/* table, written anew: Lua's own loops as long as a length says, in C where nothing stops it, and
 * its sort takes pivots by the clock. Lengths are capped here, and sort is stable, so that its
 * result is the same each time. */
#include "modules.h"

#include <lauxlib.h>
#include <stdbool.h>

#define LENGTH_MAX 10000000

/* Less than nothing, as a __len may say, is no element, as in Lua's own. */
static lua_Integer length(lua_State *L, int index, const char *function)
{
    luaL_checktype(L, index, LUA_TTABLE);
    lua_Integer n = luaL_len(L, index);
    if (n > LENGTH_MAX)
        luaL_error(L, "table.%s: a list of %I elements; at most %d are possible", function,
            (LUAI_UACINT)n, LENGTH_MAX);
    return n;
}

/* How many there are from `from` to `to`. */
static lua_Integer count(lua_State *L, lua_Integer from, lua_Integer to, const char *function)
{
    if (from > to)
        return 0;
    if ((lua_Unsigned)to - (lua_Unsigned)from >= LENGTH_MAX)
        luaL_error(L, "table.%s: a range of more than %d elements", function, LENGTH_MAX);
    return to - from + 1;
}

static int l_insert(lua_State *L)
{
    lua_Integer n = length(L, 1, "insert"), at = n + 1;
    int arguments = lua_gettop(L);
    if (arguments == 3) {
        at = luaL_checkinteger(L, 2);
        luaL_argcheck(L, at >= 1 && at <= n + 1, 2, "position out of bounds");
        for (lua_Integer i = n + 1; i > at; i--) {
            lua_geti(L, 1, i - 1);
            lua_seti(L, 1, i);
        }
    } else if (arguments != 2) {
        return luaL_error(L, "wrong number of arguments to 'insert'");
    }
    lua_seti(L, 1, at);
    return 0;
}

static int l_remove(lua_State *L)
{
    lua_Integer n = length(L, 1, "remove"), at = luaL_optinteger(L, 2, n);
    if (at != n)
        luaL_argcheck(L, at >= 1 && at <= n + 1, 2, "position out of bounds");
    lua_geti(L, 1, at);
    for (; at < n; at++) {
        lua_geti(L, 1, at + 1);
        lua_seti(L, 1, at);
    }
    lua_pushnil(L);
    lua_seti(L, 1, at);
    return 1;
}

static int l_move(lua_State *L)
{
    lua_Integer from = luaL_checkinteger(L, 2), to = luaL_checkinteger(L, 3);
    lua_Integer target = luaL_checkinteger(L, 4);
    int other = lua_isnoneornil(L, 5) ? 1 : 5;
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checktype(L, other, LUA_TTABLE);
    lua_Integer n = count(L, from, to, "move");
    luaL_argcheck(L, n == 0 || target <= LUA_MAXINTEGER - n + 1, 4, "destination wrap around");
    /* From the end where it would otherwise write over what it has not read yet. */
    bool downwards =
        target > from && target <= to && (other == 1 || lua_compare(L, 1, other, LUA_OPEQ));
    for (lua_Integer i = 0; i < n; i++) {
        lua_Integer k = downwards ? n - 1 - i : i;
        lua_geti(L, 1, from + k);
        lua_seti(L, other, target + k);
    }
    lua_pushvalue(L, other);
    return 1;
}

static int l_concat(lua_State *L)
{
    size_t nseparator;
    lua_Integer n = length(L, 1, "concat");
    const char *separator = luaL_optlstring(L, 2, "", &nseparator);
    lua_Integer from = luaL_optinteger(L, 3, 1), to = luaL_optinteger(L, 4, n);
    luaL_Buffer b;
    count(L, from, to, "concat");
    luaL_buffinit(L, &b);
    for (lua_Integer i = from; i <= to; i++) {
        lua_geti(L, 1, i);
        if (!lua_isstring(L, -1))
            return luaL_error(L, "invalid value (a %s) at index %I in table for 'concat'",
                luaL_typename(L, -1), (LUAI_UACINT)i);
        luaL_addvalue(&b);
        if (i == to)
            break; /* it may be the largest integer */
        luaL_addlstring(&b, separator, nseparator);
    }
    luaL_pushresult(&b);
    return 1;
}

static int l_pack(lua_State *L)
{
    int n = lua_gettop(L);
    lua_createtable(L, n, 1);
    lua_insert(L, 1);
    for (int i = n; i >= 1; i--)
        lua_rawseti(L, 1, i);
    lua_pushinteger(L, n);
    lua_setfield(L, 1, "n");
    return 1;
}

static int l_unpack(lua_State *L)
{
    lua_Integer from = luaL_optinteger(L, 2, 1);
    lua_Integer to = lua_isnoneornil(L, 3) ? luaL_len(L, 1) : luaL_checkinteger(L, 3);
    lua_Integer n = count(L, from, to, "unpack");
    if (!lua_checkstack(L, (int)n))
        return luaL_error(L, "too many results to unpack");
    for (lua_Integer i = 0; i < n; i++)
        lua_geti(L, 1, from + i);
    return (int)n;
}

/* ---- sort: merge sort between the list (index 1) and a table of the same size -------------------
 */

#define LIST     1
#define FUNCTION 2
#define OTHER    3

/* True if the value on top goes before the one below; pops neither. */
static bool before(lua_State *L)
{
    if (lua_isnil(L, FUNCTION))
        return lua_compare(L, -1, -2, LUA_OPLT);
    lua_pushvalue(L, FUNCTION);
    lua_pushvalue(L, -2);
    lua_pushvalue(L, -4);
    lua_call(L, 2, 1);
    bool answer = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return answer;
}

/* Merges from[low, middle) and from[middle, high) into to. */
static void merge(
    lua_State *L, int from, int to, lua_Integer low, lua_Integer middle, lua_Integer high)
{
    lua_Integer a = low, b = middle;
    for (lua_Integer i = low; i < high; i++) {
        bool second;
        if (a == middle || b == high) {
            second = a == middle;
        } else {
            lua_rawgeti(L, from, a);
            lua_rawgeti(L, from, b);
            second = before(L);
            lua_pop(L, 2);
        }
        lua_rawgeti(L, from, second ? b++ : a++);
        lua_rawseti(L, to, i);
    }
}

/* Both tables hold the same values in [low, high); afterwards `to` holds them in order. */
static void sort(lua_State *L, int from, int to, lua_Integer low, lua_Integer high)
{
    if (high - low < 2)
        return;
    lua_Integer middle = low + (high - low) / 2;
    sort(L, to, from, low, middle);
    sort(L, to, from, middle, high);
    merge(L, from, to, low, middle, high);
}

static int l_sort(lua_State *L)
{
    lua_Integer n = length(L, 1, "sort");
    if (!lua_isnoneornil(L, 2))
        luaL_checktype(L, 2, LUA_TFUNCTION);
    if (n < 2)
        return 0;
    lua_settop(L, 2);
    luaL_checkstack(L, 16, "sort");
    lua_createtable(L, (int)n, 0);
    lua_createtable(L, (int)n, 0);
    for (lua_Integer i = 1; i <= n; i++) {
        lua_geti(L, LIST, i);
        lua_pushvalue(L, -1);
        lua_rawseti(L, OTHER, i);
        lua_rawseti(L, OTHER + 1, i);
    }
    sort(L, OTHER, OTHER + 1, 1, n + 1);
    for (lua_Integer i = 1; i <= n; i++) {
        lua_rawgeti(L, OTHER + 1, i);
        lua_seti(L, LIST, i);
    }
    return 0;
}

int l_open_table(lua_State *L)
{
    static const luaL_Reg functions[] = {{"concat", l_concat}, {"insert", l_insert},
        {"move", l_move}, {"pack", l_pack}, {"remove", l_remove}, {"sort", l_sort},
        {"unpack", l_unpack}, {NULL, NULL}};
    luaL_newlib(L, functions);
    return 1;
}
