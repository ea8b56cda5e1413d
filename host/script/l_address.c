/* Module address: postal addresses split into fields. */
#include <lauxlib.h>
#include <lua.h>

#include "address.h"
#include "modules.h"
#include "unread.h"
#include "vm.h"

static void put(lua_State *L, const char *key, const char *value)
{
    if (!*value)
        return;
    lua_pushstring(L, value);
    lua_setfield(L, -2, key);
}

/* The list of towns at 3, { { code =, city = }, ... }, kept as a userdata: nothing leaks if
 * something raises. Its texts stay where they are as long as the table holds them. */
static const struct address_towns *towns_at(lua_State *L)
{
    if (lua_isnoneornil(L, 3))
        return NULL;
    luaL_checktype(L, 3, LUA_TTABLE);
    size_t n = lua_rawlen(L, 3);
    struct address_towns *t = lua_newuserdatauv(L, sizeof(*t) + n * sizeof(struct address_town), 0);
    struct address_town *town = (struct address_town *)(t + 1);
    t->town = town;
    t->n = 0;
    for (size_t i = 1; i <= n; i++) {
        const char *fields[2] = {NULL, NULL};
        size_t len[2] = {0, 0};
        if (lua_rawgeti(L, 3, (lua_Integer)i) != LUA_TTABLE)
            luaL_argerror(L, 3, "each of the towns is { code = ..., city = ... }");
        unread_fill(L, -1);
        for (int k = 0; k < 2; k++) {
            lua_pushstring(L, k ? "city" : "code");
            /* Numbers are left out: they would be turned into a text that nobody holds. */
            if (lua_rawget(L, -2) == LUA_TSTRING)
                fields[k] = lua_tolstring(L, -1, &len[k]);
            lua_pop(L, 1);
        }
        lua_pop(L, 1);
        if (fields[0] && fields[1])
            town[t->n++] = (struct address_town){{fields[0], len[0]}, {fields[1], len[1]}};
    }
    return t;
}

/* address.split(text [, country [, towns]]) -> {street, postal_code, city, country, co, po_box,
 * company, rest, confidence}, fields that the text does not have left out; or nil and the reason. A
 * table is returned as it is: an address that already is in fields needs no splitting. country: the
 * default country, "FI" if left out. towns: postal codes of Finland with their towns, as a
 * connection of kind "ytj" gives (post_codes): with them a town that is missing is found by its
 * code, and code_city says which town is the code's where the text has another. */
static int l_split(lua_State *L)
{
    struct address a;
    struct err e = {0};
    size_t n;
    if (lua_istable(L, 1)) {
        lua_settop(L, 1);
        return 1;
    }
    if (lua_isnoneornil(L, 1)) {
        lua_pushnil(L);
        lua_pushliteral(L, "the address is missing");
        return 2;
    }
    const char *text = luaL_checklstring(L, 1, &n);
    const char *country = luaL_optstring(L, 2, NULL);
    if (address_split_known((struct str){text, n}, country, towns_at(L), &a, &e) < 0) {
        lua_pushnil(L);
        lua_pushstring(L, e.text);
        return 2;
    }
    lua_createtable(L, 0, 10);
    put(L, "street", a.street);
    put(L, "postal_code", a.postal_code);
    put(L, "city", a.city);
    put(L, "country", a.country);
    put(L, "co", a.co);
    put(L, "po_box", a.po_box);
    put(L, "company", a.company);
    put(L, "rest", a.rest);
    put(L, "code_city", a.code_city);
    lua_pushinteger(L, a.confidence);
    lua_setfield(L, -2, "confidence");
    return 1;
}

static const char *text_of(lua_State *L, const char *key)
{
    /* The string stays where it is as long as the table holds it. */
    lua_getfield(L, 1, key);
    const char *text = lua_tostring(L, -1);
    lua_pop(L, 1);
    return text ? text : "";
}

/* address.format(table) -> its lines as one puts them on an envelope: company, c/o, street, postal
 * code and town in the order of its country, country if it is not Finland */
static int l_format(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    struct address_lines lines = {.company = text_of(L, "company"),
        .co = text_of(L, "co"),
        .street = text_of(L, "street"),
        .postal_code = text_of(L, "postal_code"),
        .city = text_of(L, "city"),
        .country = text_of(L, "country")};
    struct buf *out = &vm_of(L)->text; /* the state's own: nothing leaks if the push raises */
    buf_clear(out);
    if (address_format(out, &lines) < 0)
        return luaL_error(L, "address.format: the address is too long");
    lua_pushlstring(L, out->p ? out->p : "", out->n);
    return 1;
}

int l_open_address(lua_State *L)
{
    static const luaL_Reg functions[] = {{"split", l_split}, {"format", l_format}, {NULL, NULL}};
    luaL_newlib(L, functions);
    return 1;
}
