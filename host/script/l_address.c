/* Module address: postal addresses split into fields. */
#include <lauxlib.h>
#include <lua.h>

#include "address.h"
#include "modules.h"

static void put(lua_State *L, const char *key, const char *value)
{
    if (!*value)
        return;
    lua_pushstring(L, value);
    lua_setfield(L, -2, key);
}

/* address.split(text [, country]) -> {street, postal_code, city, country, co, po_box, company,
 * rest, confidence}, fields that the text does not have left out; or nil and the reason. A table is
 * returned as it is: an address that already is in fields needs no splitting. country: the default
 * country, "FI" if left out. */
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
    if (address_split((struct str){text, n}, luaL_optstring(L, 2, NULL), &a, &e) < 0) {
        lua_pushnil(L);
        lua_pushstring(L, e.text);
        return 2;
    }
    lua_createtable(L, 0, 9);
    put(L, "street", a.street);
    put(L, "postal_code", a.postal_code);
    put(L, "city", a.city);
    put(L, "country", a.country);
    put(L, "co", a.co);
    put(L, "po_box", a.po_box);
    put(L, "company", a.company);
    put(L, "rest", a.rest);
    lua_pushinteger(L, a.confidence);
    lua_setfield(L, -2, "confidence");
    return 1;
}

int l_open_address(lua_State *L)
{
    static const luaL_Reg functions[] = {{"split", l_split}, {NULL, NULL}};
    luaL_newlib(L, functions);
    return 1;
}
