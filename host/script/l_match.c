/* Module match: records that are the same but for spelling, in the memory of one run.
 *
 *   match.index(records [, options]) -> index      records: a list of tables {id, name, code, gtin,
 *        brand, text, unit, price}; id and either name or code must be there. A price is a decimal
 *        or an integer. options: {cover = 0..1000: least part of both names that a link without a
 *        code needs, margin = 0..10000: least distance to the runner-up, no_veto = {"number", ...}:
 *        conflicts that do not keep from a link, veto = {"price", "brand"}: such that do besides,
 *        never_link = true}
 *   index:find(record)  -> {decision = "link", "new" or "review", score, match = the record of the
 *        index that is meant, or nil, candidates = {{id, score}, ...}, explain = {...}}
 *   index:add(record), index:remove(id) -> true if it was there
 *   #index              -> how many
 */
#include <lauxlib.h>
#include <lua.h>

#include "codec.h"
#include "decimal_value.h"
#include "decision.h"
#include "modules.h"
#include "unread.h"
#include "vm.h"

#define METATABLE "sauma.match.index"

struct index {
    struct catalog *catalog;
    struct decision_options options;
    size_t charged; /* bytes that the state's account has been told of */
};

static struct index *index_at(lua_State *L)
{
    struct index *x = luaL_checkudata(L, 1, METATABLE);
    luaL_argcheck(L, x->catalog, 1, "this index is closed");
    return x;
}

/* What lies outside of Lua counts as well. Raises over the limit; the index stays usable. */
static void charge(lua_State *L, struct index *x)
{
    struct vm *vm = vm_of(L);
    size_t now = catalog_bytes(x->catalog);
    vm->used = vm->used - x->charged + now;
    x->charged = now;
    if (vm->used > vm->limit)
        luaL_error(L, "match: not enough memory for %d records", (int)catalog_count(x->catalog));
}

/* ---- records --------------------------------------------------------------------------------- */

/* The member of the table at index as text, which stays on the stack; STR_NONE if it is nil. */
static struct str text_of(lua_State *L, int index, const char *key)
{
    struct str s = STR_NONE;
    lua_pushstring(L, key);
    int type = lua_rawget(L, index);
    if (type == LUA_TSTRING || lua_isinteger(L, -1))
        s.p = lua_tolstring(L, -1, &s.n);
    else if (type != LUA_TNIL &&
             !(type == LUA_TLIGHTUSERDATA && lua_touserdata(L, -1) == CODEC_NULL))
        luaL_error(L, "match: %s is a %s, not text", key, luaL_typename(L, -1));
    return s;
}

static int64_t price_of(lua_State *L, int index)
{
    struct decimal ten = decimal_of(10000), d;
    int64_t v = 0;
    lua_pushliteral(L, "price");
    lua_rawget(L, index);
    const struct decimal *given = decimal_at(L, -1);
    if (given)
        d = *given;
    else if (lua_isinteger(L, -1))
        d = decimal_of(lua_tointeger(L, -1));
    else
        return 0;
    if (decimal_mul(&d, &ten, &d, NULL) < 0 ||
        decimal_round(&d, 0, DECIMAL_HALF_UP, &d, NULL) < 0 || !decimal_to_i64(&d, &v) || v < 0)
        return 0;
    return v;
}

/* Pushes eight values, which the texts of *r belong to. */
static void read_record(lua_State *L, int index, struct catalog_record *r)
{
    luaL_checktype(L, index, LUA_TTABLE);
    luaL_checkstack(L, 10, "match");
    unread_fill(L, index);
    *r = (struct catalog_record){.id = text_of(L, index, "id"),
        .name = text_of(L, index, "name"),
        .code = text_of(L, index, "code"),
        .gtin = text_of(L, index, "gtin"),
        .brand = text_of(L, index, "brand"),
        .text = text_of(L, index, "text"),
        .unit = text_of(L, index, "unit"),
        .price = price_of(L, index)};
}

/* Adds the record at index to the index at 1, whose user value keeps the record by its id. */
static void add_record(lua_State *L, struct index *x, int index)
{
    struct catalog_record r;
    struct err e = {0};
    int top = lua_gettop(L);
    read_record(L, index, &r);
    /* Kept first: that may raise, and then nothing has changed. */
    lua_getiuservalue(L, 1, 1);
    lua_pushlstring(L, r.id.p ? r.id.p : "", r.id.n);
    lua_pushvalue(L, index);
    lua_rawset(L, -3);
    if (catalog_put(x->catalog, &r, &e) < 0)
        luaL_error(L, "match: a record cannot be used: %s", e.text);
    charge(L, x);
    lua_settop(L, top);
}

static int l_index_add(lua_State *L)
{
    add_record(L, index_at(L), 2);
    return 0;
}

static int l_index_remove(lua_State *L)
{
    struct index *x = index_at(L);
    struct str id;
    id.p = luaL_checklstring(L, 2, &id.n);
    bool was = catalog_remove(x->catalog, id);
    lua_getiuservalue(L, 1, 1);
    lua_pushvalue(L, 2);
    lua_pushnil(L);
    lua_rawset(L, -3);
    charge(L, x);
    lua_pushboolean(L, was);
    return 1;
}

static int l_index_len(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)catalog_count(index_at(L)->catalog));
    return 1;
}

static int l_index_find(lua_State *L)
{
    struct index *x = index_at(L);
    struct vm *vm = vm_of(L);
    struct catalog_record r;
    struct decision_result d;
    struct err e = {0};
    read_record(L, 2, &r);
    if (decision_find(x->catalog, &r, &x->options, &d, &e) < 0)
        return luaL_error(L, "match: %s", e.text);
    charge(L, x);
    buf_clear(&vm->text);
    buf_addc(&vm->text, '{');
    decision_put_json(&vm->text, &d, true);
    buf_addc(&vm->text, '}');
    if (codec_decode(L, buf_str(&vm->text), 0, &e) < 0)
        return luaL_error(L, "match: %s", e.text);
    /* The record itself in place of its id. */
    lua_pushliteral(L, "match");
    if (d.match >= 0) {
        struct str id = d.candidate[d.match].id;
        lua_getiuservalue(L, 1, 1);
        lua_pushlstring(L, id.p, id.n);
        lua_rawget(L, -2);
        lua_remove(L, -2);
    } else {
        lua_pushnil(L);
    }
    lua_rawset(L, -3);
    return 1;
}

static int l_index_gc(lua_State *L)
{
    struct index *x = luaL_checkudata(L, 1, METATABLE);
    catalog_free(x->catalog);
    x->catalog = NULL;
    vm_of(L)->used -= x->charged;
    x->charged = 0;
    return 0;
}

static int whole_option(lua_State *L, const char *key, int most)
{
    lua_getfield(L, 2, key);
    lua_Integer v = luaL_optinteger(L, -1, 0);
    if (v < 0 || v > most)
        luaL_error(L, "match: %s is a whole number from 0 to %d", key, most);
    lua_pop(L, 1);
    return (int)v;
}

static uint32_t conflicts_option(lua_State *L, const char *key)
{
    uint32_t found = 0;
    lua_getfield(L, 2, key);
    if (!lua_isnil(L, -1))
        luaL_checktype(L, -1, LUA_TTABLE);
    for (lua_Integer i = 1; lua_istable(L, -1) && lua_rawgeti(L, -1, i) != LUA_TNIL; i++) {
        size_t n;
        const char *name = luaL_checklstring(L, -1, &n);
        uint32_t conflict = evidence_conflict_of((struct str){name, n});
        if (!conflict)
            luaL_error(L,
                "match: %s: \"%s\" is no conflict; they are model code, quantity, size, number, "
                "variant, mark, brand, price, gtin, period",
                key, name);
        found |= conflict;
        lua_pop(L, 1);
    }
    lua_settop(L, 2);
    return found;
}

static int l_index(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    if (lua_isnoneornil(L, 2)) {
        lua_settop(L, 1);
        lua_newtable(L);
    }
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 2);
    struct decision_options options = {.cover = whole_option(L, "cover", 1000),
        .margin = whole_option(L, "margin", EVIDENCE_ONE),
        .no_veto = conflicts_option(L, "no_veto"),
        .more_vetoes = conflicts_option(L, "veto")};
    lua_getfield(L, 2, "never_link");
    options.never_link = lua_toboolean(L, -1);
    struct index *x = lua_newuserdatauv(L, sizeof(*x), 1);
    *x = (struct index){.options = options};
    luaL_setmetatable(L, METATABLE);
    lua_newtable(L);
    lua_setiuservalue(L, -2, 1);
    x->catalog = catalog_new();
    lua_insert(L, 1); /* the index, the records */
    lua_settop(L, 2);
    lua_Integer n = (lua_Integer)lua_rawlen(L, 2);
    for (lua_Integer i = 1; i <= n; i++) {
        lua_rawgeti(L, 2, i);
        add_record(L, x, 3);
        lua_settop(L, 2);
    }
    charge(L, x);
    lua_settop(L, 1);
    return 1;
}

int l_open_match(lua_State *L)
{
    static const luaL_Reg functions[] = {{"index", l_index}, {NULL, NULL}};
    static const luaL_Reg methods[] = {
        {"add", l_index_add}, {"find", l_index_find}, {"remove", l_index_remove}, {NULL, NULL}};
    static const luaL_Reg meta[] = {{"__gc", l_index_gc}, {"__len", l_index_len}, {NULL, NULL}};
    luaL_newmetatable(L, METATABLE);
    luaL_setfuncs(L, meta, 0);
    luaL_newlib(L, methods);
    lua_setfield(L, -2, "__index");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
    luaL_newlib(L, functions);
    return 1;
}
