/* Tables that are filled when a script looks into them. */
#include "unread.h"

#include <string.h>
#include <lauxlib.h>
#include "vm.h"

/* In the registry: the metatable. In such a table: its text, under a key that no script has. */
static const char mark_key = 0, text_key = 0;

/* ---- the text ------------------------------------------------------------------------------ */

struct str unread_members(struct str object)
{
    bool whole = object.n >= 2 && object.p[0] == '{' && object.p[object.n - 1] == '}';
    return whole ? (struct str){object.p + 1, object.n - 2} : (struct str){"?", 1};
}

/* `"text"` at the beginning of *at, which goes behind it. */
static bool take_text(struct str *at, struct str *text)
{
    if (at->n < 2 || at->p[0] != '"')
        return false;
    const char *from = at->p + 1, *quote = memchr(from, '"', at->n - 1);
    if (!quote)
        return false;
    *text = (struct str){from, (size_t)(quote - from)};
    at->n -= (size_t)(quote + 1 - at->p);
    at->p = quote + 1;
    return true;
}

static bool take_char(struct str *at, char c)
{
    if (!at->n || at->p[0] != c)
        return false;
    at->p++;
    at->n--;
    return true;
}

bool unread_next(struct str *at, struct str *name, struct str *value, bool *bad)
{
    if (bad)
        *bad = false;
    if (!at->n)
        return false;
    if (take_text(at, name) && take_char(at, ':') && take_text(at, value) &&
        (!at->n || (take_char(at, ',') && at->n)))
        return true;
    if (bad)
        *bad = true;
    return false;
}

/* ---- the table ----------------------------------------------------------------------------- */

static int l_index(lua_State *L)
{
    lua_settop(L, 2);
    unread_fill(L, 1);
    lua_rawget(L, 1);
    return 1;
}

static int l_newindex(lua_State *L)
{
    lua_settop(L, 3);
    unread_fill(L, 1);
    lua_rawset(L, 1);
    return 0;
}

void unread_open(lua_State *L)
{
    lua_createtable(L, 0, 2);
    lua_pushcfunction(L, l_index);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, l_newindex);
    lua_setfield(L, -2, "__newindex");
    vm_of(L)->unread_mark = lua_topointer(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &mark_key);
}

void unread_push_mark(lua_State *L)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &mark_key);
}

void unread_push(lua_State *L, struct str object, int mark)
{
    if (!unread_members(object).n) {
        lua_createtable(L, 0, 0);
        return;
    }
    mark = lua_absindex(L, mark);
    lua_createtable(L, 0, 1);
    lua_pushlstring(L, object.p, object.n);
    lua_rawsetp(L, -2, &text_key);
    lua_pushvalue(L, mark);
    lua_setmetatable(L, -2);
    vm_of(L)->unread++;
}

bool unread_text(lua_State *L, int index, struct str *object)
{
    if (!lua_istable(L, index) || !lua_checkstack(L, 2) || !lua_getmetatable(L, index))
        return false;
    const void *mark = lua_topointer(L, -1);
    lua_pop(L, 1);
    if (mark != vm_of(L)->unread_mark)
        return false;
    index = lua_absindex(L, index);
    lua_rawgetp(L, index, &text_key);
    object->p = lua_tolstring(L, -1, &object->n);
    lua_pop(L, 1); /* the table holds it */
    return true;
}

void unread_fill(lua_State *L, int index)
{
    struct str object, name, value;
    if (!unread_text(L, index, &object))
        return;
    index = lua_absindex(L, index);
    luaL_checkstack(L, 4, "headers");
    struct str at = unread_members(object);
    while (unread_next(&at, &name, &value, NULL)) {
        lua_pushlstring(L, name.p, name.n);
        lua_pushlstring(L, value.p, value.n);
        lua_rawset(L, index);
    }
    /* Last, and without an allocation: without memory it stays unread. */
    lua_pushnil(L);
    lua_rawsetp(L, index, &text_key);
    lua_pushnil(L);
    lua_setmetatable(L, index);
    vm_of(L)->unread--;
}

/* False: it is deeper, which ends the walk, since a table may contain itself. */
static bool fill_within(lua_State *L, int index, int depth)
{
    if (!depth)
        return false;
    luaL_checkstack(L, 8, "a value nested deeply");
    unread_fill(L, index);
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1))
        if (lua_istable(L, -1) && !fill_within(L, lua_gettop(L), depth - 1))
            return false;
    return true;
}

void unread_fill_within(lua_State *L, int index, int depth)
{
    int top = lua_gettop(L);
    if (vm_of(L)->unread && lua_istable(L, index))
        fill_within(L, lua_absindex(L, index), depth);
    lua_settop(L, top);
}
