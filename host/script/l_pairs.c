/* pairs and next in an order that does not depend on the process: Lua's own follows a hash seed,
 * and a run that is replayed elsewhere would take its steps in another order.
 *
 * The order: numbers by value, texts by bytes, false, true, decimals by value, then keys of other
 * types, which have no order of their own: a table may have one such key; with more of them, or
 * with decimals that are equal, pairs is an error where runs are replayed.
 *
 * pairs takes the keys when it begins: fields that are added meanwhile are not seen, those that are
 * removed before their turn are skipped. next(t) is the first key of that order and next(t, k) the
 * first behind k, whether or not t has k; so a loop over next sees what pairs sees, at the cost of
 * looking at all keys each time. */
#include "modules.h"

#include <stdlib.h>
#include <string.h>
#include <lauxlib.h>
#include "context.h"
#include "decimal_value.h"
#include "env.h"
#include "unread.h"
#include "vm.h"

enum rank { RANK_NUMBER, RANK_TEXT, RANK_BOOLEAN, RANK_DECIMAL, RANK_OTHER };

struct key {
    enum rank rank;
    int index; /* in the table of keys */
    bool integer;
    union {
        lua_Integer i; /* and booleans */
        lua_Number f;
        const char *p;
        const struct decimal *d;
    } v;
    size_t n;
};

/* The key at index; p and d point into the Lua value. */
static struct key key_at(lua_State *L, int index)
{
    struct key k = {.rank = RANK_OTHER};
    switch (lua_type(L, index)) {
    case LUA_TNUMBER:
        k.rank = RANK_NUMBER;
        k.integer = lua_isinteger(L, index);
        if (k.integer)
            k.v.i = lua_tointeger(L, index);
        else
            k.v.f = lua_tonumber(L, index);
        break;
    case LUA_TSTRING:
        k.rank = RANK_TEXT;
        k.v.p = lua_tolstring(L, index, &k.n);
        break;
    case LUA_TBOOLEAN:
        k.rank = RANK_BOOLEAN;
        k.v.i = lua_toboolean(L, index);
        break;
    case LUA_TUSERDATA:
        k.v.d = decimal_at(L, index);
        k.rank = k.v.d ? RANK_DECIMAL : RANK_OTHER;
        break;
    default:
        break;
    }
    return k;
}

/* Exact: a float holds fewer digits than an integer, so neither is turned into the other before its
 * fraction is off. A key is never NaN. */
static int compare_mixed(lua_Integer i, lua_Number f)
{
    if (f >= 0x1p63)
        return -1;
    if (f < -0x1p63)
        return 1;
    lua_Integer whole = (lua_Integer)f;
    lua_Number rest = f - (lua_Number)whole;
    if (i != whole)
        return i < whole ? -1 : 1;
    return rest > 0 ? -1 : rest < 0;
}

static int compare_numbers(const struct key *a, const struct key *b)
{
    if (a->integer && b->integer)
        return a->v.i < b->v.i ? -1 : a->v.i > b->v.i;
    if (a->integer)
        return compare_mixed(a->v.i, b->v.f);
    if (b->integer)
        return -compare_mixed(b->v.i, a->v.f);
    return a->v.f < b->v.f ? -1 : a->v.f > b->v.f;
}

static int compare(const void *one, const void *other)
{
    const struct key *a = one, *b = other;
    if (a->rank != b->rank)
        return a->rank < b->rank ? -1 : 1;
    switch (a->rank) {
    case RANK_NUMBER:
        return compare_numbers(a, b);
    case RANK_TEXT: {
        int order = memcmp(a->v.p, b->v.p, a->n < b->n ? a->n : b->n);
        return order ? order : a->n < b->n ? -1 : a->n > b->n;
    }
    case RANK_BOOLEAN:
        return (int)a->v.i - (int)b->v.i;
    case RANK_DECIMAL:
        return decimal_compare(a->v.d, b->v.d);
    default:
        return 0;
    }
}

static int no_order(lua_State *L, const struct key *k)
{
    char text[DECIMAL_TEXT];
    if (k->rank == RANK_DECIMAL)
        return luaL_error(L,
            "this table has the decimal %s as a key more than once: each decimal is a key of its "
            "own, so t[d] never finds one; take tostring(d) as the key",
            decimal_text(k->v.d, text));
    return luaL_error(L,
        "this table has several keys that are tables, functions or the like: their "
        "order would differ when the run is replayed; keep them in a list");
}

/* Puts the table behind a view in its place, as it is to be read raw. */
static void see_through(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    if (env_view_target(L, 1))
        lua_replace(L, 1);
    unread_fill(L, 1);
}

/* ---- pairs --------------------------------------------------------------------------------- */

static int l_step(lua_State *L)
{
    lua_Integer at = lua_tointeger(L, lua_upvalueindex(3));
    for (;;) {
        if (lua_rawgeti(L, lua_upvalueindex(2), ++at) == LUA_TNIL)
            return 1;
        lua_pushvalue(L, -1);
        if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL)
            break;
        lua_pop(L, 2);
    }
    lua_pushinteger(L, at);
    lua_replace(L, lua_upvalueindex(3));
    return 2;
}

/* For tables whose keys come in order by themselves. Scripts can call it with anything. */
static int l_plain(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 2);
    unread_fill(L, 1);
    if (lua_next(L, 1))
        return 2;
    lua_pushnil(L);
    return 1;
}

/* True if Lua walks the keys in order anyhow: integers that grow, or one key at most. */
static bool in_order(lua_State *L)
{
    struct key last = {0};
    int n = 0;
    for (lua_pushnil(L); lua_next(L, 1); n++) {
        lua_pop(L, 1);
        bool integer = lua_isinteger(L, -1);
        if (n > 0 && (!integer || !last.integer || lua_tointeger(L, -1) <= last.v.i)) {
            lua_pop(L, 1);
            return false;
        }
        last.integer = integer;
        last.v.i = integer ? lua_tointeger(L, -1) : 0;
    }
    return true;
}

/* Pushes the table of the keys in order. */
static void push_sorted(lua_State *L)
{
    struct vm *vm = vm_of(L);
    struct buf *b = &vm->keys;
    lua_newtable(L);
    int unsorted = lua_gettop(L), n = 0;
    buf_clear(b);
    for (lua_pushnil(L); lua_next(L, 1);) {
        lua_pop(L, 1);
        struct key *k = (struct key *)buf_room(b, sizeof(*k));
        if (!k)
            luaL_error(L, "a table of too many fields");
        *k = key_at(L, -1);
        k->index = ++n;
        b->n += sizeof(*k);
        lua_pushvalue(L, -1);
        lua_rawseti(L, unsorted, n);
    }
    struct key *keys = (struct key *)b->p;
    qsort(keys, (size_t)n, sizeof(*keys), compare);
    bool replayed = !vm->context->single;
    lua_createtable(L, n, 0);
    for (int i = 0; i < n; i++) {
        if (i > 0 && replayed && compare(&keys[i - 1], &keys[i]) == 0)
            no_order(L, &keys[i]);
        lua_rawgeti(L, unsorted, keys[i].index);
        lua_rawseti(L, -2, i + 1);
    }
    lua_remove(L, unsorted);
}

static int l_pairs_called(lua_State *L, int status, lua_KContext context)
{
    (void)L, (void)status, (void)context;
    return 3;
}

int l_pairs(lua_State *L)
{
    luaL_checkany(L, 1);
    if (luaL_getmetafield(L, 1, "__pairs") != LUA_TNIL) {
        lua_pushvalue(L, 1);
        lua_callk(L, 1, 3, 0, l_pairs_called); /* a script may wait in it */
        return 3;
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    lua_pushvalue(L, 1); /* to be given back; of a view not the table behind it */
    bool view = env_view_target(L, 1);
    if (view)
        lua_replace(L, 1);
    unread_fill(L, 1);
    if (!view && in_order(L)) {
        lua_pushcfunction(L, l_plain);
    } else {
        lua_pushvalue(L, 1);
        push_sorted(L);
        lua_pushinteger(L, 0);
        lua_pushcclosure(L, l_step, 3);
    }
    lua_insert(L, 2);
    lua_pushnil(L);
    return 3;
}

/* ---- ipairs -------------------------------------------------------------------------------- */

static int l_place(lua_State *L)
{
    lua_Integer at = (lua_Integer)((lua_Unsigned)luaL_checkinteger(L, 2) + 1);
    lua_pushinteger(L, at);
    return lua_geti(L, 1, at) == LUA_TNIL ? 1 : 2;
}

/* Lua's own takes anything, and fails at the first place or, with a text, walks over nothing: rows
 * that came as a text would be none. */
int l_ipairs(lua_State *L)
{
    luaL_checkany(L, 1);
    if (!lua_istable(L, 1) &&
        (lua_isstring(L, 1) || luaL_getmetafield(L, 1, "__index") == LUA_TNIL))
        return luaL_typeerror(L, 1, "table");
    lua_pushcfunction(L, l_place);
    lua_pushvalue(L, 1);
    lua_pushinteger(L, 0);
    return 3;
}

/* ---- next ---------------------------------------------------------------------------------- */

int l_next(lua_State *L)
{
    lua_settop(L, 2);
    see_through(L);
    bool from_start = lua_isnil(L, 2), found = false;
    int same = 0; /* decimals that are equal to the key */
    struct key after = key_at(L, 2), best = {0};
    lua_pushnil(L); /* 3: the best key so far */
    for (lua_pushnil(L); lua_next(L, 1);) {
        lua_pop(L, 1);
        struct key k = key_at(L, -1);
        if (!from_start && compare(&k, &after) <= 0) {
            if (k.rank == RANK_OTHER && after.rank == RANK_OTHER && !lua_rawequal(L, -1, 2))
                no_order(L, &k);
            if (k.rank == RANK_DECIMAL && compare(&k, &after) == 0 && ++same > 1)
                no_order(L, &k);
            continue;
        }
        if (found && compare(&k, &best) >= 0)
            continue;
        found = true;
        best = k;
        lua_pushvalue(L, -1);
        lua_replace(L, 3);
    }
    if (!found)
        return lua_pushnil(L), 1;
    lua_settop(L, 3);
    lua_pushvalue(L, 3);
    lua_rawget(L, 1);
    return 2;
}
